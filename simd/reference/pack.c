#include "simd/reference/reference.h"

/* Where element (p, j) of a [k, n] matrix lies in its panels. */
static size_t panel_index(size_t k, size_t n, size_t p, size_t j)
{
    const size_t nr = simd_panel_width(&simd_reference, n);
    return j / nr * k * nr + p * nr + j % nr;
}

static void pack(size_t k, size_t n, const float *b, size_t row_stride, size_t column_stride,
                 float *panels)
{
    const size_t padded = simd_padded_columns(&simd_reference, n);
    for (size_t p = 0; p < k; p++) {
        for (size_t j = 0; j < padded; j++) {
            panels[panel_index(k, n, p, j)] = j < n ? b[p * row_stride + j * column_stride] : 0.0f;
        }
    }
}

void reference_pack_panels(size_t k, size_t n, const float *b, size_t b_stride, float *panels)
{
    pack(k, n, b, b_stride, 1, panels);
}

void reference_pack_panels_transposed(size_t k, size_t n, const float *b, size_t b_stride,
                                      float *panels)
{
    pack(k, n, b, 1, b_stride, panels);
}

void reference_unpack_panels(size_t k, size_t n, const float *panels, float *b, size_t b_stride)
{
    for (size_t p = 0; p < k; p++) {
        for (size_t j = 0; j < n; j++) {
            b[p * b_stride + j] = panels[panel_index(k, n, p, j)];
        }
    }
}

void reference_transpose_panel(size_t k, size_t n, size_t panel, size_t first_row, size_t rows,
                               const float *source, float *transposed)
{
    const size_t nr = simd_panel_width(&simd_reference, n);
    const size_t end = first_row + rows;
    const size_t filled_end = end == k && rows > 0 ? simd_padded_columns(&simd_reference, k) : end;
    for (size_t j = panel * nr; j < (panel + 1) * nr && j < n; j++) {
        for (size_t p = first_row; p < filled_end; p++) {
            transposed[panel_index(n, k, j, p)] = p < k ? source[panel_index(k, n, p, j)] : 0.0f;
        }
    }
}

void reference_gather_u8(size_t count, size_t n, const uint8_t *const *rows, float scale,
                         float offset, float *out, size_t out_stride)
{
    for (size_t r = 0; r < count; r++) {
        for (size_t j = 0; j < n; j++) {
            out[r * out_stride + j] = (float)rows[r][j] * scale + offset;
        }
    }
}

void reference_gather_f32(size_t count, size_t n, const float *const *rows, float scale,
                          float offset, float *out, size_t out_stride)
{
    for (size_t r = 0; r < count; r++) {
        for (size_t j = 0; j < n; j++) {
            out[r * out_stride + j] = rows[r][j] * scale + offset;
        }
    }
}
