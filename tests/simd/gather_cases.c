#include "tests/simd/frame.h"

static void gather_u8_case(const struct simd_kernels *kernels, size_t count, size_t n)
{
    if (!frame_begin(kernels, "gather_u8", "count=%zu n=%zu", count, n)) {
        return;
    }
    const uint8_t *rows[16];
    uint8_t *samples = frame_bytes(count * n);
    for (size_t i = 0; i < count * n; i++) {
        samples[i] = (uint8_t)frame_random();
    }
    frame_protect(samples);
    for (size_t r = 0; r < count; r++) {
        rows[r] = samples + frame_below(count) * n;
    }
    const float scale = frame_unit();
    const float offset = frame_unit();
    const size_t stride = n + frame_below(3);
    const size_t size = (count - 1) * stride + n;
    float *out = frame_output(size);
    float *expected = frame_copy(size, out);
    kernels->gather_u8(count, n, rows, scale, offset, out, stride);
    simd_reference.gather_u8(count, n, rows, scale, offset, expected, stride);
    frame_check("out", size, expected, out);
    frame_end();
}

static void gather_f32_case(const struct simd_kernels *kernels, size_t count, size_t n)
{
    if (!frame_begin(kernels, "gather_f32", "count=%zu n=%zu", count, n)) {
        return;
    }
    const float *rows[16];
    const float *samples = frame_input(count * n);
    for (size_t r = 0; r < count; r++) {
        rows[r] = samples + frame_below(count) * n;
    }
    const float scale = frame_unit();
    const float offset = frame_unit();
    const size_t stride = n + frame_below(3);
    const size_t size = (count - 1) * stride + n;
    float *out = frame_output(size);
    float *expected = frame_copy(size, out);
    kernels->gather_f32(count, n, rows, scale, offset, out, stride);
    simd_reference.gather_f32(count, n, rows, scale, offset, expected, stride);
    frame_check("out", size, expected, out);
    frame_end();
}

void gather_cases(const struct simd_kernels *kernels)
{
    for (size_t n = 1; n <= 4 * kernels->lanes + 1; n++) {
        gather_u8_case(kernels, 1 + n % 5, n);
        gather_f32_case(kernels, 1 + n % 5, n);
    }
    gather_u8_case(kernels, 16, 784);
    gather_f32_case(kernels, 16, 784);
}
