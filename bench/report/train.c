/* report/train.c: whole training steps, and where their time goes. */
#include <math.h>
#include <string.h>

#include "bench/report/document.h"
#include "bench/report/report.h"

static bool is_accuracy(const json_t *row)
{
    return strcmp(document_text(row, "kind", ""), "accuracy") == 0;
}

static void add_rates(struct report *report)
{
    static const struct column columns[] = {
        {"network", COLUMN_NAME},
        {"kind", COLUMN_WORD | COLUMN_FOLD},
        {"dtype", COLUMN_WORD | COLUMN_FOLD},
        {"optimizer", COLUMN_WORD | COLUMN_FOLD},
        {"ISA", COLUMN_WORD | COLUMN_FOLD},
        {"batch", COLUMN_NUMBER},
        {"threads", COLUMN_NUMBER},
        {"samples/s", COLUMN_NUMBER},
        {"ceiling samples/s", COLUMN_NUMBER | COLUMN_FOLD},
        {"% of ceiling", COLUMN_NUMBER | COLUMN_FOLD},
        {"µs a step", COLUMN_NUMBER},
        {"% of roofline", COLUMN_NUMBER},
        {"preempted", COLUMN_NUMBER | COLUMN_WIDE},
    };
    struct section *section = report_section(report, "rates", "Training speed",
                                             "Whole epochs of training", REPORT_COLUMNS(columns));
    struct table *table = &section->table;
    for (size_t i = 0; i < report->row_count; i++) {
        const json_t *row = report->rows[i];
        if (is_accuracy(row)) {
            continue;
        }
        const double rate = document_number(row, "samples_per_second", NAN);
        const double ceiling = document_number(row, "ceiling_samples_per_second", 0);
        table_row(table, TONE_PLAIN);
        table_cell(table, document_text(row, "network", ""));
        table_cell(table, document_text(row, "kind", ""));
        table_cell(table, document_text(row, "dtype", ""));
        table_cell(table, document_text(row, "optimizer", ""));
        table_cell(table, document_text(row, "isa", ""));
        table_number(table, document_number(row, "batch", NAN), 0);
        table_number(table, document_number(row, "threads", NAN), 0);
        table_number(table, rate, 0);
        if (ceiling > 0) {
            table_number(table, ceiling, 0);
            table_number(table, 100 * rate / ceiling, 1);
        } else {
            table_cell(table, "");
            table_cell(table, "");
        }
        table_number(table, document_number(row, "microseconds_per_step", NAN), 1);
        table_number(table, document_number(row, "percent_of_roofline", NAN), 1);
        table_number(table, document_number(row, "preemptions", NAN), 0);
    }
}

static void add_parts(struct report *report)
{
    static const struct column columns[] = {
        {"network", COLUMN_NAME | COLUMN_FOLD},
        {"kind", COLUMN_WORD | COLUMN_FOLD},
        {"ISA", COLUMN_WORD | COLUMN_FOLD},
        {"batch", COLUMN_NUMBER | COLUMN_FOLD},
        {"threads", COLUMN_NUMBER | COLUMN_FOLD},
        {"part", COLUMN_NAME},
        {"% of time", COLUMN_NUMBER},
        {"µs a step", COLUMN_NUMBER},
        {"roofline µs", COLUMN_NUMBER},
        {"limit", COLUMN_WORD},
    };
    struct section *section = NULL;
    for (size_t i = 0; i < report->row_count; i++) {
        const json_t *row = report->rows[i];
        const char *name;
        json_t *part;
        json_object_foreach(json_object_get(row, "parts"), name, part)
        {
            if (section == NULL) {
                section = report_section(report, "parts", "Where the time goes",
                                         "Parts of a training step", REPORT_COLUMNS(columns));
                section->page_only = true;
            }
            struct table *table = &section->table;
            table_row(table, TONE_PLAIN);
            table_cell(table, document_text(row, "network", ""));
            table_cell(table, document_text(row, "kind", ""));
            table_cell(table, document_text(row, "isa", ""));
            table_number(table, document_number(row, "batch", NAN), 0);
            table_number(table, document_number(row, "threads", NAN), 0);
            table_cell(table, name);
            table_number(table, document_number(part, "percent_of_time", NAN), 1);
            table_number(table, document_number(part, "microseconds", NAN), 2);
            table_number(table, document_number(part, "roofline_microseconds", NAN), 2);
            table_cell(table, document_text(part, "limit", ""));
        }
    }
}

void report_train(struct report *report)
{
    size_t accuracy = 0;
    for (size_t i = 0; i < report->row_count; i++) {
        accuracy += is_accuracy(report->rows[i]);
    }
    const size_t rates = report->row_count - accuracy;
    snprintf(report->summary, sizeof report->summary,
             "%zu row%s of training speed, %zu of time to accuracy.", rates, rates == 1 ? "" : "s",
             accuracy);
    if (rates > 0) {
        add_rates(report);
        report_scaling(report);
    }
    report_accuracy(report);
    add_parts(report);
}
