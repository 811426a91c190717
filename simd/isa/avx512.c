/*
 * Of 32 registers a tile takes 14 x 2 accumulators and 2 of b; a is a broadcast operand in memory.
 */
#define GEMM_MR        14
#define GEMM_NV        2
#define GEMM_MR_NARROW 14
#define PROBE_CHAINS   24

#include "simd/vec/avx512.h"

#include "simd/cpu.h"

#define ISA_NAME  "avx512"
#define ISA_TABLE simd_kernels_avx512
#define ISA_NEEDS (SIMD_CPU_FMA | SIMD_CPU_AVX2 | SIMD_CPU_AVX512)

#include "simd/kernels/table.h"
