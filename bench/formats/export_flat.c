/* formats/export_flat.c: the forms with one number or two for each row, for services that keep
 * histories.
 */
#include "bench/formats/export_row.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/base/error.h"

/* Behind a row's name. */
static const char percent_suffix[] = " % of limit";

/* --- customBiggerIsBetter: an array of {name, unit, value, range, extra} -------------------------
 */

/* What a person wants to see under the number. The caller frees. */
static char *describe(const struct export_row *row)
{
    char *text = NULL;
    size_t size;
    FILE *stream = open_memstream(&text, &size);
    if (stream == NULL) {
        return NULL;
    }
    if (!row->correct) {
        fputs("WRONG: differs from the naive reference\n", stream);
    } else {
        fprintf(stream, "median: %.6g ns", row->ns);
        if (row->ns_low > 0 && row->ns_high > 0) {
            fprintf(stream, ", 95 %% interval %.6g to %.6g ns", row->ns_low, row->ns_high);
        }
        fputc('\n', stream);
        if (row->samples != NULL) {
            fprintf(stream, "samples: %zu\n", json_array_size(row->samples));
        }
        if (row->limit != NULL) {
            fprintf(stream, "limit: %s%s\n", row->limit, row->impossible ? ", IMPOSSIBLE" : "");
        }
    }
    fprintf(stream, "threads: %lld", (long long)row->threads);
    if (row->repro != NULL) {
        fprintf(stream, "\nrepro: %s", row->repro);
    }
    if (fclose(stream) != 0) {
        free(text);
        return NULL;
    }
    return text;
}

static pn_status add_entry(json_t *list, json_t *names, const char *name, const char *unit,
                           double value, double range, const char *extra)
{
    const pn_status status = export_claim_name(names, name);
    if (status != PN_OK) {
        return status;
    }
    json_t *entry = json_pack("{s:s, s:s, s:f}", "name", name, "unit", unit, "value", value);
    bool stored = entry != NULL;
    if (stored && range > 0 && isfinite(range)) {
        char text[48];
        snprintf(text, sizeof text, "± %.4g", range);
        stored = json_object_set_new(entry, "range", json_string(text)) == 0;
    }
    stored = stored && json_object_set_new(entry, "extra", json_string(extra)) == 0;
    if (!stored) {
        json_decref(entry);
        return error_memory(0, "an entry");
    }
    return json_array_append_new(list, entry) == 0 ? PN_OK : error_memory(0, "an entry");
}

/* The larger distance from the median's rate to an end of its interval; 0: unknown. */
static double rate_range(const struct export_row *row)
{
    if (!(row->ns_low > 0 && row->ns_high > 0)) {
        return 0;
    }
    return fmax(export_row_rate(row, row->ns_low) - row->rate,
                row->rate - export_row_rate(row, row->ns_high));
}

static pn_status add_bigger(json_t *list, json_t *names, const struct export_row *row)
{
    const size_t size = strlen(row->name) + sizeof percent_suffix;
    char *percent_name = malloc(size), *extra = describe(row);
    if (percent_name == NULL || extra == NULL) {
        free(percent_name);
        free(extra);
        return error_memory(size, "an entry");
    }
    snprintf(percent_name, size, "%s%s", row->name, percent_suffix);
    pn_status status = PN_OK;
    if (row->unit != NULL) {
        status = add_entry(list, names, row->name, row->unit, row->correct ? row->rate : 0,
                           row->correct ? rate_range(row) : 0, extra);
    }
    if (status == PN_OK && (row->percent_of_limit > 0 || !row->correct)) {
        status = add_entry(list, names, percent_name, "%", row->correct ? row->percent_of_limit : 0,
                           0, extra);
    }
    free(percent_name);
    free(extra);
    return status;
}

pn_status export_custom_bigger(const json_t *rows, json_t **result)
{
    json_t *list = json_array(), *names = json_object();
    pn_status status = list == NULL || names == NULL ? error_memory(0, "results") : PN_OK;
    for (size_t i = 0; status == PN_OK && i < json_array_size(rows); i++) {
        struct export_row row;
        status = export_row_read(rows, i, &row);
        if (status == PN_OK) {
            status = add_bigger(list, names, &row);
        }
    }
    json_decref(names);
    if (status != PN_OK) {
        json_decref(list);
        return status;
    }
    *result = list;
    return PN_OK;
}

/* --- Bencher Metric Format: {name: {measure: {value, lower_value, upper_value}}} -----------------
 */

enum { BMF_NAME = 1024 }; /* bytes of a name, at most */

/* lower, upper <= 0: unknown. Leaves out what is not finite. */
static bool set_measure(json_t *row, const char *name, double value, double lower, double upper)
{
    if (!isfinite(value)) {
        return true;
    }
    json_t *measure = json_object();
    const bool interval = lower > 0 && upper > 0;
    if (json_object_set_new(row, name, measure) != 0) {
        return false;
    }
    return export_set_real(measure, "value", value) &&
           (!interval || (export_set_real(measure, "lower_value", lower) &&
                          export_set_real(measure, "upper_value", upper)));
}

/* Throughput is the service's own measure, in operations per second: here calls, of all threads. */
static bool set_measures(json_t *json, const struct export_row *row)
{
    if (!row->correct) {
        return set_measure(json, "throughput", 0, 0, 0) &&
               set_measure(json, "percent_of_limit", 0, 0, 0);
    }
    const double calls = 1e9 * (double)row->threads;
    const bool interval = row->ns_low > 0 && row->ns_high > 0;
    bool stored =
        set_measure(json, "latency", row->ns, row->ns_low, row->ns_high) &&
        set_measure(json, "throughput", calls / row->ns, interval ? calls / row->ns_high : 0,
                    interval ? calls / row->ns_low : 0);
    if (stored && row->unit != NULL) {
        stored = set_measure(json, strcmp(row->unit, "GB/s") == 0 ? "gbps" : "gflops", row->rate,
                             interval ? export_row_rate(row, row->ns_high) : 0,
                             interval ? export_row_rate(row, row->ns_low) : 0);
    }
    if (stored && row->percent_of_limit > 0) {
        stored = set_measure(json, "percent_of_limit", row->percent_of_limit, 0, 0);
    }
    return stored;
}

static pn_status add_metrics(json_t *object, const struct export_row *row)
{
    if (strlen(row->name) > BMF_NAME) {
        return error_set(PN_ERROR_DATA, "results: a row's name has %zu bytes; bmf allows %d",
                         strlen(row->name), BMF_NAME);
    }
    pn_status status = export_claim_name(object, row->name);
    if (status != PN_OK) {
        return status;
    }
    json_t *json = json_object();
    if (json == NULL || !set_measures(json, row)) {
        json_decref(json);
        return error_memory(0, "a row's measures");
    }
    return json_object_set_new(object, row->name, json) == 0 ? PN_OK
                                                             : error_memory(0, "a row's measures");
}

pn_status export_bmf(const json_t *rows, json_t **result)
{
    json_t *object = json_object();
    pn_status status = object == NULL ? error_memory(0, "results") : PN_OK;
    for (size_t i = 0; status == PN_OK && i < json_array_size(rows); i++) {
        struct export_row row;
        status = export_row_read(rows, i, &row);
        if (status == PN_OK) {
            status = add_metrics(object, &row);
        }
    }
    if (status != PN_OK) {
        json_decref(object);
        return status;
    }
    *result = object;
    return PN_OK;
}
