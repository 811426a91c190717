#include "bench/formats/export.h"

#include <errno.h>
#include <string.h>

#include "bench/formats/export_row.h"
#include "engine/base/error.h"

enum { EXPORT_SCHEMA = 2 };

static const char *const names[EXPORT_FORMAT_COUNT] = {
    [EXPORT_JSON] = "json",
    [EXPORT_GBENCH] = "gbench",
    [EXPORT_GBENCH_FLAT] = "gbench-flat",
    [EXPORT_GBENCH_AGGREGATES] = "gbench-aggregates",
    [EXPORT_GBENCH_AGGREGATES_ONLY] = "gbench-aggregates-only",
    [EXPORT_CUSTOM_BIGGER] = "custom-bigger",
    [EXPORT_BMF] = "bmf",
};

pn_status export_parse_format(const char *name, enum export_format *format)
{
    for (int i = 0; i < EXPORT_FORMAT_COUNT; i++) {
        if (strcmp(name, names[i]) == 0) {
            *format = (enum export_format)i;
            return PN_OK;
        }
    }
    return error_set(PN_ERROR_USAGE,
                     "--format '%s': give json, gbench, gbench-flat, gbench-aggregates, "
                     "gbench-aggregates-only, custom-bigger or bmf",
                     name);
}

const char *export_format_name(enum export_format format)
{
    return names[format];
}

static pn_status check_document(const json_t *document, enum export_format format)
{
    const char *command = json_string_value(json_object_get(document, "command"));
    if (command == NULL) {
        return error_set(PN_ERROR_DATA, "results: no command is named; is it pinion-bench's JSON?");
    }
    if (strcmp(command, "run") != 0) {
        return error_set(PN_ERROR_USAGE,
                         "--format %s: is for results of run, these are of %.40s; json is for all",
                         names[format], command);
    }
    const json_int_t schema = json_integer_value(json_object_get(document, "schema"));
    if (schema != EXPORT_SCHEMA) {
        return error_set(PN_ERROR_DATA,
                         "results: schema %lld, not %d; is it of another version of pinion-bench?",
                         (long long)schema, EXPORT_SCHEMA);
    }
    if (!json_is_array(json_object_get(document, "rows"))) {
        return error_set(PN_ERROR_DATA, "results: rows: must be an array; is the file damaged?");
    }
    return PN_OK;
}

static pn_status convert(const json_t *document, enum export_format format, json_t **result)
{
    const json_t *rows = json_object_get(document, "rows");
    switch (format) {
    case EXPORT_CUSTOM_BIGGER:
        return export_custom_bigger(rows, result);
    case EXPORT_BMF:
        return export_bmf(rows, result);
    default:
        return export_gbench(document,
                             (struct export_gbench_parts){
                                 .samples = format != EXPORT_GBENCH_FLAT,
                                 .aggregates = format == EXPORT_GBENCH_AGGREGATES ||
                                               format == EXPORT_GBENCH_AGGREGATES_ONLY,
                                 .only_aggregates = format == EXPORT_GBENCH_AGGREGATES_ONLY,
                             },
                             result);
    }
}

static pn_status write_json(const json_t *json, FILE *stream)
{
    /* Without a precision jansson prints reals so that reading them gives the same bits. */
    if (json_dumpf(json, stream, JSON_INDENT(1)) != 0 || fputc('\n', stream) == EOF ||
        fflush(stream) != 0) {
        return error_set(PN_ERROR_IO, "writing the results failed: %s", strerror(errno));
    }
    return PN_OK;
}

pn_status export_write(const json_t *document, enum export_format format, FILE *stream)
{
    if (!json_is_object(document)) {
        return error_set(PN_ERROR_DATA, "results: must be one JSON object");
    }
    if (format == EXPORT_JSON) {
        return write_json(document, stream);
    }
    pn_status status = check_document(document, format);
    if (status != PN_OK) {
        return status;
    }
    json_t *result = NULL;
    status = convert(document, format, &result);
    if (status == PN_OK) {
        status = write_json(result, stream);
    }
    json_decref(result);
    return status;
}
