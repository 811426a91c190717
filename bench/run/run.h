/* run/run.h: the command that measures every kernel on every shape, in parts. */
#ifndef PINION_BENCH_RUN_H
#define PINION_BENCH_RUN_H

#include "bench/run/choice.h"
#include "bench/machine/machine.h"
#include "bench/machine/measure.h"
#include "bench/command/output.h"
#include "bench/machine/probe.h"

struct run_options {
    struct choice_options choice;
    struct output_options output;
    size_t rounds;     /* samples of each row; 0: RUN_ROUNDS, of costly rows fewer */
    double sample_ns;  /* a sample takes at least this long */
    size_t iterations; /* calls in a sample; 0: as many as that takes */
    bool list, verbose;
};

enum { RUN_ROUNDS = 21 };

/* What rows of the same number of threads share. */
struct run_team {
    const struct run_options *options;
    struct measure measure;
    struct machine machine;
    struct probe_buffers probes;
};

/* run_row.c: one row. */

/* The probes beside a row: rates of compute, bandwidths of the level of what belongs to a batch and
 * of the level of what belongs to a layer, if that is another. */
enum { RUN_BATCH = PROBE_READ, RUN_WEIGHTS = PROBE_KIND_COUNT };
enum { RUN_PROBES = RUN_WEIGHTS + PROBE_KIND_COUNT - PROBE_READ };

struct run_probe {
    bool used;
    struct probe probe;
    double rate; /* the team's, the median of all rounds */
};

/* Times are of one call. Those of a wrong row are not there. */
struct run_result {
    bool correct;
    char message[160]; /* of a wrong one: where */
    size_t iterations, rounds;
    double *samples; /* [rounds] as they were taken */
    double ns, low, high, least, p90, mad;
    double flops, bytes; /* of one thread */
    bool product;
    double rate; /* of all threads, in GFLOP/s or GB/s */
    double percent;
    const char *limit;
    double times_ikj, times_ijk;
    bool impossible;
    struct run_probe probes[RUN_PROBES];
};

/* The deepest level that the row needs probes of. */
enum memory_level run_row_depth(const struct machine *machine, const struct row *row);

/* Checks and measures. On success run_result_free() frees. */
pn_status run_row(struct run_team *team, const struct row *row, struct run_result *result);
void run_result_free(struct run_result *result);

/* run_report.c: what is shown of it. */

extern const char *const run_titles;
pn_status run_report(const struct row *row, const struct run_result *result, bool verbose,
                     struct output *output);

/* run.c: all of them. */

struct run_tally {
    size_t rows, wrong;
    char first_wrong[ROW_NAME_SIZE], first_message[160];
};

/* The rows in turn, those of one number of threads together; wrong ones are only counted. */
pn_status run_rows(const struct run_options *options, const struct choice *choice,
                   struct output *output, struct run_tally *tally);

/* PN_ERROR_FAILED if any row was wrong. */
pn_status run_verdict(const struct run_tally *tally);

#endif
