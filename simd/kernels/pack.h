/*
 * kernels/pack.h: between row-major matrices and panels, and from samples to rows of a batch.
 */
#ifndef PINION_KERNELS_PACK_H
#define PINION_KERNELS_PACK_H

#include "simd/vec/inline.h"
#include "simd/simd.h"

/* The width of panels of a matrix with n columns: simd_panel_width of this table. */
static inline size_t panel_width(size_t n)
{
    return n <= VF_LANES ? VF_LANES : (size_t)GEMM_NV * VF_LANES;
}

static inline size_t smaller(size_t a, size_t b)
{
    return a < b ? a : b;
}

static void kernel_pack_panels(size_t k, size_t n, const float *b, size_t b_stride, float *panels)
{
    const size_t nr = panel_width(n);
    for (size_t j = 0; j < n; j += nr) {
        const size_t columns = smaller(n - j, nr);
        for (size_t p = 0; p < k; p++) {
            const float *from = b + p * b_stride + j;
            for (size_t v = 0; v < nr; v += VF_LANES) {
                vf row = vf_zero();
                if (v + VF_LANES <= columns) {
                    row = vf_load(from + v);
                } else if (v < columns) {
                    row = vf_load_n(from + v, columns - v);
                }
                vf_store(panels, row);
                panels += VF_LANES;
            }
        }
    }
}

/* VF_LANES rows of which the first `rows` exist, `columns` of each; the rest is 0. */
static ALWAYS_INLINE void load_block(size_t rows, size_t columns, const float *from, size_t stride,
                                     vf block[VF_LANES])
{
    if (rows >= VF_LANES && columns >= VF_LANES) {
        UNROLL
        for (size_t i = 0; i < VF_LANES; i++) {
            block[i] = vf_load(from + i * stride);
        }
        return;
    }
    UNROLL
    for (size_t i = 0; i < VF_LANES; i++) {
        block[i] = i < rows ? vf_load_n(from + i * stride, columns) : vf_zero();
    }
}

/* The first `rows` rows of the block, `columns` of each. */
static ALWAYS_INLINE void store_block(size_t rows, size_t columns, const vf block[VF_LANES],
                                      float *to, size_t stride)
{
    if (rows >= VF_LANES && columns >= VF_LANES) {
        UNROLL
        for (size_t i = 0; i < VF_LANES; i++) {
            vf_store(to + i * stride, block[i]);
        }
        return;
    }
    UNROLL
    for (size_t i = 0; i < VF_LANES; i++) {
        if (i < rows) {
            vf_store_n(to + i * stride, block[i], columns);
        }
    }
}

/* to[width, to_columns] = the transpose of from[rows, width], zeros beyond column `rows`. width and
 * to_columns are multiples of VF_LANES. */
static void store_transposed(size_t rows, size_t width, const float *from, float *to,
                             size_t to_columns)
{
    for (size_t j = 0; j < to_columns; j += VF_LANES) {
        const float *const block_rows = j < rows ? from + j * width : from;
        for (size_t i = 0; i < width; i += VF_LANES) {
            vf block[VF_LANES];
            load_block(j < rows ? rows - j : 0, VF_LANES, block_rows + i, width, block);
            vf_transpose(block);
            store_block(VF_LANES, VF_LANES, block, to + i * to_columns + j, to_columns);
        }
    }
}

static void kernel_pack_panels_transposed(size_t k, size_t n, const float *b, size_t b_stride,
                                          float *panels)
{
    const size_t nr = panel_width(n);
    for (size_t j = 0; j < n; j += nr, panels += k * nr) {
        for (size_t v = 0; v < nr; v += VF_LANES) {
            const size_t columns = j + v < n ? n - j - v : 0; /* of the panel: rows of b */
            for (size_t p = 0; p < k; p += VF_LANES) {
                vf block[VF_LANES];
                const float *from = columns > 0 ? b + (j + v) * b_stride + p : b;
                load_block(columns, k - p, from, b_stride, block);
                vf_transpose(block);
                store_block(k - p, VF_LANES, block, panels + p * nr + v, nr);
            }
        }
    }
}

static void kernel_unpack_panels(size_t k, size_t n, const float *panels, float *b, size_t b_stride)
{
    const size_t nr = panel_width(n);
    for (size_t j = 0; j < n; j += nr, panels += k * nr) {
        const size_t columns = smaller(n - j, nr);
        for (size_t p = 0; p < k; p++) {
            float *to = b + p * b_stride + j;
            const float *row = panels + p * nr;
            size_t v = 0;
            for (; v + VF_LANES <= columns; v += VF_LANES) {
                vf_store(to + v, vf_load(row + v));
            }
            if (v < columns) {
                vf_store_n(to + v, vf_load(row + v), columns - v);
            }
        }
    }
}

/*
 * A block is a vector of source rows, which are neighbours in a row of the transpose. Blocks begin
 * at multiples of VF_LANES, so that none crosses a panel of the transpose; the first may begin
 * within one.
 */
static void kernel_transpose_panel(size_t k, size_t n, size_t panel, size_t first_row, size_t rows,
                                   const float *source, float *transposed)
{
    const size_t nr = panel_width(n);
    const size_t to_nr = panel_width(k);
    const size_t to_columns = (k + to_nr - 1) / to_nr * to_nr;
    const size_t first_column = panel * nr;
    const size_t columns = smaller(n - first_column, nr);
    const size_t end = first_row + rows;
    /* Who has the last row also writes the zeros that fill the transpose's last panel. */
    const size_t filled_end = end == k && rows > 0 ? to_columns : end;
    source += panel * k * nr;

    for (size_t p = first_row; p < filled_end;) {
        const size_t block_end = (p / VF_LANES + 1) * VF_LANES;
        const size_t width = smaller(block_end, filled_end) - p;
        const size_t from_rows = p < end ? smaller(end - p, width) : 0;
        float *to = transposed + p / to_nr * n * to_nr + p % to_nr;
        for (size_t v = 0; v < columns; v += VF_LANES) {
            vf block[VF_LANES];
            const float *from = from_rows > 0 ? source + p * nr + v : source;
            load_block(from_rows, VF_LANES, from, nr, block);
            vf_transpose(block);
            store_block(columns - v, width, block, to + (first_column + v) * to_nr, to_nr);
        }
        p += width;
    }
}

/* Asks for the cache lines of an array. */
static inline void prefetch_lines(const void *array, size_t bytes)
{
    for (size_t i = 0; i < bytes; i += SIMD_ALIGNMENT) {
        vf_prefetch((const char *)array + i);
    }
}

/* Shuffled samples lie all over memory, where the processor foresees nothing: so many rows ahead
 * they are asked for in time. */
enum { GATHER_AHEAD_U8 = 4, GATHER_AHEAD_F32 = 1 };

static void kernel_gather_u8(size_t count, size_t n, const uint8_t *const *rows, float scale,
                             float offset, float *out, size_t out_stride)
{
    const vf factor = vf_set1(scale);
    const vf summand = vf_set1(offset);
    for (size_t r = 0; r < count; r++) {
        if (r + GATHER_AHEAD_U8 < count) {
            prefetch_lines(rows[r + GATHER_AHEAD_U8], n);
        }
        const uint8_t *from = rows[r];
        float *to = out + r * out_stride;
        size_t j = 0;
        for (; j + VF_LANES <= n; j += VF_LANES) {
            const vf x = vf_from_vi(vi_load_u8(from + j));
            vf_store(to + j, vf_add(vf_mul(x, factor), summand));
        }
        if (j < n) {
            const vf x = vf_from_vi(vi_load_u8_n(from + j, n - j));
            vf_store_n(to + j, vf_add(vf_mul(x, factor), summand), n - j);
        }
    }
}

static void kernel_gather_f32(size_t count, size_t n, const float *const *rows, float scale,
                              float offset, float *out, size_t out_stride)
{
    const vf factor = vf_set1(scale);
    const vf summand = vf_set1(offset);
    for (size_t r = 0; r < count; r++) {
        if (r + GATHER_AHEAD_F32 < count) {
            prefetch_lines(rows[r + GATHER_AHEAD_F32], n * sizeof **rows);
        }
        const float *from = rows[r];
        float *to = out + r * out_stride;
        size_t j = 0;
        for (; j + VF_LANES <= n; j += VF_LANES) {
            vf_store(to + j, vf_add(vf_mul(vf_load(from + j), factor), summand));
        }
        if (j < n) {
            const vf x = vf_load_n(from + j, n - j);
            vf_store_n(to + j, vf_add(vf_mul(x, factor), summand), n - j);
        }
    }
}

#endif
