/* report/strips.c: every launch of the rows that were suspected, one strip a row. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "bench/report/document.h"
#include "bench/report/markup.h"
#include "bench/report/report.h"
#include "bench/report/bars.h"
#include "bench/report/look.h"
#include "bench/stats/stats.h"
#include "bench/report/svg.h"

enum { STRIP_HEIGHT = 30, HEAD = 34, FOOT = 44, STRIPS_PANEL = 26, MOST_STRIPS = 52 };

/* A second stage is what suspicion leads to. */
static bool is_suspect(const json_t *row)
{
    return json_array_size(json_object_get(row, "launches")) > 0 &&
           (document_count(row, "stage", 1) > 1 ||
            strcmp(document_text(row, "verdict", "OK"), "OK") != 0);
}

/* The median of a list of times; NAN if it is empty. */
static double median_of(const json_t *list)
{
    const size_t count = json_array_size(list);
    double *values = malloc((count + 1) * sizeof *values);
    if (count == 0 || values == NULL) {
        free(values);
        return NAN;
    }
    for (size_t i = 0; i < count; i++) {
        values[i] = json_number_value(json_array_get(list, i));
    }
    const double median = stats_median(values, count);
    free(values);
    return median;
}

/* What a launch says of an arm, "new" or "placebo": its median over that of the old one, less 1. */
static double launch_change(const json_t *launch, const char *arm)
{
    const double old = median_of(json_object_get(launch, "old"));
    const double change = median_of(json_object_get(launch, arm)) / old - 1;
    return isfinite(change) ? change : NAN;
}

struct strips {
    const json_t **rows;
    size_t count;
    struct label_room room;
    struct svg_scale scale;
    const struct report *report;
};

/* False if out of memory. */
static bool strips_create(const struct report *report, struct strips *strips)
{
    *strips = (struct strips){.report = report,
                              .rows = calloc(report->row_count + 1, sizeof *strips->rows)};
    double reach = 0.01;
    for (size_t i = 0; i < report->row_count && strips->rows != NULL; i++) {
        const json_t *row = report->rows[i];
        if (!is_suspect(row)) {
            continue;
        }
        strips->rows[strips->count++] = row;
        char kernel[REPORT_TEXT], detail[REPORT_TEXT];
        report_field(row, ROW_KERNEL, kernel);
        report_detail(report, row, detail);
        label_room_add(&strips->room, kernel, detail);
        const json_t *launches = json_object_get(row, "launches");
        for (size_t j = 0; j < json_array_size(launches); j++) {
            const json_t *launch = json_array_get(launches, j);
            reach = fmax(reach, fabs(launch_change(launch, "new")));
            reach = fmax(reach, fabs(launch_change(launch, "placebo")));
        }
    }
    label_room_limit(&strips->room, 380);
    reach = fmin(1.05 * reach, 4);
    strips->scale = (struct svg_scale){
        .low = -reach, .high = reach, .from = label_room_end(&strips->room), .to = SVG_WIDTH - 112};
    return strips->rows != NULL;
}

/* --- the plot ------------------------------------------------------------------------------------
 */

static void draw_launch(FILE *out, const struct strips *strips, const json_t *launch, size_t index,
                        const char *arm, double y)
{
    const double change = launch_change(launch, arm);
    if (!isfinite(change)) {
        return;
    }
    const struct svg_scale *scale = &strips->scale;
    const size_t stage = document_count(launch, "stage", 1);
    const bool placebo = strcmp(arm, "placebo") == 0;
    char text[MARKUP_NUMBER_SIZE], tip[128];
    markup_change(text, change);
    snprintf(tip, sizeof tip, "launch %zu, stage %zu, %s: %s", index + 1, stage, arm, text);
    svg_mark(out, stage > 1 ? SVG_SQUARE : SVG_CIRCLE,
             placebo ? "mark open s-old" : "mark rim s-new",
             fmin(fmax(svg_at(scale, change), scale->from), scale->to), y, 3.4, tip);
}

static void draw_strip(FILE *out, const struct strips *strips, const json_t *row, double top)
{
    char kernel[REPORT_TEXT], detail[REPORT_TEXT], class[32];
    const struct verdict_look *look = &verdict_looks[look_of_row(row)];
    report_field(row, ROW_KERNEL, kernel);
    report_detail(strips->report, row, detail);
    label_draw(out, &strips->room, top + 18, kernel, detail);
    svg_line(out, "g", strips->scale.from, top, SVG_WIDTH, top);
    const json_t *launches = json_object_get(row, "launches");
    for (size_t i = 0; i < json_array_size(launches); i++) {
        const json_t *launch = json_array_get(launches, i);
        draw_launch(out, strips, launch, i, "new", top + 9);
        draw_launch(out, strips, launch, i, "placebo", top + 21);
    }
    snprintf(class, sizeof class, "word %s", look->class);
    svg_text(out, class, SVG_START, SVG_WIDTH - 98, top + 18, "%s", look->name);
}

static void draw_legend(FILE *out, double x)
{
    svg_mark(out, SVG_CIRCLE, "mark rim s-new", x + 5, 9, 3.4, NULL);
    svg_text(out, "t", SVG_START, x + 14, 13, "new");
    svg_mark(out, SVG_CIRCLE, "mark open s-old", x + 61, 9, 3.4, NULL);
    svg_text(out, "t", SVG_START, x + 70, 13, "placebo (old again)");
    svg_mark(out, SVG_SQUARE, "mark s-old", x + 201, 9, 3.4, NULL);
    svg_text(out, "t", SVG_START, x + 210, 13, "squares: second stage");
}

static void draw_panel(FILE *out, const struct strips *strips, size_t first, size_t count)
{
    char id[32];
    snprintf(id, sizeof id, "strips-%zu", first / STRIPS_PANEL + 1);
    const double bottom = HEAD + STRIP_HEIGHT * (double)count;
    const struct svg_scale *scale = &strips->scale;
    svg_begin(out, id, "Launches of suspected rows",
              "Two lines of marks for each row: above, the new build in each launch against the "
              "old one; below, a second copy of the old build. The table below has the numbers.",
              bottom + FOOT);
    draw_legend(out, scale->from);
    double ticks[SVG_TICKS];
    const size_t tick_count = svg_ticks(scale, 6, ticks);
    for (size_t i = 0; i < tick_count; i++) {
        const double x = svg_at(scale, ticks[i]);
        svg_line(out, ticks[i] == 0 ? "ax" : "g", x, HEAD - 4, x, bottom + 2);
        report_change_tick(out, x, bottom + 17, ticks[i]);
    }
    for (size_t i = 0; i < count; i++) {
        draw_strip(out, strips, strips->rows[first + i], HEAD + STRIP_HEIGHT * (double)i);
    }
    svg_text(out, "t", SVG_START, scale->from, bottom + 36, "← faster");
    svg_text(out, "t", SVG_END, scale->to, bottom + 36, "slower →");
    svg_end(out);
}

static size_t shown(const struct strips *strips)
{
    return strips->count < MOST_STRIPS ? strips->count : MOST_STRIPS;
}

static void plot_strips(FILE *out, const struct report *report)
{
    struct strips strips;
    if (strips_create(report, &strips)) {
        const size_t count = shown(&strips);
        for (size_t first = 0; first < count; first += STRIPS_PANEL) {
            const size_t left = count - first;
            draw_panel(out, &strips, first, left < STRIPS_PANEL ? left : STRIPS_PANEL);
        }
        if (strips.count > count) {
            fprintf(out, "<p>%zu more suspected rows are not shown; the JSON has them.</p>\n",
                    strips.count - count);
        }
    }
    free(strips.rows);
}

void report_strips(struct report *report)
{
    static const struct column columns[] = {
        REPORT_NAME_COLUMNS,    {"launch", COLUMN_NUMBER},  {"stage", COLUMN_NUMBER},
        {"new", COLUMN_NUMBER}, {"placebo", COLUMN_NUMBER},
    };
    struct strips strips;
    if (!strips_create(report, &strips)) {
        report->failed = true;
    } else if (strips.count > 0) {
        struct section *section =
            report_section(report, "strips", "Launches of suspected rows",
                           "Each launch against the old build", REPORT_COLUMNS(columns));
        section->plot = plot_strips;
        section->page_only = true;
        section->note = "Where the new build's marks stand apart from the placebo's, the builds "
                        "differ; where both are spread alike, the machine does.";
        for (size_t i = 0; i < shown(&strips); i++) {
            const json_t *launches = json_object_get(strips.rows[i], "launches");
            for (size_t j = 0; j < json_array_size(launches); j++) {
                const json_t *launch = json_array_get(launches, j);
                table_row(&section->table, TONE_PLAIN);
                report_name_cells(&section->table, strips.rows[i]);
                table_number(&section->table, (double)j + 1, 0);
                table_number(&section->table, document_number(launch, "stage", NAN), 0);
                table_change(&section->table, launch_change(launch, "new"));
                table_change(&section->table, launch_change(launch, "placebo"));
            }
        }
    }
    free(strips.rows);
}
