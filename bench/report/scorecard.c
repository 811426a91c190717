/* report/scorecard.c: a scorecard: each entry as the selftest that it sums up. */
#include <stdlib.h>
#include <string.h>

#include "bench/report/document.h"
#include "bench/report/report.h"

static void put_value(FILE *out, const json_t *value)
{
    switch (json_typeof(value)) {
    case JSON_STRING:
        fputs(json_string_value(value), out);
        break;
    case JSON_INTEGER:
    case JSON_REAL:
        fprintf(out, "%g", json_number_value(value));
        break;
    case JSON_ARRAY:
        for (size_t i = 0; i < json_array_size(value); i++) {
            const char *text = json_string_value(json_array_get(value, i));
            fprintf(out, "%s%s", i == 0 ? "" : ",", text == NULL ? "?" : text);
        }
        break;
    default:
        fputs(json_is_true(value) ? "yes" : json_is_false(value) ? "no" : "?", out);
    }
}

/* "AMD EPYC, isa avx512, threads 2, min time ms 1, measured THEN to THEN"; NULL: out of memory. */
static char *entry_text(const json_t *entry)
{
    const json_t *key = json_object_get(entry, "key");
    const char *first = document_text(entry, "first", "");
    const char *last = document_text(entry, "last", first);
    char *text = NULL;
    size_t size;
    FILE *out = open_memstream(&text, &size);
    if (out == NULL) {
        return NULL;
    }
    fputs(document_text(key, "processor", "processor unknown"), out);
    const char *name;
    json_t *value;
    json_object_foreach((json_t *)key, name, value)
    {
        const bool empty = json_is_string(value) && json_string_length(value) == 0;
        if (strcmp(name, "processor") == 0 || empty) {
            continue;
        }
        fputs(", ", out);
        for (const char *c = name; *c != '\0'; c++) {
            fputc(*c == '_' ? ' ' : *c, out);
        }
        fputc(' ', out);
        put_value(out, value);
    }
    if (first[0] != '\0') {
        const bool once = strcmp(first, last) == 0;
        fprintf(out, ", measured %s%s%s", first, once ? "" : " to ", once ? "" : last);
    }
    if (fclose(out) != 0) {
        free(text);
        return NULL;
    }
    return text;
}

static void create_entry(const json_t *object, size_t number, struct report *entry)
{
    *entry = (struct report){.document = object, .command = "selftest"};
    snprintf(entry->id, sizeof entry->id, "entry-%zu", number);
    snprintf(entry->title, sizeof entry->title, "Entry %zu", number);
    entry->heading = entry_text(object);
    entry->failed = !report_take_rows(entry) || entry->heading == NULL;
    report_selftest(entry);
    for (size_t i = 0; i < entry->section_count; i++) {
        entry->failed = entry->failed || entry->sections[i].table.failed;
    }
}

void report_scorecard(struct report *report)
{
    const json_t *entries = json_object_get(report->document, "entries");
    const size_t count = json_array_size(entries);
    size_t rows = 0;
    report->entries = calloc(count + 1, sizeof *report->entries);
    for (size_t i = 0; report->entries != NULL && i < count; i++) {
        struct report *entry = &report->entries[report->entry_count++];
        create_entry(json_array_get(entries, i), i + 1, entry);
        rows += entry->row_count;
        report->failed = report->failed || entry->failed;
    }
    report->failed = report->failed || report->entries == NULL;
    snprintf(report->summary, sizeof report->summary,
             "%zu %s, %zu combinations of condition and injected change.", count,
             count == 1 ? "entry" : "entries", rows);
}
