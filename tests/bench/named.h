/* named.h: tables and problems by name, for tests of pinion-bench's parts. */
#ifndef PINION_TESTS_BENCH_NAMED_H
#define PINION_TESTS_BENCH_NAMED_H

#include <criterion/criterion.h>

#include <string.h>

#include "bench/problems/problem.h"

static inline const struct simd_kernels *table(const char *name)
{
    const struct simd_kernels *kernels = simd_find(name);
    cr_assert_not_null(kernels);
    return kernels;
}

/* The first problem of that kernel and shape. */
static inline const struct problem *problem_named(const char *kernel, const char *shape)
{
    for (size_t i = 0; i < problem_count; i++) {
        char name[PROBLEM_NAME_SIZE], size[PROBLEM_NAME_SIZE];
        problem_kernel(&problem_list[i], name);
        problem_shape(&problem_list[i], size);
        if (strcmp(name, kernel) == 0 && strcmp(size, shape) == 0) {
            return &problem_list[i];
        }
    }
    cr_assert_fail("no %s %s", kernel, shape);
    return NULL;
}

#endif
