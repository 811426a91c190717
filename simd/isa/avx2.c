/*
 * Of 16 registers a tile takes 6 x 2 accumulators, 2 of b and 1 of a.
 */
#define GEMM_MR        6
#define GEMM_NV        2
#define GEMM_MR_NARROW 12
#define PROBE_CHAINS   12

#include "simd/vec/avx2.h"

#include "simd/cpu.h"

#define ISA_NAME  "avx2"
#define ISA_TABLE simd_kernels_avx2
#define ISA_NEEDS (SIMD_CPU_FMA | SIMD_CPU_AVX2)

#include "simd/kernels/table.h"
