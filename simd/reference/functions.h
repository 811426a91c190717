/*
 * reference/functions.h: the naive kernels of elementary functions, rows and random numbers. One
 * value at a time, branches instead of selects; the operations that round are the kernels'.
 */
#ifndef PINION_REFERENCE_FUNCTIONS_H
#define PINION_REFERENCE_FUNCTIONS_H

#include "simd/simd.h"

/* math.c */
float reference_math_flush(float x, float limit);
float reference_math_exp(float x);
/* exp(x + low), x <= 0, low tiny. */
float reference_math_exp_with(float x, float low);
float reference_math_expm1_negative(float x);
float reference_math_log(float x);
float reference_math_log1p(float u);
void reference_exp(size_t n, const float *x, float *y);
void reference_log(size_t n, const float *x, float *y);

/* activation.c */
void reference_activation(enum simd_activation kind, float alpha, size_t n, const float *x,
                          float *y);
void reference_activation_gradient(enum simd_activation kind, float alpha, size_t n, const float *x,
                                   const float *y, const float *dy, float *dx);

/* rows.c */
void reference_softmax(size_t rows, size_t n, const float *z, size_t z_stride, float *p,
                       size_t p_stride);
void reference_softmax_crossentropy(const struct simd_softmax_crossentropy *args);
float reference_sum(size_t n, const float *x);
float reference_max(size_t n, const float *x);
size_t reference_count_subnormal(size_t n, const float *x);

/* random.c */
void reference_dropout(const struct simd_random *random, uint32_t first_row, size_t rows, size_t n,
                       uint32_t threshold, float scale, const float *x, size_t x_stride, float *y,
                       size_t y_stride);
void reference_random_words(const struct simd_random *random, uint32_t first, size_t n,
                            uint32_t *out);
void reference_random_uniform(const struct simd_random *random, uint32_t first, size_t n, float low,
                              float high, float *out);

#endif
