#include "simd/reference/functions.h"

#include <math.h>

/* The contract's tree over 16 virtual lanes. */
static float tree_sum(float lane[16])
{
    for (int half = 8; half > 0; half /= 2) {
        for (int i = 0; i < half; i++) {
            lane[i] = lane[i] + lane[i + half];
        }
    }
    return lane[0];
}

float reference_sum(size_t n, const float *x)
{
    float lane[16] = {0};
    for (size_t i = 0; i < n; i++) {
        lane[i % 16] = lane[i % 16] + x[i];
    }
    return tree_sum(lane);
}

float reference_max(size_t n, const float *x)
{
    float lane[16];
    for (size_t i = 0; i < 16; i++) {
        lane[i] = i < n ? x[i] : -INFINITY;
    }
    for (size_t i = 16; i < n; i++) {
        lane[i % 16] = lane[i % 16] < x[i] ? x[i] : lane[i % 16];
    }
    for (int half = 8; half > 0; half /= 2) {
        for (int i = 0; i < half; i++) {
            lane[i] = lane[i] < lane[i + half] ? lane[i + half] : lane[i];
        }
    }
    return lane[0];
}

size_t reference_count_subnormal(size_t n, const float *x)
{
    size_t count = 0;
    for (size_t i = 0; i < n; i++) {
        count += fpclassify(x[i]) == FP_SUBNORMAL;
    }
    return count;
}

static float sum_of_exponentials(size_t n, const float *z, float max)
{
    float lane[16] = {0};
    for (size_t j = 0; j < n; j++) {
        lane[j % 16] = lane[j % 16] + reference_math_exp(z[j] - max);
    }
    return tree_sum(lane);
}

static void softmax_row(size_t n, const float *z, float *p)
{
    const float max = reference_max(n, z);
    const float inverse = 1.0f / sum_of_exponentials(n, z, max);
    for (size_t j = 0; j < n; j++) {
        p[j] = reference_math_exp(z[j] - max) * inverse;
    }
}

/* The first j with z[j] == max; 0 where NaN leaves none. */
static size_t first_largest(size_t n, const float *z)
{
    const float max = reference_max(n, z);
    for (size_t j = 0; j < n; j++) {
        if (z[j] == max) {
            return j;
        }
    }
    return 0;
}

void reference_softmax(size_t rows, size_t n, const float *z, size_t z_stride, float *p,
                       size_t p_stride)
{
    for (size_t r = 0; r < rows; r++) {
        softmax_row(n, z + r * z_stride, p + r * p_stride);
    }
}

void reference_softmax_crossentropy(const struct simd_softmax_crossentropy *args)
{
    const size_t n = args->n;
    for (size_t r = 0; r < args->rows; r++) {
        const float *z = args->z + r * args->z_stride;
        const size_t label = (size_t)args->labels[r];
        const float max = reference_max(n, z);
        const float sum = sum_of_exponentials(n, z, max);
        args->loss[r] = reference_math_log(sum) + (max - z[label]);
        args->correct[r] = first_largest(n, z) == label;
        if (!args->dz) {
            continue;
        }
        float *dz = args->dz + r * args->dz_stride;
        softmax_row(n, z, dz);
        for (size_t j = 0; j < n; j++) {
            const float difference = dz[j] - (j == label ? 1.0f : 0.0f);
            dz[j] = reference_math_flush(difference * args->gradient_scale, 0x1p-60f);
        }
        for (size_t j = n; j % SIMD_MAX_LANES != 0; j++) {
            dz[j] = 0.0f;
        }
    }
}
