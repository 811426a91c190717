/* report/run.c: kernels against the machine's limits. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "bench/report/document.h"
#include "bench/report/markup.h"
#include "bench/report/report.h"
#include "bench/report/bars.h"
#include "bench/stats/stats.h"

static const struct column columns[] = {
    REPORT_NAME_COLUMNS,
    {"time", COLUMN_NUMBER | COLUMN_NARROW},
    {"±", COLUMN_NUMBER | COLUMN_NARROW},
    {"median ns", COLUMN_NUMBER | COLUMN_WIDE},
    {"95 % from", COLUMN_NUMBER | COLUMN_WIDE},
    {"to ns", COLUMN_NUMBER | COLUMN_WIDE},
    {"rate", COLUMN_NUMBER | COLUMN_NARROW},
    {"GFLOP/s", COLUMN_NUMBER | COLUMN_WIDE},
    {"GB/s", COLUMN_NUMBER | COLUMN_WIDE},
    {"% of limit", COLUMN_NUMBER},
    {"limit", COLUMN_WORD},
    {"× naive", COLUMN_NUMBER},
    {"× ijk", COLUMN_NUMBER | COLUMN_WIDE},
    {"note", COLUMN_WORD | COLUMN_FOLD},
};

static void rate_cell(struct table *table, double gflops, double gbps)
{
    if (isfinite(gflops)) {
        table_format(table, "%.1f GF/s", gflops);
    } else if (isfinite(gbps)) {
        table_format(table, "%.1f GB/s", gbps);
    } else {
        table_cell(table, "-");
    }
}

static void optional_cell(struct table *table, double value, int decimals)
{
    if (isfinite(value)) {
        table_number(table, value, decimals);
    } else {
        table_cell(table, "");
    }
}

static void add_row(struct table *table, const json_t *row)
{
    const bool wrong = !document_flag(row, "correct", true);
    const bool impossible = document_flag(row, "impossible", false);
    const double ns = document_number(row, "ns", NAN);
    const double low = document_number(row, "ns_low", NAN);
    const double high = document_number(row, "ns_high", NAN);
    const double gflops = document_number(row, "gflops", NAN);
    const double gbps = document_number(row, "gbps", NAN);
    table_row(table, wrong || impossible ? TONE_BAD : TONE_PLAIN);
    report_name_cells(table, row);
    table_time(table, ns);
    if (isfinite(high - low) && ns > 0) {
        table_format(table, "%.1f %%", 50 * (high - low) / ns);
    } else {
        table_cell(table, "");
    }
    table_number(table, ns, 1);
    optional_cell(table, low, 1);
    optional_cell(table, high, 1);
    rate_cell(table, gflops, gbps);
    optional_cell(table, gflops, 2);
    optional_cell(table, gbps, 2);
    table_number(table, document_number(row, "percent_of_limit", NAN), 1);
    table_cell(table, document_text(row, "limit", "-"));
    table_number(table, document_number(row, "times_naive", NAN), 2);
    table_number(table, document_number(row, "times_naive_ijk", NAN), 2);
    table_cell(table, wrong ? "WRONG" : impossible ? "IMPOSSIBLE" : "");
}

/* --- the plot ------------------------------------------------------------------------------------
 */

static void add_legend(struct bars *bars, const struct report *report)
{
    static const char *const limits[] = {"fma", "divide", "sqrt", "L1", "L2", "L3", "DRAM"};
    for (size_t i = 0; i < sizeof limits / sizeof limits[0]; i++) {
        bool used = false;
        for (size_t row = 0; row < report->row_count; row++) {
            used = used || strcmp(document_text(report->rows[row], "limit", ""), limits[i]) == 0;
        }
        if (used && bars->legend_count < BAR_LEGENDS) {
            bars->legend[bars->legend_count].class = report_limit_class(limits[i]);
            bars->legend[bars->legend_count++].label = limits[i];
        }
    }
}

static void plot_percent(FILE *out, const struct report *report)
{
    struct bar *list = calloc(report->row_count, sizeof *list);
    struct bars bars = {
        .id = "percent",
        .title = "Percent of the limit that binds each kernel",
        .description = "One bar for each kernel and shape, as long as its percentage of the least "
                       "time that its flops or bytes take on this machine. The table below has "
                       "the numbers.",
        .axis = "percent of the binding limit; the line marks the limit itself",
        .list = list,
        .reference = 100,
        .unit = " %"};
    for (size_t i = 0; i < report->row_count && list != NULL; i++) {
        const json_t *row = report->rows[i];
        struct bar *bar = &list[bars.count];
        const char *limit = document_text(row, "limit", "");
        char time[MARKUP_NUMBER_SIZE];
        bar->value = document_number(row, "percent_of_limit", NAN);
        if (!isfinite(bar->value)) {
            continue;
        }
        report_field(row, ROW_KERNEL, bar->name);
        report_detail(report, row, bar->detail);
        markup_time(time, document_number(row, "ns", NAN));
        bar->class = report_limit_class(limit);
        snprintf(bar->number, sizeof bar->number, "%.1f", bar->value);
        snprintf(bar->text, sizeof bar->text, "%.8s%s", limit,
                 document_flag(row, "impossible", false) ? " !" : "");
        snprintf(bar->tip, sizeof bar->tip, "%.200s %.200s: %.1f %% of %.20s, %s", bar->name,
                 bar->detail, bar->value, limit, time);
        bars.count++;
    }
    add_legend(&bars, report);
    bars_draw(out, &bars);
    free(list);
}

/* --- what is said of all rows --------------------------------------------------------------------
 */

static void summarize(struct report *report)
{
    double *percents = malloc((report->row_count + 1) * sizeof *percents);
    if (percents == NULL) {
        report->failed = true;
        return;
    }
    size_t count = 0;
    const json_t *lowest = NULL;
    double least = INFINITY;
    for (size_t i = 0; i < report->row_count; i++) {
        const double percent = document_number(report->rows[i], "percent_of_limit", NAN);
        if (isfinite(percent)) {
            percents[count++] = percent;
            lowest = percent < least ? report->rows[i] : lowest;
            least = fmin(least, percent);
        }
    }
    const char *plural = report->row_count == 1 ? "" : "s";
    char doubt[96] = "";
    const size_t bad = table_count(&report->sections[0].table, true);
    if (bad > 0) {
        snprintf(doubt, sizeof doubt, " Not to be trusted, as noted beside them: %zu row%s.", bad,
                 bad == 1 ? "" : "s");
    }
    if (count == 0) {
        snprintf(report->summary, sizeof report->summary, "%zu row%s.%s", report->row_count, plural,
                 doubt);
    } else {
        char kernel[REPORT_TEXT], detail[REPORT_TEXT];
        report_field(lowest, ROW_KERNEL, kernel);
        report_detail(report, lowest, detail);
        snprintf(report->summary, sizeof report->summary,
                 "%zu row%s; the median is %.1f %% of the binding limit, the lowest %.1f %% (%.40s "
                 "%.40s).%s",
                 report->row_count, plural, stats_median(percents, count), least, kernel, detail,
                 doubt);
    }
    free(percents);
}

void report_run(struct report *report)
{
    struct section *section = report_section(report, "percent", "Percent of the binding limit",
                                             "Kernels and their limits", REPORT_COLUMNS(columns));
    for (size_t i = 0; i < report->row_count; i++) {
        add_row(&section->table, report->rows[i]);
    }
    summarize(report);
    section->plot = plot_percent;
    section->note = "How much of what this machine can do each kernel reaches: the least time that "
                    "its flops, divisions or bytes take at the rates measured beside it, over the "
                    "time it took.";
    report_roofline(report);
    report_sweep(report);
}
