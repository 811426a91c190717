/* run/choice.h: the rows that options choose from the table of problems. */
#ifndef PINION_BENCH_CHOICE_H
#define PINION_BENCH_CHOICE_H

#include "bench/command/options.h"
#include "bench/problems/problem.h"
#include "bench/command/rows.h"

struct row {
    const struct problem *problem;
    const struct simd_kernels *kernels;
    struct row_key key; /* its kernel and shape are the next two: rows are not copied */
    char kernel[PROBLEM_NAME_SIZE], shape[PROBLEM_NAME_SIZE];
};

struct choice_options {
    const char *isa;               /* as bench_tables() takes it */
    const char *filter;            /* NULL: all */
    struct option_threads threads; /* none: 1 */
    unsigned caches;               /* a bit for each state; none: hot */
    /* For another rule than the filter's, or NULL; and what messages call it, NULL: the filter. */
    bool (*selects)(const void *context, const char *name);
    const void *context;
    const char *flag, *pattern;
};

/* Every row is there once. By number of threads, then in the order of the problems. */
struct choice {
    struct row *rows;
    size_t count;
    const char *isa; /* the table's name, or of several what was asked for, "all" */
};

/* PN_ERROR_USAGE: a filter that is none, or nothing is chosen. */
pn_status choice_create(const struct choice_options *options, struct choice *choice);
void choice_free(struct choice *choice);

/* Makes the row that is asked for; false where there is none: no problem without anything that
 * belongs to a layer is measured in the state of training, which would be the hot one. */
bool choice_row(const struct problem *problem, const struct simd_kernels *kernels,
                enum cache_state cache, size_t threads, struct row *row);

/* "hot", "cold,train", "all": bits of struct choice_options. */
pn_status option_caches(const struct option_spec *option, const char *text, void *place);

#endif
