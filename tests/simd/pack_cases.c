#include "tests/simd/frame.h"

/* The matrix that panels hold, [k, padded columns] row-major, for any table's panels. */
static float *matrix_of(const struct simd_kernels *kernels, size_t k, size_t n, const float *panels)
{
    const size_t padded = simd_padded_columns(kernels, n);
    float *matrix = frame_scratch(k * padded);
    for (size_t p = 0; p < k; p++) {
        for (size_t j = 0; j < padded; j++) {
            matrix[p * padded + j] = panels[frame_panel_index(kernels, k, n, p, j)];
        }
    }
    return matrix;
}

static void pack_case(const struct simd_kernels *kernels, size_t k, size_t n, bool transposed)
{
    const char *kernel = transposed ? "pack_panels_transposed" : "pack_panels";
    if (!frame_begin(kernels, kernel, "k=%zu n=%zu", k, n)) {
        return;
    }
    const size_t rows = transposed ? n : k;
    const size_t columns = transposed ? k : n;
    const size_t stride = columns + frame_below(3);
    const size_t padded = simd_padded_columns(kernels, n);
    const float *b = frame_input((rows - 1) * stride + columns);
    float *panels = frame_output(simd_panels_size(kernels, k, n));
    if (transposed) {
        kernels->pack_panels_transposed(k, n, b, stride, panels);
    } else {
        kernels->pack_panels(k, n, b, stride, panels);
    }
    float *expected = frame_scratch(k * padded);
    for (size_t p = 0; p < k; p++) {
        for (size_t j = 0; j < padded; j++) {
            const float element = j >= n       ? 0.0f
                                  : transposed ? b[j * stride + p]
                                               : b[p * stride + j];
            expected[p * padded + j] = element;
        }
    }
    frame_check("panels", k * padded, expected, matrix_of(kernels, k, n, panels));
    frame_end();
}

static void unpack_case(const struct simd_kernels *kernels, size_t k, size_t n)
{
    if (!frame_begin(kernels, "unpack_panels", "k=%zu n=%zu", k, n)) {
        return;
    }
    const size_t stride = n + frame_below(3);
    const size_t size = (k - 1) * stride + n;
    const float *panels = frame_input(simd_panels_size(kernels, k, n));
    float *b = frame_output(size);
    float *expected = frame_copy(size, b);
    kernels->unpack_panels(k, n, panels, b, stride);
    for (size_t p = 0; p < k; p++) {
        for (size_t j = 0; j < n; j++) {
            expected[p * stride + j] = panels[frame_panel_index(kernels, k, n, p, j)];
        }
    }
    frame_check("b", size, expected, b);
    frame_end();
}

/* Some rows of one panel: those columns of the transpose change, and no others. */
static void transpose_case(const struct simd_kernels *kernels, size_t k, size_t n, size_t panel,
                           size_t first, size_t rows)
{
    if (!frame_begin(kernels, "transpose_panel", "k=%zu n=%zu panel=%zu rows %zu..%zu", k, n, panel,
                     first, first + rows)) {
        return;
    }
    const size_t size = simd_panels_size(kernels, n, k);
    const size_t nr = simd_panel_width(kernels, n);
    const float *source = frame_input(simd_panels_size(kernels, k, n));
    float *transposed = frame_output(size);
    float *expected = frame_copy(size, transposed);
    kernels->transpose_panel(k, n, panel, first, rows, source, transposed);
    const size_t end =
        first + rows == k && rows > 0 ? simd_padded_columns(kernels, k) : first + rows;
    for (size_t j = panel * nr; j < n && j < (panel + 1) * nr; j++) {
        for (size_t p = first; p < end; p++) {
            expected[frame_panel_index(kernels, n, k, j, p)] =
                p < k ? source[frame_panel_index(kernels, k, n, p, j)] : 0.0f;
        }
    }
    frame_check("transposed", size, expected, transposed);
    frame_end();
}

static void shape_cases(const struct simd_kernels *kernels, size_t k, size_t n)
{
    pack_case(kernels, k, n, false);
    pack_case(kernels, k, n, true);
    unpack_case(kernels, k, n);
    const size_t last_panel = (n - 1) / simd_panel_width(kernels, n);
    transpose_case(kernels, k, n, last_panel, 0, k);
    const size_t first = (k * 7 + n) % k;
    transpose_case(kernels, k, n, 0, first, k - first);
    transpose_case(kernels, k, n, last_panel, first, (k - first) / 2);
}

void pack_cases(const struct simd_kernels *kernels)
{
    for (size_t n = 1; n <= 2 * kernels->nr + 1; n++) {
        shape_cases(kernels, 1 + n % (kernels->lanes + 3), n);
        shape_cases(kernels, 40, n);
    }
    for (size_t k = 1; k <= 2 * kernels->nr + 1; k++) {
        shape_cases(kernels, k, kernels->nr);
        shape_cases(kernels, k, 10);
    }
    shape_cases(kernels, 784, 256);
    shape_cases(kernels, 131, 77);
}
