#include "simd/reference/reference.h"

#include <math.h>

static float epilogue(const struct simd_gemm *g, size_t i, size_t j, float acc)
{
    switch (g->epilogue) {
    case SIMD_STORE_RELU:
        return acc < 0x1p-100f ? 0.0f : acc;
    case SIMD_RELU_GRADIENT:
        return reference_flush(g->y[i * g->y_stride + j] > 0.0f ? acc * g->scale : 0.0f);
    default:
        return acc;
    }
}

static void gemm(const struct simd_gemm *g, size_t a_row_stride, size_t a_column_stride)
{
    const size_t nr = simd_panel_width(&simd_reference, g->n);
    for (size_t i = 0; i < g->m; i++) {
        for (size_t j = 0; j < g->n; j++) {
            float *c = &g->c[i * g->c_stride + j];
            float acc = g->accumulate ? *c : g->bias != NULL ? g->bias[j] : 0.0f;
            for (size_t p = 0; p < g->k; p++) {
                const float a = g->a[i * a_row_stride + p * a_column_stride];
                const float b = g->b[j / nr * g->b_panel_stride + p * g->b_stride + j % nr];
                acc = fmaf(a, b, acc);
            }
            *c = epilogue(g, i, j, acc);
        }
    }
}

void reference_gemm_nn(const struct simd_gemm *g)
{
    gemm(g, g->a_stride, 1);
}

void reference_gemm_tn(const struct simd_gemm *g)
{
    gemm(g, 1, g->a_stride);
}
