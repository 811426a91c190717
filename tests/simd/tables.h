/* tables.h: for tests that take each table that runs here in turn, the reference first. */
#ifndef PINION_TESTS_SIMD_TABLES_H
#define PINION_TESTS_SIMD_TABLES_H

#include "simd/simd.h"

/* The table after `*at`, which starts at 0; NULL after the last. */
static inline const struct simd_kernels *tables_next(size_t *at)
{
    size_t count;
    const struct simd_kernels *const *list = simd_list(&count);
    while (*at <= count) {
        const size_t i = (*at)++;
        if (i == 0) {
            return &simd_reference;
        }
        if (simd_runs(list[i - 1])) {
            return list[i - 1];
        }
    }
    return NULL;
}

#endif
