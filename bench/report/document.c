#include "bench/report/document.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/report/document_keys.h"
#include "engine/base/error.h"
#include "engine/base/file.h"

static const size_t MOST_BYTES = (size_t)1 << 28;

/* No measurement is larger, and what is computed from numbers up to this stays finite. */
static const double MOST_NUMBER = 1e20;

double document_number(const json_t *object, const char *key, double absent)
{
    const json_t *value = json_object_get(object, key);
    return json_is_number(value) ? json_number_value(value) : absent;
}

size_t document_count(const json_t *object, const char *key, size_t absent)
{
    const json_t *value = json_object_get(object, key);
    return json_is_integer(value) && json_integer_value(value) >= 0
               ? (size_t)json_integer_value(value)
               : absent;
}

bool document_flag(const json_t *object, const char *key, bool absent)
{
    const json_t *value = json_object_get(object, key);
    return json_is_boolean(value) ? json_is_true(value) : absent;
}

const char *document_text(const json_t *object, const char *key, const char *absent)
{
    const json_t *value = json_object_get(object, key);
    return json_is_string(value) ? json_string_value(value) : absent;
}

/* --- places and what is wrong there --------------------------------------------------------------
 */

/* An object and where it is, for messages: base.json: rows[3] "gemm_nn/64x64x64". */
struct place {
    const char *path;
    char where[200]; /* "" for the document itself */
    const json_t *object;
};

/* What a person would call a row: its name, or what comes nearest to one. */
static const char *row_name(const json_t *row)
{
    static const char *const keys[] = {"name", "kernel", "network", "limit", "op", "injection"};
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
        const char *name = document_text(row, keys[i], NULL);
        if (name != NULL) {
            return name;
        }
    }
    return NULL;
}

static struct place row_place(const char *path, const json_t *document, size_t index)
{
    struct place place = {.path = path,
                          .object = json_array_get(json_object_get(document, "rows"), index)};
    const char *name = row_name(place.object);
    if (name == NULL) {
        snprintf(place.where, sizeof place.where, "rows[%zu]", index);
    } else {
        snprintf(place.where, sizeof place.where, "rows[%zu] \"%.*s\"", index, 120, name);
    }
    return place;
}

static pn_status wrong(const struct place *place, const char *key, const char *what)
{
    return error_set(PN_ERROR_DATA, "%s: %s%skey \"%s\": %s; write the file anew with --json",
                     place->path, place->where, place->where[0] == '\0' ? "" : ": ", key, what);
}

static const char *type_name(const json_t *value)
{
    switch (json_typeof(value)) {
    case JSON_OBJECT:
        return "an object";
    case JSON_ARRAY:
        return "a list";
    case JSON_STRING:
        return "a text";
    case JSON_INTEGER:
    case JSON_REAL:
        return "a number";
    case JSON_NULL:
        return "null";
    default:
        return "true or false";
    }
}

static bool is_verdict(const char *text)
{
    static const char *const verdicts[] = {"OK",           "REGRESSED", "IMPROVED",
                                           "INCONCLUSIVE", "WRONG",     "NOT MEASURED"};
    for (size_t i = 0; i < sizeof verdicts / sizeof verdicts[0]; i++) {
        if (strcmp(text, verdicts[i]) == 0) {
            return true;
        }
    }
    return false;
}

static bool is_within(const json_t *value, double least)
{
    const double number = json_number_value(value); /* 0 for what is none */
    return json_is_number(value) && number >= least && number <= MOST_NUMBER;
}

/* NULL if the value is of the type, else what it should be. What is in it is not looked at. */
static const char *mismatch(const json_t *value, enum document_type type)
{
    switch (type) {
    case DOCUMENT_TEXT:
        return json_is_string(value) ? NULL : "a text";
    case DOCUMENT_NUMBER:
        return is_within(value, -MOST_NUMBER) ? NULL : "a number between -1e20 and 1e20";
    case DOCUMENT_AMOUNT:
        return is_within(value, 0) ? NULL : "a number of at least 0 and at most 1e20";
    case DOCUMENT_COUNT:
        return json_is_integer(value) && json_integer_value(value) >= 0
                   ? NULL
                   : "a whole number of at least 0";
    case DOCUMENT_FLAG:
        return json_is_boolean(value) ? NULL : "true or false";
    case DOCUMENT_VERDICT:
        return json_is_string(value) && is_verdict(json_string_value(value))
                   ? NULL
                   : "OK, REGRESSED, IMPROVED or INCONCLUSIVE";
    case DOCUMENT_LIST:
        return json_is_array(value) ? NULL : "a list";
    default:
        return json_is_object(value) ? NULL : "an object";
    }
}

static pn_status wrong_type(const struct place *place, const char *key, const json_t *value,
                            const char *expected)
{
    char what[200];
    if (json_is_number(value)) {
        snprintf(what, sizeof what, "is %g, not %s", json_number_value(value), expected);
    } else if (json_is_string(value)) {
        snprintf(what, sizeof what, "is the text '%.60s', not %s", json_string_value(value),
                 expected);
    } else {
        snprintf(what, sizeof what, "is %s, not %s", type_name(value), expected);
    }
    return wrong(place, key, what);
}

/* --- checking ------------------------------------------------------------------------------------
 */

static pn_status check_keys(const struct place *place, const struct document_key *keys);

/* Of the value's own type, then of what is in it. `place` and `key` say where it is. Schemas are a
 * few levels deep, so the recursion is. */
static pn_status check_value(const struct place *place, const char *key, const json_t *value,
                             const struct document_key *expected)
{
    const char *missed = mismatch(value, expected->type);
    if (missed != NULL) {
        return wrong_type(place, key, value, missed);
    }
    struct place inner = {.path = place->path, .object = value};
    snprintf(inner.where, sizeof inner.where, "%.150s%s%.40s", place->where,
             place->where[0] == '\0' ? "" : ": ", key);
    if (expected->type == DOCUMENT_OBJECT && expected->keys != NULL) {
        return check_keys(&inner, expected->keys);
    }
    pn_status status = PN_OK;
    if (expected->type == DOCUMENT_MAP) {
        const char *name;
        json_t *element;
        json_object_foreach((json_t *)value, name, element)
        {
            status =
                status == PN_OK ? check_value(&inner, name, element, expected->element) : status;
        }
    }
    for (size_t i = 0; expected->type == DOCUMENT_LIST && i < json_array_size(value); i++) {
        char name[32];
        snprintf(name, sizeof name, "[%zu]", i);
        status = status == PN_OK
                     ? check_value(&inner, name, json_array_get(value, i), expected->element)
                     : status;
    }
    return status;
}

static pn_status check_keys(const struct place *place, const struct document_key *keys)
{
    for (size_t i = 0; keys[i].name != NULL; i++) {
        const json_t *value = json_object_get(place->object, keys[i].name);
        if (value == NULL || json_is_null(value)) {
            if (keys[i].required) {
                return wrong(place, keys[i].name, "is missing");
            }
            continue;
        }
        const pn_status status = check_value(place, keys[i].name, value, &keys[i]);
        if (status != PN_OK) {
            return status;
        }
    }
    return PN_OK;
}

static pn_status check_rows(const char *path, const json_t *document, const char *command)
{
    /* What check only saved was compared with nothing, and is read like a run. */
    command = json_is_true(json_object_get(document, "saved")) ? "run" : command;
    const json_t *rows = json_object_get(document, "rows");
    for (size_t i = 0; i < json_array_size(rows); i++) {
        const struct place place = row_place(path, document, i);
        if (!json_is_object(place.object)) {
            return error_set(PN_ERROR_DATA,
                             "%s: rows[%zu] is %s, not an object; write the file anew with --json",
                             path, i, type_name(json_array_get(rows, i)));
        }
        const struct document_key *keys =
            document_row_keys(command, document_text(place.object, "kind", NULL));
        const pn_status status = check_keys(&place, keys);
        if (status != PN_OK) {
            return status;
        }
    }
    return PN_OK;
}

static pn_status check_document(const char *path, const json_t *document)
{
    static const struct document_key results_frame[] = {{"schema", DOCUMENT_COUNT, true},
                                                        {"command", DOCUMENT_TEXT, true},
                                                        {"rows", DOCUMENT_LIST, true},
                                                        {0}};
    static const struct document_key scorecard_frame[] = {{"schema", DOCUMENT_COUNT, true},
                                                          {"command", DOCUMENT_TEXT, true},
                                                          {"entries", DOCUMENT_LIST, true},
                                                          {0}};
    if (!json_is_object(document)) {
        return error_set(PN_ERROR_DATA,
                         "%s: is %s, not an object of results; give a file that pinion-bench wrote "
                         "with --json",
                         path, type_name(document));
    }
    const char *command = document_text(document, "command", "");
    const bool scorecard = strcmp(command, "scorecard") == 0;
    const struct document_key *frame_keys = scorecard ? scorecard_frame : results_frame;
    const struct place whole = {.path = path, .object = document};
    for (size_t i = 0; frame_keys[i].name != NULL; i++) {
        const json_t *value = json_object_get(document, frame_keys[i].name);
        const char *missed = value == NULL ? NULL : mismatch(value, frame_keys[i].type);
        if (value == NULL) {
            return wrong(&whole, frame_keys[i].name, "is missing");
        }
        if (missed != NULL) {
            return wrong_type(&whole, frame_keys[i].name, value, missed);
        }
    }
    const size_t schema = document_count(document, "schema", 0);
    if (schema < 1 || schema > DOCUMENT_SCHEMA) {
        return error_set(PN_ERROR_DATA,
                         "%s: key \"schema\": is %zu, but this pinion-bench knows 1 to %d; use the "
                         "pinion-bench that wrote it",
                         path, schema, DOCUMENT_SCHEMA);
    }
    if (scorecard) {
        return check_keys(&whole, document_scorecard_keys);
    }
    if (document_row_keys(command, NULL) == NULL) {
        return error_set(PN_ERROR_DATA, "%s: key \"command\": is '%.60s', not %s", path, command,
                         document_commands);
    }
    const pn_status status = check_keys(&whole, document_top_keys);
    return status == PN_OK ? check_rows(path, document, command) : status;
}

/* --- loading -------------------------------------------------------------------------------------
 */

static pn_status parse(const char *path, const char *bytes, size_t size, json_t **document)
{
    json_error_t error;
    *document = json_loadb(bytes, size, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &error);
    if (*document != NULL) {
        return PN_OK;
    }
    if (json_error_code(&error) == json_error_out_of_memory) {
        return error_memory(size, path);
    }
    if (json_error_code(&error) == json_error_premature_end_of_input) {
        return error_set(PN_ERROR_DATA,
                         "%s: line %d: ends in the middle: %s; the file was cut short, write it "
                         "anew",
                         path, error.line, error.text);
    }
    return error_set(PN_ERROR_DATA,
                     "%s: line %d, column %d: not JSON: %s; give a file that pinion-bench wrote "
                     "with --json",
                     path, error.line, error.column, error.text);
}

static pn_status read_document(const struct file *file, json_t **document)
{
    if (file->size == 0) {
        return error_set(PN_ERROR_DATA,
                         "%s: is empty; give a file that pinion-bench wrote with --json",
                         file->path);
    }
    if (file->size > MOST_BYTES) {
        return error_set(PN_ERROR_DATA,
                         "%s: has %zu bytes, results have %zu at most; is this the right file?",
                         file->path, file->size, MOST_BYTES);
    }
    char *bytes = malloc(file->size);
    if (bytes == NULL) {
        return error_memory(file->size, file->path);
    }
    pn_status status = file_read(file, 0, bytes, file->size);
    if (status == PN_OK) {
        status = parse(file->path, bytes, file->size, document);
    }
    free(bytes);
    return status;
}

pn_status document_load(const char *path, json_t **document)
{
    *document = NULL;
    struct file file;
    pn_status status = file_open(path, &file);
    if (status != PN_OK) {
        return status;
    }
    status = read_document(&file, document);
    file_close(&file);
    if (status == PN_OK) {
        status = check_document(path, *document);
    }
    if (status != PN_OK) {
        json_decref(*document);
        *document = NULL;
    }
    return status;
}
