/* formats/export_gbench.c: Google Benchmark's JSON, its schema 1, fields in its order. */
#include "bench/formats/export_row.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/stats/stats.h"
#include "engine/base/error.h"

/* --- entries ------------------------------------------------------------------------------------
 */

struct writer {
    struct export_gbench_parts parts;
    json_t *list;
    json_t *names;    /* those used */
    json_t *families; /* kernel: how many of its rows came, in the order of their first one */
};

/* What an entry says beside its row's own fields. */
struct entry {
    const char *name, *run_type;
    json_int_t family, instance, repetitions, index, iterations;
    const char *aggregate; /* NULL: index counts */
    double time, rate, percent, times_naive, times_naive_ijk;
};

/* compare.py sorts by both numbers. */
static bool take_place(struct writer *writer, const char *family, struct entry *entry)
{
    const char *key;
    json_t *count;
    entry->family = 0;
    json_object_foreach(writer->families, key, count)
    {
        if (strcmp(key, family) == 0) {
            entry->instance = json_integer_value(count);
            return json_integer_set(count, entry->instance + 1) == 0;
        }
        entry->family++;
    }
    entry->instance = 0;
    return json_object_set_new(writer->families, family, json_integer(1)) == 0;
}

static bool set_error(json_t *json, const struct export_row *row)
{
    return row->correct ||
           (json_object_set_new(json, "error_occurred", json_true()) == 0 &&
            json_object_set_new(json, "error_message",
                                json_string("WRONG: differs from the naive reference")) == 0);
}

static bool set_counters(json_t *json, const struct export_row *row, const struct entry *entry)
{
    if (!row->correct) {
        return true;
    }
    const bool bytes = row->unit != NULL && strcmp(row->unit, "GB/s") == 0;
    return (row->unit == NULL || export_set_real(json, bytes ? "bytes_per_second" : "GFLOPS",
                                                 bytes ? 1e9 * entry->rate : entry->rate)) &&
           (row->percent_of_limit <= 0 ||
            export_set_real(json, "x_percent_of_limit", entry->percent)) &&
           (row->times_naive <= 0 || export_set_real(json, "x_times_naive", entry->times_naive)) &&
           (row->times_naive_ijk <= 0 ||
            export_set_real(json, "x_times_naive_ijk", entry->times_naive_ijk)) &&
           (!row->impossible || export_set_real(json, "x_impossible", 1));
}

static bool set_label(json_t *json, const struct export_row *row)
{
    return row->limit == NULL ||
           json_object_set_new(json, "label", json_sprintf("limit %s", row->limit)) == 0;
}

/* One clock is read: threads are pinned and never wait, so time is processor time. */
static pn_status add_entry(struct writer *writer, const struct export_row *row,
                           const struct entry *entry)
{
    json_t *json =
        json_pack("{s:s, s:I, s:I, s:s, s:s, s:I}", "name", entry->name, "family_index",
                  entry->family, "per_family_instance_index", entry->instance, "run_name",
                  row->name, "run_type", entry->run_type, "repetitions", entry->repetitions);
    bool stored = json != NULL;
    if (entry->aggregate == NULL) {
        stored = stored &&
                 json_object_set_new(json, "repetition_index", json_integer(entry->index)) == 0;
    }
    stored = stored && json_object_set_new(json, "threads", json_integer(row->threads)) == 0;
    if (stored && entry->aggregate != NULL) {
        const char *unit = strcmp(entry->aggregate, "cv") == 0 ? "percentage" : "time";
        stored = json_object_set_new(json, "aggregate_name", json_string(entry->aggregate)) == 0 &&
                 json_object_set_new(json, "aggregate_unit", json_string(unit)) == 0;
    }
    stored = stored && set_error(json, row) &&
             json_object_set_new(json, "iterations", json_integer(entry->iterations)) == 0 &&
             json_object_set_new(json, "real_time", json_real(entry->time)) == 0 &&
             json_object_set_new(json, "cpu_time", json_real(entry->time)) == 0 &&
             json_object_set_new(json, "time_unit", json_string("ns")) == 0 &&
             set_counters(json, row, entry) && set_label(json, row);
    if (!stored || json_array_append(writer->list, json) != 0) {
        json_decref(json);
        return error_memory(0, "an entry");
    }
    json_decref(json);
    return PN_OK;
}

/* --- aggregates ---------------------------------------------------------------------------------
 */

enum aggregate { MEAN, MEDIAN, STDDEV, CV, AGGREGATES };

/* Reorders `values`, two or more. */
static double aggregate(enum aggregate kind, double *values, size_t count)
{
    if (kind == MEDIAN) {
        return stats_median(values, count);
    }
    double mean = 0, squares = 0;
    for (size_t i = 0; i < count; i++) {
        mean += values[i] / (double)count;
    }
    for (size_t i = 0; i < count; i++) {
        squares += (values[i] - mean) * (values[i] - mean);
    }
    const double deviation = sqrt(squares / (double)(count - 1));
    return kind == MEAN ? mean : kind == STDDEV ? deviation : deviation / mean;
}

/* A counter that is the same in all samples. */
static double aggregate_constant(enum aggregate kind, double value)
{
    return kind == MEAN || kind == MEDIAN ? value : 0;
}

static pn_status add_aggregate(struct writer *writer, const struct export_row *row,
                               struct entry entry, enum aggregate kind, double *times,
                               double *rates)
{
    static const char *const names[AGGREGATES] = {"mean", "median", "stddev", "cv"};
    const size_t count = (size_t)entry.repetitions, size = strlen(row->name) + 16;
    char *name = malloc(size);
    if (name == NULL) {
        return error_memory(size, "an entry");
    }
    snprintf(name, size, "%s_%s", row->name, names[kind]);
    entry.name = name;
    entry.run_type = "aggregate";
    entry.aggregate = names[kind];
    entry.iterations = entry.repetitions;
    entry.time = aggregate(kind, times, count);
    entry.rate = aggregate(kind, rates, count);
    entry.percent = aggregate_constant(kind, row->percent_of_limit);
    entry.times_naive = aggregate_constant(kind, row->times_naive);
    entry.times_naive_ijk = aggregate_constant(kind, row->times_naive_ijk);
    pn_status status = export_claim_name(writer->names, name);
    if (status == PN_OK) {
        status = add_entry(writer, row, &entry);
    }
    free(name);
    return status;
}

static pn_status add_aggregates(struct writer *writer, const struct export_row *row,
                                const struct entry *entry)
{
    const size_t count = (size_t)entry->repetitions;
    double *values = malloc(2 * count * sizeof *values);
    if (values == NULL) {
        return error_memory(2 * count * sizeof *values, "samples");
    }
    for (size_t i = 0; i < count; i++) {
        values[i] = json_number_value(json_array_get(row->samples, i));
        values[count + i] = export_row_rate(row, values[i]);
    }
    pn_status status = PN_OK;
    for (int kind = 0; status == PN_OK && kind < AGGREGATES; kind++) {
        status = add_aggregate(writer, row, *entry, (enum aggregate)kind, values, values + count);
    }
    free(values);
    return status;
}

/* --- rows ---------------------------------------------------------------------------------------
 */

static pn_status add_row(struct writer *writer, const struct export_row *row)
{
    pn_status status = export_claim_name(writer->names, row->name);
    if (status != PN_OK) {
        return status;
    }
    const struct export_gbench_parts parts = writer->parts;
    const bool samples = parts.samples && row->correct && row->samples != NULL;
    const size_t count = samples ? json_array_size(row->samples) : 1;
    const bool aggregates = parts.aggregates && count > 1;
    struct entry entry = {.name = row->name,
                          .run_type = "iteration",
                          .repetitions = (json_int_t)count,
                          .iterations = row->correct ? row->iterations : 0,
                          .percent = row->percent_of_limit,
                          .times_naive = row->times_naive,
                          .times_naive_ijk = row->times_naive_ijk};
    if (!take_place(writer, row->kernel == NULL ? row->name : row->kernel, &entry)) {
        return error_memory(0, "an entry");
    }
    for (size_t i = 0; status == PN_OK && i < count && !(aggregates && parts.only_aggregates);
         i++) {
        entry.index = (json_int_t)i;
        entry.time = samples ? json_number_value(json_array_get(row->samples, i)) : row->ns;
        entry.time = row->correct ? entry.time : 0;
        entry.rate = export_row_rate(row, entry.time);
        status = add_entry(writer, row, &entry);
    }
    return status == PN_OK && aggregates ? add_aggregates(writer, row, &entry) : status;
}

static pn_status add_rows(struct writer *writer, const json_t *rows)
{
    pn_status status = PN_OK;
    for (size_t i = 0; status == PN_OK && i < json_array_size(rows); i++) {
        struct export_row row;
        status = export_row_read(rows, i, &row);
        if (status == PN_OK) {
            status = add_row(writer, &row);
        }
    }
    return status;
}

pn_status export_gbench(const json_t *document, struct export_gbench_parts parts, json_t **result)
{
    struct writer writer = {
        .parts = parts, .list = json_array(), .names = json_object(), .families = json_object()};
    json_t *context = NULL;
    pn_status status = writer.list == NULL || writer.names == NULL || writer.families == NULL
                           ? error_memory(0, "results")
                           : export_gbench_context(document, &context);
    if (status == PN_OK) {
        status = add_rows(&writer, json_object_get(document, "rows"));
    }
    if (status == PN_OK) {
        *result = json_pack("{s:O, s:O}", "context", context, "benchmarks", writer.list);
        status = *result == NULL ? error_memory(0, "results") : PN_OK;
    }
    json_decref(context);
    json_decref(writer.list);
    json_decref(writer.names);
    json_decref(writer.families);
    return status;
}
