/*
 * vec/avx2.h: the vector vocabulary of vec/scalar.h on AVX2 and FMA, eight lanes.
 */
#ifndef PINION_VEC_AVX2_H
#define PINION_VEC_AVX2_H

#if !defined(__AVX2__) || !defined(__FMA__)
#error "vec/avx2.h needs -mavx2 -mfma"
#endif

#include <immintrin.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "simd/vec/inline.h"

#define VF_LANES  8
#define VF_PER_16 2

typedef __m256 vf;
typedef __m256i vi;
typedef __m256 vm; /* all bits of a true lane are set */

/* The first n lanes true. */
static inline __m256i avx2_first(size_t n)
{
    const int lanes = n < VF_LANES ? (int)n : VF_LANES;
    return _mm256_cmpgt_epi32(_mm256_set1_epi32(lanes), _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7));
}

/* --- memory -------------------------------------------------------------------------------- */

static inline vf vf_load(const float *p)
{
    return _mm256_loadu_ps(p);
}

static inline void vf_store(float *p, vf a)
{
    _mm256_storeu_ps(p, a);
}

static inline vf vf_load_n(const float *p, size_t n)
{
    return _mm256_maskload_ps(p, avx2_first(n));
}

static inline void vf_store_n(float *p, vf a, size_t n)
{
    _mm256_maskstore_ps(p, avx2_first(n), a);
}

static inline vi vi_load(const int32_t *p)
{
    return _mm256_loadu_si256((const __m256i *)p);
}

static inline void vi_store(int32_t *p, vi a)
{
    _mm256_storeu_si256((__m256i *)p, a);
}

static inline void vi_store_n(int32_t *p, vi a, size_t n)
{
    _mm256_maskstore_epi32(p, avx2_first(n), a);
}

static inline vi vi_load_u8(const uint8_t *p)
{
    return _mm256_cvtepu8_epi32(_mm_loadl_epi64((const __m128i *)p));
}

static inline vi vi_load_u8_n(const uint8_t *p, size_t n)
{
    if (n >= VF_LANES) {
        return vi_load_u8(p);
    }
    uint64_t bytes = 0;
    for (size_t i = 0; i < n; i++) {
        bytes |= (uint64_t)p[i] << (8 * i);
    }
    return _mm256_cvtepu8_epi32(_mm_cvtsi64_si128((long long)bytes));
}

/* gcc 12 drops the built-in in functions that do nothing else. */
static inline void vf_prefetch(const void *p)
{
    __asm__ volatile("prefetcht0 %0" : : "m"(*(const char *)p));
}

/* To the second level, for later. */
static inline void vf_prefetch_later(const void *p)
{
    __asm__ volatile("prefetcht1 %0" : : "m"(*(const char *)p));
}

/* --- making values ------------------------------------------------------------------------- */

static inline vf vf_zero(void)
{
    return _mm256_setzero_ps();
}

static inline vf vf_set1(float a)
{
    return _mm256_set1_ps(a);
}

static inline vi vi_set1(int32_t a)
{
    return _mm256_set1_epi32(a);
}

static inline vi vi_iota(void)
{
    return _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7);
}

/* --- float arithmetic ---------------------------------------------------------------------- */

static inline vf vf_add(vf a, vf b)
{
    return _mm256_add_ps(a, b);
}

static inline vf vf_sub(vf a, vf b)
{
    return _mm256_sub_ps(a, b);
}

static inline vf vf_mul(vf a, vf b)
{
    return _mm256_mul_ps(a, b);
}

static inline vf vf_div(vf a, vf b)
{
    return _mm256_div_ps(a, b);
}

static inline vf vf_sqrt(vf a)
{
    return _mm256_sqrt_ps(a);
}

static inline vf vf_fma(vf a, vf b, vf c)
{
    return _mm256_fmadd_ps(a, b, c);
}

static inline vf vf_fnma(vf a, vf b, vf c)
{
    return _mm256_fnmadd_ps(a, b, c);
}

static inline vf vf_abs(vf a)
{
    return _mm256_andnot_ps(_mm256_set1_ps(-0.0f), a);
}

static inline vf vf_neg(vf a)
{
    return _mm256_xor_ps(_mm256_set1_ps(-0.0f), a);
}

/* --- masks --------------------------------------------------------------------------------- */

static inline vm vf_lt(vf a, vf b)
{
    return _mm256_cmp_ps(a, b, _CMP_LT_OQ);
}

static inline vm vf_le(vf a, vf b)
{
    return _mm256_cmp_ps(a, b, _CMP_LE_OQ);
}

static inline vm vf_eq(vf a, vf b)
{
    return _mm256_cmp_ps(a, b, _CMP_EQ_OQ);
}

static inline vm vi_eq(vi a, vi b)
{
    return _mm256_castsi256_ps(_mm256_cmpeq_epi32(a, b));
}

static inline vm vi_lt(vi a, vi b)
{
    return _mm256_castsi256_ps(_mm256_cmpgt_epi32(b, a));
}

static inline vm vi_lt_u32(vi a, vi b)
{
    const __m256i top = _mm256_set1_epi32(INT32_MIN);
    return vi_lt(_mm256_xor_si256(a, top), _mm256_xor_si256(b, top));
}

static inline vm vm_and(vm a, vm b)
{
    return _mm256_and_ps(a, b);
}

static inline vm vm_or(vm a, vm b)
{
    return _mm256_or_ps(a, b);
}

static inline vm vm_not(vm a)
{
    return _mm256_xor_ps(a, _mm256_castsi256_ps(_mm256_set1_epi32(-1)));
}

static inline bool vm_any(vm a)
{
    return _mm256_movemask_ps(a) != 0;
}

static inline unsigned vm_count(vm a)
{
    return (unsigned)__builtin_popcount((unsigned)_mm256_movemask_ps(a));
}

static inline vf vf_select(vm mask, vf a, vf b)
{
    return _mm256_blendv_ps(b, a, mask);
}

static inline vf vf_keep(vm mask, vf a)
{
    return _mm256_and_ps(mask, a);
}

static inline vf vf_clear(vm mask, vf a)
{
    return _mm256_andnot_ps(mask, a);
}

static inline vi vi_select(vm mask, vi a, vi b)
{
    return _mm256_blendv_epi8(b, a, _mm256_castps_si256(mask));
}

/* --- integers ------------------------------------------------------------------------------ */

static inline vi vi_add(vi a, vi b)
{
    return _mm256_add_epi32(a, b);
}

static inline vi vi_sub(vi a, vi b)
{
    return _mm256_sub_epi32(a, b);
}

static inline vi vi_and(vi a, vi b)
{
    return _mm256_and_si256(a, b);
}

static inline vi vi_or(vi a, vi b)
{
    return _mm256_or_si256(a, b);
}

static inline vi vi_xor(vi a, vi b)
{
    return _mm256_xor_si256(a, b);
}

#define vi_shl(a, n) _mm256_slli_epi32((a), (n))
#define vi_shr(a, n) _mm256_srli_epi32((a), (n))
#define vi_sar(a, n) _mm256_srai_epi32((a), (n))

static inline void vi_mul_wide_u32(vi a, vi b, vi *high, vi *low)
{
    const __m256i even = _mm256_mul_epu32(a, b);
    const __m256i odd = _mm256_mul_epu32(_mm256_srli_epi64(a, 32), _mm256_srli_epi64(b, 32));
    *low = _mm256_blend_epi32(even, _mm256_slli_epi64(odd, 32), 0xAA);
    *high = _mm256_blend_epi32(_mm256_srli_epi64(even, 32), odd, 0xAA);
}

/* --- conversion ---------------------------------------------------------------------------- */

static inline vf vf_from_vi(vi a)
{
    return _mm256_cvtepi32_ps(a);
}

static inline vi vi_from_vf(vf a)
{
    return _mm256_cvtps_epi32(a);
}

static inline vf vf_bits(vi a)
{
    return _mm256_castsi256_ps(a);
}

static inline vi vi_bits(vf a)
{
    return _mm256_castps_si256(a);
}

/* --- across lanes -------------------------------------------------------------------------- */

static inline void vf_transpose(vf rows[VF_LANES])
{
    __m256 pair[8], quad[8];
    UNROLL
    for (int i = 0; i < 8; i += 2) {
        pair[i] = _mm256_unpacklo_ps(rows[i], rows[i + 1]);
        pair[i + 1] = _mm256_unpackhi_ps(rows[i], rows[i + 1]);
    }
    UNROLL
    for (int i = 0; i < 8; i += 4) {
        quad[i] = _mm256_shuffle_ps(pair[i], pair[i + 2], _MM_SHUFFLE(1, 0, 1, 0));
        quad[i + 1] = _mm256_shuffle_ps(pair[i], pair[i + 2], _MM_SHUFFLE(3, 2, 3, 2));
        quad[i + 2] = _mm256_shuffle_ps(pair[i + 1], pair[i + 3], _MM_SHUFFLE(1, 0, 1, 0));
        quad[i + 3] = _mm256_shuffle_ps(pair[i + 1], pair[i + 3], _MM_SHUFFLE(3, 2, 3, 2));
    }
    UNROLL
    for (int i = 0; i < 4; i++) {
        rows[i] = _mm256_permute2f128_ps(quad[i], quad[i + 4], 0x20);
        rows[i + 4] = _mm256_permute2f128_ps(quad[i], quad[i + 4], 0x31);
    }
}

static inline void vi_interleave4(vi w[4])
{
    const __m256i low01 = _mm256_unpacklo_epi32(w[0], w[1]);
    const __m256i high01 = _mm256_unpackhi_epi32(w[0], w[1]);
    const __m256i low23 = _mm256_unpacklo_epi32(w[2], w[3]);
    const __m256i high23 = _mm256_unpackhi_epi32(w[2], w[3]);
    /* Words 0..3 of lanes 0|4, 1|5, 2|6, 3|7. */
    const __m256i lanes04 = _mm256_unpacklo_epi64(low01, low23);
    const __m256i lanes15 = _mm256_unpackhi_epi64(low01, low23);
    const __m256i lanes26 = _mm256_unpacklo_epi64(high01, high23);
    const __m256i lanes37 = _mm256_unpackhi_epi64(high01, high23);
    w[0] = _mm256_permute2x128_si256(lanes04, lanes15, 0x20);
    w[1] = _mm256_permute2x128_si256(lanes26, lanes37, 0x20);
    w[2] = _mm256_permute2x128_si256(lanes04, lanes15, 0x31);
    w[3] = _mm256_permute2x128_si256(lanes26, lanes37, 0x31);
}

static inline float vf_sum16(const vf v[VF_PER_16])
{
    const __m256 by8 = _mm256_add_ps(v[0], v[1]);
    const __m128 by4 = _mm_add_ps(_mm256_castps256_ps128(by8), _mm256_extractf128_ps(by8, 1));
    const __m128 by2 = _mm_add_ps(by4, _mm_movehl_ps(by4, by4));
    return _mm_cvtss_f32(_mm_add_ss(by2, _mm_movehdup_ps(by2)));
}

/* maxps returns its second operand unless the first is greater: exactly m < other ? other : m. */
static inline float vf_max16(const vf v[VF_PER_16])
{
    const __m256 by8 = _mm256_max_ps(v[1], v[0]);
    const __m128 by4 = _mm_max_ps(_mm256_extractf128_ps(by8, 1), _mm256_castps256_ps128(by8));
    const __m128 by2 = _mm_max_ps(_mm_movehl_ps(by4, by4), by4);
    return _mm_cvtss_f32(_mm_max_ss(_mm_movehdup_ps(by2), by2));
}

#endif
