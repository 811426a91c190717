/*
 * immintrin.h, found before the compiler's own: AVX-512 by SIMDe on AVX2 and FMA, so that
 * simd/isa/avx512.c runs on processors without AVX-512. Only its results mean anything.
 *
 * The compiler's macros say that AVX-512 is there, for vec/avx512.h asks; SIMDe must think it is
 * not. What Debian 12's SIMDe lacks, or lacks under the name without its prefix, follows below.
 */
#ifndef PINION_TESTS_EMULATED_IMMINTRIN_H
#define PINION_TESTS_EMULATED_IMMINTRIN_H

#undef __AVX512F__
#undef __AVX512BW__
#undef __AVX512DQ__
#undef __AVX512VL__
#include_next <immintrin.h>

#define SIMDE_ENABLE_NATIVE_ALIASES
#include <simde/x86/avx512.h>
#include <simde/x86/fma.h>

#include <math.h>
#include <stdint.h>

#define __m512  simde__m512
#define __m512i simde__m512i

typedef union {
    simde__m512 f;
    simde__m512i i;
    __m256 half[2];
    float lane[16];
    int32_t word[16];
    uint32_t unsigned_word[16];
} emulated;

static inline simde__m512 emulated_maskz_loadu_ps(__mmask16 mask, const void *p)
{
    emulated r;
    for (int i = 0; i < 16; i++) {
        r.lane[i] = mask >> i & 1 ? ((const float *)p)[i] : 0.0f;
    }
    return r.f;
}

static inline void emulated_mask_storeu_ps(void *p, __mmask16 mask, simde__m512 a)
{
    const emulated r = {.f = a};
    for (int i = 0; i < 16; i++) {
        if (mask >> i & 1) {
            ((float *)p)[i] = r.lane[i];
        }
    }
}

static inline void emulated_mask_storeu_epi32(void *p, __mmask16 mask, simde__m512i a)
{
    const emulated r = {.i = a};
    for (int i = 0; i < 16; i++) {
        if (mask >> i & 1) {
            ((int32_t *)p)[i] = r.word[i];
        }
    }
}

static inline __m128i emulated_maskz_loadu_epi8(__mmask16 mask, const void *p)
{
    uint8_t byte[16];
    for (int i = 0; i < 16; i++) {
        byte[i] = mask >> i & 1 ? ((const uint8_t *)p)[i] : 0;
    }
    return _mm_loadu_si128((const __m128i *)byte);
}

static inline __mmask16 emulated_cmplt_epi32_mask(simde__m512i a, simde__m512i b)
{
    const emulated x = {.i = a}, y = {.i = b};
    unsigned mask = 0;
    for (int i = 0; i < 16; i++) {
        mask |= (unsigned)(x.word[i] < y.word[i]) << i;
    }
    return (__mmask16)mask;
}

static inline __mmask16 emulated_cmplt_epu32_mask(simde__m512i a, simde__m512i b)
{
    const emulated x = {.i = a}, y = {.i = b};
    unsigned mask = 0;
    for (int i = 0; i < 16; i++) {
        mask |= (unsigned)(x.unsigned_word[i] < y.unsigned_word[i]) << i;
    }
    return (__mmask16)mask;
}

static inline simde__m512 emulated_cvtepi32_ps(simde__m512i a)
{
    emulated r = {.i = a};
    for (int i = 0; i < 16; i++) {
        r.lane[i] = (float)r.word[i];
    }
    return r.f;
}

static inline simde__m512i emulated_cvtps_epi32(simde__m512 a)
{
    emulated r = {.f = a};
    for (int i = 0; i < 16; i++) {
        r.word[i] = (int32_t)rintf(r.lane[i]);
    }
    return r.i;
}

static inline simde__m512i emulated_cvtepu8_epi32(__m128i a)
{
    uint8_t byte[16];
    _mm_storeu_si128((__m128i *)byte, a);
    emulated r;
    for (int i = 0; i < 16; i++) {
        r.word[i] = byte[i];
    }
    return r.i;
}

static inline simde__m512i emulated_srai_epi32(simde__m512i a, unsigned count)
{
    emulated r = {.i = a};
    for (int i = 0; i < 16; i++) {
        r.word[i] >>= count;
    }
    return r.i;
}

static inline __m256 emulated_extractf32x8_ps(simde__m512 a, int which)
{
    const emulated r = {.f = a};
    return r.half[which];
}

static inline simde__m512 emulated_shuffle_f32x4(simde__m512 a, simde__m512 b, int control)
{
    const emulated x = {.f = a}, y = {.f = b};
    emulated r;
    for (int i = 0; i < 16; i++) {
        const int from = (control >> i / 4 * 2 & 3) * 4 + i % 4;
        r.lane[i] = i < 8 ? x.lane[from] : y.lane[from];
    }
    return r.f;
}

static inline simde__m512i emulated_shuffle_i32x4(simde__m512i a, simde__m512i b, int control)
{
    const emulated x = {.i = a}, y = {.i = b};
    const emulated r = {.f = emulated_shuffle_f32x4(x.f, y.f, control)};
    return r.i;
}

#undef _mm512_maskz_loadu_ps
#undef _mm512_mask_storeu_ps
#undef _mm512_mask_storeu_epi32
#undef _mm_maskz_loadu_epi8
#undef _mm512_cmplt_epi32_mask
#undef _mm512_cmplt_epu32_mask
#undef _mm512_cvtepi32_ps
#undef _mm512_cvtps_epi32
#undef _mm512_cvtepu8_epi32
#undef _mm512_srai_epi32
#undef _mm512_extractf32x8_ps
#undef _mm512_shuffle_f32x4
#undef _mm512_shuffle_i32x4
#define _mm512_maskz_loadu_ps    emulated_maskz_loadu_ps
#define _mm512_mask_storeu_ps    emulated_mask_storeu_ps
#define _mm512_mask_storeu_epi32 emulated_mask_storeu_epi32
#define _mm_maskz_loadu_epi8     emulated_maskz_loadu_epi8
#define _mm512_cmplt_epi32_mask  emulated_cmplt_epi32_mask
#define _mm512_cmplt_epu32_mask  emulated_cmplt_epu32_mask
#define _mm512_cvtepi32_ps       emulated_cvtepi32_ps
#define _mm512_cvtps_epi32       emulated_cvtps_epi32
#define _mm512_cvtepu8_epi32     emulated_cvtepu8_epi32
#define _mm512_srai_epi32        emulated_srai_epi32
#define _mm512_extractf32x8_ps   emulated_extractf32x8_ps
#define _mm512_shuffle_f32x4     emulated_shuffle_f32x4
#define _mm512_shuffle_i32x4     emulated_shuffle_i32x4

#endif
