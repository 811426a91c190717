#include "tests/simd/frame.h"

#include <math.h>
#include <string.h>

static size_t padded(size_t n)
{
    return (n + SIMD_MAX_LANES - 1) / SIMD_MAX_LANES * SIMD_MAX_LANES;
}

/* Logits: the frame's values, or larger ones with ties and, rarely, NaN. */
static void fill_logits(size_t count, float *z)
{
    const size_t kind = frame_below(3);
    for (size_t i = 0; i < count && kind > 0; i++) {
        z[i] = kind == 1 ? frame_unit() * 60.0f : (float)frame_below(4);
        if (kind == 2 && frame_below(100) == 0) {
            z[i] = NAN;
        }
    }
}

static void softmax_case(const struct simd_kernels *kernels, size_t rows, size_t n)
{
    if (!frame_begin(kernels, "softmax", "rows=%zu n=%zu", rows, n)) {
        return;
    }
    const size_t z_stride = n + frame_below(4);
    const size_t p_stride = n + frame_below(4);
    const size_t z_size = (rows - 1) * z_stride + n;
    const size_t p_size = (rows - 1) * p_stride + n;
    float *z = frame_output(z_size);
    fill_logits(z_size, z);
    frame_protect(z);
    float *in_place = frame_bytes(z_size * sizeof(float));
    memcpy(in_place, z, z_size * sizeof(float));
    float *expected_in_place = frame_copy(z_size, z);
    float *p = frame_output(p_size);
    float *expected = frame_copy(p_size, p);
    kernels->softmax(rows, n, z, z_stride, p, p_stride);
    simd_reference.softmax(rows, n, z, z_stride, expected, p_stride);
    frame_check("p", p_size, expected, p);
    kernels->softmax(rows, n, in_place, z_stride, in_place, z_stride);
    simd_reference.softmax(rows, n, expected_in_place, z_stride, expected_in_place, z_stride);
    frame_check("p in place", z_size, expected_in_place, in_place);
    frame_end();
}

enum destination { ELSEWHERE, IN_PLACE, NOWHERE };

static void crossentropy_case(const struct simd_kernels *kernels, size_t rows, size_t n,
                              enum destination destination)
{
    if (!frame_begin(kernels, "softmax_crossentropy", "rows=%zu n=%zu dz=%d", rows, n,
                     (int)destination)) {
        return;
    }
    const size_t stride = padded(n) + frame_below(2) * 3;
    const size_t dz_size = (rows - 1) * stride + padded(n);
    const size_t z_stride = destination == IN_PLACE ? stride : n + frame_below(4);
    const size_t z_size = destination == IN_PLACE ? dz_size : (rows - 1) * z_stride + n;
    float *z = frame_output(z_size);
    fill_logits(z_size, z);
    float *expected_dz = frame_copy(z_size, z);
    float *dz = z;
    if (destination != IN_PLACE) {
        frame_protect(z);
        dz = frame_output(dz_size);
        expected_dz = frame_copy(dz_size, dz);
    }
    int32_t *labels = frame_bytes(rows * sizeof(int32_t));
    for (size_t r = 0; r < rows; r++) {
        labels[r] = (int32_t)frame_below(n);
    }
    frame_protect(labels);
    float *loss = frame_output(rows);
    float *expected_loss = frame_copy(rows, loss);
    uint8_t *correct = frame_bytes(rows);
    memset(correct, 7, rows);
    uint8_t *expected_correct = (uint8_t *)frame_scratch(rows);

    struct simd_softmax_crossentropy args = {
        .rows = rows,
        .n = n,
        .z = z,
        .z_stride = z_stride,
        .labels = labels,
        .gradient_scale = frame_below(4) == 0 ? 0x1p-58f : 1.0f / (float)rows,
        .dz = destination == NOWHERE ? NULL : dz,
        .dz_stride = stride,
        .loss = loss,
        .correct = correct,
    };
    struct simd_softmax_crossentropy naive = args;
    naive.z = destination == IN_PLACE ? expected_dz : z;
    naive.dz = destination == NOWHERE ? NULL : expected_dz;
    naive.loss = expected_loss;
    naive.correct = expected_correct;
    kernels->softmax_crossentropy(&args);
    simd_reference.softmax_crossentropy(&naive);
    frame_check("loss", rows, expected_loss, loss);
    frame_check_bytes("correct", rows, expected_correct, correct);
    frame_check("dz", dz_size, expected_dz, dz);
    frame_end();
}

static void reduce_case(const struct simd_kernels *kernels, size_t n)
{
    if (frame_begin(kernels, "sum", "n=%zu", n)) {
        const float *x = frame_input(n);
        const float expected = simd_reference.sum(n, x);
        const float actual = kernels->sum(n, x);
        frame_check("sum", 1, &expected, &actual);
        frame_end();
    }
    if (n > 0 && frame_begin(kernels, "max", "n=%zu", n)) {
        const float *x = frame_input(n);
        const float expected = simd_reference.max(n, x);
        const float actual = kernels->max(n, x);
        frame_check("max", 1, &expected, &actual);
        frame_end();
    }
    if (frame_begin(kernels, "count_subnormal", "n=%zu", n)) {
        float *x = frame_output(n);
        for (size_t i = 0; i < n; i++) {
            const uint32_t edges[] = {0, 1, 0x7fffff, 0x800000, 0x3f800000, 0x7f800001};
            const uint32_t bits = edges[frame_below(6)] | (uint32_t)frame_below(2) << 31;
            memcpy(&x[i], &bits, sizeof bits);
        }
        frame_protect(x);
        frame_check_size("count", simd_reference.count_subnormal(n, x),
                         kernels->count_subnormal(n, x));
        frame_end();
    }
}

void row_cases(const struct simd_kernels *kernels)
{
    static const size_t more_columns[] = {16, 17, 23, 31, 32, 33, 48, 100};
    for (size_t n = 1; n < 16; n++) {
        for (size_t rows = 1; rows <= 2 * (size_t)kernels->lanes + 1; rows++) {
            softmax_case(kernels, rows, n);
            crossentropy_case(kernels, rows, n, (enum destination)(rows % 3));
        }
    }
    for (size_t i = 0; i < sizeof more_columns / sizeof more_columns[0]; i++) {
        for (size_t rows = 1; rows <= (size_t)kernels->lanes + 1; rows++) {
            softmax_case(kernels, rows, more_columns[i]);
            crossentropy_case(kernels, rows, more_columns[i], (enum destination)(rows % 3));
        }
    }
    softmax_case(kernels, 3, 1000);
    crossentropy_case(kernels, 3, 1000, ELSEWHERE);
    crossentropy_case(kernels, 480, 10, IN_PLACE);
    for (size_t n = 0; n <= 65; n++) {
        reduce_case(kernels, n);
    }
    reduce_case(kernels, 10007);
}
