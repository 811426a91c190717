#include "tests/simd/frame.h"
#include "tests/simd/optimizer_step.h"

#include <string.h>

/* k: rows of the panel, of which [first, first + rows) are updated. */
static void weight_update_case(const struct simd_kernels *kernels, enum simd_optimizer kind,
                               size_t batch, size_t nr, size_t k, size_t first, size_t rows)
{
    if (!frame_begin(kernels, "weight_update", "%s, batch=%zu nr=%zu, rows %zu..%zu of %zu",
                     optimizer_name(kind), batch, nr, first, first + rows, k)) {
        return;
    }
    struct simd_weight_update call = {
        .batch = batch,
        .nr = nr,
        .first_row = first,
        .rows = rows,
        .x_stride = k + frame_below(3),
        .dy_stride = nr + frame_below(20),
        .step = optimizer_random_step(kind),
    };
    call.x = frame_input((batch - 1) * call.x_stride + k);
    call.dy = frame_input((batch - 1) * call.dy_stride + nr);
    struct optimizer_state actual, expected;
    optimizer_random_state(kind, k * nr, &actual, &expected);
    struct simd_weight_update reference = call;
    call.w = actual.w;
    call.slot1 = actual.slot1;
    call.slot2 = actual.slot2;
    reference.w = expected.w;
    reference.slot1 = expected.slot1;
    reference.slot2 = expected.slot2;
    kernels->weight_update(&call);
    simd_reference.weight_update(&reference);
    optimizer_check_state(k * nr, &actual, &expected);
    frame_end();
}

void weight_update_cases(const struct simd_kernels *kernels)
{
    for (int kind = 0; kind < SIMD_OPTIMIZER_COUNT; kind++) {
        const size_t widths[] = {kernels->lanes, kernels->nr};
        for (size_t i = 0; i < 2; i++) {
            for (size_t k = 1; k <= 2 * kernels->mr + 1; k++) {
                weight_update_case(kernels, (enum simd_optimizer)kind, 1 + k % 7, widths[i], k, 0,
                                   k);
            }
            for (size_t batch = 1; batch <= 33; batch++) {
                const size_t k = 2 * kernels->mr + 3;
                const size_t first = batch % kernels->mr;
                weight_update_case(kernels, (enum simd_optimizer)kind, batch, widths[i], k, first,
                                   1 + batch % (k - first));
            }
            /* Past a block of the batch, and past a block of rows. */
            weight_update_case(kernels, (enum simd_optimizer)kind, 513, widths[i], kernels->mr + 1,
                               0, kernels->mr + 1);
            weight_update_case(kernels, (enum simd_optimizer)kind, 1100, widths[i], 3, 1, 2);
            weight_update_case(kernels, (enum simd_optimizer)kind, 9, widths[i],
                               40 * kernels->mr + 1, 2, 39 * kernels->mr);
            weight_update_case(kernels, (enum simd_optimizer)kind, 600, widths[i], 250, 5, 240);
        }
    }
}
