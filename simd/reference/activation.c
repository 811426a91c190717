#include "simd/reference/functions.h"

#include <math.h>

/* Same constants as kernels/activation.h and kernels/math.h. */
static const float selu_scale = 0x1.0cfabep0f;
static const float selu_scale_alpha = 0x1.c212ccp0f;
static const float gelu_1 = 0x1.988454p0f;
static const float gelu_3 = 0x1.2444f2p-4f;
static const float normal_peak = 0x1.988454p-2f;
static const float tiny = 0x1p-100f;

static float sigmoid(float x)
{
    const float e = reference_math_exp_with(-fabsf(x), 0.0f);
    return x < 0.0f ? e / (1.0f + e) : 1.0f / (1.0f + e);
}

/* sigmoid(x) and sigmoid(-x). */
static float sigmoid_pair(float x, float *of_minus_x)
{
    const float e = reference_math_exp_with(-fabsf(x), 0.0f);
    const float larger = 1.0f / (1.0f + e);
    const float smaller = e * larger;
    *of_minus_x = x < 0.0f ? larger : smaller;
    return x < 0.0f ? smaller : larger;
}

static float hyperbolic_tangent(float x)
{
    const float m = reference_math_expm1_negative(-2.0f * fabsf(x));
    return copysignf(m / (2.0f + m), x);
}

static float normal_integral(float x, float *e)
{
    static const float p[] = {0.5f, 0x1.ba1c5ap-2f, 0x1.6d5b18p-3f, 0x1.3f857cp-5f, 0x1.fbdb3cp-9f};
    static const float q[] = {1.0f,           0x1.a9505ap0f,  0x1.2eb08ap0f,
                              0x1.d3a82ap-2f, 0x1.907f3ap-4f, 0x1.3e3efp-7f};
    const float square = x * x;
    *e = reference_math_exp_with(-0.5f * square, -0.5f * fmaf(x, x, -square));
    const float t = fabsf(x) > 13.0f ? 13.0f : fabsf(x);
    float numerator = p[4];
    for (int i = 3; i >= 0; i--) {
        numerator = fmaf(numerator, t, p[i]);
    }
    float denominator = q[5];
    for (int i = 4; i >= 0; i--) {
        denominator = fmaf(denominator, t, q[i]);
    }
    const float lower = *e * numerator / denominator;
    return x < 0.0f ? lower : 1.0f - lower;
}

static float gelu_argument(float x)
{
    return x * fmaf(gelu_3, x * x, gelu_1);
}

static float value(enum simd_activation kind, float alpha, float x)
{
    float e;
    switch (kind) {
    case SIMD_RELU:
        return x < tiny ? 0.0f : x;
    case SIMD_SIGMOID:
        return sigmoid(x);
    case SIMD_TANH:
        return hyperbolic_tangent(x);
    case SIMD_GELU:
        return x * normal_integral(x, &e);
    case SIMD_GELU_TANH:
        return x * sigmoid(gelu_argument(x));
    case SIMD_SILU:
        return x * sigmoid(x);
    case SIMD_ELU:
        return x > 0.0f ? x : alpha * reference_math_expm1_negative(x);
    case SIMD_SELU:
        return x > 0.0f ? selu_scale * x : selu_scale_alpha * reference_math_expm1_negative(x);
    case SIMD_LEAKY_RELU:
        return x < 0.0f ? alpha * x : x;
    case SIMD_SOFTPLUS:
        return (x < 0.0f ? 0.0f : x) +
               reference_math_log1p(reference_math_exp_with(-fabsf(x), 0.0f));
    case SIMD_EXPONENTIAL:
        return reference_math_exp(x);
    default:
        return x;
    }
}

static float gelu_derivative(float x)
{
    float e;
    const float integral = normal_integral(x, &e);
    return fmaf(x * e, normal_peak, integral);
}

static float gelu_tanh_derivative(float x)
{
    float rest;
    const float s = sigmoid_pair(gelu_argument(x), &rest);
    const float t = fabsf(x) > 16.0f ? 16.0f : x;
    return fmaf(s * rest, t * fmaf(3.0f * gelu_3, t * t, gelu_1), s);
}

static float silu_derivative(float x)
{
    float rest;
    const float s = sigmoid_pair(x, &rest);
    return fmaf(s * rest, x, s);
}

static float derivative(enum simd_activation kind, float alpha, float x, float y)
{
    switch (kind) {
    case SIMD_RELU:
        return y > 0.0f ? 1.0f : 0.0f;
    case SIMD_SIGMOID:
        return y * (1.0f - y);
    case SIMD_TANH:
        return fmaf(-y, y, 1.0f);
    case SIMD_GELU:
        return gelu_derivative(x);
    case SIMD_GELU_TANH:
        return gelu_tanh_derivative(x);
    case SIMD_SILU:
        return silu_derivative(x);
    case SIMD_ELU:
        return y > 0.0f ? 1.0f : y + alpha;
    case SIMD_SELU:
        return y > 0.0f ? selu_scale : y + selu_scale_alpha;
    case SIMD_LEAKY_RELU:
        return y > 0.0f ? 1.0f : alpha;
    case SIMD_SOFTPLUS:
        return -reference_math_expm1_negative(-y);
    case SIMD_EXPONENTIAL:
        return y;
    default:
        return 1.0f;
    }
}

void reference_activation(enum simd_activation kind, float alpha, size_t n, const float *x,
                          float *y)
{
    for (size_t i = 0; i < n; i++) {
        y[i] = reference_math_flush(value(kind, alpha, x[i]), tiny);
    }
}

void reference_activation_gradient(enum simd_activation kind, float alpha, size_t n, const float *x,
                                   const float *y, const float *dy, float *dx)
{
    const bool reads_x = kind == SIMD_GELU || kind == SIMD_GELU_TANH || kind == SIMD_SILU;
    for (size_t i = 0; i < n; i++) {
        const float slope = derivative(kind, alpha, reads_x ? x[i] : 0.0f, reads_x ? 0.0f : y[i]);
        dx[i] = reference_math_flush(dy[i] * slope, tiny);
    }
}
