/* naive/tables.h: the ikj tables, one for each instruction set, as naive.c lists them. */
#ifndef PINION_BENCH_NAIVE_TABLES_H
#define PINION_BENCH_NAIVE_TABLES_H

#include "bench/problems/naive/naive.h"

extern const struct naive_kernels naive_scalar;
extern const struct naive_kernels naive_avx2;
extern const struct naive_kernels naive_avx512;
extern const struct naive_kernels naive_neon;

#endif
