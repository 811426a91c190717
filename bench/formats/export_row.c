#include "bench/formats/export_row.h"

#include <math.h>
#include <string.h>

#include "engine/base/error.h"

static pn_status bad_field(size_t index, const char *key, const char *what)
{
    return error_set(PN_ERROR_DATA, "results: rows[%zu].%s: %s; was the file changed by hand?",
                     index, key, what);
}

/* Stays 0 where the row has none. */
static pn_status read_number(const json_t *row, size_t index, const char *key, double *value)
{
    const json_t *field = json_object_get(row, key);
    if (field == NULL || json_is_null(field)) {
        return PN_OK;
    }
    *value = json_number_value(field);
    return json_is_number(field) && *value >= 0
               ? PN_OK
               : bad_field(index, key, "must be a number from 0 up");
}

static pn_status read_numbers(const json_t *row, size_t index, struct export_row *out)
{
    double gflops = 0, gbps = 0;
    const struct {
        const char *key;
        double *value;
    } fields[] = {
        {"ns", &out->ns},
        {"ns_low", &out->ns_low},
        {"ns_high", &out->ns_high},
        {"gflops", &gflops},
        {"gbps", &gbps},
        {"percent_of_limit", &out->percent_of_limit},
        {"times_naive", &out->times_naive},
        {"times_naive_ijk", &out->times_naive_ijk},
    };
    for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++) {
        const pn_status status = read_number(row, index, fields[i].key, fields[i].value);
        if (status != PN_OK) {
            return status;
        }
    }
    if (json_is_number(json_object_get(row, "gflops"))) {
        out->rate = gflops;
        out->unit = "GFLOP/s";
    } else if (json_is_number(json_object_get(row, "gbps"))) {
        out->rate = gbps;
        out->unit = "GB/s";
    }
    return PN_OK;
}

static pn_status read_count(const json_t *row, size_t index, const char *key, json_int_t *value)
{
    const json_t *field = json_object_get(row, key);
    *value = field == NULL ? 1 : json_integer_value(field);
    return *value >= 1 ? PN_OK : bad_field(index, key, "must be a whole number from 1 up");
}

static pn_status read_flag(const json_t *row, size_t index, const char *key, bool *value)
{
    const json_t *field = json_object_get(row, key);
    if (field == NULL) {
        return PN_OK;
    }
    *value = json_is_true(field);
    return json_is_boolean(field) ? PN_OK : bad_field(index, key, "must be true or false");
}

/* A time that a call can take; squares and quotients of such ones are finite and not 0. */
static bool is_time(double ns)
{
    return ns >= 1e-9 && ns <= 1e18;
}

static pn_status read_samples(const json_t *row, size_t index, struct export_row *out)
{
    const json_t *samples = json_object_get(row, "samples");
    if (samples == NULL) {
        return PN_OK;
    }
    if (!json_is_array(samples)) {
        return bad_field(index, "samples", "must be an array");
    }
    size_t i;
    json_t *sample;
    json_array_foreach(samples, i, sample)
    {
        if (!is_time(json_number_value(sample))) {
            return bad_field(index, "samples", "must be nanoseconds");
        }
    }
    out->samples = json_array_size(samples) > 0 ? samples : NULL;
    return PN_OK;
}

pn_status export_row_read(const json_t *rows, size_t index, struct export_row *row)
{
    const json_t *json = json_array_get(rows, index);
    *row = (struct export_row){
        .name = json_string_value(json_object_get(json, "name")),
        .kernel = json_string_value(json_object_get(json, "kernel")),
        .limit = json_string_value(json_object_get(json, "limit")),
        .repro = json_string_value(json_object_get(json, "repro")),
        .correct = true,
    };
    if (row->name == NULL || row->name[0] == '\0') {
        return bad_field(index, "name", "must be a text");
    }
    pn_status status = read_flag(json, index, "correct", &row->correct);
    if (status == PN_OK) {
        status = read_flag(json, index, "impossible", &row->impossible);
    }
    if (status == PN_OK) {
        status = read_count(json, index, "threads", &row->threads);
    }
    if (status == PN_OK) {
        status = read_count(json, index, "iterations", &row->iterations);
    }
    if (status == PN_OK) {
        status = read_numbers(json, index, row);
    }
    if (status == PN_OK) {
        status = read_samples(json, index, row);
    }
    if (status == PN_OK && row->correct && !is_time(row->ns)) {
        return bad_field(index, "ns", "must be nanoseconds");
    }
    return status;
}

double export_row_rate(const struct export_row *row, double ns)
{
    return row->rate * (row->ns / ns);
}

pn_status export_claim_name(json_t *names, const char *name)
{
    if (json_object_get(names, name) != NULL) {
        return error_set(PN_ERROR_DATA,
                         "results: two rows are named '%.200s', which no reader of this format "
                         "could tell apart",
                         name);
    }
    return json_object_set_new(names, name, json_true()) == 0 ? PN_OK : error_memory(0, "names");
}

bool export_set_real(json_t *object, const char *key, double value)
{
    return !isfinite(value) || json_object_set_new(object, key, json_real(value)) == 0;
}
