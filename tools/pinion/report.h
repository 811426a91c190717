/* report.h: results on standard output, as JSON or text. */
#ifndef PINION_TOOLS_REPORT_H
#define PINION_TOOLS_REPORT_H

#include <jansson.h>
#include <math.h>

#include "engine/pinion.h"

/* A number to print: C prints a NaN's sign, which says nothing. */
static inline double report_printable(double value)
{
    return isnan(value) ? (double)NAN : value;
}

/* A JSON number, or null where JSON has none (NaN, infinity). */
json_t *report_number(double value);

/* Prints one JSON object on one line and frees it. Returns an exit code. */
int report_json(const char *command, json_t *object);

/* What a training run was, for both forms. */
struct training_report {
    const pn_model *model;
    const pn_history *history;
    size_t best_epoch;     /* 0: no callback holds one */
    const char *best_file; /* NULL: in no file */
    const char *saved;     /* the file of --save, NULL if there is none */
    double load_seconds;
};

int report_training(const char *command, const struct training_report *report, bool as_json);

/* Flushes standard output; an exit code: `status` itself, or that of a failed write. Ends by
 * SIGPIPE where the reader has gone. */
int report_end(const char *command, int status);

#endif
