/*
 * vec/scalar.h: the vector vocabulary with one lane. It is the specification: the other headers of
 * this folder offer the same names with the same meaning for each lane.
 *
 *   vf  VF_LANES floats;   vi  VF_LANES 32-bit integers;   vm  a mask, one truth per lane
 *   VF_PER_16  vectors that hold 16 virtual lanes, lane i of vector v being virtual lane
 *              v * VF_LANES + i
 *
 * Every float operation rounds once, to nearest even; fma is one rounding. There is no min or max:
 * vf_lt and vf_select say what happens to NaN. Loads and stores need no alignment; the _n forms
 * touch the first n lanes only (0 <= n <= VF_LANES, n may be any larger number for loads of all).
 */
#ifndef PINION_VEC_SCALAR_H
#define PINION_VEC_SCALAR_H

#include <math.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define VF_LANES  1
#define VF_PER_16 16

typedef float vf;
typedef int32_t vi;
typedef bool vm;

/* --- memory -------------------------------------------------------------------------------- */

static inline vf vf_load(const float *p)
{
    return *p;
}

static inline void vf_store(float *p, vf a)
{
    *p = a;
}

/* Lanes from n on are 0. */
static inline vf vf_load_n(const float *p, size_t n)
{
    return n > 0 ? *p : 0.0f;
}

static inline void vf_store_n(float *p, vf a, size_t n)
{
    if (n > 0) {
        *p = a;
    }
}

static inline vi vi_load(const int32_t *p)
{
    return *p;
}

static inline void vi_store(int32_t *p, vi a)
{
    *p = a;
}

static inline void vi_store_n(int32_t *p, vi a, size_t n)
{
    if (n > 0) {
        *p = a;
    }
}

/* VF_LANES bytes, zero-extended. */
static inline vi vi_load_u8(const uint8_t *p)
{
    return *p;
}

static inline vi vi_load_u8_n(const uint8_t *p, size_t n)
{
    return n > 0 ? *p : 0;
}

static inline void vf_prefetch(const void *p)
{
    __builtin_prefetch(p);
}

/* To the second level, for later. */
static inline void vf_prefetch_later(const void *p)
{
    __builtin_prefetch(p, 0, 2);
}

/* --- making values ------------------------------------------------------------------------- */

static inline vf vf_zero(void)
{
    return 0.0f;
}

static inline vf vf_set1(float a)
{
    return a;
}

static inline vi vi_set1(int32_t a)
{
    return a;
}

/* 0, 1, 2, ... */
static inline vi vi_iota(void)
{
    return 0;
}

/* --- float arithmetic ---------------------------------------------------------------------- */

static inline vf vf_add(vf a, vf b)
{
    return a + b;
}

static inline vf vf_sub(vf a, vf b)
{
    return a - b;
}

static inline vf vf_mul(vf a, vf b)
{
    return a * b;
}

static inline vf vf_div(vf a, vf b)
{
    return a / b;
}

static inline vf vf_sqrt(vf a)
{
    return __builtin_sqrtf(a);
}

/* a * b + c */
static inline vf vf_fma(vf a, vf b, vf c)
{
    return __builtin_fmaf(a, b, c);
}

/* -(a * b) + c */
static inline vf vf_fnma(vf a, vf b, vf c)
{
    return __builtin_fmaf(-a, b, c);
}

static inline vf vf_abs(vf a)
{
    return __builtin_fabsf(a);
}

static inline vf vf_neg(vf a)
{
    return -a;
}

/* --- masks --------------------------------------------------------------------------------- */

/* Ordered comparisons: false where a lane is NaN. */
static inline vm vf_lt(vf a, vf b)
{
    return a < b;
}

static inline vm vf_le(vf a, vf b)
{
    return a <= b;
}

static inline vm vf_eq(vf a, vf b)
{
    return a == b;
}

static inline vm vi_eq(vi a, vi b)
{
    return a == b;
}

/* Signed. */
static inline vm vi_lt(vi a, vi b)
{
    return a < b;
}

/* Unsigned. */
static inline vm vi_lt_u32(vi a, vi b)
{
    return (uint32_t)a < (uint32_t)b;
}

static inline vm vm_and(vm a, vm b)
{
    return a && b;
}

static inline vm vm_or(vm a, vm b)
{
    return a || b;
}

static inline vm vm_not(vm a)
{
    return !a;
}

static inline bool vm_any(vm a)
{
    return a;
}

/* The number of true lanes. */
static inline unsigned vm_count(vm a)
{
    return a;
}

/* mask ? a : b */
static inline vf vf_select(vm mask, vf a, vf b)
{
    return mask ? a : b;
}

/* mask ? a : 0, and mask ? 0 : a */
static inline vf vf_keep(vm mask, vf a)
{
    return mask ? a : 0.0f;
}

static inline vf vf_clear(vm mask, vf a)
{
    return mask ? 0.0f : a;
}

static inline vi vi_select(vm mask, vi a, vi b)
{
    return mask ? a : b;
}

/* --- integers (wrap around) ---------------------------------------------------------------- */

static inline vi vi_add(vi a, vi b)
{
    return (vi)((uint32_t)a + (uint32_t)b);
}

static inline vi vi_sub(vi a, vi b)
{
    return (vi)((uint32_t)a - (uint32_t)b);
}

static inline vi vi_and(vi a, vi b)
{
    return a & b;
}

static inline vi vi_or(vi a, vi b)
{
    return a | b;
}

static inline vi vi_xor(vi a, vi b)
{
    return a ^ b;
}

/* Shifts by a constant 0 <= n < 32: left, right with zeros, right with the sign. */
#define vi_shl(a, n) ((vi)((uint32_t)(a) << (n)))
#define vi_shr(a, n) ((vi)((uint32_t)(a) >> (n)))
#define vi_sar(a, n) ((vi)(a) >> (n))

/* The two halves of the unsigned 64-bit product of each lane. */
static inline void vi_mul_wide_u32(vi a, vi b, vi *high, vi *low)
{
    const uint64_t product = (uint64_t)(uint32_t)a * (uint32_t)b;
    *high = (vi)(uint32_t)(product >> 32);
    *low = (vi)(uint32_t)product;
}

/* --- conversion ---------------------------------------------------------------------------- */

/* Exact for |a| <= 2^24, else rounded to nearest even. */
static inline vf vf_from_vi(vi a)
{
    return (float)a;
}

/* Rounded to nearest even; defined for |a| < 2^31. */
static inline vi vi_from_vf(vf a)
{
    return (vi)__builtin_rintf(a);
}

static inline vf vf_bits(vi a)
{
    vf f;
    memcpy(&f, &a, sizeof f);
    return f;
}

static inline vi vi_bits(vf a)
{
    vi i;
    memcpy(&i, &a, sizeof i);
    return i;
}

/* --- across lanes -------------------------------------------------------------------------- */

/* rows[i] lane j  <->  rows[j] lane i. */
static inline void vf_transpose(vf rows[VF_LANES])
{
    (void)rows;
}

/* From w[word] lane i to the order word 0..3 of lane 0, then of lane 1, ...: v[0] gets the first
 * VF_LANES of them. */
static inline void vi_interleave4(vi w[4])
{
    (void)w;
}

/* The sum of 16 virtual lanes by halves: lane i takes lane i + 8, then i + 4, i + 2, i + 1. */
static inline float vf_sum16(const vf v[VF_PER_16])
{
    float s[16];
    memcpy(s, v, sizeof s);
    for (int half = 8; half > 0; half /= 2) {
        for (int i = 0; i < half; i++) {
            s[i] = s[i] + s[i + half];
        }
    }
    return s[0];
}

/* The largest of 16 virtual lanes by the same halves, m = m < other ? other : m. */
static inline float vf_max16(const vf v[VF_PER_16])
{
    float s[16];
    memcpy(s, v, sizeof s);
    for (int half = 8; half > 0; half /= 2) {
        for (int i = 0; i < half; i++) {
            s[i] = s[i] < s[i + half] ? s[i + half] : s[i];
        }
    }
    return s[0];
}

#endif
