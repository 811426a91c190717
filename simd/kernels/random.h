/*
 * kernels/random.h: Philox4x32-10 (Salmon et al., Parallel random numbers: as easy as 1, 2, 3, SC
 * 2011), VF_LANES counters at a time, and what is drawn from it.
 */
#ifndef PINION_KERNELS_RANDOM_H
#define PINION_KERNELS_RANDOM_H

#define PHILOX_MULTIPLIER_0 0xD2511F53u
#define PHILOX_MULTIPLIER_1 0xCD9E8D57u
#define PHILOX_KEY_STEP_0   0x9E3779B9u
#define PHILOX_KEY_STEP_1   0xBB67AE85u

static inline vi random_set1(uint32_t a)
{
    return vi_set1((int32_t)a);
}

/*
 * The four words of the counters {first + lane, item, step}: w[word] lane i.
 *
 * A round maps counter c to {high(m1 c2) ^ c1 ^ k0, low(m1 c2), high(m0 c0) ^ c3 ^ k1, low(m0 c0)}.
 * Only c0 differs between lanes at first, so that half of the first two rounds is one scalar
 * product each.
 */
static inline void random_block(const struct simd_random *random, uint32_t item, uint32_t first,
                                vi w[4])
{
    const vi m0 = random_set1(PHILOX_MULTIPLIER_0);
    const vi m1 = random_set1(PHILOX_MULTIPLIER_1);
    const uint32_t step_low = (uint32_t)random->step;
    const uint32_t step_high = (uint32_t)(random->step >> 32);
    uint32_t k0 = random->seed;
    uint32_t k1 = random->purpose_and_layer;
    vi high0, low0, high1, low1;

    /* Round 0: c0 and c1 become the same for all lanes. */
    vi_mul_wide_u32(vi_add(random_set1(first), vi_iota()), m0, &high0, &low0);
    const uint64_t product1 = (uint64_t)PHILOX_MULTIPLIER_1 * step_low;
    const uint32_t c0 = (uint32_t)(product1 >> 32) ^ item ^ k0;
    const uint32_t c1 = (uint32_t)product1;
    const vi c2 = vi_xor(high0, random_set1(step_high ^ k1));
    const vi c3 = low0;

    /* Round 1. */
    k0 += PHILOX_KEY_STEP_0;
    k1 += PHILOX_KEY_STEP_1;
    const uint64_t product0 = (uint64_t)PHILOX_MULTIPLIER_0 * c0;
    vi_mul_wide_u32(c2, m1, &high1, &low1);
    w[0] = vi_xor(high1, random_set1(c1 ^ k0));
    w[1] = low1;
    w[2] = vi_xor(c3, random_set1((uint32_t)(product0 >> 32) ^ k1));
    w[3] = random_set1((uint32_t)product0);

    for (int round = 2; round < 10; round++) {
        k0 += PHILOX_KEY_STEP_0;
        k1 += PHILOX_KEY_STEP_1;
        vi_mul_wide_u32(w[0], m0, &high0, &low0);
        vi_mul_wide_u32(w[2], m1, &high1, &low1);
        w[0] = vi_xor(high1, vi_xor(w[1], random_set1(k0)));
        w[1] = low1;
        w[2] = vi_xor(high0, vi_xor(w[3], random_set1(k1)));
        w[3] = low0;
    }
}

/* Words 4 first .. of the stream of `item`, in order: v[0] holds the first VF_LANES. */
static inline void random_ordered(const struct simd_random *random, uint32_t item, uint32_t first,
                                  vi v[4])
{
    random_block(random, item, first, v);
    vi_interleave4(v);
}

static inline vf random_drop(vi word, vi lowest_kept, vf x, vf scale)
{
    return vf_select(vi_lt_u32(word, lowest_kept), vf_zero(), vf_mul(x, scale));
}

static void kernel_dropout(const struct simd_random *random, uint32_t first_row, size_t rows,
                           size_t n, uint32_t threshold, float scale, const float *x,
                           size_t x_stride, float *y, size_t y_stride)
{
    const vi lowest_kept = random_set1(threshold);
    const vf factor = vf_set1(scale);
    for (size_t r = 0; r < rows; r++) {
        const uint32_t item = first_row + (uint32_t)r;
        const float *from = x + r * x_stride;
        float *to = y + r * y_stride;
        vi words[4];
        size_t j = 0;
        for (; j + 4 * VF_LANES <= n; j += 4 * VF_LANES) {
            random_ordered(random, item, (uint32_t)(j / 4), words);
            for (size_t v = 0; v < 4; v++) {
                const size_t at = j + v * VF_LANES;
                vf_store(to + at, random_drop(words[v], lowest_kept, vf_load(from + at), factor));
            }
        }
        if (j < n) {
            random_ordered(random, item, (uint32_t)(j / 4), words);
            for (size_t v = 0; v < 4 && j + v * VF_LANES < n; v++) {
                const size_t at = j + v * VF_LANES;
                const vf tail = vf_load_n(from + at, n - at);
                vf_store_n(to + at, random_drop(words[v], lowest_kept, tail, factor), n - at);
            }
        }
    }
}

static void kernel_random_words(const struct simd_random *random, uint32_t first, size_t n,
                                uint32_t *out)
{
    for (size_t i = 0; i < n; i += 4 * VF_LANES) {
        vi words[4];
        random_ordered(random, 0, first / 4 + (uint32_t)(i / 4), words);
        for (size_t v = 0; v < 4 && i + v * VF_LANES < n; v++) {
            const size_t at = i + v * VF_LANES;
            vi_store_n((int32_t *)out + at, words[v], n - at);
        }
    }
}

static void kernel_random_uniform(const struct simd_random *random, uint32_t first, size_t n,
                                  float low, float high, float *out)
{
    const vf range = vf_set1(high - low);
    const vf base = vf_set1(low);
    for (size_t i = 0; i < n; i += 4 * VF_LANES) {
        vi words[4];
        random_ordered(random, 0, first / 4 + (uint32_t)(i / 4), words);
        for (size_t v = 0; v < 4 && i + v * VF_LANES < n; v++) {
            const size_t at = i + v * VF_LANES;
            /* 24 bits convert exactly. */
            const vf u = vf_mul(vf_from_vi(vi_shr(words[v], 8)), vf_set1(0x1p-24f));
            vf_store_n(out + at, vf_fma(u, range, base), n - at);
        }
    }
}

#endif
