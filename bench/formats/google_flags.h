/* formats/google_flags.h: the command line of Google Benchmark's programs, for its tools and its
 * users.
 *
 * What they do here:
 *   --benchmark_filter=RE                 rows whose name matches; -RE: those that do not; all: all
 *   --benchmark_list_tests[=BOOL]         lists them, measures nothing
 *   --benchmark_out=FILE                  writes the results there
 *   --benchmark_out_format=json|console   in this form (json)
 *   --benchmark_format=console|json       the form on standard output (console)
 *   --benchmark_repetitions=N             samples of each row
 *   --benchmark_min_time=0.5s|0.5|100x    what a sample takes at least, or calls in a sample
 *   --benchmark_dry_run[=BOOL]            one sample of one call
 *   --benchmark_report_aggregates_only    mean, median, stddev and cv instead of the samples
 *   --benchmark_display_aggregates_only   those behind the samples: what is displayed are medians
 *   --benchmark_context=K=V[,K=V...]      text that the results carry; may be repeated
 * Checked, and without effect:
 *   --benchmark_enable_random_interleaving   a row's samples and its limits' always take turns
 *   --benchmark_min_warmup_time              finding the number of calls warms up
 *   --benchmark_time_unit                    files say ns, so that any two compare
 *   --benchmark_color, --benchmark_counters_tabular, --v
 * csv is not written: its own documentation calls it deprecated and says that it cannot be parsed.
 *
 * Where arguments of this style are given, environment variables with the flags' upper-case names
 * (BENCHMARK_FILTER, ...) are heeded too, unless empty; V is not. A flag prevails over them. */
#ifndef PINION_BENCH_GOOGLE_FLAGS_H
#define PINION_BENCH_GOOGLE_FLAGS_H

#include <regex.h>
#include <stdbool.h>
#include <stddef.h>

#include <jansson.h>

#include "bench/formats/export.h"
#include "engine/pinion.h"

enum google_form { GOOGLE_CONSOLE, GOOGLE_JSON };

/* Texts point into the arguments or the environment. */
struct google_flags {
    const char *filter; /* POSIX extended regular expression, the '-' removed; NULL: all rows */
    bool negative;
    const char *pattern; /* the filter as it was given, for messages; NULL: all rows */
    regex_t regex;       /* the filter, compiled; google_flags_selects() */
    const char *out;     /* NULL: no file */
    enum google_form out_format, format;
    size_t repetitions; /* 0: not given */
    double min_time_ns; /* 0: not given; at most one of these two is */
    size_t iterations;
    bool list_tests, dry_run;
    bool report_aggregates_only, display_aggregates_only;
    json_t *context; /* object of texts, or NULL: for the document's "context" */
    int rest_count;
    char **rest; /* arguments[0] and those not of this style, NULL behind them: the caller's */
};

/* Whether any of the arguments is of this style. arguments[0] is the program. */
bool google_flags_are(int count, char **arguments);

/* PN_ERROR_USAGE: an unknown flag or a value that it does not take. On success
 * google_flags_free() frees; after a failure there is nothing to free. */
pn_status google_flags_parse(int count, char **arguments, struct google_flags *flags);
void google_flags_free(struct google_flags *flags);

/* Whether the filter selects a row of that name. */
bool google_flags_selects(const struct google_flags *flags, const char *name);

/* The format of a results file. */
enum export_format google_flags_export(const struct google_flags *flags);

#endif
