/*
 * Built twice on x86: for the baseline, where fma is a library call, and with -mfma. Same bits.
 * A tile takes 4 x 4 accumulators, 4 of b and 1 of a.
 */
#define GEMM_MR        4
#define GEMM_NV        4
#define GEMM_MR_NARROW 8
#define PROBE_CHAINS   12

#include "simd/vec/scalar.h"

#include "simd/cpu.h"

#define ISA_NAME "scalar"
#if defined(__FMA__)
#define ISA_TABLE simd_kernels_scalar_fma
#define ISA_NEEDS SIMD_CPU_FMA
#else
#define ISA_TABLE simd_kernels_scalar
#define ISA_NEEDS 0
#endif

#include "simd/kernels/table.h"
