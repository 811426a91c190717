/* report/roofline.c: flops a byte against GFLOP/s, under the ceilings measured beside the rows. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "bench/report/document.h"
#include "bench/report/report.h"
#include "bench/report/bars.h"
#include "bench/stats/stats.h"
#include "bench/report/svg.h"

enum { ROOF_FMA, ROOF_LEVELS = 5, MOST_ROOFS = 8, MOST_LABELS = 9 };

static const char *const roof_names[ROOF_LEVELS] = {"fma", "L1", "L2", "L3", "DRAM"};

struct point {
    const json_t *row;
    double intensity, gflops, percent; /* flop/byte; of the limit, infinite if unknown */
};

/* Rows of one ISA and number of threads, which share ceilings. */
struct roof {
    char isa[REPORT_TEXT], threads[REPORT_TEXT];
    double rates[ROOF_LEVELS]; /* 0: not measured */
    struct point *points;
    size_t count;
};

struct roofs {
    struct roof list[MOST_ROOFS];
    size_t count;
    struct point *points; /* of all */
};

static bool belongs(const struct roof *roof, const json_t *row)
{
    char isa[REPORT_TEXT], threads[REPORT_TEXT];
    report_field(row, ROW_ISA, isa);
    report_field(row, ROW_THREADS, threads);
    return strcmp(roof->isa, isa) == 0 && strcmp(roof->threads, threads) == 0;
}

/* False if the row has no place in a roofline. */
static bool point_of(const json_t *row, struct point *point)
{
    const double flops = document_number(row, "flops", 0);
    const double bytes = document_number(row, "bytes", 0);
    const double ns = document_number(row, "ns", 0);
    const double threads = fmax(1, (double)document_count(row, "threads", 1));
    *point = (struct point){row, flops / bytes, flops * threads / ns,
                            document_number(row, "percent_of_limit", INFINITY)};
    return flops > 0 && bytes > 0 && ns > 0 && isfinite(point->intensity) &&
           isfinite(point->gflops);
}

static int compare_points(const void *left, const void *right)
{
    const double a = ((const struct point *)left)->percent;
    const double b = ((const struct point *)right)->percent;
    return (a > b) - (a < b);
}

/* The median over the rows of the roof. */
static double median_rate(const struct report *report, const struct roof *roof, const char *name,
                          double *values)
{
    size_t count = 0;
    for (size_t i = 0; i < report->row_count; i++) {
        const json_t *rates = json_object_get(report->rows[i], "limit_rates");
        const double rate = document_number(rates, name, 0);
        if (rate > 0 && belongs(roof, report->rows[i])) {
            values[count++] = rate;
        }
    }
    return count == 0 ? 0 : stats_median(values, count);
}

static void roofs_free(struct roofs *roofs)
{
    free(roofs->points);
}

/* Roofs that have points and a ceiling over them. False if out of memory. */
static bool roofs_create(const struct report *report, struct roofs *roofs)
{
    *roofs = (struct roofs){.points = calloc(report->row_count + 1, sizeof *roofs->points)};
    double *values = calloc(report->row_count + 1, sizeof *values);
    if (roofs->points == NULL || values == NULL) {
        free(values);
        return false;
    }
    struct point *next = roofs->points;
    for (size_t i = 0; i < report->row_count && roofs->count < MOST_ROOFS; i++) {
        struct point point;
        bool known = !point_of(report->rows[i], &point);
        for (size_t r = 0; r < roofs->count; r++) {
            known = known || belongs(&roofs->list[r], report->rows[i]);
        }
        if (known) {
            continue;
        }
        struct roof *roof = &roofs->list[roofs->count];
        *roof = (struct roof){.points = next};
        report_field(report->rows[i], ROW_ISA, roof->isa);
        report_field(report->rows[i], ROW_THREADS, roof->threads);
        for (size_t r = 0; r < ROOF_LEVELS; r++) {
            roof->rates[r] = median_rate(report, roof, roof_names[r], values);
        }
        if (roof->rates[ROOF_FMA] <= 0) {
            continue;
        }
        for (size_t j = i; j < report->row_count; j++) {
            roof->count += belongs(roof, report->rows[j]) &&
                           point_of(report->rows[j], &roof->points[roof->count]);
        }
        qsort(roof->points, roof->count, sizeof *roof->points, compare_points);
        next += roof->count;
        roofs->count++;
    }
    free(values);
    return true;
}

/* --- the plot ------------------------------------------------------------------------------------
 */

struct frame {
    struct svg_scale x, y;
};

struct box {
    double left, top, right, bottom;
};

static struct frame frame_of(const struct roof *roof)
{
    double low_x = INFINITY, high_x = 0, low_y = INFINITY, high_y = roof->rates[ROOF_FMA];
    for (size_t i = 0; i < roof->count; i++) {
        low_x = fmin(low_x, roof->points[i].intensity);
        high_x = fmax(high_x, roof->points[i].intensity);
        low_y = fmin(low_y, roof->points[i].gflops);
        high_y = fmax(high_y, roof->points[i].gflops);
    }
    for (size_t level = 1; level < ROOF_LEVELS; level++) {
        if (roof->rates[level] > 0) {
            high_x = fmax(high_x, 2 * roof->rates[ROOF_FMA] / roof->rates[level]);
        }
    }
    return (struct frame){
        .x = {.low = low_x / 1.6, .high = high_x * 1.6, .from = 52, .to = 944, .log = true},
        .y = {.low = low_y / 2, .high = high_y * 1.5, .from = 456, .to = 24, .log = true}};
}

/* A bandwidth is a slanted line up to where it meets the flat one. */
static void draw_bandwidth(FILE *out, const struct roof *roof, const struct frame *frame,
                           size_t level)
{
    const double rate = roof->rates[level];
    const double start = fmax(frame->x.low, frame->y.low / rate);
    const double end = fmin(roof->rates[ROOF_FMA] / rate, frame->x.high);
    if (start < end) {
        char class[32];
        snprintf(class, sizeof class, "ceil %s", report_limit_class(roof_names[level]));
        svg_line(out, class, svg_at(&frame->x, start), svg_at(&frame->y, start * rate),
                 svg_at(&frame->x, end), svg_at(&frame->y, end * rate));
    }
}

/* Names stand where the lines meet, pushed to the right where two meet close together; numbers in a
 * line above the plot. */
static void draw_ceilings(FILE *out, const struct roof *roof, const struct frame *frame)
{
    const double fma = roof->rates[ROOF_FMA], y = svg_at(&frame->y, fma);
    double ridge = INFINITY, named = -INFINITY, legend = frame->x.from + 60;
    for (size_t level = 0; level < ROOF_LEVELS; level++) {
        const double rate = roof->rates[level];
        if (rate <= 0) {
            continue;
        }
        char class[32], label[64];
        snprintf(class, sizeof class, "ceil %s", report_limit_class(roof_names[level]));
        svg_line(out, class, legend, 9, legend + 18, 9);
        snprintf(label, sizeof label, "%s %.4g %s", roof_names[level], rate,
                 level == ROOF_FMA ? "GFLOP/s" : "GB/s");
        svg_text(out, "t", SVG_START, legend + 24, 13, "%s", label);
        legend += 24 + 6.6 * (double)strlen(label) + 18;
        if (level == ROOF_FMA) {
            continue;
        }
        draw_bandwidth(out, roof, frame, level);
        const double meeting = fma / rate;
        ridge = fmin(ridge, meeting);
        if (meeting >= frame->x.low && meeting <= frame->x.high) {
            const double width = 7 * (double)strlen(roof_names[level]);
            named = fmax(svg_at(&frame->x, meeting) - width / 2, named + 6);
            svg_text(out, "t", SVG_START, named, y - 7, "%s", roof_names[level]);
            named += width;
        }
    }
    ridge = isfinite(ridge) ? fmin(fmax(ridge, frame->x.low), frame->x.high) : frame->x.low;
    svg_line(out, "ceil k-fma", svg_at(&frame->x, ridge), y, frame->x.to, y);
    svg_text(out, "t", SVG_END, frame->x.to, y - 7, "fma");
}

static enum svg_shape shape_of(const json_t *row)
{
    char cache[REPORT_TEXT];
    report_field(row, ROW_CACHE, cache);
    return strcmp(cache, "cold") == 0    ? SVG_SQUARE
           : strcmp(cache, "train") == 0 ? SVG_UP
                                         : SVG_CIRCLE;
}

static void draw_point(FILE *out, const struct report *report, const struct frame *frame,
                       const struct point *point)
{
    char kernel[REPORT_TEXT], detail[REPORT_TEXT], tip[3 * REPORT_TEXT], class[32];
    const char *limit = document_text(point->row, "limit", "");
    report_field(point->row, ROW_KERNEL, kernel);
    report_detail(report, point->row, detail);
    int length = snprintf(tip, sizeof tip, "%s %s: %.3g flop/byte, %.2f GFLOP/s", kernel, detail,
                          point->intensity, point->gflops);
    if (isfinite(point->percent) && length > 0) {
        snprintf(tip + length, sizeof tip - (size_t)length, ", %.1f %% of %.20s", point->percent,
                 limit);
    }
    snprintf(class, sizeof class, "mark rim %s", report_limit_class(limit));
    svg_mark(out, shape_of(point->row), class, svg_at(&frame->x, point->intensity),
             svg_at(&frame->y, point->gflops), 4.2, tip);
}

static bool overlaps(const struct box *a, const struct box *b)
{
    return a->left < b->right && b->left < a->right && a->top < b->bottom && b->top < a->bottom;
}

static bool is_free(const struct roof *roof, const struct frame *frame, const struct box *box,
                    const struct box *labels, size_t label_count)
{
    bool free_place = box->left > frame->x.from && box->right < frame->x.to &&
                      box->bottom < frame->y.from &&
                      box->top > svg_at(&frame->y, roof->rates[ROOF_FMA]) + 3;
    for (size_t i = 0; i < label_count; i++) {
        free_place = free_place && !overlaps(box, &labels[i]);
    }
    for (size_t i = 0; i < roof->count; i++) {
        const double x = svg_at(&frame->x, roof->points[i].intensity);
        const double y = svg_at(&frame->y, roof->points[i].gflops);
        const struct box mark = {x - 4, y - 4, x + 4, y + 4};
        free_place = free_place && !overlaps(box, &mark);
    }
    return free_place;
}

/* Names those farthest below their limit, where there is room. */
static void draw_labels(FILE *out, const struct report *report, const struct roof *roof,
                        const struct frame *frame)
{
    struct box labels[MOST_LABELS];
    size_t count = 0;
    for (size_t i = 0; i < roof->count && count < MOST_LABELS; i++) {
        const struct point *point = &roof->points[i];
        char kernel[REPORT_TEXT], shape[REPORT_TEXT], cache[REPORT_TEXT], name[4 * REPORT_TEXT];
        report_field(point->row, ROW_KERNEL, kernel);
        report_field(point->row, ROW_SHAPE, shape);
        report_field(point->row, ROW_CACHE, cache);
        snprintf(name, sizeof name, "%s %s%s%s", kernel, shape,
                 report->varies[ROW_CACHE] ? " " : "", report->varies[ROW_CACHE] ? cache : "");
        const double width = fmin(svg_name_width(name), 320);
        const double x = svg_at(&frame->x, point->intensity);
        const double y = svg_at(&frame->y, point->gflops);
        const struct box places[] = {{x + 8, y - 6, x + 8 + width, y + 6},
                                     {x - 8 - width, y - 6, x - 8, y + 6},
                                     {x - width / 2, y + 7, x + width / 2, y + 19},
                                     {x - width / 2, y - 19, x + width / 2, y - 7}};
        for (size_t place = 0; place < 4; place++) {
            if (is_free(roof, frame, &places[place], labels, count)) {
                svg_name(out, "d halo", SVG_START, places[place].left, places[place].bottom - 2,
                         width, name);
                labels[count++] = places[place];
                break;
            }
        }
    }
}

static void draw_roof(FILE *out, const struct report *report, const struct roof *roof, size_t index)
{
    char id[32], title[3 * REPORT_TEXT];
    snprintf(id, sizeof id, "roofline-%zu", index + 1);
    snprintf(title, sizeof title, "Roofline: %s, %s thread%s", roof->isa, roof->threads,
             strcmp(roof->threads, "1") == 0 ? "" : "s");
    const struct frame frame = frame_of(roof);
    svg_begin(out, id, title,
              "Both axes are logarithmic: flop per byte to the right, GFLOP/s up. Slanted lines "
              "are the measured bandwidths, the flat one is the measured rate of multiply-adds; "
              "each mark is a kernel on one shape. The table below has the numbers.",
              500);
    axis_below(out, &frame.x, 12, frame.y.to, frame.y.from, "");
    axis_beside(out, &frame.y, 10, frame.x.from, frame.x.to);
    draw_ceilings(out, roof, &frame);
    for (size_t i = roof->count; i-- > 0;) {
        draw_point(out, report, &frame, &roof->points[i]);
    }
    draw_labels(out, report, roof, &frame);
    svg_text(out, "t", SVG_END, frame.x.to, frame.y.from + 34, "flop/byte");
    svg_text(out, "t", SVG_START, 0, 13, "GFLOP/s");
    svg_text(out, "b", SVG_MIDDLE, (frame.x.from + frame.x.to) / 2, frame.y.from + 36,
             "%s, %s "
             "thread%s",
             roof->isa, roof->threads, strcmp(roof->threads, "1") == 0 ? "" : "s");
    svg_end(out);
}

static void plot_roofline(FILE *out, const struct report *report)
{
    struct roofs roofs;
    if (roofs_create(report, &roofs)) {
        for (size_t i = 0; i < roofs.count; i++) {
            draw_roof(out, report, &roofs.list[i], i);
        }
    }
    roofs_free(&roofs);
}

/* --- the table -----------------------------------------------------------------------------------
 */

void report_roofline(struct report *report)
{
    static const struct column columns[] = {
        REPORT_NAME_COLUMNS,          {"flop", COLUMN_NUMBER},    {"byte", COLUMN_NUMBER},
        {"flop/byte", COLUMN_NUMBER}, {"GFLOP/s", COLUMN_NUMBER}, {"fma ceiling", COLUMN_NUMBER},
        {"limit", COLUMN_WORD},
    };
    struct roofs roofs;
    if (!roofs_create(report, &roofs)) {
        report->failed = true;
    } else if (roofs.count > 0) {
        struct section *section = report_section(report, "roofline", "Roofline",
                                                 "Work and rate of each kernel that "
                                                 "computes",
                                                 REPORT_COLUMNS(columns));
        section->page_only = true;
        section->plot = plot_roofline;
        section->note = "Ceilings are the medians of what was measured beside the rows. Circles "
                        "are hot, squares cold, triangles as in training; colours say what binds.";
        for (size_t r = 0; r < roofs.count; r++) {
            for (size_t i = 0; i < roofs.list[r].count; i++) {
                const struct point *point = &roofs.list[r].points[i];
                table_row(&section->table, TONE_PLAIN);
                report_name_cells(&section->table, point->row);
                table_number(&section->table, document_number(point->row, "flops", NAN), 0);
                table_number(&section->table, document_number(point->row, "bytes", NAN), 0);
                table_number(&section->table, point->intensity, 3);
                table_number(&section->table, point->gflops, 2);
                table_number(&section->table, roofs.list[r].rates[ROOF_FMA], 1);
                table_cell(&section->table, document_text(point->row, "limit", "-"));
            }
        }
    }
    roofs_free(&roofs);
}
