/* simd.h's choice of kernels where the emulated AVX-512 table is the only one, on any processor
 * with what its emulation needs. */
#include <string.h>

#include "simd/isa/tables.h"

static const struct simd_kernels *const tables[] = {&simd_kernels_avx512};

const struct simd_kernels *const *simd_list(size_t *count)
{
    *count = 1;
    return tables;
}

bool simd_runs(const struct simd_kernels *kernels)
{
    (void)kernels;
    return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
}

const struct simd_kernels *simd_find(const char *name)
{
    return strcmp(name, simd_kernels_avx512.name) == 0 ? &simd_kernels_avx512 : NULL;
}

const struct simd_kernels *simd_best(void)
{
    return &simd_kernels_avx512;
}
