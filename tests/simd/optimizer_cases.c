#include "tests/simd/frame.h"
#include "tests/simd/optimizer_step.h"

#include <math.h>

const char *optimizer_name(enum simd_optimizer kind)
{
    static const char *const names[] = {"gradient", "sgd", "momentum", "nesterov", "adam"};
    return names[kind];
}

struct simd_optimizer_step optimizer_random_step(enum simd_optimizer kind)
{
    return (struct simd_optimizer_step){
        .kind = kind,
        .learning_rate = fabsf(frame_unit()) * 0.01f,
        .momentum = 0.5f + 0.5f * fabsf(frame_unit()),
        .one_minus_beta_1 = fabsf(frame_unit()),
        .one_minus_beta_2 = fabsf(frame_unit()) * 0.1f,
        .epsilon = 1e-7f,
    };
}

static void make_pair(size_t n, float **actual, float **expected)
{
    *actual = frame_output(n);
    *expected = frame_copy(n, *actual);
}

void optimizer_random_state(enum simd_optimizer kind, size_t n, struct optimizer_state *actual,
                            struct optimizer_state *expected)
{
    *actual = *expected = (struct optimizer_state){0};
    if (kind != SIMD_GRADIENT) {
        make_pair(n, &actual->w, &expected->w);
    }
    if (kind != SIMD_SGD) {
        make_pair(n, &actual->slot1, &expected->slot1);
    }
    if (kind == SIMD_ADAM) {
        make_pair(n, &actual->slot2, &expected->slot2);
        for (size_t i = 0; i < n; i++) { /* a mean of squares */
            actual->slot2[i] = expected->slot2[i] = fabsf(actual->slot2[i]);
        }
    }
}

void optimizer_check_state(size_t n, const struct optimizer_state *actual,
                           const struct optimizer_state *expected)
{
    if (actual->w != NULL) {
        frame_check("w", n, expected->w, actual->w);
    }
    if (actual->slot1 != NULL) {
        frame_check("slot1", n, expected->slot1, actual->slot1);
    }
    if (actual->slot2 != NULL) {
        frame_check("slot2", n, expected->slot2, actual->slot2);
    }
}

static void optimizer_update_case(const struct simd_kernels *kernels, enum simd_optimizer kind,
                                  size_t n)
{
    if (!frame_begin(kernels, "optimizer_update", "%s n=%zu", optimizer_name(kind), n)) {
        return;
    }
    const struct simd_optimizer_step step = optimizer_random_step(kind);
    const float *gradient = frame_input(n);
    struct optimizer_state actual, expected;
    optimizer_random_state(kind, n, &actual, &expected);
    kernels->optimizer_update(n, gradient, actual.w, actual.slot1, actual.slot2, &step);
    simd_reference.optimizer_update(n, gradient, expected.w, expected.slot1, expected.slot2, &step);
    optimizer_check_state(n, &actual, &expected);
    frame_end();
}

static void bias_update_case(const struct simd_kernels *kernels, enum simd_optimizer kind,
                             size_t batch, size_t columns)
{
    if (!frame_begin(kernels, "bias_update", "%s batch=%zu columns=%zu", optimizer_name(kind),
                     batch, columns)) {
        return;
    }
    const struct simd_optimizer_step step = optimizer_random_step(kind);
    const size_t stride = columns + frame_below(5);
    const float *dy = frame_input((batch - 1) * stride + columns);
    struct optimizer_state actual, expected;
    optimizer_random_state(kind, columns, &actual, &expected);
    kernels->bias_update(batch, columns, dy, stride, actual.w, actual.slot1, actual.slot2, &step);
    simd_reference.bias_update(batch, columns, dy, stride, expected.w, expected.slot1,
                               expected.slot2, &step);
    optimizer_check_state(columns, &actual, &expected);
    frame_end();
}

void optimizer_cases(const struct simd_kernels *kernels)
{
    for (int kind = 0; kind < SIMD_OPTIMIZER_COUNT; kind++) {
        for (size_t n = 1; n <= 4 * kernels->lanes + 1; n++) {
            optimizer_update_case(kernels, (enum simd_optimizer)kind, n);
            bias_update_case(kernels, (enum simd_optimizer)kind, 1 + n % 9, n);
        }
        for (size_t batch = 1; batch <= 33; batch++) {
            bias_update_case(kernels, (enum simd_optimizer)kind, batch, 10);
        }
        optimizer_update_case(kernels, (enum simd_optimizer)kind, 5000);
        bias_update_case(kernels, (enum simd_optimizer)kind, 40, 256);
        bias_update_case(kernels, (enum simd_optimizer)kind, 7, 513);
    }
}
