/*
 * kernels/gemm.h: C = epilogue(start + A B), see struct simd_gemm.
 *
 * Block sizes have the names of the literature: a tile is MR x NR elements of C in registers, MC
 * rows of A and KC of the k dimension are what a block of tiles works on. Each element of C is one
 * chain of fma for ascending k whatever these are: a later block of k continues from what C holds.
 */
#ifndef PINION_KERNELS_GEMM_H
#define PINION_KERNELS_GEMM_H

#include "simd/kernels/inline.h"
#include "simd/kernels/math.h"
#include "simd/kernels/rows.h"
#include "simd/simd.h"

/* A panel of KC rows stays in half of a 32 KiB L1, a block of MC x KC of A in half of a 512 KiB L2.
 * A k a little larger than KC is not worth a second pass over C. */
enum {
    GEMM_NR = GEMM_NV * VF_LANES,
    GEMM_KC = 512,
    GEMM_MC = 128,
    GEMM_MAX_ROWS = GEMM_MR > GEMM_MR_NARROW ? GEMM_MR : GEMM_MR_NARROW
};

/*
 * acc[i][v] = fma(A(i, p), B(p, v), acc[i][v]) for p = 0..k-1, k >= 1. A(i, p) is a[p * a_stride +
 * i] if transposed, else a[i * a_stride + p]; row p of B is at b + p * b_stride.
 */
static ALWAYS_INLINE void tile_multiply(const int rows, const int vectors, const bool transposed,
                                        size_t k, const float *a, size_t a_stride, const float *b,
                                        size_t b_stride, vf acc[GEMM_MAX_ROWS][GEMM_NV])
{
    do {
        if (transposed) {
            vf_prefetch(a + 8 * a_stride);
        }
        vf row[GEMM_NV];
        UNROLL
        for (int v = 0; v < vectors; v++) {
            row[v] = vf_load(b + v * VF_LANES);
        }
        UNROLL
        for (int i = 0; i < rows; i++) {
            const vf element = vf_set1(transposed ? a[i] : a[(size_t)i * a_stride]);
            UNROLL
            for (int v = 0; v < vectors; v++) {
                acc[i][v] = vf_fma(element, row[v], acc[i][v]);
            }
        }
        a += transposed ? a_stride : 1;
        b += b_stride;
    } while (--k > 0);
}

/* One tile's operands. Chains start from start[i * start_stride + j]: C itself to continue, a row
 * of biases or zeros with stride 0. */
struct gemm_tile {
    size_t k;
    const float *a;
    size_t a_stride;
    const float *b;
    size_t b_stride;
    const float *start;
    size_t start_stride;
    float *c;
    size_t c_stride;
    const float *y;
    size_t y_stride;
    float scale;
};

typedef void gemm_tile_function(const struct gemm_tile *tile);

static ALWAYS_INLINE void gemm_tile(const int rows, const int vectors, const bool transposed,
                                    const enum simd_epilogue epilogue, const struct gemm_tile *tile)
{
    vf acc[GEMM_MAX_ROWS][GEMM_NV];
    UNROLL
    for (int i = 0; i < rows; i++) {
        UNROLL
        for (int v = 0; v < vectors; v++) {
            acc[i][v] = vf_load(tile->start + (size_t)i * tile->start_stride + v * VF_LANES);
        }
    }
    tile_multiply(rows, vectors, transposed, tile->k, tile->a, tile->a_stride, tile->b,
                  tile->b_stride, acc);
    /* Here, or they would be read again after each store, which may write anything. */
    float *const c = tile->c;
    const float *const outputs = tile->y;
    const size_t c_stride = tile->c_stride, y_stride = tile->y_stride;
    UNROLL
    for (int i = 0; i < rows; i++) {
        UNROLL
        for (int v = 0; v < vectors; v++) {
            vf value = acc[i][v];
            if (epilogue == SIMD_STORE_RELU) {
                value = vf_clear(vf_lt(value, vf_set1(MATH_TINY)), value);
            } else if (epilogue == SIMD_RELU_GRADIENT) {
                const vf y = vf_load(outputs + (size_t)i * y_stride + v * VF_LANES);
                value = vf_keep(vf_lt(vf_zero(), y), vf_mul(value, vf_set1(tile->scale)));
                value = math_flush(value, MATH_TINY);
            }
            vf_store(c + (size_t)i * c_stride + v * VF_LANES, value);
        }
    }
}

/* One function for each number of rows, and the table of them. */
#define GEMM_TILE_FUNCTION(rows, name, vectors, transposed, epilogue)                              \
    static void name##_##rows(const struct gemm_tile *tile)                                        \
    {                                                                                              \
        gemm_tile(rows, vectors, transposed, epilogue, tile);                                      \
    }

#define GEMM_TILE_NAME(rows, name, ...) name##_##rows,

#define GEMM_TILES(max_rows, ...)                                                                  \
    FOR_ROWS(max_rows, GEMM_TILE_FUNCTION, __VA_ARGS__)                                            \
    GEMM_TILE_TABLE(max_rows, __VA_ARGS__)

#define GEMM_TILE_TABLE(max_rows, name, ...)                                                       \
    static gemm_tile_function *const name[] = {FOR_ROWS(max_rows, GEMM_TILE_NAME, name)};

GEMM_TILES(GEMM_MR, nn_store, GEMM_NV, false, SIMD_STORE)
GEMM_TILES(GEMM_MR, nn_relu, GEMM_NV, false, SIMD_STORE_RELU)
GEMM_TILES(GEMM_MR, nn_relu_gradient, GEMM_NV, false, SIMD_RELU_GRADIENT)
GEMM_TILES(GEMM_MR, tn_store, GEMM_NV, true, SIMD_STORE)
GEMM_TILES(GEMM_MR, tn_relu, GEMM_NV, true, SIMD_STORE_RELU)
GEMM_TILES(GEMM_MR, tn_relu_gradient, GEMM_NV, true, SIMD_RELU_GRADIENT)
GEMM_TILES(GEMM_MR_NARROW, nn_store_narrow, 1, false, SIMD_STORE)
GEMM_TILES(GEMM_MR_NARROW, nn_relu_narrow, 1, false, SIMD_STORE_RELU)
GEMM_TILES(GEMM_MR_NARROW, nn_relu_gradient_narrow, 1, false, SIMD_RELU_GRADIENT)
GEMM_TILES(GEMM_MR_NARROW, tn_store_narrow, 1, true, SIMD_STORE)
GEMM_TILES(GEMM_MR_NARROW, tn_relu_narrow, 1, true, SIMD_STORE_RELU)
GEMM_TILES(GEMM_MR_NARROW, tn_relu_gradient_narrow, 1, true, SIMD_RELU_GRADIENT)

/* [narrow][transposed][epilogue] */
static gemm_tile_function *const *const gemm_tiles[2][2][SIMD_EPILOGUE_COUNT] = {
    {{nn_store, nn_relu, nn_relu_gradient}, {tn_store, tn_relu, tn_relu_gradient}},
    {{nn_store_narrow, nn_relu_narrow, nn_relu_gradient_narrow},
     {tn_store_narrow, tn_relu_narrow, tn_relu_gradient_narrow}},
};

/* The first `columns` of `rows` rows to and from blocks of GEMM_NR columns, zeros beyond. */
static void load_columns(size_t rows, size_t columns, const float *from, size_t from_stride,
                         float *block)
{
    for (size_t i = 0; i < rows; i++) {
        for (size_t j = 0; j < GEMM_NR; j += VF_LANES) {
            const size_t left = columns > j ? columns - j : 0;
            vf_store(block + i * GEMM_NR + j, vf_load_n(from + i * from_stride + j, left));
        }
    }
}

static void store_columns(size_t rows, size_t columns, const float *block, float *to,
                          size_t to_stride)
{
    for (size_t i = 0; i < rows; i++) {
        for (size_t j = 0; j < columns; j += VF_LANES) {
            vf_store_n(to + i * to_stride + j, vf_load(block + i * GEMM_NR + j), columns - j);
        }
    }
}

/* A tile of the last panel, which has `columns` columns of C only: it works on copies. */
static void gemm_edge_tile(gemm_tile_function *function, size_t rows, size_t columns,
                           const struct gemm_tile *tile)
{
    float c[GEMM_MAX_ROWS * GEMM_NR];
    float y[GEMM_MAX_ROWS * GEMM_NR];
    struct gemm_tile edge = *tile;
    edge.c = c;
    edge.c_stride = GEMM_NR;
    if (tile->start == tile->c) {
        load_columns(rows, columns, tile->c, tile->c_stride, c);
        edge.start = c;
        edge.start_stride = GEMM_NR;
    }
    if (tile->y != NULL) {
        load_columns(rows, columns, tile->y, tile->y_stride, y);
        edge.y = y;
        edge.y_stride = GEMM_NR;
    }
    function(&edge);
    store_columns(rows, columns, c, tile->c, tile->c_stride);
}

static void gemm(const struct simd_gemm *g, const bool transposed)
{
    static const float zeros[GEMM_NR];
    const bool narrow = g->n <= VF_LANES;
    const size_t nr = narrow ? VF_LANES : GEMM_NR;
    const size_t k_blocks = (g->k + GEMM_KC - 1) / GEMM_KC;
    const struct row_split all = row_split(g->m, narrow ? GEMM_MR_NARROW : GEMM_MR);
    const size_t block_tiles = GEMM_MC / (narrow ? GEMM_MR_NARROW : GEMM_MR);

    for (size_t block = 0; block < k_blocks; block++) {
        const size_t k_begin = block * g->k / k_blocks;
        const size_t k_end = (block + 1) * g->k / k_blocks;
        const bool last = block + 1 == k_blocks;
        const bool from_c = block > 0 || g->accumulate;
        gemm_tile_function *const *functions =
            gemm_tiles[narrow][transposed][last ? g->epilogue : SIMD_STORE];
        for (size_t first_tile = 0; first_tile < all.tiles; first_tile += block_tiles) {
            const size_t end_tile =
                all.tiles - first_tile < block_tiles ? all.tiles : first_tile + block_tiles;
            for (size_t j = 0; j < g->n; j += nr) {
                const size_t columns = g->n - j < nr ? g->n - j : nr;
                const float *b = g->b + j / nr * g->b_panel_stride + k_begin * g->b_stride;
                for (size_t t = first_tile; t < end_tile; t++) {
                    const size_t i = row_split_begin(&all, t);
                    const size_t rows = row_split_begin(&all, t + 1) - i;
                    struct gemm_tile tile = {
                        .k = k_end - k_begin,
                        .a = transposed ? g->a + k_begin * g->a_stride + i
                                        : g->a + i * g->a_stride + k_begin,
                        .a_stride = g->a_stride,
                        .b = b,
                        .b_stride = g->b_stride,
                        .c = g->c + i * g->c_stride + j,
                        .c_stride = g->c_stride,
                        .scale = g->scale,
                    };
                    if (from_c) {
                        tile.start = tile.c;
                        tile.start_stride = tile.c_stride;
                    } else {
                        tile.start = g->bias != NULL ? g->bias + j : zeros;
                    }
                    if (last && g->epilogue == SIMD_RELU_GRADIENT) {
                        tile.y = g->y + i * g->y_stride + j;
                        tile.y_stride = g->y_stride;
                    }
                    if (columns == nr) {
                        functions[rows - 1](&tile);
                    } else {
                        gemm_edge_tile(functions[rows - 1], rows, columns, &tile);
                    }
                }
            }
        }
    }
}

static void kernel_gemm_nn(const struct simd_gemm *g)
{
    gemm(g, false);
}

static void kernel_gemm_tn(const struct simd_gemm *g)
{
    gemm(g, true);
}

#endif
