/* run/report.c: a row of run as a line and as JSON. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "bench/run/run.h"
#include "engine/base/error.h"

const char *const run_titles =
    "kernel                           shape          isa     cache thr           ns    +-%     "
    "rate         % of limit    x ikj    x ijk";

enum { REPRO_SIZE = ROW_PATTERN_SIZE + 128 };

static void write_repro(const struct row_key *key, char repro[REPRO_SIZE])
{
    char name[ROW_NAME_SIZE], pattern[ROW_PATTERN_SIZE];
    row_name(key, name);
    row_pattern(name, pattern);
    snprintf(repro, REPRO_SIZE, "pinion-bench run --filter '%s' --isa %s --threads %zu --cache %s",
             pattern, key->isa, key->threads, cache_name(key->cache));
}

/* "fma", "divide", "sqrt", and levels by the rate of reading. */
static json_t *limit_rates(const struct run_result *result)
{
    json_t *rates = json_object();
    for (int i = 0; i < RUN_PROBES; i++) {
        const struct run_probe *probe = &result->probes[i];
        const enum probe_kind kind = probe->probe.kind;
        if (probe->used && kind <= PROBE_READ) {
            json_object_set_new(rates,
                                kind == PROBE_READ ? machine_level_name(probe->probe.level)
                                                   : probe_name(kind),
                                json_real(probe->rate));
        }
    }
    return rates;
}

static json_t *samples(const struct run_result *result)
{
    json_t *list = json_array();
    for (size_t i = 0; i < result->rounds; i++) {
        json_array_append_new(list, json_real(result->samples[i]));
    }
    return list;
}

/* Moves all members of `more` behind those of `object`. */
static bool add_members(json_t *object, json_t *more)
{
    const bool added = more != NULL && json_object_update(object, more) == 0;
    json_decref(more);
    return added;
}

static json_t *row_json(const struct row_key *key, const struct run_result *result,
                        const char *repro)
{
    char name[ROW_NAME_SIZE];
    row_name(key, name);
    json_t *json =
        json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:i, s:b, s:s, s:f, s:f}", "name", name, "kernel",
                  key->kernel, "shape", key->shape, "dtype", key->dtype, "isa", key->isa, "cache",
                  cache_name(key->cache), "threads", (int)key->threads, "correct", result->correct,
                  "repro", repro, "flops", result->flops, "bytes", result->bytes);
    bool fine = json != NULL;
    if (fine && !result->correct) {
        fine = json_object_set_new(json, "message", json_string(result->message)) == 0;
    } else if (fine) {
        fine = add_members(
            json,
            json_pack("{s:I, s:f, s:f, s:f, s:f, s:f, s:f, s:f, s:f, s:s, s:o, s:f, s:f, s:b, s:o}",
                      "iterations", (json_int_t)result->iterations, "ns", result->ns, "ns_low",
                      result->low, "ns_high", result->high, "ns_min", result->least, "ns_p90",
                      result->p90, "ns_mad", result->mad, result->product ? "gflops" : "gbps",
                      result->rate, "percent_of_limit", result->percent, "limit", result->limit,
                      "limit_rates", limit_rates(result), "times_naive", result->times_ikj,
                      "times_naive_ijk", result->times_ijk, "impossible", result->impossible,
                      "samples", samples(result)));
    }
    if (!fine) {
        json_decref(json);
        return NULL;
    }
    return json;
}

/* Half of the interval, of the median. */
static double uncertainty(const struct run_result *result)
{
    return 100 * fmax(result->high - result->ns, result->ns - result->low) / result->ns;
}

static void print_line(FILE *out, const struct row_key *key, const struct run_result *result)
{
    fprintf(out, "%-32s %-14s %-7s %-5s %3zu ", key->kernel, key->shape, key->isa,
            cache_name(key->cache), key->threads);
    if (!result->correct) {
        fprintf(out, "WRONG: %s", result->message);
        return;
    }
    fprintf(out, "%12.1f %6.1f %8.2f %-7s %6.1f %-6s%s %8.2f %8.2f", result->ns,
            uncertainty(result), result->rate, result->product ? "GFLOP/s" : "GB/s",
            result->percent, result->limit, result->impossible ? " IMPOSSIBLE" : "",
            result->times_ikj, result->times_ijk);
}

pn_status run_report(const struct row *row, const struct run_result *result, bool verbose,
                     struct output *output)
{
    char repro[REPRO_SIZE];
    write_repro(&row->key, repro);
    char *line = NULL;
    size_t size;
    FILE *out = open_memstream(&line, &size);
    if (out == NULL) {
        return error_memory(0, "a row of results");
    }
    print_line(out, &row->key, result);
    if (verbose || !result->correct || result->impossible) {
        fprintf(out, "\n  %s", repro);
    }
    pn_status status = fclose(out) == 0 ? PN_OK : error_memory(size, "a row of results");
    if (status == PN_OK) {
        status = output_row(output, row_json(&row->key, result, repro), line);
    }
    free(line);
    return status;
}
