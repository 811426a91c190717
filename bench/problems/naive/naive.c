#include "bench/problems/naive/naive.h"

#include <string.h>

#include "bench/problems/naive/tables.h"

static const struct {
    const char *name;
    const struct naive_kernels *kernels;
} tables[] = {
#if defined(__x86_64__)
    {"avx512", &naive_avx512},
    {"avx2", &naive_avx2},
#elif defined(__aarch64__)
    {"neon", &naive_neon},
#endif
};

const struct naive_kernels *naive_for(const struct simd_kernels *kernels)
{
    for (size_t i = 0; i < sizeof tables / sizeof tables[0]; i++) {
        if (strcmp(tables[i].name, kernels->name) == 0) {
            return tables[i].kernels;
        }
    }
    return &naive_scalar;
}
