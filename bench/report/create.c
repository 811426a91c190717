/* report/create.c: which sections a document becomes. */
#include <stdlib.h>
#include <string.h>

#include "bench/report/document.h"
#include "bench/report/report.h"
#include "engine/base/error.h"

struct section *report_section(struct report *report, const char *id, const char *title,
                               const char *caption, const struct column *columns, size_t count)
{
    /* No command has as many as there is room for. */
    const size_t index =
        report->section_count < REPORT_SECTIONS ? report->section_count++ : REPORT_SECTIONS - 1;
    struct section *section = &report->sections[index];
    *section = (struct section){.id = id, .title = title};
    table_create(caption, columns, count, &section->table);
    return section;
}

static void note_varying(struct report *report)
{
    char first[REPORT_TEXT], other[REPORT_TEXT];
    for (int field = ROW_KERNEL; field < ROW_FIELDS; field++) {
        for (size_t i = 1; i < report->row_count; i++) {
            report_field(report->rows[0], (enum row_field)field, first);
            report_field(report->rows[i], (enum row_field)field, other);
            report->varies[field] = report->varies[field] || strcmp(first, other) != 0;
        }
    }
}

static void add_sections(struct report *report)
{
    static const struct {
        const char *command;
        void (*add)(struct report *report);
    } commands[] = {
        {"run", report_run},       {"kernels", report_run},       {"ab", report_changes},
        {"check", report_changes}, {"train", report_train},       {"limits", report_limits},
        {"peers", report_peers},   {"selftest", report_selftest}, {"scorecard", report_scorecard},
    };
    for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++) {
        if (strcmp(report->command, commands[i].command) == 0) {
            /* What was only saved was compared with nothing. */
            const bool saved = json_is_true(json_object_get(report->document, "saved"));
            (saved ? report_run : commands[i].add)(report);
        }
    }
    if (report->entries == NULL) { /* those have machines of their own */
        report_machine(report);
        report_commands(report);
    }
}

bool report_take_rows(struct report *report)
{
    const json_t *rows = json_object_get(report->document, "rows");
    const size_t count = json_array_size(rows);
    report->rows = malloc((count + 1) * sizeof *report->rows);
    if (report->rows == NULL) {
        return false;
    }
    report->row_count = count;
    for (size_t i = 0; i < count; i++) {
        report->rows[i] = json_array_get(rows, i);
    }
    return true;
}

pn_status report_create(const json_t *document, struct report *report)
{
    *report =
        (struct report){.document = document, .command = document_text(document, "command", "")};
    if (!report_take_rows(report)) {
        return error_memory(0, "rows");
    }
    note_varying(report);
    add_sections(report);
    for (size_t i = 0; i < report->section_count; i++) {
        report->failed = report->failed || report->sections[i].table.failed;
    }
    if (report->failed) {
        report_free(report);
        return error_memory(0, "a report");
    }
    return PN_OK;
}

void report_free(struct report *report)
{
    for (size_t i = 0; i < report->section_count; i++) {
        table_free(&report->sections[i].table);
    }
    for (size_t i = 0; i < report->entry_count; i++) {
        report_free(&report->entries[i]);
    }
    free(report->entries);
    free(report->heading);
    free(report->rows);
    *report = (struct report){0};
}
