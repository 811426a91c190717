/* report/sweep.c: GFLOP/s of square products by size, up to what the machine can do. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "bench/report/document.h"
#include "bench/report/report.h"
#include "bench/report/bars.h"
#include "bench/report/svg.h"

enum { MOST_SERIES = 12 };

struct spot {
    size_t series;
    double n, gflops, ceiling; /* the ceiling measured beside it; 0: none */
};

struct sweep {
    char names[MOST_SERIES][REPORT_TEXT];
    size_t series_count;
    struct spot *spots;
    size_t count;
    double top; /* the highest ceiling; 0: none */
};

static const enum svg_shape shapes[] = {SVG_CIRCLE, SVG_SQUARE, SVG_DIAMOND,
                                        SVG_UP,     SVG_RIGHT,  SVG_LEFT};
enum { SHAPES = sizeof shapes / sizeof shapes[0] };

/* n of "512x512x512", else 0. */
static double square_size(const char *shape)
{
    size_t m, n, k;
    int end = 0;
    if (sscanf(shape, "%8zux%8zux%8zu%n", &m, &n, &k, &end) == 3 && shape[end] == '\0' && m == n &&
        n == k) {
        return (double)n;
    }
    return 0;
}

static int compare_spots(const void *left, const void *right)
{
    const struct spot *a = left, *b = right;
    if (a->series != b->series) {
        return a->series < b->series ? -1 : 1;
    }
    return (a->n > b->n) - (a->n < b->n);
}

static void add_spot(struct sweep *sweep, const char *name, double n, double gflops, double ceiling)
{
    size_t series = 0;
    while (series < sweep->series_count && strcmp(sweep->names[series], name) != 0) {
        series++;
    }
    if (series == MOST_SERIES || !(gflops > 0) || !(n > 0) || !isfinite(ceiling)) {
        return;
    }
    if (series == sweep->series_count) {
        snprintf(sweep->names[sweep->series_count++], REPORT_TEXT, "%s", name);
    }
    sweep->spots[sweep->count++] = (struct spot){series, n, gflops, ceiling};
    sweep->top = fmax(sweep->top, ceiling);
}

/* What multiply-adds reach: measured beside the row, or what its percentage was taken of. */
static double fma_ceiling(const json_t *row, double gflops)
{
    const double rate = document_number(json_object_get(row, "limit_rates"), "fma", 0);
    const double percent = document_number(row, "percent_of_limit", 0);
    if (rate > 0 || percent <= 0 || strcmp(document_text(row, "limit", ""), "fma") != 0) {
        return rate;
    }
    return 100 * gflops / percent;
}

static void add_kernel_row(const struct report *report, const json_t *row, struct sweep *sweep)
{
    char shape[REPORT_TEXT], name[REPORT_TEXT];
    report_field(row, ROW_SHAPE, shape);
    report_field(row, ROW_KERNEL, name);
    const double n = square_size(shape), gflops = document_number(row, "gflops", 0);
    if (n <= 0 || strncmp(name, "gemm", 4) != 0) {
        return;
    }
    report_add_varying(report, row, name);
    add_spot(sweep, name, n, gflops, fma_ceiling(row, gflops));
}

static void add_peer_row(const json_t *row, struct sweep *sweep)
{
    const double n = document_number(row, "n", 0);
    if (n <= 0 || document_number(row, "m", 0) != n || document_number(row, "k", 0) != n) {
        return;
    }
    const char *op = document_text(row, "op", "");
    char name[REPORT_TEXT];
    snprintf(name, sizeof name, "pinion %s", op);
    add_spot(sweep, name, n, document_number(row, "gflops", 0), 0);
    const char *peer;
    json_t *rate;
    json_object_foreach(json_object_get(row, "peers"), peer, rate)
    {
        snprintf(name, sizeof name, "%s %s", peer, op);
        add_spot(sweep, name, n, json_number_value(rate), 0);
    }
}

/* False if out of memory. */
static bool sweep_create(const struct report *report, struct sweep *sweep)
{
    size_t most = 1;
    for (size_t i = 0; i < report->row_count; i++) {
        most += 1 + json_object_size(json_object_get(report->rows[i], "peers"));
    }
    *sweep = (struct sweep){.spots = calloc(most, sizeof *sweep->spots)};
    for (size_t i = 0; i < report->row_count && sweep->spots != NULL; i++) {
        if (strcmp(report->command, "peers") == 0) {
            add_peer_row(report->rows[i], sweep);
        } else {
            add_kernel_row(report, report->rows[i], sweep);
        }
    }
    if (sweep->spots != NULL) {
        qsort(sweep->spots, sweep->count, sizeof *sweep->spots, compare_spots);
    }
    return sweep->spots != NULL;
}

/* --- the plot ------------------------------------------------------------------------------------
 */

static void draw_series(FILE *out, const struct sweep *sweep, const struct svg_scale *x,
                        const struct svg_scale *y, size_t first, size_t end)
{
    const size_t series = sweep->spots[first].series;
    char class[32];
    snprintf(class, sizeof class, "mark rim s%zu", series % 6);
    fprintf(out, "<polyline class=\"line s%zu\" points=\"", series % 6);
    for (size_t i = first; i < end; i++) {
        fprintf(out, "%.1f,%.1f ", svg_at(x, sweep->spots[i].n), svg_at(y, sweep->spots[i].gflops));
    }
    fputs("\"/>\n", out);
    for (size_t i = first; i < end; i++) {
        const struct spot *spot = &sweep->spots[i];
        char tip[2 * REPORT_TEXT];
        snprintf(tip, sizeof tip, "%s, n %.0f: %.2f GFLOP/s", sweep->names[series], spot->n,
                 spot->gflops);
        svg_mark(out, shapes[series % SHAPES], class, svg_at(x, spot->n), svg_at(y, spot->gflops),
                 4, tip);
    }
}

struct end_label {
    double y;
    size_t series;
};

static int compare_labels(const void *left, const void *right)
{
    const double a = ((const struct end_label *)left)->y, b = ((const struct end_label *)right)->y;
    return (a > b) - (a < b);
}

/* Names behind the lines' ends, pushed apart where lines end close together. */
static void draw_end_labels(FILE *out, const struct sweep *sweep, double x, double bottom,
                            struct end_label labels[MOST_SERIES])
{
    enum { APART = 15 };
    qsort(labels, sweep->series_count, sizeof *labels, compare_labels);
    for (size_t i = 1; i < sweep->series_count; i++) {
        labels[i].y = fmax(labels[i].y, labels[i - 1].y + APART);
    }
    double most = bottom;
    for (size_t i = sweep->series_count; i-- > 0;) {
        labels[i].y = fmin(labels[i].y, most);
        most = labels[i].y - APART;
    }
    for (size_t i = 0; i < sweep->series_count; i++) {
        const size_t series = labels[i].series;
        char class[32];
        snprintf(class, sizeof class, "mark s%zu", series % 6);
        svg_mark(out, shapes[series % SHAPES], class, x + 6, labels[i].y, 4, NULL);
        svg_name(out, "l", SVG_START, x + 15, labels[i].y + 4, SVG_WIDTH - x - 15,
                 sweep->names[series]);
    }
}

/* The least size above `n`; infinite behind the last. */
static double next_size(const struct sweep *sweep, double n)
{
    double next = INFINITY;
    for (size_t i = 0; i < sweep->count; i++) {
        next = sweep->spots[i].n > n ? fmin(next, sweep->spots[i].n) : next;
    }
    return next;
}

static void draw_size_axis(FILE *out, const struct sweep *sweep, const struct svg_scale *x,
                           double top, double bottom)
{
    double written = -100;
    for (double n = x->low; isfinite(n); n = next_size(sweep, n)) {
        const double place = svg_at(x, n);
        if (place - written >= 40) {
            svg_line(out, "g", place, top, place, bottom);
            svg_text(out, "t", SVG_MIDDLE, place, bottom + 15, "%.0f", n);
            written = place;
        }
    }
}

static void draw_sweep(FILE *out, const struct sweep *sweep)
{
    double low = INFINITY, high = 0, best = 0, label_width = 0;
    for (size_t i = 0; i < sweep->count; i++) {
        low = fmin(low, sweep->spots[i].n);
        high = fmax(high, sweep->spots[i].n);
        best = fmax(best, sweep->spots[i].gflops);
    }
    for (size_t i = 0; i < sweep->series_count; i++) {
        label_width = fmax(label_width, svg_name_width(sweep->names[i]));
    }
    const double right = SVG_WIDTH - 24 - fmin(label_width, 300);
    const struct svg_scale x = {
        .low = low, .high = high, .from = 72, .to = right - 12, .log = true};
    const struct svg_scale y = {
        .low = 0, .high = sweep->top > 0 ? fmax(sweep->top, best) : best, .from = 340, .to = 28};
    svg_begin(out, "sweep-1", "GFLOP/s of square matrix products by size",
              sweep->top > 0 ? "One line for each kernel; the top of the graph is the measured "
                               "ceiling of multiply-adds. The table below has the numbers."
                             : "One line for each library. No ceiling was measured, so the top of "
                               "the graph is the best value. The table below has the numbers.",
              384);
    axis_beside(out, &y, 6, 52, right);
    draw_size_axis(out, sweep, &x, y.to, y.from);
    if (sweep->top > 0) {
        const double ceiling = svg_at(&y, sweep->top);
        svg_line(out, "ref", 52, ceiling, right, ceiling);
        svg_text(out, "t", SVG_END, right, ceiling - 6, "measured ceiling %.4g GFLOP/s",
                 sweep->top);
    }
    struct end_label labels[MOST_SERIES] = {0};
    for (size_t first = 0, end = 0; first < sweep->count; first = end) {
        while (end < sweep->count && sweep->spots[end].series == sweep->spots[first].series) {
            end++;
        }
        draw_series(out, sweep, &x, &y, first, end);
        const size_t series = sweep->spots[first].series;
        labels[series] = (struct end_label){svg_at(&y, sweep->spots[end - 1].gflops), series};
    }
    draw_end_labels(out, sweep, right, y.from, labels);
    svg_text(out, "t", SVG_START, 0, 12, "GFLOP/s");
    svg_text(out, "t", SVG_START, 52, y.from + 34, "n of n × n × n");
    svg_end(out);
}

static void plot_sweep(FILE *out, const struct report *report)
{
    struct sweep sweep;
    if (sweep_create(report, &sweep)) {
        draw_sweep(out, &sweep);
    }
    free(sweep.spots);
}

void report_sweep(struct report *report)
{
    static const struct column columns[] = {{"series", COLUMN_NAME},
                                            {"n", COLUMN_NUMBER},
                                            {"GFLOP/s", COLUMN_NUMBER},
                                            {"ceiling", COLUMN_NUMBER | COLUMN_FOLD},
                                            {"% of ceiling", COLUMN_NUMBER | COLUMN_FOLD}};
    struct sweep sweep;
    if (!sweep_create(report, &sweep)) {
        report->failed = true;
        return;
    }
    bool sizes = false;
    for (size_t i = 1; i < sweep.count; i++) {
        sizes = sizes || sweep.spots[i].n != sweep.spots[0].n;
    }
    if (sizes) {
        struct section *section = report_section(report, "sweep", "Square products by size",
                                                 "Products n × n × n", REPORT_COLUMNS(columns));
        section->plot = plot_sweep;
        section->page_only = true;
        for (size_t i = 0; i < sweep.count; i++) {
            const struct spot *spot = &sweep.spots[i];
            table_row(&section->table, TONE_PLAIN);
            table_cell(&section->table, sweep.names[spot->series]);
            table_number(&section->table, spot->n, 0);
            table_number(&section->table, spot->gflops, 2);
            if (spot->ceiling > 0) {
                table_number(&section->table, spot->ceiling, 1);
                table_number(&section->table, 100 * spot->gflops / spot->ceiling, 1);
            } else {
                table_cell(&section->table, "");
                table_cell(&section->table, "");
            }
        }
    }
    free(sweep.spots);
}
