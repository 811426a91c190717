#include "simd/simd.h"

#include "simd/cpu.h"
#include "simd/isa/tables.h"

#include <string.h>

/* Best first: the first that runs is simd_best. */
static const struct simd_kernels *const tables[] = {
#if defined(SIMD_X86)
    &simd_kernels_avx512,
    &simd_kernels_avx2,
    &simd_kernels_scalar_fma,
#elif defined(SIMD_AARCH64)
    &simd_kernels_neon,
#endif
    &simd_kernels_scalar,
};

enum { TABLE_COUNT = sizeof tables / sizeof tables[0] };

const struct simd_kernels *const *simd_list(size_t *count)
{
    *count = TABLE_COUNT;
    return tables;
}

bool simd_runs(const struct simd_kernels *kernels)
{
    return (kernels->needs & ~simd_cpu_features()) == 0;
}

const struct simd_kernels *simd_find(const char *name)
{
    const struct simd_kernels *found = NULL;
    for (size_t i = 0; i < TABLE_COUNT; i++) {
        if (strcmp(tables[i]->name, name) != 0) {
            continue;
        }
        if (simd_runs(tables[i])) {
            return tables[i];
        }
        found = tables[i];
    }
    return found;
}

const struct simd_kernels *simd_best(void)
{
    for (size_t i = 0; i < TABLE_COUNT - 1; i++) {
        if (simd_runs(tables[i])) {
            return tables[i];
        }
    }
    return tables[TABLE_COUNT - 1];
}
