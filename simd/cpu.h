/* cpu.h: what the processor and its operating system offer. */
#ifndef PINION_SIMD_CPU_H
#define PINION_SIMD_CPU_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum simd_cpu_feature {
    SIMD_CPU_FMA = 1u << 0,    /* x86: FMA3 with AVX state enabled by the system */
    SIMD_CPU_AVX2 = 1u << 1,   /* AVX2 and AVX state */
    SIMD_CPU_AVX512 = 1u << 2, /* F, BW, DQ, VL and opmask, zmm state */
    SIMD_CPU_NEON = 1u << 3    /* AArch64 Advanced SIMD */
};

/* Features of this machine, minus those hidden by simd_cpu_hide. */
uint32_t simd_cpu_features(void);

/* Hides features from simd_cpu_features, for tests; 0 shows all again. */
void simd_cpu_hide(uint32_t features);

enum { SIMD_CPU_NAME_SIZE = 64 };

/* Writes the processor's name as it states it, e.g. "AMD EPYC 9654 96-Core Processor", into `name`
 * of `size` bytes (cut where it does not fit) and returns `name`. */
const char *simd_cpu_name(char *name, size_t size);

/* Family and model as the processor counts them, which tell apart what shares a name; false where
 * it has no such numbers (elsewhere than on x86). */
bool simd_cpu_model(unsigned *family, unsigned *model);

#endif
