/* isa/tables.h: the tables that the files of this folder define, for simd.c to list. */
#ifndef PINION_SIMD_ISA_TABLES_H
#define PINION_SIMD_ISA_TABLES_H

#include "simd/simd.h"

extern const struct simd_kernels simd_kernels_scalar;
extern const struct simd_kernels simd_kernels_scalar_fma; /* the same with fma instructions */
extern const struct simd_kernels simd_kernels_avx2;
extern const struct simd_kernels simd_kernels_avx512;
extern const struct simd_kernels simd_kernels_neon;

#endif
