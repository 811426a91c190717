/* report/changes.c: how rows changed, of ab and of check. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "bench/report/document.h"
#include "bench/report/markup.h"
#include "bench/report/report.h"
#include "bench/report/bars.h"
#include "bench/report/look.h"
#include "bench/report/svg.h"

const struct verdict_look verdict_looks[LOOKS] = {
    {"WRONG", "v-bad", SVG_SQUARE, TONE_BAD},
    {"REGRESSED", "v-bad", SVG_RIGHT, TONE_BAD},
    {"INCONCLUSIVE", "v-unsure", SVG_DIAMOND, TONE_UNSURE},
    {"NOT MEASURED", "v-unsure", SVG_DIAMOND, TONE_UNSURE},
    {"IMPROVED", "v-good", SVG_LEFT, TONE_GOOD},
    {"OK", "v-ok", SVG_CIRCLE, TONE_PLAIN},
};

enum look look_of(const char *name)
{
    enum look verdict = LOOK_WRONG;
    while (verdict < LOOK_OK && strcmp(verdict_looks[verdict].name, name) != 0) {
        verdict++;
    }
    return verdict;
}

enum look look_of_row(const json_t *row)
{
    return json_is_false(json_object_get(row, "correct"))
               ? LOOK_WRONG
               : look_of(document_text(row, "verdict", "OK"));
}

/* --- the forest plot -----------------------------------------------------------------------------
 */

enum { ROW_HEIGHT = 18, HEAD = 28, FOOT = 44, NUMBERS = 286 };

struct forest {
    const struct report *report;
    struct label_room room;
    struct svg_scale scale;
    double margin;
};

static double margin_of(const struct report *report)
{
    double margin = document_number(report->document, "margin", 0);
    for (size_t i = 0; i < report->row_count && margin <= 0; i++) {
        margin = document_number(report->rows[i], "margin", 0);
    }
    return margin;
}

/* Wide enough for every change and for intervals of ordinary width; longer ones end in arrows. */
static double reach_of(const struct report *report, double margin)
{
    double reach = 2.5 * margin;
    for (size_t i = 0; i < report->row_count; i++) {
        const json_t *row = report->rows[i];
        const double change = document_number(row, "change", NAN);
        if (isfinite(change)) {
            reach = fmax(reach, 1.15 * fabs(change));
        }
    }
    double widest = 0;
    for (size_t i = 0; i < report->row_count; i++) {
        const double low = fabs(document_number(report->rows[i], "low", 0));
        const double high = fabs(document_number(report->rows[i], "high", 0));
        widest = fmax(widest, fmax(low, high));
    }
    reach = fmax(reach, fmin(1.05 * widest, 2 * reach));
    return reach > 0 ? fmin(reach, 10) : 0.01;
}

static double clamp(const struct svg_scale *scale, double value)
{
    return fmin(fmax(svg_at(scale, value), scale->from), scale->to);
}

static void draw_interval(FILE *out, const struct forest *forest, const json_t *row,
                          const struct verdict_look *look, double y, const char *tip)
{
    const struct svg_scale *scale = &forest->scale;
    const double change = document_number(row, "change", NAN);
    const double low = document_number(row, "low", NAN);
    const double high = document_number(row, "high", NAN);
    char class[48];
    if (isfinite(low) && isfinite(high)) {
        snprintf(class, sizeof class, "whisker %s", look->class);
        svg_line(out, class, clamp(scale, low), y, clamp(scale, high), y);
        snprintf(class, sizeof class, "mark %s", look->class);
        if (low < scale->low) {
            svg_mark(out, SVG_LEFT, class, scale->from, y, 3, NULL);
        }
        if (high > scale->high) {
            svg_mark(out, SVG_RIGHT, class, scale->to, y, 3, NULL);
        }
    }
    if (isfinite(change)) {
        snprintf(class, sizeof class, "mark %s%s", look->class,
                 look->shape == SVG_DIAMOND ? " open" : "");
        svg_mark(out, look->shape, class, clamp(scale, change), y, 4.2, tip);
    }
}

static void draw_bounds(FILE *out, double low, double high, double y)
{
    char from[MARKUP_NUMBER_SIZE], to[MARKUP_NUMBER_SIZE];
    markup_signed(from, 100 * low);
    markup_signed(to, 100 * high);
    svg_text(out, "t", SVG_END, SVG_WIDTH - 108, y, "%s … %s", from, to);
}

static void draw_numbers(FILE *out, const json_t *row, const struct verdict_look *look, double y)
{
    char change[MARKUP_NUMBER_SIZE];
    const double low = document_number(row, "low", NAN);
    const double high = document_number(row, "high", NAN);
    markup_change(change, document_number(row, "change", NAN));
    svg_text(out, "l n", SVG_END, SVG_WIDTH - 218, y, "%s", change);
    if (isfinite(low) && isfinite(high)) {
        draw_bounds(out, low, high, y);
    }
    char class[32];
    snprintf(class, sizeof class, "word %s", look->class);
    svg_text(out, class, SVG_START, SVG_WIDTH - 98, y, "%s", look->name);
}

static void draw_row(FILE *out, const struct forest *forest, const json_t *row, double top)
{
    const struct verdict_look *look = &verdict_looks[look_of_row(row)];
    char kernel[REPORT_TEXT], detail[REPORT_TEXT], tip[3 * REPORT_TEXT];
    char change[MARKUP_NUMBER_SIZE];
    report_field(row, ROW_KERNEL, kernel);
    report_detail(forest->report, row, detail);
    markup_change(change, document_number(row, "change", NAN));
    snprintf(tip, sizeof tip, "%s %s: %s, %s", kernel, detail, change, look->name);
    label_draw(out, &forest->room, top + 13, kernel, detail);
    draw_interval(out, forest, row, look, top + 9, tip);
    draw_numbers(out, row, look, top + 13);
}

static void draw_suite(FILE *out, const struct forest *forest, const json_t *suite, double top)
{
    const struct svg_scale *scale = &forest->scale;
    const double change = document_number(suite, "change", NAN);
    const double low = document_number(suite, "low", change);
    const double high = document_number(suite, "high", change);
    char text[MARKUP_NUMBER_SIZE];
    markup_change(text, change);
    svg_text(out, "b", SVG_START, 0, top + 13, "whole suite");
    svg_line(out, "whisker s-all", clamp(scale, low), top + 9, clamp(scale, high), top + 9);
    svg_mark(out, SVG_SQUARE, "mark s-all", clamp(scale, change), top + 9, 4.2, "whole suite");
    svg_text(out, "b n", SVG_END, SVG_WIDTH - 218, top + 13, "%s", text);
    draw_bounds(out, low, high, top + 13);
}

void report_change_tick(FILE *out, double x, double y, double change)
{
    char text[MARKUP_NUMBER_SIZE];
    snprintf(text, sizeof text, "%+.4g %%", 100 * change);
    svg_text(out, "t", SVG_MIDDLE, x, y, "%s", change == 0 ? "0" : text);
}

static void draw_change_axis(FILE *out, const struct svg_scale *scale, double top, double bottom)
{
    double ticks[SVG_TICKS];
    const size_t count = svg_ticks(scale, 6, ticks);
    for (size_t i = 0; i < count; i++) {
        const double x = svg_at(scale, ticks[i]);
        svg_line(out, "g", x, top, x, bottom);
        report_change_tick(out, x, bottom + 15, ticks[i]);
    }
}

/* The margin's band, the axis and the line of no change. */
static void draw_ground(FILE *out, const struct forest *forest, double top, double bottom)
{
    const struct svg_scale *scale = &forest->scale;
    if (forest->margin > 0) {
        const double left = clamp(scale, -forest->margin), right = clamp(scale, forest->margin);
        svg_box(out, "band", left, top, right - left, bottom - top, NULL);
        svg_text(out, "t", SVG_MIDDLE, svg_at(scale, 0), top - 6, "margin ±%.3g %%",
                 100 * forest->margin);
    }
    draw_change_axis(out, scale, top, bottom);
    svg_line(out, "ax", svg_at(scale, 0), top, svg_at(scale, 0), bottom);
    svg_text(out, "t", SVG_START, scale->from, bottom + 34, "← faster");
    svg_text(out, "t", SVG_END, scale->to, bottom + 34, "slower →");
}

static void draw_panel(FILE *out, const struct forest *forest, size_t first, size_t count)
{
    const json_t *suite = json_object_get(forest->report->document, "suite");
    const bool with_suite = first == 0 && isfinite(document_number(suite, "change", NAN));
    char id[32], title[128];
    snprintf(id, sizeof id, "forest-%zu", first / PANEL_ROWS + 1);
    snprintf(title, sizeof title, "Change of each row with its interval, rows %zu to %zu of %zu",
             first + 1, first + count, forest->report->row_count);
    const double bottom = HEAD + ROW_HEIGHT * (double)(count + with_suite);
    svg_begin(out, id, title,
              "Changes of time, faster to the left and slower to the right, each with the "
              "interval it lies in. The band is the margin within which a change does not count. "
              "Triangles to the right are regressed, to the left improved, open diamonds "
              "inconclusive, circles equal. The table below has the numbers.",
              bottom + FOOT);
    draw_ground(out, forest, HEAD - 6, bottom + 2);
    if (with_suite) {
        draw_suite(out, forest, suite, HEAD);
    }
    for (size_t i = 0; i < count; i++) {
        draw_row(out, forest, forest->report->rows[first + i],
                 HEAD + ROW_HEIGHT * (double)(i + with_suite));
    }
    svg_end(out);
}

static void plot_forest(FILE *out, const struct report *report)
{
    struct forest forest = {.report = report, .margin = margin_of(report)};
    for (size_t i = 0; i < report->row_count; i++) {
        char kernel[REPORT_TEXT], detail[REPORT_TEXT];
        report_field(report->rows[i], ROW_KERNEL, kernel);
        report_detail(report, report->rows[i], detail);
        label_room_add(&forest.room, kernel, detail);
    }
    label_room_limit(&forest.room, 380);
    const double reach = reach_of(report, forest.margin);
    forest.scale = (struct svg_scale){.low = -reach,
                                      .high = reach,
                                      .from = fmax(label_room_end(&forest.room), 100),
                                      .to = SVG_WIDTH - NUMBERS};
    for (size_t first = 0; first < report->row_count; first += PANEL_ROWS) {
        const size_t left = report->row_count - first;
        draw_panel(out, &forest, first, left < PANEL_ROWS ? left : PANEL_ROWS);
    }
}

/* --- the tables ----------------------------------------------------------------------------------
 */

static const struct column ab_columns[] = {
    REPORT_NAME_COLUMNS,
    {"verdict", COLUMN_WORD},
    {"change", COLUMN_NUMBER},
    {"from", COLUMN_NUMBER},
    {"to", COLUMN_NUMBER},
    {"old ns", COLUMN_NUMBER | COLUMN_WIDE},
    {"new ns", COLUMN_NUMBER | COLUMN_WIDE},
    {"placebo", COLUMN_NUMBER | COLUMN_WIDE},
    {"smallest visible", COLUMN_NUMBER},
    {"p", COLUMN_NUMBER | COLUMN_WIDE},
    {"stage", COLUMN_NUMBER | COLUMN_WIDE},
};

static const struct column check_columns[] = {
    REPORT_NAME_COLUMNS,         {"verdict", COLUMN_WORD}, {"change", COLUMN_NUMBER},
    {"from", COLUMN_NUMBER},     {"to", COLUMN_NUMBER},    {"times the yardstick", COLUMN_NUMBER},
    {"baseline", COLUMN_NUMBER},
};

static void add_row(struct table *table, const json_t *row, bool ab)
{
    const struct verdict_look *look = &verdict_looks[look_of_row(row)];
    table_row(table, look->tone);
    report_name_cells(table, row);
    table_cell(table, look->name);
    table_change(table, document_number(row, "change", NAN));
    table_change(table, document_number(row, "low", NAN));
    table_change(table, document_number(row, "high", NAN));
    if (!ab) {
        table_number(table, document_number(row, "ratio", NAN), 4);
        table_number(table, document_number(row, "base_ratio", NAN), 4);
        return;
    }
    table_number(table, document_number(row, "old_ns", NAN), 1);
    table_number(table, document_number(row, "new_ns", NAN), 1);
    table_change(table, document_number(row, "placebo", NAN));
    report_percent_cell(table, document_number(row, "detectable", NAN));
    table_number(table, document_number(row, "p", NAN), 4);
    table_number(table, document_number(row, "stage", NAN), 0);
}

static int compare_rows(const void *left, const void *right)
{
    const json_t *a = *(const json_t *const *)left, *b = *(const json_t *const *)right;
    const enum look first = look_of_row(a);
    const enum look second = look_of_row(b);
    if (first != second) {
        return first < second ? -1 : 1;
    }
    const double change = document_number(a, "change", -INFINITY);
    const double other = document_number(b, "change", -INFINITY);
    if (change != other) {
        return change > other ? -1 : 1;
    }
    return strcmp(document_text(a, "name", ""), document_text(b, "name", ""));
}

static void summarize(struct report *report)
{
    size_t counts[LOOKS] = {0};
    for (size_t i = 0; i < report->row_count; i++) {
        counts[look_of_row(report->rows[i])]++;
    }
    const double margin = margin_of(report);
    char ignored[64] = "";
    if (margin > 0) {
        snprintf(ignored, sizeof ignored, "; changes within ±%.3g %% do not count", 100 * margin);
    }
    char wrong[32] = "";
    if (counts[LOOK_WRONG] > 0) {
        snprintf(wrong, sizeof wrong, "%zu wrong, ", counts[LOOK_WRONG]);
    }
    snprintf(report->summary, sizeof report->summary,
             "%zu rows: %s%zu regressed, %zu inconclusive, %zu improved, %zu OK%s.",
             report->row_count, wrong, counts[LOOK_REGRESSED],
             counts[LOOK_INCONCLUSIVE] + counts[LOOK_UNMEASURED], counts[LOOK_IMPROVED],
             counts[LOOK_OK], ignored);
}

/* Rows that only one side has. */
static void add_lonely(struct report *report)
{
    static const struct column columns[] = {{"row", COLUMN_NAME}, {"only in", COLUMN_WORD}};
    static const char *const keys[] = {"only_old", "only_new"}, *const sides[] = {"old", "new"};
    struct section *section = NULL;
    for (size_t side = 0; side < 2; side++) {
        const json_t *names = json_object_get(report->document, keys[side]);
        for (size_t i = 0; i < json_array_size(names); i++) {
            if (section == NULL) {
                section = report_section(report, "lonely", "Rows on one side only", "Not compared",
                                         REPORT_COLUMNS(columns));
            }
            table_row(&section->table, TONE_UNSURE);
            table_cell(&section->table, json_string_value(json_array_get(names, i)));
            table_cell(&section->table, sides[side]);
        }
    }
}

void report_changes(struct report *report)
{
    const bool ab = strcmp(report->command, "ab") == 0;
    qsort(report->rows, report->row_count, sizeof *report->rows, compare_rows);
    summarize(report);
    struct section *section =
        ab ? report_section(report, "changes", "Changes", "New against old",
                            REPORT_COLUMNS(ab_columns))
           : report_section(report, "changes", "Changes", "Now against the baseline",
                            REPORT_COLUMNS(check_columns));
    section->note = "The worst first. A row has regressed when all of its interval lies beyond the "
                    "margin, is OK when all of it lies within.";
    section->plot = plot_forest;
    for (size_t i = 0; i < report->row_count; i++) {
        add_row(&section->table, report->rows[i], ab);
    }
    report_strips(report);
    add_lonely(report);
}
