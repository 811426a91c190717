#include "simd/reference/functions.h"

#include <math.h>

/* One word of Philox4x32-10, straight from its definition. */
static uint32_t philox_word(const struct simd_random *random, uint32_t item, uint32_t element)
{
    uint32_t c[4] = {element / 4, item, (uint32_t)random->step, (uint32_t)(random->step >> 32)};
    uint32_t key[2] = {random->seed, random->purpose_and_layer};
    for (int round = 0; round < 10; round++) {
        const uint64_t product0 = UINT64_C(0xD2511F53) * c[0];
        const uint64_t product1 = UINT64_C(0xCD9E8D57) * c[2];
        const uint32_t next0 = (uint32_t)(product1 >> 32) ^ c[1] ^ key[0];
        const uint32_t next2 = (uint32_t)(product0 >> 32) ^ c[3] ^ key[1];
        c[0] = next0;
        c[1] = (uint32_t)product1;
        c[2] = next2;
        c[3] = (uint32_t)product0;
        key[0] += 0x9E3779B9u;
        key[1] += 0xBB67AE85u;
    }
    return c[element % 4];
}

void reference_dropout(const struct simd_random *random, uint32_t first_row, size_t rows, size_t n,
                       uint32_t threshold, float scale, const float *x, size_t x_stride, float *y,
                       size_t y_stride)
{
    for (size_t r = 0; r < rows; r++) {
        for (size_t j = 0; j < n; j++) {
            const uint32_t word = philox_word(random, first_row + (uint32_t)r, (uint32_t)j);
            y[r * y_stride + j] = word >= threshold ? x[r * x_stride + j] * scale : 0.0f;
        }
    }
}

void reference_random_words(const struct simd_random *random, uint32_t first, size_t n,
                            uint32_t *out)
{
    for (size_t i = 0; i < n; i++) {
        out[i] = philox_word(random, 0, first + (uint32_t)i);
    }
}

void reference_random_uniform(const struct simd_random *random, uint32_t first, size_t n, float low,
                              float high, float *out)
{
    for (size_t i = 0; i < n; i++) {
        const uint32_t word = philox_word(random, 0, first + (uint32_t)i);
        const float u = (float)(word >> 8) * 0x1p-24f;
        out[i] = fmaf(u, high - low, low);
    }
}
