#include <criterion/criterion.h>
#include <math.h>
#include <string.h>

#include "tests/simd/keras_vectors.h"
#include "tests/simd/tables.h"

enum { MOST_ROWS = 40, MOST_COLUMNS = 112 };

/* Numbers that differ, up to `scale`. */
static void fill(size_t n, float scale, float *z)
{
    uint32_t state = 12345;
    for (size_t i = 0; i < n; i++) {
        state = state * 1664525u + 1013904223u;
        z[i] = (float)(int32_t)state * 0x1p-31f * scale;
    }
}

static double exact_sum(size_t n, const float *z, double max)
{
    double sum = 0;
    for (size_t j = 0; j < n; j++) {
        sum += exp((double)z[j] - max);
    }
    return sum;
}

static double exact_max(size_t n, const float *z)
{
    double max = (double)z[0];
    for (size_t j = 1; j < n; j++) {
        max = (double)z[j] > max ? (double)z[j] : max;
    }
    return max;
}

Test(softmax, equals_keras)
{
    const struct simd_kernels *kernels;
    for (size_t at = 0; (kernels = tables_next(&at));) {
        enum { SIZE = KERAS_SOFTMAX_ROWS * KERAS_SOFTMAX_COLUMNS };
        float p[SIZE];
        kernels->softmax(KERAS_SOFTMAX_ROWS, KERAS_SOFTMAX_COLUMNS, keras_softmax_in,
                         KERAS_SOFTMAX_COLUMNS, p, KERAS_SOFTMAX_COLUMNS);
        for (int i = 0; i < SIZE; i++) {
            cr_assert(fabsf(p[i] - keras_softmax[i]) <= 1e-6f * keras_softmax[i],
                      "%s: p[%d] is %g, Keras %g", kernels->name, i, (double)p[i],
                      (double)keras_softmax[i]);
        }
    }
}

Test(softmax, is_near_its_double)
{
    static const size_t columns[] = {1, 2, 7, 10, 16, 17, 100};
    static float z[MOST_ROWS * MOST_COLUMNS], p[MOST_ROWS * MOST_COLUMNS];
    fill(MOST_ROWS * MOST_COLUMNS, 20.0f, z);
    const struct simd_kernels *kernels;
    for (size_t at = 0; (kernels = tables_next(&at));) {
        for (size_t c = 0; c < sizeof columns / sizeof columns[0]; c++) {
            const size_t n = columns[c];
            kernels->softmax(MOST_ROWS, n, z, MOST_COLUMNS, p, MOST_COLUMNS);
            for (size_t r = 0; r < MOST_ROWS; r++) {
                const float *row = z + r * MOST_COLUMNS;
                const double max = exact_max(n, row);
                const double sum = exact_sum(n, row, max);
                for (size_t j = 0; j < n; j++) {
                    const double expected = exp((double)row[j] - max) / sum;
                    /* z - max is rounded: up to 40 / 2^25 of exp. */
                    const double error = fabs((double)p[r * MOST_COLUMNS + j] - expected);
                    cr_assert(error <= 2.5e-6 * expected, "%s: n %zu, error %g of %g",
                              kernels->name, n, error, expected);
                }
            }
        }
    }
}

Test(crossentropy, equals_keras)
{
    const struct simd_kernels *kernels;
    for (size_t at = 0; (kernels = tables_next(&at));) {
        float loss[KERAS_LOSS_ROWS];
        uint8_t correct[KERAS_LOSS_ROWS];
        const struct simd_softmax_crossentropy args = {
            .rows = KERAS_LOSS_ROWS,
            .n = KERAS_LOSS_COLUMNS,
            .z = keras_logits,
            .z_stride = KERAS_LOSS_COLUMNS,
            .labels = keras_labels,
            .loss = loss,
            .correct = correct,
        };
        kernels->softmax_crossentropy(&args);
        for (int r = 0; r < KERAS_LOSS_ROWS; r++) {
            cr_assert(fabsf(loss[r] - keras_crossentropy[r]) <= 1e-6f * keras_crossentropy[r],
                      "%s: loss[%d] is %g, Keras %g", kernels->name, r, (double)loss[r],
                      (double)keras_crossentropy[r]);
        }
    }
}

/* Raw pixels give logits in the hundreds. */
Test(crossentropy, is_near_its_double_for_small_and_large_logits)
{
    static const size_t columns[] = {2, 10, 16, 17, 100};
    static const float scales[] = {0.01f, 3.0f, 400.0f};
    static float z[MOST_ROWS * MOST_COLUMNS], dz[MOST_ROWS * MOST_COLUMNS];
    const struct simd_kernels *kernels;
    for (size_t at = 0; (kernels = tables_next(&at));) {
        for (size_t c = 0; c < 5 * 3; c++) {
            const size_t n = columns[c % 5];
            fill(MOST_ROWS * MOST_COLUMNS, scales[c / 5], z);
            int32_t labels[MOST_ROWS];
            float loss[MOST_ROWS];
            uint8_t correct[MOST_ROWS];
            for (size_t r = 0; r < MOST_ROWS; r++) {
                labels[r] = (int32_t)(r * 7 % n);
            }
            const float scale = 1.0f / MOST_ROWS;
            const struct simd_softmax_crossentropy args = {
                .rows = MOST_ROWS,
                .n = n,
                .z = z,
                .z_stride = MOST_COLUMNS,
                .labels = labels,
                .gradient_scale = scale,
                .dz = dz,
                .dz_stride = MOST_COLUMNS,
                .loss = loss,
                .correct = correct,
            };
            kernels->softmax_crossentropy(&args);
            for (size_t r = 0; r < MOST_ROWS; r++) {
                const float *row = z + r * MOST_COLUMNS;
                const double max = exact_max(n, row);
                const double sum = exact_sum(n, row, max);
                const double of_label = (double)row[labels[r]];
                const double expected = log(sum) + (max - of_label);
                cr_assert(fabs((double)loss[r] - expected) <= 3e-7 * (expected + 1),
                          "%s: n %zu, loss %g, expected %g", kernels->name, n, (double)loss[r],
                          expected);
                cr_assert_eq(correct[r], of_label == max);
                for (size_t j = 0; j < n; j++) {
                    const double p = exp((double)row[j] - max) / sum;
                    const double slope = (p - (j == (size_t)labels[r])) * (double)scale;
                    cr_assert(fabs((double)dz[r * MOST_COLUMNS + j] - slope) <=
                                  (double)scale * 2e-6,
                              "%s: n %zu, dz %g, expected %g", kernels->name, n,
                              (double)dz[r * MOST_COLUMNS + j], slope);
                }
            }
        }
    }
}

/* One row of n equal logits, but the last is `last`; *loss may be NULL. */
static int correct_of(const struct simd_kernels *kernels, size_t n, float others, float last,
                      int32_t label, float *loss)
{
    float z[32];
    for (size_t j = 0; j < n; j++) {
        z[j] = j + 1 < n ? others : last;
    }
    float ignored;
    uint8_t correct;
    const struct simd_softmax_crossentropy args = {
        .rows = 1,
        .n = n,
        .z = z,
        .z_stride = n,
        .labels = &label,
        .loss = loss ? loss : &ignored,
        .correct = &correct,
    };
    kernels->softmax_crossentropy(&args);
    return correct;
}

Test(crossentropy, the_first_largest_logit_is_the_prediction)
{
    const struct simd_kernels *kernels;
    for (size_t at = 0; (kernels = tables_next(&at));) {
        for (size_t n = 10; n <= 20; n += 10) {
            cr_assert_eq(correct_of(kernels, n, 1.0f, 1.0f, 0, NULL), 1);
            cr_assert_eq(correct_of(kernels, n, 1.0f, 1.0f, 1, NULL), 0);
            cr_assert_eq(correct_of(kernels, n, 1.0f, 1.0f, (int32_t)n - 1, NULL), 0);
            cr_assert_eq(correct_of(kernels, n, 1.0f, 2.0f, (int32_t)n - 1, NULL), 1);
            cr_assert_eq(correct_of(kernels, n, 1.0f, 2.0f, 0, NULL), 0);
        }
    }
}

Test(crossentropy, nan_gives_nan_and_counts_as_class_0)
{
    const struct simd_kernels *kernels;
    for (size_t at = 0; (kernels = tables_next(&at));) {
        for (size_t n = 10; n <= 20; n += 10) {
            float loss;
            cr_assert_eq(correct_of(kernels, n, NAN, NAN, 0, &loss), 1);
            cr_assert(isnan(loss));
            cr_assert_eq(correct_of(kernels, n, NAN, NAN, 3, &loss), 0);
            cr_assert(isnan(loss));
            correct_of(kernels, n, 1.0f, NAN, 3, &loss);
            cr_assert(isnan(loss));
        }
    }
}

Test(crossentropy, a_small_gradient_becomes_zero)
{
    const struct simd_kernels *kernels;
    for (size_t at = 0; (kernels = tables_next(&at));) {
        for (size_t n = 10; n <= 20; n += 10) {
            float z[32] = {0}, dz[32], loss;
            uint8_t correct;
            const int32_t label = 0;
            /* p is about e^-39 = 2^-56.3 and e^-50 = 2^-72.1 */
            z[0] = 50.0f;
            z[1] = 11.0f;
            const struct simd_softmax_crossentropy args = {1,    n,  z,  n,     &label,
                                                           1.0f, dz, 32, &loss, &correct};
            kernels->softmax_crossentropy(&args);
            cr_assert(dz[1] > 0x1p-57f);
            cr_assert_eq(dz[2], 0.0f);
            cr_assert_eq(dz[n - 1], 0.0f);
        }
    }
}
