#include "simd/reference/functions.h"

#include <math.h>

/* Same constants as kernels/math.h. */
static const float log2_e = 0x1.715476p0f;
static const float ln2_high = 0x1.62e4p-1f;
static const float ln2_low = 0x1.7f7d1cp-20f;
static const float sqrt_half = 0x1.6a09e6p-1f;
static const float exp_coefficients[] = {
    1.0f, 0x1.fffffap-2f, 0x1.555492p-3f, 0x1.555a26p-5f, 0x1.12397ep-7f, 0x1.694c8ep-10f,
};
static const float log_coefficients[] = {
    0x1.555556p-1f, 0x1.999866p-2f, 0x1.24d76ep-2f, 0x1.bb3124p-3f, 0x1.e1216p-3f,
};

static float polynomial(size_t count, const float *coefficients, float x)
{
    float p = coefficients[count - 1];
    for (size_t i = count - 1; i-- > 0;) {
        p = fmaf(p, x, coefficients[i]);
    }
    return p;
}

/* x = n ln 2 + r. The product of two floats is exact in double, so n is rounded once. */
static float reduce(float x, int *n)
{
    const double whole = rint((double)x * (double)log2_e);
    *n = (int)whole;
    return fmaf(-(float)whole, ln2_low, fmaf(-(float)whole, ln2_high, x));
}

float reference_math_flush(float x, float limit)
{
    return fabsf(x) < limit ? 0.0f : x;
}

float reference_math_exp_with(float x, float low)
{
    if (isnan(x)) {
        return x;
    }
    if (x < -80.0f) {
        return 0.0f;
    }
    int n;
    const float r = reduce(x, &n) + low;
    return ldexpf(fmaf(polynomial(6, exp_coefficients, r), r, 1.0f), n);
}

float reference_math_exp(float x)
{
    return x > 0x1.62e42ep6f ? INFINITY : reference_math_exp_with(x, 0.0f);
}

float reference_math_expm1_negative(float x)
{
    if (isnan(x)) {
        return x;
    }
    if (x < -30.0f) {
        return -1.0f;
    }
    int n;
    const float r = reduce(x, &n);
    const float p = polynomial(6, exp_coefficients, r) * r;
    const float scale = ldexpf(1.0f, n);
    return fmaf(p, scale, scale - 1.0f);
}

/* f - log(1 + f), less low. */
static float log1p_rest(float f, float low)
{
    const float s = f / (2.0f + f);
    const float z = s * s;
    const float half_square = 0.5f * f * f;
    return half_square - fmaf(s, fmaf(polynomial(5, log_coefficients, z), z, half_square), low);
}

float reference_math_log1p(float u)
{
    return u - log1p_rest(u, 0.0f);
}

float reference_math_log(float x)
{
    if (isnan(x) || x == INFINITY) {
        return x;
    }
    if (x == 0.0f) {
        return -INFINITY;
    }
    if (x < 0.0f) {
        return NAN;
    }
    int n;
    float m = frexpf(x, &n);
    if (m < sqrt_half) {
        m *= 2.0f;
        n--;
    }
    const float f = m - 1.0f;
    return fmaf((float)n, ln2_high, f - log1p_rest(f, (float)n * ln2_low));
}

void reference_exp(size_t n, const float *x, float *y)
{
    for (size_t i = 0; i < n; i++) {
        y[i] = reference_math_exp(x[i]);
    }
}

void reference_log(size_t n, const float *x, float *y)
{
    for (size_t i = 0; i < n; i++) {
        y[i] = reference_math_log(x[i]);
    }
}
