/*
 * kernels/math.h: elementary functions over the vector vocabulary, and the kernels exp and log.
 *
 * Each is one sequence of IEEE operations, so each gives the same bits on every instruction set; no
 * libm, no estimates. Errors are the largest found over all floats of the stated range, in units in
 * the last place of the result, against double precision (tests/simd/accuracy.c; the sweep over all
 * 2^32 inputs is built with -DPINION_EXHAUSTIVE=ON). The polynomials are minimax fits with the
 * coefficients rounded one by one.
 */
#ifndef PINION_KERNELS_MATH_H
#define PINION_KERNELS_MATH_H

#include <math.h>

/* Magnitudes below these become 0 (contract, no stored value is subnormal). */
#define MATH_TINY          0x1p-100f
#define MATH_TINY_GRADIENT 0x1p-60f

/* ln 2 in two parts; the first has so few bits that n times it is exact for |n| < 2^9. */
#define MATH_LN2_HIGH 0x1.62e4p-1f
#define MATH_LN2_LOW  0x1.7f7d1cp-20f

static inline vf math_flush(vf x, float limit)
{
    return vf_clear(vf_lt(vf_abs(x), vf_set1(limit)), x);
}

/* x in [-87, 89] = n ln 2 + r, |r| <= 0.3466. Returns r; *n in the low bits of a float's mantissa:
 * shifted left by 23 it is n in the place of the exponent. */
static inline vf math_reduce(vf x, vi *n)
{
    const vf shift = vf_set1(0x1.8p23f);
    const vf shifted = vf_fma(x, vf_set1(0x1.715476p0f), shift);
    const vf whole = vf_sub(shifted, shift);
    *n = vi_bits(shifted);
    return vf_fnma(whole, vf_set1(MATH_LN2_LOW), vf_fnma(whole, vf_set1(MATH_LN2_HIGH), x));
}

/* (exp(r) - 1) / r, |r| <= 0.3466. */
static inline vf math_exp_polynomial(vf r)
{
    vf p = vf_set1(0x1.694c8ep-10f);
    p = vf_fma(p, r, vf_set1(0x1.12397ep-7f));
    p = vf_fma(p, r, vf_set1(0x1.555a26p-5f));
    p = vf_fma(p, r, vf_set1(0x1.555492p-3f));
    p = vf_fma(p, r, vf_set1(0x1.fffffap-2f));
    return vf_fma(p, r, vf_set1(1.0f));
}

/* 2^n for the n of math_reduce, -126 <= n <= 127. */
static inline vf math_power_of_2(vi n)
{
    return vf_bits(vi_add(vi_shl(n, 23), vi_set1(0x3f800000)));
}

/* exp(x), any x: +0 below -80, inf from 88.72284 on, where float ends; NaN stays. 0.9 ulp. */
static inline vf math_exp(vf x)
{
    vi n;
    const vf r = math_reduce(x, &n);
    const vf p = vf_fma(math_exp_polynomial(r), r, vf_set1(1.0f));
    /* Adding to the exponent reaches n = 128, where p < 1. */
    vf y = vf_bits(vi_add(vi_bits(p), vi_shl(n, 23)));
    y = vf_clear(vf_lt(x, vf_set1(-80.0f)), y);
    return vf_select(vf_le(x, vf_set1(0x1.62e42ep6f)), y, vf_add(x, vf_set1(INFINITY)));
}

/* exp of x = n ln 2 + r for x <= 0, +0 below -80. */
static inline vf math_exp_reduced(vf x, vf r, vi n)
{
    const vf p = vf_fma(math_exp_polynomial(r), r, vf_set1(1.0f));
    return vf_clear(vf_lt(x, vf_set1(-80.0f)), vf_mul(p, math_power_of_2(n)));
}

/* exp(x) for x <= 0: the bits of math_exp with less work. */
static inline vf math_exp_negative(vf x)
{
    vi n;
    const vf r = math_reduce(x, &n);
    return math_exp_reduced(x, r, n);
}

/* exp(x + low) for x <= 0 and |low| <= 2^-18: x + low is an exponent of twice a float's precision.
 */
static inline vf math_exp_negative_with(vf x, vf low)
{
    vi n;
    const vf r = vf_add(math_reduce(x, &n), low);
    return math_exp_reduced(x, r, n);
}

/* exp(x) - 1 for x <= 0, 1.25 ulp; anything for x > 0. */
static inline vf math_expm1_negative(vf x)
{
    vi n;
    const vf r = math_reduce(x, &n);
    const vf p = vf_mul(math_exp_polynomial(r), r);
    const vf scale = math_power_of_2(n);
    const vf y = vf_fma(p, scale, vf_sub(scale, vf_set1(1.0f)));
    return vf_select(vf_lt(x, vf_set1(-30.0f)), vf_set1(-1.0f), y);
}

/* The log of 1 + f without f itself: log(1 + f) = f - result, -0.293 <= f <= 1. With s = f / (2 +
 * f), log(1 + f) = 2 atanh(s) = f - (f²/2 - s (f²/2 + R)), R = 2 (atanh(s) - s) / s (the form of
 * Sun's fdlibm, e_log.c, with another polynomial). */
static inline vf math_log1p_rest(vf f, vf low)
{
    const vf s = vf_div(f, vf_add(vf_set1(2.0f), f));
    const vf z = vf_mul(s, s);
    vf p = vf_set1(0x1.e1216p-3f);
    p = vf_fma(p, z, vf_set1(0x1.bb3124p-3f));
    p = vf_fma(p, z, vf_set1(0x1.24d76ep-2f));
    p = vf_fma(p, z, vf_set1(0x1.999866p-2f));
    p = vf_fma(p, z, vf_set1(0x1.555556p-1f));
    const vf half_square = vf_mul(vf_mul(vf_set1(0.5f), f), f);
    return vf_sub(half_square, vf_fma(s, vf_fma(p, z, half_square), low));
}

/* log(1 + u), 0 <= u <= 1. 1.3 ulp. */
static inline vf math_log1p(vf u)
{
    return vf_sub(u, math_log1p_rest(u, vf_zero()));
}

/* log(x), any x, subnormal ones too: -inf for +-0, NaN below 0, inf and NaN stay. 0.83 ulp. */
static inline vf math_log(vf x)
{
    const vm subnormal = vf_lt(x, vf_set1(0x1p-126f));
    const vi bits = vi_bits(vf_select(subnormal, vf_mul(x, vf_set1(0x1p24f)), x));
    /* x = 2^n m, sqrt(1/2) <= m < sqrt(2) */
    const vi n = vi_sar(vi_sub(bits, vi_set1(0x3f3504f3)), 23);
    const vf f = vf_sub(vf_bits(vi_sub(bits, vi_shl(n, 23))), vf_set1(1.0f));
    const vf whole = vf_sub(vf_from_vi(n), vf_select(subnormal, vf_set1(24.0f), vf_zero()));
    const vf rest = math_log1p_rest(f, vf_mul(whole, vf_set1(MATH_LN2_LOW)));
    vf y = vf_fma(whole, vf_set1(MATH_LN2_HIGH), vf_sub(f, rest));
    y = vf_select(vf_lt(x, vf_set1(INFINITY)), y, x);
    y = vf_select(vf_lt(x, vf_zero()), vf_set1(NAN), y);
    return vf_select(vf_eq(x, vf_zero()), vf_set1(-INFINITY), y);
}

/* 1 / (1 + exp(-x)), any x. 2.41 ulp. */
static inline vf math_sigmoid(vf x)
{
    const vf e = math_exp_negative(vf_neg(vf_abs(x)));
    const vf one = vf_set1(1.0f);
    return vf_div(vf_select(vf_lt(x, vf_zero()), e, one), vf_add(one, e));
}

/* tanh|x| = -m / (2 + m), m = exp(-2|x|) - 1, and the sign of x; any x. 2.63 ulp, |result| <= 1. */
static inline vf math_tanh(vf x)
{
    const vf m = math_expm1_negative(vf_mul(vf_set1(-2.0f), vf_abs(x)));
    const vf negative = vf_div(m, vf_add(vf_set1(2.0f), m));
    /* m <= -0: flipping the sign bit by that of -x gives x its sign. */
    const vi flip = vi_and(vi_xor(vi_bits(x), vi_set1(INT32_MIN)), vi_set1(INT32_MIN));
    return vf_bits(vi_xor(vi_bits(negative), flip));
}

/* The standard normal distribution: returns its integral up to x; *e receives exp(-x²/2), both 0
 * where exp is. x times the integral: 6.3 ulp.
 * Integral up to -t = exp(-t²/2) P(t) / Q(t), t >= 0. */
static inline vf math_normal_integral(vf x, vf *e)
{
    const vf square = vf_mul(x, x);
    const vf low = vf_fma(x, x, vf_neg(square));
    *e = math_exp_negative_with(vf_mul(vf_set1(-0.5f), square), vf_mul(vf_set1(-0.5f), low));
    const vf bound = vf_set1(13.0f);
    const vf t = vf_select(vf_lt(bound, vf_abs(x)), bound, vf_abs(x));
    vf p = vf_set1(0x1.fbdb3cp-9f);
    p = vf_fma(p, t, vf_set1(0x1.3f857cp-5f));
    p = vf_fma(p, t, vf_set1(0x1.6d5b18p-3f));
    p = vf_fma(p, t, vf_set1(0x1.ba1c5ap-2f));
    p = vf_fma(p, t, vf_set1(0.5f));
    vf q = vf_set1(0x1.3e3efp-7f);
    q = vf_fma(q, t, vf_set1(0x1.907f3ap-4f));
    q = vf_fma(q, t, vf_set1(0x1.d3a82ap-2f));
    q = vf_fma(q, t, vf_set1(0x1.2eb08ap0f));
    q = vf_fma(q, t, vf_set1(0x1.a9505ap0f));
    q = vf_fma(q, t, vf_set1(1.0f));
    const vf lower = vf_div(vf_mul(*e, p), q);
    return vf_select(vf_lt(x, vf_zero()), lower, vf_sub(vf_set1(1.0f), lower));
}

static void kernel_exp(size_t n, const float *x, float *y)
{
    size_t i = 0;
    for (; i + VF_LANES <= n; i += VF_LANES) {
        vf_store(y + i, math_exp(vf_load(x + i)));
    }
    if (i < n) {
        vf_store_n(y + i, math_exp(vf_load_n(x + i, n - i)), n - i);
    }
}

static void kernel_log(size_t n, const float *x, float *y)
{
    size_t i = 0;
    for (; i + VF_LANES <= n; i += VF_LANES) {
        vf_store(y + i, math_log(vf_load(x + i)));
    }
    if (i < n) {
        vf_store_n(y + i, math_log(vf_load_n(x + i, n - i)), n - i);
    }
}

#endif
