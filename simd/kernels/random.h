/*
 * kernels/random.h: Philox4x32-10 (Salmon et al., Parallel random numbers: as easy as 1, 2, 3, SC
 * 2011), VF_LANES counters at a time, and what is drawn from it.
 */
#ifndef PINION_KERNELS_RANDOM_H
#define PINION_KERNELS_RANDOM_H

#include "simd/vec/inline.h"

#define PHILOX_MULTIPLIER_0 0xD2511F53u
#define PHILOX_MULTIPLIER_1 0xCD9E8D57u
#define PHILOX_KEY_STEP_0   0x9E3779B9u
#define PHILOX_KEY_STEP_1   0xBB67AE85u

static inline vi random_set1(uint32_t a)
{
    return vi_set1((int32_t)a);
}

/*
 * A round maps counter c to {high(m1 c2) ^ c1 ^ k0, low(m1 c2), high(m0 c0) ^ c3 ^ k1, low(m0 c0)}.
 * Only c0 differs between the counters of an item, so that half of the first two rounds is the same
 * for all of them; what it contributes is kept here, and the keys of the other rounds.
 */
struct random_stream {
    struct simd_random random;
    vi first;      /* what round 0 adds to its product in c2 */
    vi second[3];  /* what round 1 adds to its products in c0 and c2, and its c3 */
    vi keys[8][2]; /* of rounds 2 to 9 */
};

static inline void random_start(struct random_stream *stream, const struct simd_random *random)
{
    stream->random = *random;
    for (uint32_t round = 2; round < 10; round++) {
        stream->keys[round - 2][0] = random_set1(random->seed + round * PHILOX_KEY_STEP_0);
        stream->keys[round - 2][1] =
            random_set1(random->purpose_and_layer + round * PHILOX_KEY_STEP_1);
    }
}

static inline void random_set_item(struct random_stream *stream, uint32_t item)
{
    const struct simd_random random = stream->random;
    const uint64_t product1 = (uint64_t)PHILOX_MULTIPLIER_1 * (uint32_t)random.step;
    const uint32_t c0 = (uint32_t)(product1 >> 32) ^ item ^ random.seed;
    const uint32_t c1 = (uint32_t)product1;
    stream->first = random_set1((uint32_t)(random.step >> 32) ^ random.purpose_and_layer);

    const uint64_t product0 = (uint64_t)PHILOX_MULTIPLIER_0 * c0;
    const uint32_t k0 = random.seed + PHILOX_KEY_STEP_0;
    const uint32_t k1 = random.purpose_and_layer + PHILOX_KEY_STEP_1;
    stream->second[0] = random_set1(c1 ^ k0);
    stream->second[1] = random_set1((uint32_t)(product0 >> 32) ^ k1);
    stream->second[2] = random_set1((uint32_t)product0);
}

/* Groups of 4 VF_LANES words that are computed side by side: the products of one group wait for
 * each other. */
enum { RANDOM_GROUPS = 2, RANDOM_BLOCK = RANDOM_GROUPS * 4 * VF_LANES };

/* The words of the counters first, first + 1, ... in order: w[0] holds the first VF_LANES. */
static ALWAYS_INLINE void random_groups(const int groups, const struct random_stream *stream,
                                        uint32_t first, vi *w)
{
    const vi m0 = random_set1(PHILOX_MULTIPLIER_0);
    const vi m1 = random_set1(PHILOX_MULTIPLIER_1);
    vi high0, low0, high1, low1;

    UNROLL
    for (int g = 0; g < groups; g++) {
        vi *const v = w + 4 * g;
        const vi counters = random_set1(first + (uint32_t)(g * VF_LANES));
        vi_mul_wide_u32(vi_add(counters, vi_iota()), m0, &high0, &low0);
        vi_mul_wide_u32(vi_xor(high0, stream->first), m1, &high1, &low1);
        v[0] = vi_xor(high1, stream->second[0]);
        v[1] = low1;
        v[2] = vi_xor(low0, stream->second[1]);
        v[3] = stream->second[2];
    }
    UNROLL
    for (int round = 0; round < 8; round++) {
        UNROLL
        for (int g = 0; g < groups; g++) {
            vi *const v = w + 4 * g;
            vi_mul_wide_u32(v[0], m0, &high0, &low0);
            vi_mul_wide_u32(v[2], m1, &high1, &low1);
            v[0] = vi_xor(high1, vi_xor(v[1], stream->keys[round][0]));
            v[1] = low1;
            v[2] = vi_xor(high0, vi_xor(v[3], stream->keys[round][1]));
            v[3] = low0;
        }
    }
    UNROLL
    for (int g = 0; g < groups; g++) {
        vi_interleave4(w + 4 * g);
    }
}

static inline vf random_drop(vi word, vi lowest_kept, vf x, vf scale)
{
    return vf_clear(vi_lt_u32(word, lowest_kept), vf_mul(x, scale));
}

static void kernel_dropout(const struct simd_random *random, uint32_t first_row, size_t rows,
                           size_t n, uint32_t threshold, float scale, const float *x,
                           size_t x_stride, float *y, size_t y_stride)
{
    struct random_stream stream;
    random_start(&stream, random);
    const vi lowest_kept = random_set1(threshold);
    const vf factor = vf_set1(scale);
    for (size_t r = 0; r < rows; r++) {
        random_set_item(&stream, first_row + (uint32_t)r);
        const float *from = x + r * x_stride;
        float *to = y + r * y_stride;
        vi words[4 * RANDOM_GROUPS];
        size_t j = 0;
        for (; j + RANDOM_BLOCK <= n; j += RANDOM_BLOCK) {
            random_groups(RANDOM_GROUPS, &stream, (uint32_t)(j / 4), words);
            UNROLL
            for (size_t v = 0; v < 4 * RANDOM_GROUPS; v++) {
                const size_t at = j + v * VF_LANES;
                vf_store(to + at, random_drop(words[v], lowest_kept, vf_load(from + at), factor));
            }
        }
        for (; j < n; j += 4 * VF_LANES) {
            random_groups(1, &stream, (uint32_t)(j / 4), words);
            for (size_t v = 0; v < 4 && j + v * VF_LANES < n; v++) {
                const size_t at = j + v * VF_LANES;
                const vf some = vf_load_n(from + at, n - at);
                vf_store_n(to + at, random_drop(words[v], lowest_kept, some, factor), n - at);
            }
        }
    }
}

static void kernel_random_words(const struct simd_random *random, uint32_t first, size_t n,
                                uint32_t *out)
{
    struct random_stream stream;
    random_start(&stream, random);
    random_set_item(&stream, 0);
    for (size_t i = 0; i < n; i += RANDOM_BLOCK) {
        vi words[4 * RANDOM_GROUPS];
        random_groups(RANDOM_GROUPS, &stream, first / 4 + (uint32_t)(i / 4), words);
        for (size_t v = 0; v < 4 * RANDOM_GROUPS && i + v * VF_LANES < n; v++) {
            const size_t at = i + v * VF_LANES;
            vi_store_n((int32_t *)out + at, words[v], n - at);
        }
    }
}

static void kernel_random_uniform(const struct simd_random *random, uint32_t first, size_t n,
                                  float low, float high, float *out)
{
    struct random_stream stream;
    random_start(&stream, random);
    random_set_item(&stream, 0);
    const vf range = vf_set1(high - low);
    const vf base = vf_set1(low);
    for (size_t i = 0; i < n; i += RANDOM_BLOCK) {
        vi words[4 * RANDOM_GROUPS];
        random_groups(RANDOM_GROUPS, &stream, first / 4 + (uint32_t)(i / 4), words);
        for (size_t v = 0; v < 4 * RANDOM_GROUPS && i + v * VF_LANES < n; v++) {
            const size_t at = i + v * VF_LANES;
            /* 24 bits convert exactly. */
            const vf u = vf_mul(vf_from_vi(vi_shr(words[v], 8)), vf_set1(0x1p-24f));
            vf_store_n(out + at, vf_fma(u, range, base), n - at);
        }
    }
}

#endif
