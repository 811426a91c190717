/*
 * vec/neon.h: the vector vocabulary of vec/scalar.h on AArch64 Advanced SIMD, four lanes.
 */
#ifndef PINION_VEC_NEON_H
#define PINION_VEC_NEON_H

#if !defined(__aarch64__) || !defined(__ARM_NEON)
#error "vec/neon.h needs AArch64 with Advanced SIMD"
#endif

#include <arm_neon.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "simd/vec/inline.h"

#define VF_LANES  4
#define VF_PER_16 4

typedef float32x4_t vf;
typedef int32x4_t vi;
typedef uint32x4_t vm; /* all bits of a true lane are set */

/* --- memory -------------------------------------------------------------------------------- */

static inline vf vf_load(const float *p)
{
    return vld1q_f32(p);
}

static inline void vf_store(float *p, vf a)
{
    vst1q_f32(p, a);
}

static inline vf vf_load_n(const float *p, size_t n)
{
    if (n >= VF_LANES) {
        return vld1q_f32(p);
    }
    float lanes[VF_LANES] = {0};
    for (size_t i = 0; i < n; i++) {
        lanes[i] = p[i];
    }
    return vld1q_f32(lanes);
}

static inline void vf_store_n(float *p, vf a, size_t n)
{
    if (n >= VF_LANES) {
        vst1q_f32(p, a);
        return;
    }
    float lanes[VF_LANES];
    vst1q_f32(lanes, a);
    for (size_t i = 0; i < n; i++) {
        p[i] = lanes[i];
    }
}

static inline vi vi_load(const int32_t *p)
{
    return vld1q_s32(p);
}

static inline void vi_store(int32_t *p, vi a)
{
    vst1q_s32(p, a);
}

static inline void vi_store_n(int32_t *p, vi a, size_t n)
{
    if (n >= VF_LANES) {
        vst1q_s32(p, a);
        return;
    }
    int32_t lanes[VF_LANES];
    vst1q_s32(lanes, a);
    for (size_t i = 0; i < n; i++) {
        p[i] = lanes[i];
    }
}

static inline vi neon_widen(uint32_t bytes)
{
    const uint8x8_t narrow = vreinterpret_u8_u32(vdup_n_u32(bytes));
    return vreinterpretq_s32_u32(vmovl_u16(vget_low_u16(vmovl_u8(narrow))));
}

static inline vi vi_load_u8(const uint8_t *p)
{
    uint32_t bytes;
    memcpy(&bytes, p, sizeof bytes);
    return neon_widen(bytes);
}

static inline vi vi_load_u8_n(const uint8_t *p, size_t n)
{
    if (n >= VF_LANES) {
        return vi_load_u8(p);
    }
    uint32_t bytes = 0;
    for (size_t i = 0; i < n; i++) {
        bytes |= (uint32_t)p[i] << (8 * i);
    }
    return neon_widen(bytes);
}

/* gcc 12 drops the built-in in functions that do nothing else. */
static inline void vf_prefetch(const void *p)
{
    __asm__ volatile("prfm pldl1keep, %0" : : "Q"(*(const char *)p));
}

/* To the second level, for later. */
static inline void vf_prefetch_later(const void *p)
{
    __asm__ volatile("prfm pldl2keep, %0" : : "Q"(*(const char *)p));
}

/* --- making values ------------------------------------------------------------------------- */

static inline vf vf_zero(void)
{
    return vdupq_n_f32(0.0f);
}

static inline vf vf_set1(float a)
{
    return vdupq_n_f32(a);
}

static inline vi vi_set1(int32_t a)
{
    return vdupq_n_s32(a);
}

static inline vi vi_iota(void)
{
    return (int32x4_t){0, 1, 2, 3};
}

/* --- float arithmetic ---------------------------------------------------------------------- */

static inline vf vf_add(vf a, vf b)
{
    return vaddq_f32(a, b);
}

static inline vf vf_sub(vf a, vf b)
{
    return vsubq_f32(a, b);
}

static inline vf vf_mul(vf a, vf b)
{
    return vmulq_f32(a, b);
}

static inline vf vf_div(vf a, vf b)
{
    return vdivq_f32(a, b);
}

static inline vf vf_sqrt(vf a)
{
    return vsqrtq_f32(a);
}

static inline vf vf_fma(vf a, vf b, vf c)
{
    return vfmaq_f32(c, a, b);
}

static inline vf vf_fnma(vf a, vf b, vf c)
{
    return vfmsq_f32(c, a, b);
}

static inline vf vf_abs(vf a)
{
    return vabsq_f32(a);
}

static inline vf vf_neg(vf a)
{
    return vnegq_f32(a);
}

/* --- masks --------------------------------------------------------------------------------- */

static inline vm vf_lt(vf a, vf b)
{
    return vcltq_f32(a, b);
}

static inline vm vf_le(vf a, vf b)
{
    return vcleq_f32(a, b);
}

static inline vm vf_eq(vf a, vf b)
{
    return vceqq_f32(a, b);
}

static inline vm vi_eq(vi a, vi b)
{
    return vceqq_s32(a, b);
}

static inline vm vi_lt(vi a, vi b)
{
    return vcltq_s32(a, b);
}

static inline vm vi_lt_u32(vi a, vi b)
{
    return vcltq_u32(vreinterpretq_u32_s32(a), vreinterpretq_u32_s32(b));
}

static inline vm vm_and(vm a, vm b)
{
    return vandq_u32(a, b);
}

static inline vm vm_or(vm a, vm b)
{
    return vorrq_u32(a, b);
}

static inline vm vm_not(vm a)
{
    return vmvnq_u32(a);
}

static inline bool vm_any(vm a)
{
    return vmaxvq_u32(a) != 0;
}

static inline unsigned vm_count(vm a)
{
    return vaddvq_u32(vshrq_n_u32(a, 31));
}

static inline vf vf_select(vm mask, vf a, vf b)
{
    return vbslq_f32(mask, a, b);
}

static inline vf vf_keep(vm mask, vf a)
{
    return vreinterpretq_f32_u32(vandq_u32(mask, vreinterpretq_u32_f32(a)));
}

static inline vf vf_clear(vm mask, vf a)
{
    return vreinterpretq_f32_u32(vbicq_u32(vreinterpretq_u32_f32(a), mask));
}

static inline vi vi_select(vm mask, vi a, vi b)
{
    return vbslq_s32(mask, a, b);
}

/* --- integers ------------------------------------------------------------------------------ */

static inline vi vi_add(vi a, vi b)
{
    return vaddq_s32(a, b);
}

static inline vi vi_sub(vi a, vi b)
{
    return vsubq_s32(a, b);
}

static inline vi vi_and(vi a, vi b)
{
    return vandq_s32(a, b);
}

static inline vi vi_or(vi a, vi b)
{
    return vorrq_s32(a, b);
}

static inline vi vi_xor(vi a, vi b)
{
    return veorq_s32(a, b);
}

/* By a vector of counts: the immediate forms of shifts to the right exclude 0. */
#define vi_shl(a, n) vshlq_s32((a), vdupq_n_s32(n))
#define vi_shr(a, n) vreinterpretq_s32_u32(vshlq_u32(vreinterpretq_u32_s32(a), vdupq_n_s32(-(n))))
#define vi_sar(a, n) vshlq_s32((a), vdupq_n_s32(-(n)))

static inline void vi_mul_wide_u32(vi a, vi b, vi *high, vi *low)
{
    const uint32x4_t x = vreinterpretq_u32_s32(a);
    const uint32x4_t y = vreinterpretq_u32_s32(b);
    const uint32x4_t first = vreinterpretq_u32_u64(vmull_u32(vget_low_u32(x), vget_low_u32(y)));
    const uint32x4_t second = vreinterpretq_u32_u64(vmull_high_u32(x, y));
    *low = vreinterpretq_s32_u32(vuzp1q_u32(first, second));
    *high = vreinterpretq_s32_u32(vuzp2q_u32(first, second));
}

/* --- conversion ---------------------------------------------------------------------------- */

static inline vf vf_from_vi(vi a)
{
    return vcvtq_f32_s32(a);
}

static inline vi vi_from_vf(vf a)
{
    return vcvtnq_s32_f32(a);
}

static inline vf vf_bits(vi a)
{
    return vreinterpretq_f32_s32(a);
}

static inline vi vi_bits(vf a)
{
    return vreinterpretq_s32_f32(a);
}

/* --- across lanes -------------------------------------------------------------------------- */

static inline void vf_transpose(vf rows[VF_LANES])
{
    const float32x4x2_t pair01 = vtrnq_f32(rows[0], rows[1]);
    const float32x4x2_t pair23 = vtrnq_f32(rows[2], rows[3]);
    UNROLL
    for (int i = 0; i < 2; i++) {
        rows[i] = vcombine_f32(vget_low_f32(pair01.val[i]), vget_low_f32(pair23.val[i]));
        rows[i + 2] = vcombine_f32(vget_high_f32(pair01.val[i]), vget_high_f32(pair23.val[i]));
    }
}

static inline void vi_interleave4(vi w[4])
{
    float32x4_t rows[4];
    UNROLL
    for (int i = 0; i < 4; i++) {
        rows[i] = vreinterpretq_f32_s32(w[i]);
    }
    vf_transpose(rows);
    UNROLL
    for (int i = 0; i < 4; i++) {
        w[i] = vreinterpretq_s32_f32(rows[i]);
    }
}

static inline float vf_sum16(const vf v[VF_PER_16])
{
    const float32x4_t by4 = vaddq_f32(vaddq_f32(v[0], v[2]), vaddq_f32(v[1], v[3]));
    const float32x2_t by2 = vadd_f32(vget_low_f32(by4), vget_high_f32(by4));
    return vget_lane_f32(by2, 0) + vget_lane_f32(by2, 1);
}

/* The first or, where it is less, the second: what the specification says of NaN. */
static inline float32x4_t neon_greater(float32x4_t a, float32x4_t b)
{
    return vbslq_f32(vcltq_f32(a, b), b, a);
}

static inline float vf_max16(const vf v[VF_PER_16])
{
    const float32x4_t by4 = neon_greater(neon_greater(v[0], v[2]), neon_greater(v[1], v[3]));
    const float32x4_t by2 = neon_greater(by4, vextq_f32(by4, by4, 2));
    const float first = vgetq_lane_f32(by2, 0);
    const float second = vgetq_lane_f32(by2, 1);
    return first < second ? second : first;
}

#endif
