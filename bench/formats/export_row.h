/* formats/export_row.h: what the writers of export.h share: a row's fields, checked. */
#ifndef PINION_BENCH_EXPORT_ROW_H
#define PINION_BENCH_EXPORT_ROW_H

#include <stdbool.h>
#include <stddef.h>

#include <jansson.h>

#include "engine/pinion.h"

/* Of a row of "run". Numbers that the row lacks are 0, texts NULL. */
struct export_row {
    const char *name, *kernel, *limit, *repro;
    bool correct, impossible;
    json_int_t threads, iterations;
    double ns, ns_low, ns_high; /* of a correct row, ns >= 1e-9 */
    double rate;                /* in `unit` */
    const char *unit;           /* "GFLOP/s", "GB/s" */
    double percent_of_limit, times_naive, times_naive_ijk;
    const json_t *samples; /* an array of such times, at least one; NULL: there are none */
};

/* Reads row `index` of `rows`. PN_ERROR_DATA. */
pn_status export_row_read(const json_t *rows, size_t index, struct export_row *row);

/* What `ns` for a call means in the row's unit; not finite if the numbers are absurd. */
double export_row_rate(const struct export_row *row, double ns);

/* Notes that `name` is used: no two rows may share one. `names` is a JSON object. PN_ERROR_DATA. */
pn_status export_claim_name(json_t *names, const char *name);

/* Sets a real, unless it is one that JSON has not; false: no memory. */
bool export_set_real(json_t *object, const char *key, double value);

/* The writers: what the rows become. *result is the caller's. */
pn_status export_custom_bigger(const json_t *rows, json_t **result);
pn_status export_bmf(const json_t *rows, json_t **result);

struct export_gbench_parts {
    bool samples;    /* an entry for each, else one with the median */
    bool aggregates; /* of rows with two samples or more */
    bool only_aggregates;
};

/* Its "context". */
pn_status export_gbench_context(const json_t *document, json_t **result);
pn_status export_gbench(const json_t *document, struct export_gbench_parts parts, json_t **result);

#endif
