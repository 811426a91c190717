#include "bench/report/bars.h"

#include <math.h>
#include <string.h>

#include "bench/report/markup.h"
#include "bench/report/svg.h"

enum { ROW_HEIGHT = 18, HEAD = 28, FOOT = 44, BEHIND = 122 };

void label_room_add(struct label_room *room, const char *name, const char *detail)
{
    room->name = fmax(room->name, svg_name_width(name));
    room->detail = fmax(room->detail, svg_name_width(detail));
}

void label_room_limit(struct label_room *room, double most)
{
    const double least_name = fmin(room->name, 0.55 * most);
    if (room->name + room->detail > most) {
        room->detail = fmin(room->detail, most - least_name);
        room->name = fmin(room->name, most - room->detail);
    }
}

void label_draw(FILE *out, const struct label_room *room, double y, const char *name,
                const char *detail)
{
    if (name[0] != '\0') {
        svg_name(out, "l", SVG_START, 0, y, room->name, name);
    }
    if (detail[0] != '\0') {
        svg_name(out, "d", SVG_END, room->name + 12 + room->detail, y, room->detail, detail);
    }
}

static void tick_text(char text[MARKUP_NUMBER_SIZE], double value)
{
    if (fabs(value) >= 1000) {
        markup_number(text, value, 0);
    } else {
        snprintf(text, MARKUP_NUMBER_SIZE, "%.4g", value);
    }
}

void axis_below(FILE *out, const struct svg_scale *scale, size_t wanted, double top, double bottom,
                const char *unit)
{
    double ticks[SVG_TICKS];
    const size_t count = svg_ticks(scale, wanted, ticks);
    for (size_t i = 0; i < count; i++) {
        const double x = svg_at(scale, ticks[i]);
        char text[MARKUP_NUMBER_SIZE];
        tick_text(text, ticks[i]);
        svg_line(out, "g", x, top, x, bottom);
        svg_text(out, "t", SVG_MIDDLE, x, bottom + 15, "%s%s", text, unit);
    }
}

void axis_beside(FILE *out, const struct svg_scale *scale, size_t wanted, double left, double right)
{
    double ticks[SVG_TICKS];
    const size_t count = svg_ticks(scale, wanted, ticks);
    for (size_t i = 0; i < count; i++) {
        const double y = svg_at(scale, ticks[i]);
        char text[MARKUP_NUMBER_SIZE];
        tick_text(text, ticks[i]);
        svg_line(out, "g", left, y, right, y);
        svg_text(out, "t", SVG_END, left - 7, y + 4, "%s", text);
    }
}

static void draw_legend(FILE *out, const struct bars *bars, double x)
{
    for (size_t i = 0; i < bars->legend_count; i++) {
        char class[64];
        snprintf(class, sizeof class, "fill %s", bars->legend[i].class);
        svg_box(out, class, x, 4, 10, 10, NULL);
        svg_text(out, "t", SVG_START, x + 15, 13, "%s", bars->legend[i].label);
        x += 15 + 6.6 * (double)markup_width(bars->legend[i].label) + 18;
    }
}

static void draw_bar(FILE *out, const struct bars *bars, const struct label_room *room,
                     const struct svg_scale *scale, size_t index, size_t first, double top)
{
    const struct bar *bar = &bars->list[index];
    const bool repeated = index > first && strcmp(bar->name, bars->list[index - 1].name) == 0;
    label_draw(out, room, top + 13, repeated ? "" : bar->name, bar->detail);
    char class[64];
    snprintf(class, sizeof class, "mark %s", bar->class);
    const double end = svg_at(scale, fmin(bar->value, scale->high));
    svg_box(out, class, scale->from, top + 3, fmax(end - scale->from, 1), ROW_HEIGHT - 6, bar->tip);
    svg_text(out, "l", SVG_END, SVG_WIDTH - BEHIND + 56, top + 13, "%s", bar->number);
    svg_text(out, "t", SVG_START, SVG_WIDTH - BEHIND + 62, top + 13, "%s", bar->text);
}

static void draw_panel(FILE *out, const struct bars *bars, const struct label_room *room,
                       double high, size_t first, size_t count)
{
    char id[64], title[160];
    snprintf(id, sizeof id, "%s-%zu", bars->id, first / PANEL_ROWS + 1);
    if (count == bars->count) {
        snprintf(title, sizeof title, "%s", bars->title);
    } else {
        snprintf(title, sizeof title, "%s, rows %zu to %zu of %zu", bars->title, first + 1,
                 first + count, bars->count);
    }
    const double head = bars->legend_count > 0 ? HEAD : 8;
    const double bottom = head + ROW_HEIGHT * (double)count;
    const struct svg_scale scale = {
        .low = 0, .high = high, .from = label_room_end(room), .to = SVG_WIDTH - BEHIND};
    svg_begin(out, id, title, bars->description, bottom + FOOT);
    axis_below(out, &scale, 5, head - 2, bottom + 2, bars->unit);
    draw_legend(out, bars, scale.from);
    for (size_t i = 0; i < count; i++) {
        draw_bar(out, bars, room, &scale, first + i, first, head + ROW_HEIGHT * (double)i);
    }
    svg_line(out, "ax", scale.from, head - 2, scale.from, bottom + 2);
    if (bars->reference > 0 && bars->reference <= high) {
        const double x = svg_at(&scale, bars->reference);
        svg_line(out, "ref", x, head - 2, x, bottom + 2);
    }
    svg_text(out, "t", SVG_START, scale.from, bottom + 34, "%s", bars->axis);
    svg_end(out);
}

void bars_draw(FILE *out, const struct bars *bars)
{
    struct label_room room = bars->room;
    double high = bars->reference;
    for (size_t i = 0; i < bars->count; i++) {
        label_room_add(&room, bars->list[i].name, bars->list[i].detail);
        high = fmax(high, bars->list[i].value);
    }
    label_room_limit(&room, 430);
    for (size_t first = 0; first < bars->count; first += PANEL_ROWS) {
        const size_t left = bars->count - first;
        draw_panel(out, bars, &room, high > 0 ? high : 1, first,
                   left < PANEL_ROWS ? left : PANEL_ROWS);
    }
}
