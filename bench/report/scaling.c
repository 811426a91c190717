/* report/scaling.c: samples a second over threads, before what the machine would allow. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "bench/report/document.h"
#include "bench/report/markup.h"
#include "bench/report/report.h"
#include "bench/report/bars.h"
#include "bench/report/svg.h"

enum { PANELS_ACROSS = 3, PANELS_FIGURE = 12, PANEL_WIDTH = 320, PANEL_HEIGHT = 240 };

/* Rows that differ in threads only, as places in the report's list of rows. */
struct curve {
    const json_t **rows;
    size_t count;
};

static bool is_rate(const json_t *row)
{
    return strcmp(document_text(row, "kind", ""), "accuracy") != 0;
}

static bool same_curve(const json_t *left, const json_t *right)
{
    static const char *const keys[] = {"kind", "network", "dtype", "optimizer", "isa"};
    bool same = document_count(left, "batch", 0) == document_count(right, "batch", 0);
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
        same = same &&
               strcmp(document_text(left, keys[i], ""), document_text(right, keys[i], "")) == 0;
    }
    return same;
}

static int compare_threads(const void *left, const void *right)
{
    const size_t a = document_count(*(const json_t *const *)left, "threads", 0);
    const size_t b = document_count(*(const json_t *const *)right, "threads", 0);
    return (a > b) - (a < b);
}

static bool starts_curve(const struct report *report, size_t index)
{
    if (!is_rate(report->rows[index])) {
        return false;
    }
    for (size_t i = 0; i < index; i++) {
        if (is_rate(report->rows[i]) && same_curve(report->rows[i], report->rows[index])) {
            return false;
        }
    }
    return true;
}

static void collect(const struct report *report, size_t first, struct curve *curve)
{
    curve->count = 0;
    for (size_t i = first; i < report->row_count; i++) {
        if (is_rate(report->rows[i]) && same_curve(report->rows[first], report->rows[i])) {
            curve->rows[curve->count++] = report->rows[i];
        }
    }
    qsort(curve->rows, curve->count, sizeof *curve->rows, compare_threads);
}

static double rate_of(const json_t *row)
{
    return document_number(row, "samples_per_second", 0);
}

static double ceiling_of(const json_t *row)
{
    return document_number(row, "ceiling_samples_per_second", 0);
}

/* --- the plot ------------------------------------------------------------------------------------
 */

static double threads_of(const json_t *row)
{
    return (double)document_count(row, "threads", 1);
}

static void draw_ceiling(FILE *out, const struct curve *curve, const struct svg_scale *x,
                         const struct svg_scale *y)
{
    size_t last = 0;
    for (size_t i = 0; i < curve->count; i++) {
        if (!(ceiling_of(curve->rows[i]) > 0)) {
            return;
        }
        last = i;
    }
    fputs("<path class=\"under\" d=\"", out);
    for (size_t i = 0; i < curve->count; i++) {
        fprintf(out, "%c%.1f %.1f", i == 0 ? 'M' : 'L', svg_at(x, threads_of(curve->rows[i])),
                svg_at(y, ceiling_of(curve->rows[i])));
    }
    fprintf(out, "V%.1fH%.1fz\"/>\n", y->from, svg_at(x, threads_of(curve->rows[0])));
    fputs("<polyline class=\"line dash\" points=\"", out);
    for (size_t i = 0; i < curve->count; i++) {
        fprintf(out, "%.1f,%.1f ", svg_at(x, threads_of(curve->rows[i])),
                svg_at(y, ceiling_of(curve->rows[i])));
    }
    fputs("\"/>\n", out);
    svg_text(out, "t halo", SVG_END, x->to, svg_at(y, ceiling_of(curve->rows[last])) - 7,
             "ceiling");
}

static void draw_rates(FILE *out, const struct curve *curve, const struct svg_scale *x,
                       const struct svg_scale *y)
{
    fputs("<polyline class=\"line s0\" points=\"", out);
    for (size_t i = 0; i < curve->count; i++) {
        fprintf(out, "%.1f,%.1f ", svg_at(x, threads_of(curve->rows[i])),
                svg_at(y, rate_of(curve->rows[i])));
    }
    fputs("\"/>\n", out);
    for (size_t i = 0; i < curve->count; i++) {
        const double rate = rate_of(curve->rows[i]), ceiling = ceiling_of(curve->rows[i]);
        char number[MARKUP_NUMBER_SIZE], tip[128];
        markup_number(number, rate, 0);
        int length = snprintf(tip, sizeof tip, "%.0f threads: %s samples/s",
                              threads_of(curve->rows[i]), number);
        if (ceiling > 0 && length > 0) {
            snprintf(tip + length, sizeof tip - (size_t)length, ", %.1f %% of the ceiling",
                     100 * rate / ceiling);
        }
        svg_mark(out, SVG_CIRCLE, "mark rim s0", svg_at(x, threads_of(curve->rows[i])),
                 svg_at(y, rate), 4, tip);
    }
    const json_t *last = curve->rows[curve->count - 1];
    if (ceiling_of(last) > 0) {
        svg_text(out, "l", SVG_END, x->to + 4, svg_at(y, rate_of(last)) + 20, "%.0f %%",
                 100 * rate_of(last) / ceiling_of(last));
    }
}

static void draw_thread_axis(FILE *out, const struct curve *curve, const struct svg_scale *x,
                             double bottom)
{
    double written = -100;
    for (size_t i = 0; i < curve->count; i++) {
        const double place = svg_at(x, threads_of(curve->rows[i]));
        if (place - written >= 22) {
            svg_text(out, "t", SVG_MIDDLE, place, bottom + 15, "%.0f", threads_of(curve->rows[i]));
            written = place;
        }
    }
}

static void draw_title(FILE *out, const json_t *row, double left, double top)
{
    svg_name(out, "l", SVG_START, left, top + 12, PANEL_WIDTH - 20,
             document_text(row, "network", ""));
    svg_text(out, "t", SVG_START, left, top + 28, "batch %zu, %s %s",
             document_count(row, "batch", 0), document_text(row, "dtype", ""),
             document_text(row, "isa", ""));
}

static void draw_curve(FILE *out, const struct curve *curve, double left, double top)
{
    const size_t last = curve->count - 1;
    double high = 0;
    for (size_t i = 0; i <= last; i++) {
        high = fmax(high, fmax(rate_of(curve->rows[i]), ceiling_of(curve->rows[i])));
    }
    const double least = threads_of(curve->rows[0]), most = threads_of(curve->rows[last]);
    const struct svg_scale x = {.low = least,
                                .high = most > least ? most : least + 1,
                                .from = left + 74,
                                .to = left + PANEL_WIDTH - 34};
    const struct svg_scale y = {.low = 0,
                                .high = high > 0 ? 1.12 * high : 1,
                                .from = top + PANEL_HEIGHT - 44,
                                .to = top + 38};
    draw_title(out, curve->rows[0], left, top);
    axis_beside(out, &y, 4, left + 58, left + PANEL_WIDTH - 18);
    draw_ceiling(out, curve, &x, &y);
    draw_rates(out, curve, &x, &y);
    draw_thread_axis(out, curve, &x, y.from);
}

static void plot_scaling(FILE *out, const struct report *report)
{
    struct curve curve = {.rows = calloc(report->row_count + 1, sizeof *curve.rows)};
    size_t curves = 0, drawn = 0;
    for (size_t i = 0; i < report->row_count; i++) {
        curves += starts_curve(report, i);
    }
    for (size_t i = 0; i < report->row_count && curve.rows != NULL; i++) {
        if (!starts_curve(report, i)) {
            continue;
        }
        const size_t place = drawn % PANELS_FIGURE;
        if (place == 0) {
            const size_t left = curves - drawn < PANELS_FIGURE ? curves - drawn : PANELS_FIGURE;
            const size_t lines = (left + PANELS_ACROSS - 1) / PANELS_ACROSS;
            char id[32];
            snprintf(id, sizeof id, "scaling-%zu", drawn / PANELS_FIGURE + 1);
            svg_begin(out, id, "Samples per second over threads",
                      "One panel for each network and batch size: threads to the right, samples "
                      "per second up. The shaded area is what perfect use of the machine's "
                      "measured ceiling would give. The table above has the numbers.",
                      PANEL_HEIGHT * (double)lines);
        }
        collect(report, i, &curve);
        const size_t across = place % PANELS_ACROSS, down = place / PANELS_ACROSS;
        draw_curve(out, &curve, PANEL_WIDTH * (double)across, PANEL_HEIGHT * (double)down);
        drawn++;
        if (drawn % PANELS_FIGURE == 0 || drawn == curves) {
            svg_end(out);
        }
    }
    free(curve.rows);
}

void report_scaling(struct report *report)
{
    for (size_t i = 0; i < report->section_count; i++) {
        if (strcmp(report->sections[i].id, "rates") == 0) {
            report->sections[i].plot = plot_scaling;
            report->sections[i].note =
                "Samples per second against threads. Shaded: perfect use of what the same number "
                "of threads measured as their own ceiling, where it was measured.";
        }
    }
}
