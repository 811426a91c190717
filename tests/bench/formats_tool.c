/* The writers of export.h and the flags of google_flags.h, for formats_test.py and
 * google_flags_test.py:
 *   formats_tool export FORMAT < DOCUMENT     writes it in that format
 *   formats_tool flags [ARGUMENT...]          prints what the flags were understood as
 *   formats_tool --benchmark_...              a program of Google's style, as compare.py runs them;
 *                                             its results are the document FORMATS_DOCUMENT names
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "bench/formats/export.h"
#include "bench/formats/google_flags.h"
#include "engine/base/error.h"

static pn_status export(const char *name)
{
    enum export_format format;
    pn_status status = export_parse_format(name, &format);
    if (status != PN_OK) {
        return status;
    }
    json_error_t error;
    json_t *document = json_loadf(stdin, JSON_DECODE_ANY, &error);
    if (document == NULL) {
        return error_set(PN_ERROR_DATA, "standard input: %s", error.text);
    }
    status = export_write(document, format, stdout);
    json_decref(document);
    return status;
}

static json_t *text(const char *value)
{
    return value == NULL ? json_null() : json_string(value);
}

static pn_status print_flags(int count, char **arguments)
{
    struct google_flags flags;
    const bool are = google_flags_are(count, arguments);
    const pn_status status = google_flags_parse(count, arguments, &flags);
    if (status != PN_OK) {
        return status;
    }
    json_t *rest = json_array();
    for (int i = 0; i < flags.rest_count; i++) {
        json_array_append_new(rest, json_string(flags.rest[i]));
    }
    json_t *json = json_pack(
        "{s:b, s:o, s:b, s:o, s:s, s:s, s:I, s:f, s:I, s:b, s:b, s:s, s:o, s:o}", "are", are,
        "filter", text(flags.filter), "negative", flags.negative, "out", text(flags.out),
        "out_format", flags.out_format == GOOGLE_JSON ? "json" : "console", "format",
        flags.format == GOOGLE_JSON ? "json" : "console", "repetitions",
        (json_int_t)flags.repetitions, "min_time_ns", flags.min_time_ns, "iterations",
        (json_int_t)flags.iterations, "list_tests", flags.list_tests, "dry_run", flags.dry_run,
        "export", export_format_name(google_flags_export(&flags)), "context",
        flags.context == NULL ? json_null() : json_incref(flags.context), "rest", rest);
    json_dumpf(json, stdout, 0);
    json_decref(json);
    google_flags_free(&flags);
    return PN_OK;
}

static pn_status write_results(const struct google_flags *flags, const json_t *document)
{
    if (flags->format == GOOGLE_JSON) {
        return export_write(document, google_flags_export(flags), stdout);
    }
    if (flags->out == NULL) {
        return PN_OK;
    }
    FILE *file = fopen(flags->out, "w");
    if (file == NULL) {
        return error_set(PN_ERROR_IO, "%s: cannot be written", flags->out);
    }
    const pn_status status = export_write(document, google_flags_export(flags), file);
    fclose(file);
    return status;
}

static pn_status run(int count, char **arguments)
{
    struct google_flags flags;
    pn_status status = google_flags_parse(count, arguments, &flags);
    if (status != PN_OK) {
        return status;
    }
    json_t *document = json_load_file(getenv("FORMATS_DOCUMENT"), 0, NULL);
    json_t *rows = json_object_get(document, "rows"), *chosen = json_array();
    for (size_t i = 0; i < json_array_size(rows); i++) {
        json_t *row = json_array_get(rows, i);
        const char *name = json_string_value(json_object_get(row, "name"));
        if (!google_flags_selects(&flags, name)) {
            continue;
        }
        json_array_append(chosen, row);
        if (flags.list_tests) {
            puts(name);
        }
    }
    json_object_set_new(document, "rows", chosen);
    if (flags.context != NULL) {
        json_object_set(document, "context", flags.context);
    }
    if (!flags.list_tests) {
        status = write_results(&flags, document);
    }
    json_decref(document);
    google_flags_free(&flags);
    return status;
}

int main(int count, char **arguments)
{
    pn_status status = PN_ERROR_USAGE;
    if (google_flags_are(count, arguments) && strcmp(arguments[1], "flags") != 0) {
        status = run(count, arguments);
    } else if (count == 3 && strcmp(arguments[1], "export") == 0) {
        status = export(arguments[2]);
    } else if (count >= 2 && strcmp(arguments[1], "flags") == 0) {
        status = print_flags(count - 1, arguments + 1);
    } else {
        error_set(status, "see the comment at the top of formats_tool.c");
    }
    if (status != PN_OK) {
        fprintf(stderr, "formats_tool: %s\n", pn_error_message());
    }
    return (int)status;
}
