#include "tests/simd/frame.h"

#include <string.h>

static const char *const activation_names[SIMD_ACTIVATION_COUNT] = {
    [SIMD_LINEAR] = "linear",     [SIMD_RELU] = "relu",
    [SIMD_SIGMOID] = "sigmoid",   [SIMD_TANH] = "tanh",
    [SIMD_GELU] = "gelu",         [SIMD_GELU_TANH] = "gelu_tanh",
    [SIMD_SILU] = "silu",         [SIMD_ELU] = "elu",
    [SIMD_SELU] = "selu",         [SIMD_LEAKY_RELU] = "leaky_relu",
    [SIMD_SOFTPLUS] = "softplus", [SIMD_EXPONENTIAL] = "exponential",
};

/* What a function may meet: the frame's values, numbers up to +-120, and any bit pattern. */
static const float *function_input(size_t n)
{
    float *x = frame_output(n);
    const size_t kind = frame_below(3);
    for (size_t i = 0; i < n && kind > 0; i++) {
        const uint32_t bits = (uint32_t)frame_random();
        x[i] = frame_unit() * 120.0f;
        if (kind == 2) {
            memcpy(&x[i], &bits, sizeof bits);
        }
    }
    frame_protect(x);
    return x;
}

typedef void function(size_t n, const float *x, float *y);

static void function_case(const struct simd_kernels *kernels, const char *name, function *kernel,
                          function *reference, size_t n)
{
    if (!frame_begin(kernels, name, "n=%zu", n)) {
        return;
    }
    const float *x = function_input(n);
    float *y = frame_output(n);
    float *expected = frame_copy(n, y);
    float *in_place = frame_bytes(n * sizeof(float));
    memcpy(in_place, x, n * sizeof(float));
    kernel(n, x, y);
    kernel(n, in_place, in_place);
    reference(n, x, expected);
    frame_check("y", n, expected, y);
    frame_check("y in place", n, expected, in_place);
    frame_end();
}

static void activation_case(const struct simd_kernels *kernels, enum simd_activation kind, size_t n)
{
    if (!frame_begin(kernels, "activation", "%s n=%zu", activation_names[kind], n)) {
        return;
    }
    const float *x = function_input(n);
    const float alpha = frame_unit() * 0.5f + 0.5f;
    float *y = frame_output(n);
    float *expected = frame_copy(n, y);
    float *in_place = frame_bytes(n * sizeof(float));
    memcpy(in_place, x, n * sizeof(float));
    kernels->activation(kind, alpha, n, x, y);
    kernels->activation(kind, alpha, n, in_place, in_place);
    simd_reference.activation(kind, alpha, n, x, expected);
    frame_check("y", n, expected, y);
    frame_check("y in place", n, expected, in_place);
    frame_end();
}

static void gradient_case(const struct simd_kernels *kernels, enum simd_activation kind, size_t n)
{
    if (!frame_begin(kernels, "activation_gradient", "%s n=%zu", activation_names[kind], n)) {
        return;
    }
    const bool reads_x = kind == SIMD_GELU || kind == SIMD_GELU_TANH || kind == SIMD_SILU;
    const float alpha = frame_unit() * 0.5f + 0.5f;
    const float *values = function_input(n);
    if (!reads_x) {
        float *y = frame_output(n);
        simd_reference.activation(kind, alpha, n, values, y);
        frame_protect(y);
        values = y;
    }
    /* The one that the kind does not need may be missing. */
    const float *x = reads_x ? values : NULL;
    const float *y = reads_x ? NULL : values;
    const float *dy = frame_input(n);
    float *dx = frame_output(n);
    float *expected = frame_copy(n, dx);
    float *in_place = frame_bytes(n * sizeof(float));
    memcpy(in_place, dy, n * sizeof(float));
    kernels->activation_gradient(kind, alpha, n, x, y, dy, dx);
    kernels->activation_gradient(kind, alpha, n, x, y, in_place, in_place);
    simd_reference.activation_gradient(kind, alpha, n, x, y, dy, expected);
    frame_check("dx", n, expected, dx);
    frame_check("dx in place", n, expected, in_place);
    frame_end();
}

static void function_cases_of(const struct simd_kernels *kernels, size_t n)
{
    function_case(kernels, "exp", kernels->exp, simd_reference.exp, n);
    function_case(kernels, "log", kernels->log, simd_reference.log, n);
    for (int kind = 0; kind < SIMD_ACTIVATION_COUNT; kind++) {
        activation_case(kernels, (enum simd_activation)kind, n);
        gradient_case(kernels, (enum simd_activation)kind, n);
    }
}

void function_cases(const struct simd_kernels *kernels)
{
    for (size_t n = 0; n <= 4 * kernels->lanes + 1; n++) {
        function_cases_of(kernels, n);
    }
    function_cases_of(kernels, 1000);
}
