/* bench.h: what the commands of pinion-bench share. */
#ifndef PINION_BENCH_BENCH_H
#define PINION_BENCH_BENCH_H

#include <stdbool.h>
#include <stddef.h>

#include "engine/pinion.h"
#include "simd/simd.h"

/* Values of options that may be repeated or take lists. */
enum { BENCH_MAX_LIBRARIES = 16, BENCH_LIST = 16 };

struct bench_options {
    const char *isa;    /* name of a table, "all", or NULL: PINION_ISA or the best */
    const char *filter; /* POSIX extended regular expression over "name shape", or NULL */
    size_t threads;     /* 0: the command's default */
    bool all_threads;   /* one for each usable core */
    bool json;
    size_t rounds;                              /* samples of each contender; the median counts */
    double sample_ns;                           /* a sample takes at least this long */
    const char *libraries[BENCH_MAX_LIBRARIES]; /* NAME=PATH each */
    size_t library_count;
    /* Of train. */
    const char *nets[BENCH_LIST]; /* none: the command's own */
    size_t net_count;
    size_t input; /* features of a sample */
    pn_dtype dtype;
    size_t batches[BENCH_LIST];
    size_t batch_count;
    pn_optimizer_kind optimizer;
    size_t samples; /* of an epoch; 0: the command chooses */
    /* Of report. */
    const char *document; /* the file to show */
    const char *output;   /* NULL: standard output */
    bool report_text, report_markdown;
};

/* The tables to measure: for "all" those that run here, best first, else the one that
 * kernels_select() gives. `list` receives at most `capacity` of them. */
pn_status bench_tables(const char *isa, const struct simd_kernels **list, size_t capacity,
                       size_t *count);

/* The commands. They print their results; an error has been set when they fail. */
pn_status bench_limits(const struct bench_options *options);
pn_status bench_kernels(const struct bench_options *options);
pn_status bench_peers(const struct bench_options *options);
pn_status bench_train(const struct bench_options *options);
pn_status bench_report(const struct bench_options *options);

#endif
