/*
 * Of 32 registers a tile takes 6 x 4 accumulators, 4 of b and 1 of a.
 */
#define GEMM_MR        6
#define GEMM_NV        4
#define GEMM_MR_NARROW 12
#define PROBE_CHAINS   24

#include "simd/vec/neon.h"

#include "simd/cpu.h"

#define ISA_NAME  "neon"
#define ISA_TABLE simd_kernels_neon
#define ISA_NEEDS SIMD_CPU_NEON

#include "simd/kernels/table.h"
