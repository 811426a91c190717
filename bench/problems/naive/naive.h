/*
 * naive/naive.h: what a plain C loop makes of the same work: the yardstick behind "x naive".
 *
 * One body, compiled twice for each row: products in ijk order with the baseline's flags, and in
 * ikj order, which compilers vectorize, with the row's own -m flags and contraction allowed. All
 * matrices are row-major; functions are libm's. Not an oracle: sums run in whatever order.
 */
#ifndef PINION_BENCH_NAIVE_H
#define PINION_BENCH_NAIVE_H

#include <stddef.h>
#include <stdint.h>

#include "simd/simd.h"

struct naive_kernels {
    /* c[m, n] = a · b, a(i, p) = a[i * a_stride + p], b [k, n]. */
    void (*gemm_nn)(size_t m, size_t n, size_t k, const float *a, size_t a_stride, const float *b,
                    float *c);
    /* c[m, n] = aᵀ · b, a(i, p) = a[p * a_stride + i], b [k, n]. */
    void (*gemm_tn)(size_t m, size_t n, size_t k, const float *a, size_t a_stride, const float *b,
                    float *c);
    void (*relu)(size_t n, float *x);
    void (*relu_gradient)(size_t n, const float *y, float scale, float *dx);
    void (*column_sum)(size_t rows, size_t n, const float *x, float *sum);
    void (*optimizer)(const struct simd_optimizer_step *step, size_t n, const float *gradient,
                      float *w, float *slot1, float *slot2);
    /* Panels of nr columns, as simd.h lays them out, from row-major [k, n], and back. */
    void (*pack)(size_t k, size_t n, size_t nr, const float *x, float *panels);
    void (*unpack)(size_t k, size_t n, size_t nr, const float *panels, float *x);
    /* y [n, k] = transpose of x [k, n]. */
    void (*transpose)(size_t k, size_t n, const float *x, float *y);
    void (*gather_u8)(size_t count, size_t n, const uint8_t *const *rows, float scale, float *out);
    void (*gather_f32)(size_t count, size_t n, const float *const *rows, float scale, float *out);
    void (*activation)(enum simd_activation kind, float alpha, size_t n, const float *x, float *y);
    void (*activation_gradient)(enum simd_activation kind, float alpha, size_t n, const float *x,
                                const float *y, const float *dy, float *dx);
    void (*exp)(size_t n, const float *x, float *y);
    void (*log)(size_t n, const float *x, float *y);
    void (*softmax)(size_t rows, size_t n, const float *z, float *p);
    void (*softmax_crossentropy)(size_t rows, size_t n, const float *z, const int32_t *labels,
                                 float scale, float *dz, float *loss, uint8_t *correct);
    float (*sum)(size_t n, const float *x);
    float (*max)(size_t n, const float *x);
    size_t (*count_subnormal)(size_t n, const float *x);
    void (*random_words)(const struct simd_random *random, size_t n, uint32_t *out);
    void (*random_uniform)(const struct simd_random *random, size_t n, float low, float high,
                           float *out);
    void (*dropout)(const struct simd_random *random, size_t rows, size_t n, uint32_t threshold,
                    float scale, const float *x, float *y);
};

/* ijk at the baseline's flags. */
extern const struct naive_kernels naive_baseline;

/* ikj with the flags of that table's file. */
const struct naive_kernels *naive_for(const struct simd_kernels *kernels);

#endif
