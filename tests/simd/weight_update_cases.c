#include "tests/simd/frame.h"
#include "tests/simd/optimizer_step.h"

#include <string.h>

/* Each row of X within random bytes, whatever comes between. */
static const uint8_t *const *random_rows(size_t batch, size_t k)
{
    const uint8_t **rows = frame_bytes(batch * sizeof *rows);
    uint8_t *samples = frame_bytes(batch * k);
    for (size_t i = 0; i < batch * k; i++) {
        samples[i] = (uint8_t)frame_random();
    }
    for (size_t r = 0; r < batch; r++) {
        rows[r] = samples + frame_below(batch) * k;
    }
    frame_protect(samples);
    frame_protect(rows);
    return rows;
}

/* Random finite rows of `columns` columns, then zeros up to `padded`. */
static const float *finite_rows(size_t batch, size_t columns, size_t padded, size_t stride)
{
    float *rows = frame_output((batch - 1) * stride + padded);
    for (size_t r = 0; r < batch; r++) {
        for (size_t j = 0; j < padded; j++) {
            rows[r * stride + j] = j < columns ? frame_unit() : 0.0f;
        }
    }
    frame_protect(rows);
    return rows;
}

/* k: rows of each panel, of which [first, first + rows) are updated. */
static void weight_update_case(const struct simd_kernels *kernels, enum simd_optimizer kind,
                               bool bytes, size_t batch, size_t nr, size_t columns, size_t k,
                               size_t first, size_t rows)
{
    if (!frame_begin(kernels, "weight_update",
                     "%s, %s batch=%zu %zu columns in panels of %zu, rows %zu..%zu of %zu",
                     optimizer_name(kind), bytes ? "bytes" : "floats", batch, columns, nr, first,
                     first + rows, k)) {
        return;
    }
    const size_t padded = (columns + nr - 1) / nr * nr;
    struct simd_weight_update call = {
        .batch = batch,
        .k = k,
        .nr = nr,
        .columns = columns,
        .first_row = first,
        .rows = rows,
        .x_stride = k + frame_below(3),
        .dy_stride = padded + frame_below(20),
        .scratch = frame_output(SIMD_SCRATCH),
        .step = optimizer_random_step(kind),
    };
    if (bytes) {
        call.x_rows = random_rows(batch, k);
        call.x_scale = frame_unit();
        call.x_offset = frame_unit();
    } else if (columns == padded) {
        call.x = frame_input((batch - 1) * call.x_stride + k);
    } else { /* infinity times the zeros that fill dY would be NaN */
        call.x = finite_rows(batch, k, k, call.x_stride);
    }
    call.dy = columns == padded ? frame_input((batch - 1) * call.dy_stride + padded)
                                : finite_rows(batch, columns, padded, call.dy_stride);
    struct optimizer_state actual, expected;
    optimizer_random_state(kind, padded * k, &actual, &expected);
    struct simd_weight_update reference = call;
    call.w = actual.w;
    call.slot1 = actual.slot1;
    call.slot2 = actual.slot2;
    reference.w = expected.w;
    reference.slot1 = expected.slot1;
    reference.slot2 = expected.slot2;
    kernels->weight_update(&call);
    simd_reference.weight_update(&reference);
    optimizer_check_state(padded * k, &actual, &expected);
    frame_end();
}

static void cases_of(const struct simd_kernels *kernels, enum simd_optimizer kind, bool bytes,
                     size_t nr, size_t columns)
{
    const size_t mr = kernels->mr;
    for (size_t k = 1; k <= 2 * mr + 1; k++) {
        weight_update_case(kernels, kind, bytes, 1 + k % 7, nr, columns, k, 0, k);
    }
    for (size_t batch = 1; batch <= 33; batch++) {
        const size_t k = 2 * mr + 3;
        const size_t first = batch % mr;
        weight_update_case(kernels, kind, bytes, batch, nr, columns, k, first,
                           1 + batch % (k - first));
    }
    /* Past a block of the batch, and past a block of rows. */
    weight_update_case(kernels, kind, bytes, 513, nr, columns, mr + 1, 0, mr + 1);
    weight_update_case(kernels, kind, bytes, 257, nr, columns, mr + 1, 0, mr + 1);
    weight_update_case(kernels, kind, bytes, 1100, nr, columns, 3, 1, 2);
    weight_update_case(kernels, kind, bytes, 9, nr, columns, 40 * mr + 1, 2, 39 * mr);
    weight_update_case(kernels, kind, bytes, 600, nr, columns, 250, 5, 240);
}

void weight_update_cases(const struct simd_kernels *kernels)
{
    for (int i = 0; i < SIMD_OPTIMIZER_COUNT; i++) {
        const enum simd_optimizer kind = (enum simd_optimizer)i;
        const size_t lanes = kernels->lanes, nr = kernels->nr;
        cases_of(kernels, kind, false, lanes, lanes);
        cases_of(kernels, kind, false, nr, nr);
        cases_of(kernels, kind, false, nr, 3 * nr - 1);
        cases_of(kernels, kind, true, lanes, lanes);
        cases_of(kernels, kind, true, nr, 3 * nr);
        /* Past the columns that share a block of X. */
        weight_update_case(kernels, kind, false, 520, nr, 256 + nr, 200, 3, 195);
        /* Few columns of a panel. */
        for (size_t columns = 1; columns < nr; columns++) {
            const size_t panel = simd_panel_width(kernels, columns);
            weight_update_case(kernels, kind, columns % 2, 1 + 7 * columns, panel, columns,
                               2 * nr + columns, columns % 3, 2 * nr);
            weight_update_case(kernels, kind, columns % 2, 600, panel, columns, 3 * nr, 0, 3 * nr);
            /* Up to the last row, and a last tile of few rows with others behind them. */
            const size_t k = nr + 1 + columns;
            weight_update_case(kernels, kind, columns % 2 == 0, 9, panel, columns, k, columns % 3,
                               k - columns % 3);
            weight_update_case(kernels, kind, columns % 2 == 0, 9, panel, columns, 3 * nr, 1,
                               nr + 1 + columns % 3);
        }
    }
}
