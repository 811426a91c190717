/* report/accuracy.c: seconds until a network reaches an accuracy, over seeds. */
#include <math.h>
#include <string.h>

#include "bench/report/document.h"
#include "bench/report/report.h"
#include "bench/report/bars.h"
#include "bench/report/svg.h"

enum { ROW_HEIGHT = 44, HEAD = 8, FOOT = 44, ROWS_PANEL = 16 };

static bool is_accuracy(const json_t *row)
{
    return strcmp(document_text(row, "kind", ""), "accuracy") == 0;
}

static double seconds_of(const json_t *seed)
{
    return document_number(seed, "seconds", NAN);
}

/* Where it is not said, it shows in the accuracy. */
static bool has_reached(const json_t *row, const json_t *seed)
{
    return document_flag(seed, "reached",
                         document_number(seed, "accuracy", 0) >= document_number(row, "target", 0));
}

static size_t reached(const json_t *row)
{
    const json_t *seeds = json_object_get(row, "seeds");
    size_t count = 0;
    for (size_t i = 0; i < json_array_size(seeds); i++) {
        count += has_reached(row, json_array_get(seeds, i));
    }
    return count;
}

/* --- the plot ------------------------------------------------------------------------------------
 */

static void draw_row(FILE *out, const struct svg_scale *scale, const json_t *row, double top)
{
    const json_t *seeds = json_object_get(row, "seeds");
    const double mean = document_number(row, "seconds_mean", NAN);
    svg_name(out, "l", SVG_START, 0, top + 17, scale->from - 16, document_text(row, "network", ""));
    svg_text(out, "t", SVG_START, 0, top + 33, "batch %zu, %zu threads, to %.4g",
             document_count(row, "batch", 0), document_count(row, "threads", 0),
             document_number(row, "target", NAN));
    svg_line(out, "g", scale->from, top + 22, scale->to, top + 22);
    for (size_t i = 0; i < json_array_size(seeds); i++) {
        const json_t *seed = json_array_get(seeds, i);
        if (!isfinite(seconds_of(seed))) {
            continue;
        }
        char tip[160];
        const bool there = has_reached(row, seed);
        snprintf(tip, sizeof tip, "seed %.0f: %.3g s, %.0f epochs, accuracy %.4f%s",
                 document_number(seed, "seed", NAN), seconds_of(seed),
                 document_number(seed, "epochs", NAN), document_number(seed, "accuracy", NAN),
                 there ? "" : ", target not reached");
        svg_mark(out, there ? SVG_CIRCLE : SVG_CROSS, there ? "mark rim s0" : "mark open v-bad",
                 svg_at(scale, seconds_of(seed)), top + 22, 4.4, tip);
    }
    if (isfinite(mean)) {
        const double x = svg_at(scale, mean);
        svg_line(out, "mean", x, top + 10, x, top + 34);
        svg_text(out, "l n", SVG_START, scale->to + 12, top + 19, "mean %.3g s", mean);
    }
    svg_text(out, "t", SVG_START, scale->to + 12, top + 34, "%zu of %zu seeds", reached(row),
             json_array_size(seeds));
}

static void draw_panel(FILE *out, const struct report *report, size_t first, size_t count,
                       double high)
{
    char id[32];
    snprintf(id, sizeof id, "accuracy-%zu", first / ROWS_PANEL + 1);
    const double bottom = HEAD + ROW_HEIGHT * (double)count;
    const struct svg_scale scale = {
        .low = 0, .high = 1.04 * high, .from = 320, .to = SVG_WIDTH - 120};
    svg_begin(out, id, "Seconds to the target accuracy",
              "One line for each network: a circle for each seed that reached the target, a cross "
              "for one that did not, and a vertical line at the mean. The table below has the "
              "numbers.",
              bottom + FOOT);
    axis_below(out, &scale, 6, HEAD, bottom, " s");
    size_t index = 0;
    for (size_t i = 0; i < report->row_count; i++) {
        if (is_accuracy(report->rows[i])) {
            if (index >= first && index < first + count) {
                draw_row(out, &scale, report->rows[i], HEAD + ROW_HEIGHT * (double)(index - first));
            }
            index++;
        }
    }
    svg_text(out, "t", SVG_START, scale.from, bottom + 34, "seconds of training");
    svg_end(out);
}

static void plot_accuracy(FILE *out, const struct report *report)
{
    size_t count = 0;
    double high = 0;
    for (size_t i = 0; i < report->row_count; i++) {
        const json_t *seeds = json_object_get(report->rows[i], "seeds");
        count += is_accuracy(report->rows[i]);
        for (size_t j = 0; is_accuracy(report->rows[i]) && j < json_array_size(seeds); j++) {
            high = fmax(high, seconds_of(json_array_get(seeds, j)));
        }
    }
    for (size_t first = 0; first < count; first += ROWS_PANEL) {
        draw_panel(out, report, first, count - first < ROWS_PANEL ? count - first : ROWS_PANEL,
                   high > 0 ? high : 1);
    }
}

void report_accuracy(struct report *report)
{
    static const struct column columns[] = {
        {"network", COLUMN_NAME},
        {"dataset", COLUMN_WORD | COLUMN_FOLD},
        {"batch", COLUMN_NUMBER | COLUMN_FOLD},
        {"threads", COLUMN_NUMBER | COLUMN_FOLD},
        {"target", COLUMN_NUMBER | COLUMN_FOLD},
        {"seed", COLUMN_NUMBER},
        {"seconds", COLUMN_NUMBER},
        {"epochs", COLUMN_NUMBER},
        {"accuracy", COLUMN_NUMBER},
        {"reached", COLUMN_WORD},
    };
    struct section *section = NULL;
    for (size_t i = 0; i < report->row_count; i++) {
        const json_t *row = report->rows[i];
        const json_t *seeds = json_object_get(row, "seeds");
        for (size_t j = 0; is_accuracy(row) && j < json_array_size(seeds); j++) {
            if (section == NULL) {
                section = report_section(report, "accuracy", "Time to accuracy",
                                         "Every seed's training", REPORT_COLUMNS(columns));
                section->plot = plot_accuracy;
            }
            const json_t *seed = json_array_get(seeds, j);
            struct table *table = &section->table;
            const bool there = has_reached(row, seed);
            table_row(table, there ? TONE_PLAIN : TONE_BAD);
            table_cell(table, document_text(row, "network", ""));
            table_cell(table, document_text(row, "dataset", ""));
            table_number(table, document_number(row, "batch", NAN), 0);
            table_number(table, document_number(row, "threads", NAN), 0);
            table_number(table, document_number(row, "target", NAN), 4);
            table_format(table, "%.0f", document_number(seed, "seed", NAN));
            table_number(table, seconds_of(seed), 3);
            table_number(table, document_number(seed, "epochs", NAN), 0);
            table_number(table, document_number(seed, "accuracy", NAN), 4);
            table_cell(table, there ? "yes" : "no");
        }
    }
}
