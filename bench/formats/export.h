/* formats/export.h: results of `run` in the forms that other tools read. */
#ifndef PINION_BENCH_EXPORT_H
#define PINION_BENCH_EXPORT_H

#include <stdbool.h>
#include <stdio.h>

#include <jansson.h>

#include "engine/pinion.h"

enum export_format {
    EXPORT_JSON,                   /* the document itself, of any command */
    EXPORT_GBENCH,                 /* Google Benchmark's JSON: every sample a repetition */
    EXPORT_GBENCH_FLAT,            /* the same with one entry for each row: its median */
    EXPORT_GBENCH_AGGREGATES,      /* samples, and their mean, median, stddev and cv */
    EXPORT_GBENCH_AGGREGATES_ONLY, /* those without the samples; a single sample stays */
    EXPORT_CUSTOM_BIGGER,          /* github-action-benchmark's customBiggerIsBetter */
    EXPORT_BMF,                    /* Bencher Metric Format */
    EXPORT_FORMAT_COUNT
};

/* By its name: "json", "gbench", ... PN_ERROR_USAGE names those there are. */
pn_status export_parse_format(const char *name, enum export_format *format);

/* "json", "gbench", ... */
const char *export_format_name(enum export_format format);

/* Writes and flushes. The document may be incomplete (interrupted). Its strings under "context", if
 * there are any, become context of the Google forms.
 *
 * What a row says of time is only worth something if its result is right. So a WRONG row has times
 * of 0 and an error in the Google forms, as there; in the others it has a throughput of 0 and no
 * time, which trips the alarm that watches it.
 *
 * PN_ERROR_USAGE: a form that the document's command has not; PN_ERROR_DATA: a field is not what it
 * must be; PN_ERROR_IO: not all of it could be written. */
pn_status export_write(const json_t *document, enum export_format format, FILE *stream);

/* Whether context of that name may be added: not one that the Google forms use themselves. */
bool export_context_is_free(const char *name);

#endif
