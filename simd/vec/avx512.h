/*
 * vec/avx512.h: the vector vocabulary of vec/scalar.h on AVX-512 (F, BW, DQ, VL), sixteen lanes.
 */
#ifndef PINION_VEC_AVX512_H
#define PINION_VEC_AVX512_H

#if !defined(__AVX512F__) || !defined(__AVX512BW__) || !defined(__AVX512DQ__) ||                   \
    !defined(__AVX512VL__) || !defined(__FMA__)
#error "vec/avx512.h needs -mavx512f -mavx512bw -mavx512dq -mavx512vl -mfma"
#endif

#include <immintrin.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "simd/vec/inline.h"

#define VF_LANES  16
#define VF_PER_16 1

typedef __m512 vf;
typedef __m512i vi;
typedef __mmask16 vm;

/* The first n lanes true. */
static inline __mmask16 avx512_first(size_t n)
{
    return (__mmask16)(n < VF_LANES ? (1u << n) - 1 : 0xFFFFu);
}

/* --- memory -------------------------------------------------------------------------------- */

static inline vf vf_load(const float *p)
{
    return _mm512_loadu_ps(p);
}

static inline void vf_store(float *p, vf a)
{
    _mm512_storeu_ps(p, a);
}

static inline vf vf_load_n(const float *p, size_t n)
{
    return _mm512_maskz_loadu_ps(avx512_first(n), p);
}

static inline void vf_store_n(float *p, vf a, size_t n)
{
    _mm512_mask_storeu_ps(p, avx512_first(n), a);
}

static inline vi vi_load(const int32_t *p)
{
    return _mm512_loadu_si512(p);
}

static inline void vi_store(int32_t *p, vi a)
{
    _mm512_storeu_si512(p, a);
}

static inline void vi_store_n(int32_t *p, vi a, size_t n)
{
    _mm512_mask_storeu_epi32(p, avx512_first(n), a);
}

static inline vi vi_load_u8(const uint8_t *p)
{
    return _mm512_cvtepu8_epi32(_mm_loadu_si128((const __m128i *)p));
}

static inline vi vi_load_u8_n(const uint8_t *p, size_t n)
{
    return _mm512_cvtepu8_epi32(_mm_maskz_loadu_epi8(avx512_first(n), p));
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
    return _mm512_setzero_ps();
}

static inline vf vf_set1(float a)
{
    return _mm512_set1_ps(a);
}

static inline vi vi_set1(int32_t a)
{
    return _mm512_set1_epi32(a);
}

static inline vi vi_iota(void)
{
    return _mm512_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
}

/* --- float arithmetic ---------------------------------------------------------------------- */

static inline vf vf_add(vf a, vf b)
{
    return _mm512_add_ps(a, b);
}

static inline vf vf_sub(vf a, vf b)
{
    return _mm512_sub_ps(a, b);
}

static inline vf vf_mul(vf a, vf b)
{
    return _mm512_mul_ps(a, b);
}

static inline vf vf_div(vf a, vf b)
{
    return _mm512_div_ps(a, b);
}

static inline vf vf_sqrt(vf a)
{
    return _mm512_sqrt_ps(a);
}

static inline vf vf_fma(vf a, vf b, vf c)
{
    return _mm512_fmadd_ps(a, b, c);
}

static inline vf vf_fnma(vf a, vf b, vf c)
{
    return _mm512_fnmadd_ps(a, b, c);
}

static inline vf vf_abs(vf a)
{
    return _mm512_andnot_ps(_mm512_set1_ps(-0.0f), a);
}

static inline vf vf_neg(vf a)
{
    return _mm512_xor_ps(_mm512_set1_ps(-0.0f), a);
}

/* --- masks --------------------------------------------------------------------------------- */

static inline vm vf_lt(vf a, vf b)
{
    return _mm512_cmp_ps_mask(a, b, _CMP_LT_OQ);
}

static inline vm vf_le(vf a, vf b)
{
    return _mm512_cmp_ps_mask(a, b, _CMP_LE_OQ);
}

static inline vm vf_eq(vf a, vf b)
{
    return _mm512_cmp_ps_mask(a, b, _CMP_EQ_OQ);
}

static inline vm vi_eq(vi a, vi b)
{
    return _mm512_cmpeq_epi32_mask(a, b);
}

static inline vm vi_lt(vi a, vi b)
{
    return _mm512_cmplt_epi32_mask(a, b);
}

static inline vm vi_lt_u32(vi a, vi b)
{
    return _mm512_cmplt_epu32_mask(a, b);
}

static inline vm vm_and(vm a, vm b)
{
    return (vm)(a & b);
}

static inline vm vm_or(vm a, vm b)
{
    return (vm)(a | b);
}

static inline vm vm_not(vm a)
{
    return (vm)~a;
}

static inline bool vm_any(vm a)
{
    return a != 0;
}

static inline unsigned vm_count(vm a)
{
    return (unsigned)__builtin_popcount(a);
}

static inline vf vf_select(vm mask, vf a, vf b)
{
    return _mm512_mask_blend_ps(mask, b, a);
}

static inline vf vf_keep(vm mask, vf a)
{
    return _mm512_maskz_mov_ps(mask, a);
}

static inline vf vf_clear(vm mask, vf a)
{
    return _mm512_maskz_mov_ps((vm)~mask, a);
}

static inline vi vi_select(vm mask, vi a, vi b)
{
    return _mm512_mask_blend_epi32(mask, b, a);
}

/* --- integers ------------------------------------------------------------------------------ */

static inline vi vi_add(vi a, vi b)
{
    return _mm512_add_epi32(a, b);
}

static inline vi vi_sub(vi a, vi b)
{
    return _mm512_sub_epi32(a, b);
}

static inline vi vi_and(vi a, vi b)
{
    return _mm512_and_si512(a, b);
}

static inline vi vi_or(vi a, vi b)
{
    return _mm512_or_si512(a, b);
}

static inline vi vi_xor(vi a, vi b)
{
    return _mm512_xor_si512(a, b);
}

#define vi_shl(a, n) _mm512_slli_epi32((a), (n))
#define vi_shr(a, n) _mm512_srli_epi32((a), (n))
#define vi_sar(a, n) _mm512_srai_epi32((a), (n))

static inline void vi_mul_wide_u32(vi a, vi b, vi *high, vi *low)
{
    const __m512i even = _mm512_mul_epu32(a, b);
    const __m512i odd = _mm512_mul_epu32(_mm512_srli_epi64(a, 32), _mm512_srli_epi64(b, 32));
    *low = _mm512_mask_blend_epi32(0xAAAA, even, _mm512_slli_epi64(odd, 32));
    *high = _mm512_mask_blend_epi32(0xAAAA, _mm512_srli_epi64(even, 32), odd);
}

/* --- conversion ---------------------------------------------------------------------------- */

static inline vf vf_from_vi(vi a)
{
    return _mm512_cvtepi32_ps(a);
}

static inline vi vi_from_vf(vf a)
{
    return _mm512_cvtps_epi32(a);
}

static inline vf vf_bits(vi a)
{
    return _mm512_castsi512_ps(a);
}

static inline vi vi_bits(vf a)
{
    return _mm512_castps_si512(a);
}

/* --- across lanes -------------------------------------------------------------------------- */

/* Transposes the 4x4 matrix of 128-bit blocks in rows[0], rows[step], ... */
static inline void avx512_transpose_blocks(__m512 rows[], int step)
{
    const __m512 even01 = _mm512_shuffle_f32x4(rows[0], rows[step], 0x88);
    const __m512 odd01 = _mm512_shuffle_f32x4(rows[0], rows[step], 0xDD);
    const __m512 even23 = _mm512_shuffle_f32x4(rows[2 * step], rows[3 * step], 0x88);
    const __m512 odd23 = _mm512_shuffle_f32x4(rows[2 * step], rows[3 * step], 0xDD);
    rows[0] = _mm512_shuffle_f32x4(even01, even23, 0x88);
    rows[step] = _mm512_shuffle_f32x4(odd01, odd23, 0x88);
    rows[2 * step] = _mm512_shuffle_f32x4(even01, even23, 0xDD);
    rows[3 * step] = _mm512_shuffle_f32x4(odd01, odd23, 0xDD);
}

/* Transposes each of the four 4x4 matrices in the 128-bit blocks of rows[0..3]. */
static inline void avx512_transpose_within(__m512 rows[4])
{
    const __m512 low01 = _mm512_unpacklo_ps(rows[0], rows[1]);
    const __m512 high01 = _mm512_unpackhi_ps(rows[0], rows[1]);
    const __m512 low23 = _mm512_unpacklo_ps(rows[2], rows[3]);
    const __m512 high23 = _mm512_unpackhi_ps(rows[2], rows[3]);
    rows[0] = _mm512_shuffle_ps(low01, low23, _MM_SHUFFLE(1, 0, 1, 0));
    rows[1] = _mm512_shuffle_ps(low01, low23, _MM_SHUFFLE(3, 2, 3, 2));
    rows[2] = _mm512_shuffle_ps(high01, high23, _MM_SHUFFLE(1, 0, 1, 0));
    rows[3] = _mm512_shuffle_ps(high01, high23, _MM_SHUFFLE(3, 2, 3, 2));
}

static inline void vf_transpose(vf rows[VF_LANES])
{
    UNROLL
    for (int i = 0; i < 16; i += 4) {
        avx512_transpose_within(rows + i);
    }
    UNROLL
    for (int i = 0; i < 4; i++) {
        avx512_transpose_blocks(rows + i, 4);
    }
}

static inline void vi_interleave4(vi w[4])
{
    __m512 rows[4];
    UNROLL
    for (int i = 0; i < 4; i++) {
        rows[i] = _mm512_castsi512_ps(w[i]);
    }
    avx512_transpose_within(rows);
    avx512_transpose_blocks(rows, 1);
    UNROLL
    for (int i = 0; i < 4; i++) {
        w[i] = _mm512_castps_si512(rows[i]);
    }
}

static inline __m256 avx512_upper(__m512 a)
{
    return _mm512_extractf32x8_ps(a, 1);
}

static inline float vf_sum16(const vf v[VF_PER_16])
{
    const __m256 by8 = _mm256_add_ps(_mm512_castps512_ps256(v[0]), avx512_upper(v[0]));
    const __m128 by4 = _mm_add_ps(_mm256_castps256_ps128(by8), _mm256_extractf128_ps(by8, 1));
    const __m128 by2 = _mm_add_ps(by4, _mm_movehl_ps(by4, by4));
    return _mm_cvtss_f32(_mm_add_ss(by2, _mm_movehdup_ps(by2)));
}

/* maxps returns its second operand unless the first is greater: exactly m < other ? other : m. */
static inline float vf_max16(const vf v[VF_PER_16])
{
    const __m256 by8 = _mm256_max_ps(avx512_upper(v[0]), _mm512_castps512_ps256(v[0]));
    const __m128 by4 = _mm_max_ps(_mm256_extractf128_ps(by8, 1), _mm256_castps256_ps128(by8));
    const __m128 by2 = _mm_max_ps(_mm_movehl_ps(by4, by4), by4);
    return _mm_cvtss_f32(_mm_max_ss(_mm_movehdup_ps(by2), by2));
}

#endif
