/* check/baseline_read.c: a baseline from its file, all of it checked before any is used. */
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/check/baseline.h"
#include "bench/command/output.h"
#include "engine/base/error.h"
#include "engine/base/file.h"

/* Where a value stands: the file, and "baselines[0].runs[1]". */
struct place {
    const char *path;
    char name[2 * ROW_NAME_SIZE];
};

static struct place inside(const struct place *place, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static struct place inside(const struct place *place, const char *format, ...)
{
    struct place inner = *place;
    const size_t length = strlen(inner.name);
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(inner.name + length, sizeof inner.name - length, format, arguments);
    va_end(arguments);
    return inner;
}

static pn_status wrong(const struct place *place, const char *key, const char *what)
{
    const bool top = place->name[0] == '\0' || key[0] == '\0';
    return error_set(PN_ERROR_DATA, "%s: %s%s%s: %s; write a new one with check --save",
                     place->path, place->name, top ? "" : ".", key, what);
}

/* --- values --------------------------------------------------------------------------------------
 */

static pn_status need_text(const json_t *object, const struct place *place, const char *key,
                           size_t size)
{
    const char *text = json_string_value(json_object_get(object, key));
    if (text == NULL || text[0] == '\0') {
        return wrong(place, key, "must be a text");
    }
    return strlen(text) < size ? PN_OK : wrong(place, key, "is too long");
}

static pn_status need_count(const json_t *object, const struct place *place, const char *key,
                            json_int_t least, json_int_t most)
{
    const json_t *value = json_object_get(object, key);
    if (json_is_integer(value) && json_integer_value(value) >= least &&
        json_integer_value(value) <= most) {
        return PN_OK;
    }
    char what[100];
    snprintf(what, sizeof what,
             "must be a whole number from %" JSON_INTEGER_FORMAT " to %" JSON_INTEGER_FORMAT, least,
             most);
    return wrong(place, key, what);
}

static bool is_amount(const json_t *value)
{
    const double number = json_number_value(value);
    return json_is_number(value) && isfinite(number) && number > 1e-12 && number < 1e18;
}

static pn_status need_amount(const json_t *object, const struct place *place, const char *key)
{
    return is_amount(json_object_get(object, key)) ? PN_OK
                                                   : wrong(place, key, "must be a number above 0");
}

/* --- a run ---------------------------------------------------------------------------------------
 */

static bool is_probe(const char *name)
{
    bool known = false;
    for (int kind = 0; name != NULL && kind < PROBE_KIND_COUNT; kind++) {
        known = known || strcmp(name, probe_name((enum probe_kind)kind)) == 0;
    }
    return known;
}

static bool is_level(const char *name)
{
    bool known = false;
    for (int level = 0; name != NULL && level < LEVEL_COUNT; level++) {
        known = known || strcmp(name, machine_level_name((enum memory_level)level)) == 0;
    }
    return known;
}

static pn_status check_yardstick(const json_t *row, const struct place *row_place)
{
    const json_t *yardstick = json_object_get(row, "yardstick");
    if (!json_is_object(yardstick)) {
        return wrong(row_place, "yardstick", "must be an object");
    }
    const struct place place = inside(row_place, ".yardstick");
    const char *probe = json_string_value(json_object_get(yardstick, "probe"));
    if (!is_probe(probe)) {
        return wrong(&place, "probe", "must be fma, divide, sqrt, read, copy or triad");
    }
    const pn_status status = need_text(yardstick, &place, "table", YARDSTICK_TABLE_SIZE);
    const bool walks =
        strcmp(probe, "fma") != 0 && strcmp(probe, "divide") != 0 && strcmp(probe, "sqrt") != 0;
    if (status != PN_OK || !walks) {
        return status;
    }
    if (!is_level(json_string_value(json_object_get(yardstick, "level")))) {
        return wrong(&place, "level", "must be L1, L2, L3 or DRAM");
    }
    return need_count(yardstick, &place, "bytes", YARDSTICK_LEAST_BYTES, YARDSTICK_MOST_BYTES);
}

static pn_status check_ratios(const json_t *row, const struct place *place)
{
    const json_t *ratios = json_object_get(row, "ratios");
    const size_t count = json_array_size(ratios);
    if (!json_is_array(ratios) || count < 2 || count > JUDGE_LAUNCHES) {
        char what[64];
        snprintf(what, sizeof what, "must be a list of 2 to %d numbers", JUDGE_LAUNCHES);
        return wrong(place, "ratios", what);
    }
    for (size_t i = 0; i < count; i++) {
        if (!is_amount(json_array_get(ratios, i))) {
            const struct place inner = inside(place, ".ratios[%zu]", i);
            return wrong(&inner, "", "must be a number above 0");
        }
    }
    return PN_OK;
}

static pn_status check_row(const char *name, const json_t *row, const struct place *run)
{
    const struct place place = inside(run, ".rows[\"%.*s\"]", ROW_NAME_SIZE, name);
    if (!json_is_object(row)) {
        return wrong(&place, "", "must be an object");
    }
    pn_status status = check_yardstick(row, &place);
    if (status == PN_OK) {
        status = need_amount(row, &place, "work");
    }
    if (status == PN_OK) {
        status = need_amount(row, &place, "ns");
    }
    return status == PN_OK ? check_ratios(row, &place) : status;
}

static pn_status check_run(json_t *run, const struct place *place)
{
    static const char *const texts[] = {"date", "version", "compiler", "build", "fingerprint"};
    if (!json_is_object(run)) {
        return wrong(place, "", "must be an object");
    }
    pn_status status = need_count(run, place, "revision", 1, 1000000);
    for (size_t i = 0; i < sizeof texts / sizeof texts[0] && status == PN_OK; i++) {
        status = need_text(run, place, texts[i], 256);
    }
    if (status == PN_OK) {
        status = need_amount(run, place, "turn_ns");
    }
    json_t *rows = json_object_get(run, "rows");
    if (status == PN_OK && !json_is_object(rows)) {
        return wrong(place, "rows", "must be an object");
    }
    const char *name;
    json_t *row;
    json_object_foreach(rows, name, row)
    {
        status = status == PN_OK ? check_row(name, row, place) : status;
    }
    return status;
}

/* --- the document --------------------------------------------------------------------------------
 */

static pn_status check_runs(const json_t *entry, const struct place *place)
{
    const json_t *runs = json_object_get(entry, "runs");
    if (!json_is_array(runs) || json_array_size(runs) == 0) {
        return wrong(place, "runs", "must be a list of at least one run");
    }
    pn_status status = PN_OK;
    for (size_t i = 0; i < json_array_size(runs) && status == PN_OK; i++) {
        const struct place inner = inside(place, ".runs[%zu]", i);
        status = check_run(json_array_get(runs, i), &inner);
    }
    return status;
}

static pn_status check_entry(const json_t *entry, const struct place *place)
{
    if (!json_is_object(entry)) {
        return wrong(place, "", "must be an object");
    }
    pn_status status = need_text(entry, place, "processor", SIMD_CPU_NAME_SIZE);
    if (status == PN_OK) {
        status = need_text(entry, place, "isa", BENCH_ABI_TEXT);
    }
    if (status == PN_OK) {
        status = need_count(entry, place, "threads", 1, 1000000);
    }
    const bool numbered =
        json_object_get(entry, "family") != NULL || json_object_get(entry, "model") != NULL;
    if (status == PN_OK && numbered) {
        status = need_count(entry, place, "family", 0, 1000000);
    }
    if (status == PN_OK && numbered) {
        status = need_count(entry, place, "model", 0, 1000000);
    }
    return status == PN_OK ? check_runs(entry, place) : status;
}

static pn_status check_entries(const struct baseline *baseline, const struct place *whole)
{
    const json_t *list = json_object_get(baseline->root, "baselines");
    for (size_t i = 0; i < json_array_size(list); i++) {
        const struct place place = inside(whole, "baselines[%zu]", i);
        const pn_status status = check_entry(json_array_get(list, i), &place);
        if (status != PN_OK) {
            return status;
        }
        const struct baseline_key key = baseline_key_at(baseline, i);
        if (baseline_runs(baseline, &key) != json_object_get(json_array_get(list, i), "runs")) {
            return wrong(&place, "", "has the processor, ISA and threads of one before");
        }
    }
    return PN_OK;
}

static pn_status check_document(const struct baseline *baseline)
{
    const struct place whole = {.path = baseline->path};
    const json_t *root = baseline->root;
    if (!json_is_object(root)) {
        return error_set(PN_ERROR_DATA,
                         "%s: must be one JSON object; give a file that check --save wrote",
                         baseline->path);
    }
    const json_t *schema = json_object_get(root, "schema");
    if (!json_is_integer(schema) || json_integer_value(schema) != OUTPUT_SCHEMA) {
        return error_set(PN_ERROR_DATA,
                         "%s: schema: must be %d; use the pinion-bench that wrote the file",
                         baseline->path, OUTPUT_SCHEMA);
    }
    const char *command = json_string_value(json_object_get(root, "command"));
    if (command == NULL || strcmp(command, "check") != 0) {
        return error_set(PN_ERROR_DATA,
                         "%s: command: must be check; give a file that check --save wrote",
                         baseline->path);
    }
    if (!json_is_array(json_object_get(root, "baselines"))) {
        return error_set(PN_ERROR_DATA,
                         "%s: baselines: must be a list; give a file that check --save wrote, not "
                         "the results of a check",
                         baseline->path);
    }
    return check_entries(baseline, &whole);
}

static pn_status parse(const char *path, const char *bytes, size_t size, json_t **root)
{
    json_error_t error;
    *root = json_loadb(bytes, size, JSON_REJECT_DUPLICATES, &error);
    if (*root != NULL) {
        return PN_OK;
    }
    return error_set(PN_ERROR_DATA,
                     "%s: line %d, column %d: %s: %s; was the file cut or edited? write a new one "
                     "with check --save",
                     path, error.line, error.column,
                     json_error_code(&error) == json_error_premature_end_of_input ? "ends too early"
                                                                                  : "is no JSON",
                     error.text);
}

pn_status baseline_load(const char *path, struct baseline *baseline)
{
    const size_t most_bytes = (size_t)1 << 28;
    *baseline = (struct baseline){.path = path};
    struct file file;
    pn_status status = file_open(path, &file);
    if (status != PN_OK) {
        return status;
    }
    char *bytes = file.size > most_bytes ? NULL : malloc(file.size + 1);
    if (file.size > most_bytes) {
        status = error_set(PN_ERROR_DATA, "%s: has %zu bytes; give a file that check --save wrote",
                           path, file.size);
    } else if (bytes == NULL) {
        status = error_memory(file.size, path);
    } else {
        status = file_read(&file, 0, bytes, file.size);
    }
    if (status == PN_OK) {
        status = parse(path, bytes, file.size, &baseline->root);
    }
    free(bytes);
    file_close(&file);
    if (status == PN_OK) {
        status = check_document(baseline);
    }
    if (status != PN_OK) {
        baseline_free(baseline);
    }
    return status;
}
