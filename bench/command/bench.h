/* command/bench.h: what limits, peers and train share. */
#ifndef PINION_BENCH_BENCH_H
#define PINION_BENCH_BENCH_H

#include <stdbool.h>
#include <stddef.h>

#include "bench/command/output.h"
#include "engine/pinion.h"
#include "simd/simd.h"

/* Values of options that may be repeated or take lists. */
enum { BENCH_MAX_LIBRARIES = 16, BENCH_LIST = 16 };

struct bench_options {
    const char *isa;    /* names of tables, "all", or NULL: PINION_ISA or the best */
    const char *filter; /* POSIX extended regular expression over "op shape", or NULL */
    size_t threads;     /* 0: the command's default */
    bool all_threads;   /* one for each usable core */
    struct output_options output;
    size_t rounds;                              /* samples of each contender; the median counts */
    double sample_ns;                           /* a sample takes at least this long */
    const char *libraries[BENCH_MAX_LIBRARIES]; /* NAME=PATH each */
    size_t library_count;
    /* Of train. */
    const char *nets[BENCH_LIST]; /* none: the command's own */
    size_t net_count;
    size_t input; /* features of a sample; 0: 784 */
    pn_dtype dtype;
    size_t batches[BENCH_LIST];
    size_t batch_count; /* 0: the command chooses */
    pn_optimizer_kind optimizer;
    size_t samples;    /* of an epoch; 0: the command chooses */
    bool scaling;      /* over all thread counts up to `threads` */
    double accuracy;   /* to be reached; 0: not asked for, and the rest does not count */
    const char *data;  /* of pn_dataset_load(); NULL: Fashion-MNIST */
    size_t seeds;      /* 0: the command chooses, as for the next */
    size_t epochs_max; /* for each seed */
};

/* The tables to measure, each once: those that a list of names separated by commas gives, for "all"
 * those that run here, best first; NULL: the one of PINION_ISA or the best. `list` receives at most
 * `capacity` of them. PN_ERROR_USAGE. */
pn_status bench_tables(const char *isa, const struct simd_kernels **list, size_t capacity,
                       size_t *count);

/* They print their results; an error has been set when they fail. */
pn_status bench_limits(const struct bench_options *options);
pn_status bench_peers(const struct bench_options *options);
pn_status bench_train(const struct bench_options *options);

#endif
