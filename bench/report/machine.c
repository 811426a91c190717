/* report/machine.c: where and how the rows were measured. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "bench/report/document.h"
#include "bench/report/markup.h"
#include "bench/report/report.h"

static void add_text(struct table *table, const char *what, const char *value)
{
    if (value != NULL && value[0] != '\0') {
        table_row(table, TONE_PLAIN);
        table_cell(table, what);
        table_cell(table, value);
    }
}

static void add_count(struct table *table, const char *what, const json_t *object, const char *key)
{
    const double value = document_number(object, key, NAN);
    if (isfinite(value)) {
        table_row(table, TONE_PLAIN);
        table_cell(table, what);
        table_format(table, "%.0f", value);
    }
}

static void add_cache(struct table *table, const json_t *cache)
{
    const size_t sharing = document_count(cache, "num_sharing", 0);
    char size[MARKUP_NUMBER_SIZE];
    markup_size(size, document_number(cache, "size", 0));
    table_row(table, TONE_PLAIN);
    table_format(table, "L%zu %s", document_count(cache, "level", 0),
                 document_text(cache, "type", ""));
    if (sharing > 1) {
        table_format(table, "%s, shared by %zu processors", size, sharing);
    } else {
        table_cell(table, size);
    }
}

/* Elements of a list of texts or numbers, as one text. */
static void add_list(struct table *table, const char *what, const json_t *list)
{
    char text[REPORT_TEXT] = "";
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *value = json_array_get(list, i);
        const size_t length = strlen(text);
        const char *gap = length > 0 ? ", " : "";
        if (json_is_string(value)) {
            snprintf(text + length, sizeof text - length, "%s%s", gap, json_string_value(value));
        } else if (json_is_number(value)) {
            snprintf(text + length, sizeof text - length, "%s%.4g", gap, json_number_value(value));
        }
    }
    add_text(table, what, text);
}

/* What newer programs say of a machine, under the key's own name. */
static void add_unknown(struct table *table, const json_t *machine)
{
    static const char *const known[] = {"processor", "isas",         "cores",    "processors",
                                        "mhz",       "caches",       "kernel",   "memory_bytes",
                                        "build",     "load_average", "compiler", "virtual_machine"};
    const char *key;
    json_t *value;
    json_object_foreach((json_t *)machine, key, value)
    {
        bool is_known = false;
        for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
            is_known = is_known || strcmp(key, known[i]) == 0;
        }
        if (is_known || json_is_null(value)) {
            continue;
        }
        char name[REPORT_TEXT], number[MARKUP_NUMBER_SIZE];
        snprintf(name, sizeof name, "%s", key);
        for (char *c = name; *c != '\0'; c++) {
            *c = *c == '_' ? ' ' : *c;
        }
        if (json_is_string(value)) {
            add_text(table, name, json_string_value(value));
        } else if (json_is_number(value)) {
            snprintf(number, sizeof number, "%.10g", json_number_value(value));
            add_text(table, name, number);
        } else if (json_is_boolean(value)) {
            add_text(table, name, json_is_true(value) ? "yes" : "no");
        } else if (json_is_array(value)) {
            add_list(table, name, value);
        }
    }
}

static void add_hardware(struct table *table, const json_t *machine)
{
    char text[MARKUP_NUMBER_SIZE];
    add_list(table, "ISAs", json_object_get(machine, "isas"));
    add_count(table, "cores", machine, "cores");
    add_count(table, "processors", machine, "processors");
    add_count(table, "MHz as stated", machine, "mhz");
    const json_t *caches = json_object_get(machine, "caches");
    for (size_t i = 0; i < json_array_size(caches); i++) {
        add_cache(table, json_array_get(caches, i));
    }
    const double memory = document_number(machine, "memory_bytes", NAN);
    if (isfinite(memory)) {
        markup_size(text, memory);
        add_text(table, "memory", text);
    }
    if (json_object_get(machine, "virtual_machine") != NULL) {
        add_text(table, "virtual machine",
                 document_flag(machine, "virtual_machine", false) ? "yes" : "no");
    }
    add_text(table, "kernel", document_text(machine, "kernel", NULL));
    add_text(table, "compiler", document_text(machine, "compiler", NULL));
    add_text(table, "build", document_text(machine, "build", NULL));
    add_list(table, "load average", json_object_get(machine, "load_average"));
    add_unknown(table, machine);
}

/* Of ab: which builds were compared. */
static void add_build(struct table *table, const json_t *document, const char *side)
{
    const json_t *build = json_object_get(document, side);
    const char *version = document_text(build, "version", "");
    const char *revision = document_text(build, "revision", "");
    if (build != NULL) {
        table_row(table, TONE_PLAIN);
        table_format(table, "%s build", side);
        table_format(table, "%s%s%s%s%s", document_text(build, "path", ""),
                     version[0] == '\0' ? "" : ", version ", version,
                     revision[0] == '\0' ? "" : ", revision ", revision);
    }
}

void report_machine(struct report *report)
{
    static const struct column columns[] = {{"what", COLUMN_NAME}, {"value", COLUMN_WORD}};
    const json_t *document = report->document;
    const json_t *machine = json_object_get(document, "machine");
    struct section *section =
        report_section(report, "machine", "Machine and settings", "Where and how this was measured",
                       REPORT_COLUMNS(columns));
    struct table *table = &section->table;
    add_text(table, "processor",
             document_text(machine, "processor", document_text(document, "processor", NULL)));
    const double clock = document_number(document, "clock_ghz", NAN);
    if (isfinite(clock)) {
        table_row(table, TONE_PLAIN);
        table_cell(table, "clock measured");
        table_format(table, "%.2f GHz", clock);
    }
    add_text(table, "ISA", document_text(document, "isa", NULL));
    add_count(table, "threads", document, "threads");
    add_text(table, "placement", document_text(document, "placement", NULL));
    add_hardware(table, machine);
    add_build(table, document, "old");
    add_build(table, document, "new");
    add_count(table, "seed", document, "seed");
    add_text(table, "pinion", document_text(document, "version", NULL));
    add_text(table, "date", document_text(document, "date", NULL));
    add_text(table, "command", document_text(document, "command_line", NULL));
}

void report_commands(struct report *report)
{
    static const struct column columns[] = {{"row", COLUMN_NAME}, {"command", COLUMN_WORD}};
    struct section *section = NULL;
    for (size_t i = 0; i < report->row_count; i++) {
        const char *command = document_text(report->rows[i], "repro", NULL);
        if (command == NULL) {
            continue;
        }
        if (section == NULL) {
            section =
                report_section(report, "again", "Each row again",
                               "The command that measures one row again", REPORT_COLUMNS(columns));
            section->page_only = true;
        }
        const bool bad = document_flag(report->rows[i], "impossible", false) ||
                         !document_flag(report->rows[i], "correct", true) ||
                         strcmp(document_text(report->rows[i], "verdict", ""), "REGRESSED") == 0;
        char kernel[REPORT_TEXT], detail[REPORT_TEXT];
        report_field(report->rows[i], ROW_KERNEL, kernel);
        report_detail(report, report->rows[i], detail);
        table_row(&section->table, bad ? TONE_BAD : TONE_PLAIN);
        table_format(&section->table, "%s %s", kernel, detail);
        table_cell(&section->table, command);
    }
}
