/* report/selftest.c: what each rule found of the changes that were injected: a confusion matrix. */
#include <math.h>
#include <string.h>

#include "bench/report/document.h"
#include "bench/report/report.h"
#include "bench/report/bars.h"
#include "bench/report/svg.h"

enum { MOST_RULES = 12, CELL_WIDTH = 96, CELL_HEIGHT = 30, HEAD = 40, ROWS_PANEL = 30 };

/* pinion's first, then in the order in which the rows name them. */
struct rules {
    const char *names[MOST_RULES];
    size_t count;
};

static void rules_add(struct rules *rules, const char *name)
{
    for (size_t i = 0; i < rules->count; i++) {
        if (strcmp(rules->names[i], name) == 0) {
            return;
        }
    }
    if (rules->count < MOST_RULES) {
        rules->names[rules->count++] = name;
    }
}

static struct rules rules_of(const struct report *report)
{
    struct rules rules = {.count = 0};
    const char *name;
    json_t *value;
    for (size_t i = 0; i < report->row_count; i++) {
        const json_t *detected = json_object_get(report->rows[i], "detected");
        if (json_object_get(detected, "pinion") != NULL) {
            rules_add(&rules, "pinion");
        }
    }
    for (size_t i = 0; i < report->row_count; i++) {
        json_object_foreach(json_object_get(report->rows[i], "detected"), name, value)
        {
            (void)value;
            rules_add(&rules, name);
        }
    }
    return rules;
}

/* Nothing was injected: whatever is found is a false alarm. */
static bool is_null(const json_t *row)
{
    const char *injection = document_text(row, "injection", "");
    return strcmp(injection, "none") == 0 || strcasestr(injection, "a/a") != NULL;
}

/* Part of the runs in which a rule saw a change; NAN where the rule was not asked. */
static double part_found(const json_t *row, const char *rule)
{
    const double found = document_number(json_object_get(row, "detected"), rule, NAN);
    const double runs = document_number(row, "runs", 0);
    return runs > 0 ? fmin(found / runs, 1) : NAN;
}

/* --- the plot ------------------------------------------------------------------------------------
 */

static void draw_cell(FILE *out, const json_t *row, const char *rule, double x, double y)
{
    const double part = part_found(row, rule);
    char tip[2 * REPORT_TEXT];
    if (!isfinite(part)) {
        svg_text(out, "t", SVG_MIDDLE, x + CELL_WIDTH / 2.0, y + 19, "-");
        return;
    }
    const size_t found = document_count(json_object_get(row, "detected"), rule, 0);
    const size_t runs = document_count(row, "runs", 0);
    snprintf(tip, sizeof tip, "%s, %s, %s: %zu of %zu", rule, document_text(row, "condition", ""),
             document_text(row, "injection", ""), found, runs);
    fprintf(out,
            "<rect class=\"heat %s\" x=\"%.1f\" y=\"%.1f\" width=\"%d\" height=\"%d\" "
            "fill-opacity=\"%.3f\"/>\n",
            is_null(row) ? "v-bad" : "s0", x + 1, y + 1, CELL_WIDTH - 2, CELL_HEIGHT - 2,
            0.05 + 0.4 * part);
    /* The count is the mark: the shade alone says nothing to those who cannot see it. */
    fprintf(out, "<g class=\"mark-cell\">");
    svg_text(out, "l n", SVG_MIDDLE, x + CELL_WIDTH / 2.0, y + 19, "%zu/%zu", found, runs);
    fputs("</g>", out);
    svg_box(out, "clear", x + 1, y + 1, CELL_WIDTH - 2, CELL_HEIGHT - 2, tip);
}

static void draw_panel(FILE *out, const struct report *report, const struct rules *rules,
                       size_t first, size_t count)
{
    char id[48];
    const double left = SVG_WIDTH - 130 - CELL_WIDTH * (double)rules->count;
    snprintf(id, sizeof id, "%s-%zu", report->sections[0].id, first / ROWS_PANEL + 1);
    svg_begin(out, id, "Runs in which each rule reported a change",
              "One line for each condition and injected change, one column for each rule; a cell "
              "says in how many of the runs the rule reported a slow-down, darker for more. Lines "
              "without an injection count false alarms. The table below has the numbers.",
              HEAD + CELL_HEIGHT * (double)count + 8);
    for (size_t i = 0; i < rules->count; i++) {
        svg_name(out, i == 0 ? "b" : "l", SVG_MIDDLE, left + CELL_WIDTH * ((double)i + 0.5),
                 HEAD - 10, CELL_WIDTH, rules->names[i]);
    }
    svg_text(out, "t", SVG_END, SVG_WIDTH, HEAD - 10, "pinion, 95 %% bounds");
    for (size_t i = 0; i < count; i++) {
        const json_t *row = report->rows[first + i];
        const double y = HEAD + CELL_HEIGHT * (double)i;
        const double low = document_number(row, "low", NAN);
        const double high = document_number(row, "high", NAN);
        svg_name(out, "d", SVG_START, 0, y + 19, 90, document_text(row, "condition", ""));
        svg_name(out, is_null(row) ? "b" : "l", SVG_START, 96, y + 19, left - 104,
                 document_text(row, "injection", ""));
        for (size_t j = 0; j < rules->count; j++) {
            draw_cell(out, row, rules->names[j], left + CELL_WIDTH * (double)j, y);
        }
        if (isfinite(low) && isfinite(high)) {
            svg_text(out, "l n", SVG_END, SVG_WIDTH, y + 19, "%.1f … %.1f %%", 100 * low,
                     100 * high);
        }
    }
    svg_end(out);
}

static void plot_confusion(FILE *out, const struct report *report)
{
    struct rules rules = rules_of(report);
    const size_t room = (SVG_WIDTH - 130 - 240) / CELL_WIDTH;
    rules.count = rules.count < room ? rules.count : room;
    for (size_t first = 0; first < report->row_count; first += ROWS_PANEL) {
        const size_t left = report->row_count - first;
        draw_panel(out, report, &rules, first, left < ROWS_PANEL ? left : ROWS_PANEL);
    }
}

/* --- the table -----------------------------------------------------------------------------------
 */

void report_selftest(struct report *report)
{
    snprintf(report->summary, sizeof report->summary,
             "%zu combinations of condition and injected change.", report->row_count);
    if (report->row_count == 0) {
        return;
    }
    const struct rules rules = rules_of(report);
    struct column columns[MOST_RULES + 5] = {
        {"condition", COLUMN_NAME}, {"injected", COLUMN_NAME}, {"runs", COLUMN_NUMBER}};
    size_t count = 3;
    for (size_t i = 0; i < rules.count; i++) {
        columns[count++] = (struct column){rules.names[i], COLUMN_NUMBER};
    }
    columns[count++] = (struct column){"pinion from", COLUMN_NUMBER};
    columns[count++] = (struct column){"to", COLUMN_NUMBER};
    const bool entry = report->heading != NULL;
    struct section *section = report_section(
        report, entry ? report->id : "confusion",
        entry ? report->title : "What was found of what was injected",
        "Runs in which each rule reported a change, with 95 % bounds of pinion's share", columns,
        count);
    section->heading = report->heading;
    section->plot = plot_confusion;
    section->note = "Blue cells should be full; red ones, where nothing was injected, empty.";
    for (size_t i = 0; i < report->row_count; i++) {
        const json_t *row = report->rows[i];
        table_row(&section->table, TONE_PLAIN);
        table_cell(&section->table, document_text(row, "condition", ""));
        table_cell(&section->table, document_text(row, "injection", ""));
        table_number(&section->table, document_number(row, "runs", NAN), 0);
        for (size_t j = 0; j < rules.count; j++) {
            const json_t *detected = json_object_get(row, "detected");
            table_number(&section->table, document_number(detected, rules.names[j], NAN), 0);
        }
        report_percent_cell(&section->table, document_number(row, "low", NAN));
        report_percent_cell(&section->table, document_number(row, "high", NAN));
    }
}
