/*
 * reference/reference.h: naive kernels, the oracle of the tests. Plain loops over single elements,
 * with the order of operations that simd.h states and nothing else in mind; one table, table.c.
 */
#ifndef PINION_SIMD_REFERENCE_H
#define PINION_SIMD_REFERENCE_H

#include "simd/simd.h"

/* gemm.c */
void reference_gemm_nn(const struct simd_gemm *gemm);
void reference_gemm_tn(const struct simd_gemm *gemm);

/* optimizer.c */
void reference_weight_update(const struct simd_weight_update *update);
void reference_bias_update(size_t batch, size_t columns, const float *dy, size_t dy_stride,
                           float *w, float *slot1, float *slot2,
                           const struct simd_optimizer_step *step);
void reference_optimizer_update(size_t n, const float *gradient, float *w, float *slot1,
                                float *slot2, const struct simd_optimizer_step *step);

/* pack.c */
void reference_pack_panels(size_t k, size_t n, const float *b, size_t b_stride, float *panels);
void reference_pack_panels_transposed(size_t k, size_t n, const float *b, size_t b_stride,
                                      float *panels);
void reference_unpack_panels(size_t k, size_t n, const float *panels, float *b, size_t b_stride);
void reference_transpose_panel(size_t k, size_t n, size_t panel, size_t first_row, size_t rows,
                               const float *source, float *transposed);
void reference_gather_u8(size_t count, size_t n, const uint8_t *const *rows, float scale,
                         float offset, float *out, size_t out_stride);
void reference_gather_f32(size_t count, size_t n, const float *const *rows, float scale,
                          float offset, float *out, size_t out_stride);

/* probe.c */
float reference_probe_fma(size_t iterations);
float reference_probe_divide(size_t iterations);
float reference_probe_sqrt(size_t iterations);
float reference_probe_read(size_t n, const float *x);
void reference_probe_copy(size_t n, const float *x, float *y);
void reference_probe_triad(size_t n, const float *x, const float *y, float *z);

/* What is stored is never subnormal: |x| below 2^-100 becomes +0. */
static inline float reference_flush(float x)
{
    return __builtin_fabsf(x) < 0x1p-100f ? 0.0f : x;
}

#endif
