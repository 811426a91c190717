/*
 * kernels/activation.h: activations and their derivatives. Formulas: Hendrycks and Gimpel (gelu),
 * Klambauer et al. (selu), else Keras's definitions.
 *
 * Largest errors over all finite inputs whose result is not flushed, in ulp and as |error| / max(1,
 * |result|); the derivatives of gelu, gelu_tanh, silu and selu cross 0, where ulp say nothing:
 *
 *   sigmoid        2.41  0.90e-7       derivatives
 *   tanh           2.63  1.49e-7         sigmoid          1.5   0.23e-7  (from y)
 *   gelu           6.3   1.20e-7         tanh             0.5   0.30e-7  (from y)
 *   gelu_tanh    154     1.71e-7         gelu             -     1.74e-7
 *   silu           3.23  1.55e-7         gelu_tanh        -     1.95e-7
 *   elu            1.25  0.44e-7         silu             -     1.78e-7
 *   selu           2.34  1.38e-7         elu              0.5   0.30e-7  (from y)
 *   softplus       1.93  1.16e-7         selu             -     0.83e-7  (from y)
 *   exponential    0.9   0.77e-7         softplus         1.25  0.44e-7  (from y)
 *
 * gelu_tanh has its many ulp where exp(-2u) makes it vanish, x < -5; its argument is rounded there.
 */
#ifndef PINION_KERNELS_ACTIVATION_H
#define PINION_KERNELS_ACTIVATION_H

#include "simd/kernels/math.h"

#define SELU_SCALE       0x1.0cfabep0f /* 1.05070099 */
#define SELU_SCALE_ALPHA 0x1.c212ccp0f /* 1.75809934 */

/* gelu_tanh(x) = x sigmoid(2 u), 2 u = x (GELU_1 + GELU_3 x²), GELU_1 = 2 sqrt(2/pi), GELU_3 =
 * 0.044715 GELU_1: the usual x/2 (1 + tanh u) without its cancellation. */
#define GELU_1 0x1.988454p0f
#define GELU_3 0x1.2444f2p-4f

/* The normal density's 1 / sqrt(2 pi). */
#define NORMAL_PEAK 0x1.988454p-2f

static inline vf activation_negative_exponential(vf x, vf scale, vf alpha)
{
    const vf below = vf_mul(alpha, math_expm1_negative(x));
    return vf_select(vf_lt(vf_zero(), x), vf_mul(scale, x), below);
}

/* log(1 + exp(x)), from the side where exp cannot overflow. */
static inline vf activation_softplus(vf x)
{
    const vf positive = vf_clear(vf_lt(x, vf_zero()), x);
    return vf_add(positive, math_log1p(math_exp_negative(vf_neg(vf_abs(x)))));
}

static inline vf activation_gelu_argument(vf x)
{
    return vf_mul(x, vf_fma(vf_set1(GELU_3), vf_mul(x, x), vf_set1(GELU_1)));
}

static inline vf activation_value(enum simd_activation kind, vf alpha, vf x)
{
    vf unused;
    switch (kind) {
    case SIMD_RELU:
        return vf_clear(vf_lt(x, vf_set1(MATH_TINY)), x);
    case SIMD_SIGMOID:
        return math_sigmoid(x);
    case SIMD_TANH:
        return math_tanh(x);
    case SIMD_GELU:
        return vf_mul(x, math_normal_integral(x, &unused));
    case SIMD_GELU_TANH:
        return vf_mul(x, math_sigmoid(activation_gelu_argument(x)));
    case SIMD_SILU:
        return vf_mul(x, math_sigmoid(x));
    case SIMD_ELU:
        return activation_negative_exponential(x, vf_set1(1.0f), alpha);
    case SIMD_SELU:
        return activation_negative_exponential(x, vf_set1(SELU_SCALE), vf_set1(SELU_SCALE_ALPHA));
    case SIMD_LEAKY_RELU:
        return vf_select(vf_lt(x, vf_zero()), vf_mul(alpha, x), x);
    case SIMD_SOFTPLUS:
        return activation_softplus(x);
    case SIMD_EXPONENTIAL:
        return math_exp(x);
    case SIMD_LINEAR:
    case SIMD_ACTIVATION_COUNT:
        break;
    }
    return x;
}

/* sigmoid(v) and sigmoid(-v), each with its full precision, so that neither is 1 - the other. */
static inline vf activation_sigmoid_pair(vf v, vf *of_minus_v)
{
    const vf e = math_exp_negative(vf_neg(vf_abs(v)));
    const vf larger = vf_div(vf_set1(1.0f), vf_add(vf_set1(1.0f), e));
    const vf smaller = vf_mul(e, larger);
    const vm negative = vf_lt(v, vf_zero());
    *of_minus_v = vf_select(negative, larger, smaller);
    return vf_select(negative, smaller, larger);
}

static inline vf activation_gelu_derivative(vf x)
{
    vf e;
    const vf integral = math_normal_integral(x, &e);
    return vf_fma(vf_mul(x, e), vf_set1(NORMAL_PEAK), integral);
}

/* s + x s (1 - s) (2 u)', s = sigmoid(2 u). */
static inline vf activation_gelu_tanh_derivative(vf x)
{
    vf rest;
    const vf s = activation_sigmoid_pair(activation_gelu_argument(x), &rest);
    /* From |x| = 16 on the second term is 0; the bound keeps x³ finite. */
    const vf bound = vf_set1(16.0f);
    const vf t = vf_select(vf_lt(bound, vf_abs(x)), bound, x);
    const vf slope = vf_fma(vf_set1(3.0f * GELU_3), vf_mul(t, t), vf_set1(GELU_1));
    return vf_fma(vf_mul(s, rest), vf_mul(t, slope), s);
}

/* s + x s (1 - s), s = sigmoid(x). */
static inline vf activation_silu_derivative(vf x)
{
    vf rest;
    const vf s = activation_sigmoid_pair(x, &rest);
    return vf_fma(vf_mul(s, rest), x, s);
}

/* f'(x) from x for gelu, gelu_tanh and silu, from y = f(x) for the others. At 0 relu has 0 and
 * leaky relu and elu have what they have below 0, as in Keras. */
static inline vf activation_derivative(enum simd_activation kind, vf alpha, vf x, vf y)
{
    const vf one = vf_set1(1.0f);
    const vm positive = vf_lt(vf_zero(), y);
    switch (kind) {
    case SIMD_RELU:
        return vf_keep(positive, one);
    case SIMD_SIGMOID:
        return vf_mul(y, vf_sub(one, y));
    case SIMD_TANH:
        return vf_fnma(y, y, one);
    case SIMD_GELU:
        return activation_gelu_derivative(x);
    case SIMD_GELU_TANH:
        return activation_gelu_tanh_derivative(x);
    case SIMD_SILU:
        return activation_silu_derivative(x);
    case SIMD_ELU:
        return vf_select(positive, one, vf_add(y, alpha));
    case SIMD_SELU:
        return vf_select(positive, vf_set1(SELU_SCALE), vf_add(y, vf_set1(SELU_SCALE_ALPHA)));
    case SIMD_LEAKY_RELU:
        return vf_select(positive, one, alpha);
    case SIMD_SOFTPLUS:
        /* sigmoid(x) = 1 - exp(-y): expm1 keeps the digits of a small y. */
        return vf_neg(math_expm1_negative(vf_neg(y)));
    case SIMD_EXPONENTIAL:
        return y;
    case SIMD_LINEAR:
    case SIMD_ACTIVATION_COUNT:
        break;
    }
    return one;
}

/* One loop per kind: `kind` is a constant where this is inlined. */
static inline __attribute__((always_inline)) void
activation_loop(enum simd_activation kind, float alpha, size_t n, const float *x, float *y)
{
    const vf slope = vf_set1(alpha);
    size_t i = 0;
    for (; i + VF_LANES <= n; i += VF_LANES) {
        vf_store(y + i, math_flush(activation_value(kind, slope, vf_load(x + i)), MATH_TINY));
    }
    if (i < n) {
        const vf tail = activation_value(kind, slope, vf_load_n(x + i, n - i));
        vf_store_n(y + i, math_flush(tail, MATH_TINY), n - i);
    }
}

static inline __attribute__((always_inline)) void
activation_gradient_loop(enum simd_activation kind, float alpha, size_t n, const float *x,
                         const float *y, const float *dy, float *dx)
{
    const float *from = simd_activation_reads_x(kind) ? x : y;
    const vf slope = vf_set1(alpha);
    size_t i = 0;
    for (; i + VF_LANES <= n; i += VF_LANES) {
        const vf v = vf_load(from + i);
        const vf g = vf_mul(vf_load(dy + i), activation_derivative(kind, slope, v, v));
        vf_store(dx + i, math_flush(g, MATH_TINY));
    }
    if (i < n) {
        const vf v = vf_load_n(from + i, n - i);
        const vf g = vf_mul(vf_load_n(dy + i, n - i), activation_derivative(kind, slope, v, v));
        vf_store_n(dx + i, math_flush(g, MATH_TINY), n - i);
    }
}

static void kernel_activation(enum simd_activation kind, float alpha, size_t n, const float *x,
                              float *y)
{
    switch (kind) {
    case SIMD_LINEAR:
        activation_loop(SIMD_LINEAR, alpha, n, x, y);
        break;
    case SIMD_RELU:
        activation_loop(SIMD_RELU, alpha, n, x, y);
        break;
    case SIMD_SIGMOID:
        activation_loop(SIMD_SIGMOID, alpha, n, x, y);
        break;
    case SIMD_TANH:
        activation_loop(SIMD_TANH, alpha, n, x, y);
        break;
    case SIMD_GELU:
        activation_loop(SIMD_GELU, alpha, n, x, y);
        break;
    case SIMD_GELU_TANH:
        activation_loop(SIMD_GELU_TANH, alpha, n, x, y);
        break;
    case SIMD_SILU:
        activation_loop(SIMD_SILU, alpha, n, x, y);
        break;
    case SIMD_ELU:
        activation_loop(SIMD_ELU, alpha, n, x, y);
        break;
    case SIMD_SELU:
        activation_loop(SIMD_SELU, alpha, n, x, y);
        break;
    case SIMD_LEAKY_RELU:
        activation_loop(SIMD_LEAKY_RELU, alpha, n, x, y);
        break;
    case SIMD_SOFTPLUS:
        activation_loop(SIMD_SOFTPLUS, alpha, n, x, y);
        break;
    case SIMD_EXPONENTIAL:
        activation_loop(SIMD_EXPONENTIAL, alpha, n, x, y);
        break;
    case SIMD_ACTIVATION_COUNT:
        break;
    }
}

static void kernel_activation_gradient(enum simd_activation kind, float alpha, size_t n,
                                       const float *x, const float *y, const float *dy, float *dx)
{
    switch (kind) {
    case SIMD_LINEAR:
        activation_gradient_loop(SIMD_LINEAR, alpha, n, x, y, dy, dx);
        break;
    case SIMD_RELU:
        activation_gradient_loop(SIMD_RELU, alpha, n, x, y, dy, dx);
        break;
    case SIMD_SIGMOID:
        activation_gradient_loop(SIMD_SIGMOID, alpha, n, x, y, dy, dx);
        break;
    case SIMD_TANH:
        activation_gradient_loop(SIMD_TANH, alpha, n, x, y, dy, dx);
        break;
    case SIMD_GELU:
        activation_gradient_loop(SIMD_GELU, alpha, n, x, y, dy, dx);
        break;
    case SIMD_GELU_TANH:
        activation_gradient_loop(SIMD_GELU_TANH, alpha, n, x, y, dy, dx);
        break;
    case SIMD_SILU:
        activation_gradient_loop(SIMD_SILU, alpha, n, x, y, dy, dx);
        break;
    case SIMD_ELU:
        activation_gradient_loop(SIMD_ELU, alpha, n, x, y, dy, dx);
        break;
    case SIMD_SELU:
        activation_gradient_loop(SIMD_SELU, alpha, n, x, y, dy, dx);
        break;
    case SIMD_LEAKY_RELU:
        activation_gradient_loop(SIMD_LEAKY_RELU, alpha, n, x, y, dy, dx);
        break;
    case SIMD_SOFTPLUS:
        activation_gradient_loop(SIMD_SOFTPLUS, alpha, n, x, y, dy, dx);
        break;
    case SIMD_EXPONENTIAL:
        activation_gradient_loop(SIMD_EXPONENTIAL, alpha, n, x, y, dy, dx);
        break;
    case SIMD_ACTIVATION_COUNT:
        break;
    }
}

#endif
