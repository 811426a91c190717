#include "tests/simd/frame.h"

#include <string.h>

static struct simd_random any_stream(void)
{
    const uint64_t key = frame_random();
    return (struct simd_random){(uint32_t)key, (uint32_t)(key >> 32), frame_random()};
}

static void words_case(const struct simd_kernels *kernels, size_t n)
{
    if (!frame_begin(kernels, "random_words", "n=%zu", n)) {
        return;
    }
    const struct simd_random random = any_stream();
    const uint32_t first = 4 * (uint32_t)frame_below(1 << 28);
    uint32_t *out = frame_bytes(n * sizeof(uint32_t));
    uint32_t *expected = (uint32_t *)frame_scratch(n);
    kernels->random_words(&random, first, n, out);
    simd_reference.random_words(&random, first, n, expected);
    frame_check_words("out", n, expected, out);
    frame_end();
}

static void uniform_case(const struct simd_kernels *kernels, size_t n)
{
    if (!frame_begin(kernels, "random_uniform", "n=%zu", n)) {
        return;
    }
    const struct simd_random random = any_stream();
    const uint32_t first = 4 * (uint32_t)frame_below(1 << 28);
    const float low = frame_unit();
    const float high = low + 1.5f + frame_unit();
    float *out = frame_output(n);
    float *expected = frame_copy(n, out);
    kernels->random_uniform(&random, first, n, low, high, out);
    simd_reference.random_uniform(&random, first, n, low, high, expected);
    frame_check("out", n, expected, out);
    frame_end();
}

static void dropout_case(const struct simd_kernels *kernels, size_t rows, size_t n)
{
    if (!frame_begin(kernels, "dropout", "rows=%zu n=%zu", rows, n)) {
        return;
    }
    static const uint32_t thresholds[] = {0, 1, 0x33333333, 0x80000000, 0xE6666666, 0xFFFFFFFF};
    const struct simd_random random = any_stream();
    const uint32_t threshold = thresholds[frame_below(6)];
    const uint32_t first_row = (uint32_t)frame_random();
    const float scale = 1.0f + frame_unit() * frame_unit();
    const size_t x_stride = n + frame_below(4);
    const size_t y_stride = n + frame_below(4);
    const size_t x_size = (rows - 1) * x_stride + n;
    const size_t y_size = (rows - 1) * y_stride + n;
    const float *x = frame_input(x_size);
    float *y = frame_output(y_size);
    float *expected = frame_copy(y_size, y);
    float *in_place = frame_bytes(x_size * sizeof(float));
    memcpy(in_place, x, x_size * sizeof(float));
    float *expected_in_place = frame_copy(x_size, x);
    kernels->dropout(&random, first_row, rows, n, threshold, scale, x, x_stride, y, y_stride);
    simd_reference.dropout(&random, first_row, rows, n, threshold, scale, x, x_stride, expected,
                           y_stride);
    frame_check("y", y_size, expected, y);
    kernels->dropout(&random, first_row, rows, n, threshold, scale, in_place, x_stride, in_place,
                     x_stride);
    simd_reference.dropout(&random, first_row, rows, n, threshold, scale, x, x_stride,
                           expected_in_place, x_stride);
    frame_check("y in place", x_size, expected_in_place, in_place);
    frame_end();
}

void random_cases(const struct simd_kernels *kernels)
{
    for (size_t n = 1; n <= 9 * (size_t)kernels->lanes + 1; n++) {
        words_case(kernels, n);
        uniform_case(kernels, n);
        dropout_case(kernels, 1 + n % 3, n);
    }
    dropout_case(kernels, 7, 256);
}
