#include <criterion/criterion.h>
#include <math.h>

#include "tests/simd/exact.h"
#include "tests/simd/keras_vectors.h"
#include "tests/simd/tables.h"

static void expect_keras(enum simd_activation kind, float alpha, const float *expected)
{
    const struct simd_kernels *kernels;
    for (size_t at = 0; (kernels = tables_next(&at));) {
        float y[KERAS_INPUTS];
        kernels->activation(kind, alpha, KERAS_INPUTS, keras_x, y);
        for (int i = 0; i < KERAS_INPUTS; i++) {
            /* Keras's own float32 formulas cancel to about 1e-7. */
            const float bound = 1e-5f * fabsf(expected[i]) + 2e-7f;
            cr_assert(fabsf(y[i] - expected[i]) <= bound, "%s, activation %d of %g: %g, Keras %g",
                      kernels->name, (int)kind, (double)keras_x[i], (double)y[i],
                      (double)expected[i]);
        }
    }
}

Test(activation, equals_keras)
{
    expect_keras(SIMD_LINEAR, 0.0f, keras_x);
    expect_keras(SIMD_RELU, 0.0f, keras_relu);
    expect_keras(SIMD_SIGMOID, 0.0f, keras_sigmoid);
    expect_keras(SIMD_TANH, 0.0f, keras_tanh);
    expect_keras(SIMD_GELU, 0.0f, keras_gelu);
    expect_keras(SIMD_GELU_TANH, 0.0f, keras_gelu_approximate);
    expect_keras(SIMD_SILU, 0.0f, keras_silu);
    expect_keras(SIMD_ELU, 1.0f, keras_elu);
    expect_keras(SIMD_ELU, 0.5f, keras_elu_half);
    expect_keras(SIMD_SELU, 0.0f, keras_selu);
    expect_keras(SIMD_LEAKY_RELU, 0.2f, keras_leaky_relu);
    expect_keras(SIMD_SOFTPLUS, 0.0f, keras_softplus);
    expect_keras(SIMD_EXPONENTIAL, 0.0f, keras_exponential);
}

/* Away from 0, where some have a corner; each point's derivative by central differences of the
 * double-precision function, which know nothing of the kernels' formulas. */
Test(activation, gradient_is_the_slope_of_the_function)
{
    enum { POINTS = 401 };
    float x[POINTS], y[POINTS], dy[POINTS], dx[POINTS];
    const float alpha = 0.3f;
    for (int i = 0; i < POINTS; i++) {
        x[i] = (float)(i - 200) * 0.05f + 0.01f;
        dy[i] = (float)(i % 7) - 3.0f;
    }
    const struct simd_kernels *kernels;
    for (size_t at = 0; (kernels = tables_next(&at));) {
        for (int k = 0; k < SIMD_ACTIVATION_COUNT; k++) {
            const enum simd_activation kind = (enum simd_activation)k;
            kernels->activation(kind, alpha, POINTS, x, y);
            kernels->activation_gradient(kind, alpha, POINTS, x, y, dy, dx);
            for (int i = 0; i < POINTS; i++) {
                const double h = 1e-5;
                const double slope = (exact_activation(kind, (double)alpha, (double)x[i] + h) -
                                      exact_activation(kind, (double)alpha, (double)x[i] - h)) /
                                     (2 * h);
                const double expected = (double)dy[i] * slope;
                cr_assert(fabs((double)dx[i] - expected) <= 2e-6 * (fabs(expected) + 1),
                          "%s, activation %d at %g: %g, expected %g", kernels->name, k,
                          (double)x[i], (double)dx[i], expected);
            }
        }
    }
}

Test(activation, gradient_at_zero_is_that_of_keras)
{
    const float dy = 1.0f;
    const float zero = 0.0f;
    const struct simd_kernels *kernels;
    for (size_t at = 0; (kernels = tables_next(&at));) {
        float dx;
        kernels->activation_gradient(SIMD_RELU, 0.0f, 1, NULL, &zero, &dy, &dx);
        cr_assert_eq(dx, 0.0f);
        kernels->activation_gradient(SIMD_LEAKY_RELU, 0.25f, 1, NULL, &zero, &dy, &dx);
        cr_assert_eq(dx, 0.25f);
        kernels->activation_gradient(SIMD_ELU, 0.5f, 1, NULL, &zero, &dy, &dx);
        cr_assert_eq(dx, 0.5f);
    }
}

Test(activation, tiny_results_become_zero_and_nan_stays)
{
    const struct simd_kernels *kernels;
    for (size_t at = 0; (kernels = tables_next(&at));) {
        for (int k = 0; k < SIMD_ACTIVATION_COUNT; k++) {
            const enum simd_activation kind = (enum simd_activation)k;
            const float x[] = {NAN, 0x1p-130f, -0x1p-130f, -0x1p-101f, -79.0f, -1000.0f};
            float y[6], dx[6];
            const float dy[] = {1.0f, 0x1p-120f, -0x1p-120f, 0x1p-140f, 0x1p-50f, 0x1p-110f};
            kernels->activation(kind, 1.0f, 6, x, y);
            cr_assert(isnan(y[0]), "%s, activation %d of NaN is %g", kernels->name, k,
                      (double)y[0]);
            kernels->activation_gradient(kind, 1.0f, 6, x, y, dy, dx);
            for (int i = 1; i < 6; i++) {
                cr_assert(y[i] == 0.0f || fabsf(y[i]) >= 0x1p-100f);
                cr_assert(dx[i] == 0.0f || fabsf(dx[i]) >= 0x1p-100f);
            }
            cr_assert_eq(kernels->count_subnormal(6, y), 0);
            cr_assert_eq(kernels->count_subnormal(6, dx), 0);
        }
    }
}

Test(exponential, ends_of_its_range)
{
    const float x[] = {-80.0f,        -0x1.400002p6f, -INFINITY, 0x1.62e42ep6f,
                       0x1.62e430p6f, INFINITY,       NAN,       0.0f};
    const struct simd_kernels *kernels;
    for (size_t at = 0; (kernels = tables_next(&at));) {
        float y[8];
        kernels->exp(8, x, y);
        cr_assert(y[0] > 0.0f);
        cr_assert(y[1] == 0.0f && !signbit(y[1]));
        cr_assert(y[2] == 0.0f);
        cr_assert(isfinite(y[3]) && y[3] > 3.4e38f);
        cr_assert(isinf(y[4]) && isinf(y[5]));
        cr_assert(isnan(y[6]));
        cr_assert(y[7] == 1.0f);
    }
}

Test(logarithm, ends_of_its_range)
{
    const float x[] = {0.0f, -0.0f, -1.0f, -INFINITY, INFINITY, NAN, 1.0f, 0x1p-149f};
    const struct simd_kernels *kernels;
    for (size_t at = 0; (kernels = tables_next(&at));) {
        float y[8];
        kernels->log(8, x, y);
        cr_assert(y[0] == -INFINITY && y[1] == -INFINITY);
        cr_assert(isnan(y[2]) && isnan(y[3]));
        cr_assert(y[4] == INFINITY);
        cr_assert(isnan(y[5]));
        cr_assert(y[6] == 0.0f);
        cr_assert_float_eq(y[7], -103.278929903f, 1e-5f);
    }
}
