/* report/limits.c: what the machine can do, and products beside other libraries. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "bench/report/document.h"
#include "bench/report/markup.h"
#include "bench/report/report.h"
#include "bench/report/bars.h"

/* --- limits --------------------------------------------------------------------------------------
 */

static void limit_bar(const json_t *row, int decimals, struct bar *bar)
{
    const char *level = document_text(row, "level", "");
    const char *limit = document_text(row, "limit", "");
    const char *isa = document_text(row, "isa", "-");
    const size_t threads = document_count(row, "threads", 0);
    char number[MARKUP_NUMBER_SIZE];
    *bar = (struct bar){.value = document_number(row, "value", 0),
                        .class = report_limit_class(level[0] == '\0' ? limit : level)};
    snprintf(bar->name, sizeof bar->name, "%s%s%s", limit, level[0] == '\0' ? "" : " ", level);
    snprintf(bar->detail, sizeof bar->detail, "%s%s%zu thread%s", strcmp(isa, "-") == 0 ? "" : isa,
             strcmp(isa, "-") == 0 ? "" : ", ", threads, threads == 1 ? "" : "s");
    markup_number(number, bar->value, decimals);
    snprintf(bar->number, sizeof bar->number, "%s", number);
    snprintf(bar->text, sizeof bar->text, "%.8s", document_text(row, "unit", ""));
    snprintf(bar->tip, sizeof bar->tip, "%.200s, %.200s: %s %.40s", bar->name, bar->detail, number,
             document_text(row, "unit", ""));
}

static bool is_first_of_unit(const struct report *report, size_t index)
{
    const char *unit = document_text(report->rows[index], "unit", "");
    for (size_t i = 0; i < index; i++) {
        if (strcmp(document_text(report->rows[i], "unit", ""), unit) == 0) {
            return false;
        }
    }
    return true;
}

/* As many as leave the largest value of the unit four digits or so. */
static int decimals_of(const struct report *report, const char *unit)
{
    double largest = 0;
    for (size_t i = 0; i < report->row_count; i++) {
        if (strcmp(document_text(report->rows[i], "unit", ""), unit) == 0) {
            largest = fmax(largest, document_number(report->rows[i], "value", 0));
        }
    }
    return largest >= 100 ? 1 : 2;
}

/* Bars of each unit have a scale of their own. */
static void plot_limits(FILE *out, const struct report *report)
{
    struct bar *list = calloc(report->row_count + 1, sizeof *list);
    struct label_room room = {0};
    size_t figures = 0;
    for (size_t i = 0; i < report->row_count && list != NULL; i++) {
        limit_bar(report->rows[i], 0, &list[i]);
        label_room_add(&room, list[i].name, list[i].detail);
    }
    for (size_t i = 0; i < report->row_count && list != NULL; i++) {
        if (!is_first_of_unit(report, i)) {
            continue;
        }
        const char *unit = document_text(report->rows[i], "unit", "");
        char id[32], title[REPORT_TEXT];
        snprintf(id, sizeof id, "limits-%zu", ++figures);
        snprintf(title, sizeof title, "Measured limits in %.100s", unit);
        struct bars bars = {.id = id,
                            .title = title,
                            .description = "One bar for each limit, the median of what was "
                                           "measured. The table below has the numbers.",
                            .axis = unit,
                            .list = list,
                            .unit = "",
                            .room = room};
        const int decimals = decimals_of(report, unit);
        for (size_t j = i; j < report->row_count; j++) {
            if (strcmp(document_text(report->rows[j], "unit", ""), unit) == 0) {
                limit_bar(report->rows[j], decimals, &list[bars.count++]);
            }
        }
        bars_draw(out, &bars);
    }
    free(list);
}

/* The rate of a limit with the most threads; NAN if it was not measured. */
static double rate_of(const struct report *report, const char *limit, const char *level)
{
    double best = NAN;
    for (size_t i = 0; i < report->row_count; i++) {
        const json_t *row = report->rows[i];
        if (strcmp(document_text(row, "limit", ""), limit) == 0 &&
            strcmp(document_text(row, "level", ""), level) == 0) {
            best = fmax(best, document_number(row, "value", NAN));
        }
    }
    return best;
}

static void summarize_limits(struct report *report)
{
    const double fma = rate_of(report, "fma", ""), memory = rate_of(report, "read", "DRAM");
    char flops[64] = "", bytes[64] = "";
    if (isfinite(fma)) {
        snprintf(flops, sizeof flops, "; at most %.1f GFLOP/s of multiply-adds", fma);
    }
    if (isfinite(memory)) {
        snprintf(bytes, sizeof bytes, "%s %.1f GB/s read from memory",
                 flops[0] == '\0' ? "; at most" : " and", memory);
    }
    snprintf(report->summary, sizeof report->summary, "%zu limits%s%s.", report->row_count, flops,
             bytes);
}

void report_limits(struct report *report)
{
    static const struct column columns[] = {
        {"limit", COLUMN_NAME},
        {"level", COLUMN_NAME},
        {"ISA", COLUMN_WORD | COLUMN_FOLD},
        {"threads", COLUMN_NUMBER},
        {"median", COLUMN_NUMBER},
        {"best", COLUMN_NUMBER},
        {"unit", COLUMN_WORD},
        {"with write-allocate", COLUMN_NUMBER},
    };
    summarize_limits(report);
    if (report->row_count == 0) {
        return;
    }
    struct section *section = report_section(report, "limits", "What this machine can do",
                                             "Measured limits", REPORT_COLUMNS(columns));
    section->plot = plot_limits;
    for (size_t i = 0; i < report->row_count; i++) {
        const json_t *row = report->rows[i];
        const double value = document_number(row, "value", NAN);
        const double allocated = document_number(row, "with_write_allocate", NAN);
        table_row(&section->table, TONE_PLAIN);
        table_cell(&section->table, document_text(row, "limit", ""));
        table_cell(&section->table, document_text(row, "level", ""));
        table_cell(&section->table, document_text(row, "isa", ""));
        table_number(&section->table, document_number(row, "threads", NAN), 0);
        table_number(&section->table, value, 2);
        table_number(&section->table, document_number(row, "best", NAN), 2);
        table_cell(&section->table, document_text(row, "unit", ""));
        if (allocated > value) {
            table_number(&section->table, allocated, 2);
        } else {
            table_cell(&section->table, "");
        }
    }
}

/* --- peers ---------------------------------------------------------------------------------------
 */

static void product_name(const json_t *row, char shape[REPORT_TEXT])
{
    snprintf(shape, REPORT_TEXT, "%zux%zux%zu", document_count(row, "m", 0),
             document_count(row, "n", 0), document_count(row, "k", 0));
}

/* The fastest peer, or NULL. */
static const char *best_peer(const json_t *row, double *rate)
{
    const char *best = NULL, *name;
    json_t *value;
    *rate = NAN;
    json_object_foreach(json_object_get(row, "peers"), name, value)
    {
        if (best == NULL || json_number_value(value) > *rate) {
            best = name;
            *rate = json_number_value(value);
        }
    }
    return best;
}

static void plot_peers(FILE *out, const struct report *report)
{
    struct bar *list = calloc(report->row_count + 1, sizeof *list);
    struct bars bars = {.id = "peers",
                        .title = "pinion over the fastest peer",
                        .description = "One bar for each product: pinion's rate as a multiple of "
                                       "the fastest other library's. The table below has the "
                                       "numbers.",
                        .axis = "times the fastest peer; the line marks an equal",
                        .list = list,
                        .reference = 1,
                        .unit = "×"};
    for (size_t i = 0; i < report->row_count && list != NULL; i++) {
        const json_t *row = report->rows[i];
        struct bar *bar = &list[bars.count];
        bar->value = document_number(row, "ratio_to_best", NAN);
        if (!isfinite(bar->value)) {
            continue;
        }
        snprintf(bar->name, sizeof bar->name, "%s", document_text(row, "op", ""));
        product_name(row, bar->detail);
        bar->class = bar->value >= 1 ? "s0" : "s1";
        snprintf(bar->number, sizeof bar->number, "%.3f", bar->value);
        snprintf(bar->tip, sizeof bar->tip, "%.200s %.200s: %.3f", bar->name, bar->detail,
                 bar->value);
        bars.count++;
    }
    bars_draw(out, &bars);
    free(list);
}

static void add_libraries(struct report *report)
{
    static const struct column columns[] = {{"library", COLUMN_NAME},
                                            {"version", COLUMN_WORD},
                                            {"kernels", COLUMN_WORD},
                                            {"file", COLUMN_WORD}};
    const json_t *libraries = json_object_get(report->document, "libraries");
    if (json_array_size(libraries) == 0) {
        return;
    }
    struct section *section = report_section(report, "libraries", "Libraries", "Peers as loaded",
                                             REPORT_COLUMNS(columns));
    section->page_only = true;
    for (size_t i = 0; i < json_array_size(libraries); i++) {
        const json_t *library = json_array_get(libraries, i);
        table_row(&section->table, TONE_PLAIN);
        table_cell(&section->table, document_text(library, "name", ""));
        table_cell(&section->table, document_text(library, "version", ""));
        table_cell(&section->table, document_text(library, "core", ""));
        table_cell(&section->table, document_text(library, "path", ""));
    }
}

/* Libraries with their rates in one cell, or just the names of a list. */
static void peers_cell(struct table *table, const json_t *rates, const json_t *names)
{
    char *text = NULL;
    size_t size;
    FILE *out = open_memstream(&text, &size);
    const char *name;
    json_t *rate;
    if (out == NULL) {
        table->failed = true;
        return;
    }
    const char *gap = "";
    json_object_foreach((json_t *)rates, name, rate)
    {
        fprintf(out, "%s%s %.2f", gap, name, json_number_value(rate));
        gap = ", ";
    }
    for (size_t i = 0; i < json_array_size(names); i++) {
        fprintf(out, "%s%s", gap, json_string_value(json_array_get(names, i)));
        gap = ", ";
    }
    fclose(out);
    table_cell(table, text == NULL ? "-" : text);
    free(text);
}

void report_peers(struct report *report)
{
    static const struct column columns[] = {
        {"op", COLUMN_NAME},
        {"m × n × k", COLUMN_NAME},
        {"threads", COLUMN_NUMBER | COLUMN_FOLD},
        {"pinion GFLOP/s", COLUMN_NUMBER},
        {"fastest peer", COLUMN_WORD},
        {"its GFLOP/s", COLUMN_NUMBER},
        {"ratio", COLUMN_NUMBER},
        {"wrong", COLUMN_WORD | COLUMN_FOLD},
        {"all peers", COLUMN_WORD | COLUMN_WIDE},
    };
    snprintf(report->summary, sizeof report->summary, "%zu product%s.", report->row_count,
             report->row_count == 1 ? "" : "s");
    if (report->row_count == 0) {
        return;
    }
    struct section *section =
        report_section(report, "peers", "Products beside other libraries",
                       "pinion and the fastest peer", REPORT_COLUMNS(columns));
    section->plot = plot_peers;
    for (size_t i = 0; i < report->row_count; i++) {
        const json_t *row = report->rows[i];
        const json_t *wrong = json_object_get(row, "wrong");
        char shape[REPORT_TEXT];
        double rate;
        const char *best = best_peer(row, &rate);
        product_name(row, shape);
        table_row(&section->table, json_array_size(wrong) > 0 ? TONE_BAD : TONE_PLAIN);
        table_cell(&section->table, document_text(row, "op", ""));
        table_cell(&section->table, shape);
        table_number(&section->table, document_number(row, "threads", NAN), 0);
        table_number(&section->table, document_number(row, "gflops", NAN), 2);
        table_cell(&section->table, best == NULL ? "-" : best);
        table_number(&section->table, rate, 2);
        table_number(&section->table, document_number(row, "ratio_to_best", NAN), 3);
        peers_cell(&section->table, NULL, wrong);
        peers_cell(&section->table, json_object_get(row, "peers"), NULL);
    }
    report_sweep(report);
    add_libraries(report);
}
