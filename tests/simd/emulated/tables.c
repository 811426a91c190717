/* The AVX-512 table alone, on any processor with what its emulation needs. */
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
