/*
 * kernels/gemm.h: C = epilogue(start + A B), see struct simd_gemm.
 *
 * Block sizes have the names of the literature: a tile is MR x NR elements of C in registers, MC
 * rows of A and KC of the k dimension are what a block of tiles works on. Each element of C is one
 * chain of fma for ascending k whatever these are: a later block of k continues from what C holds.
 */
#ifndef PINION_KERNELS_GEMM_H
#define PINION_KERNELS_GEMM_H

#include "simd/vec/inline.h"
#include "simd/kernels/math.h"
#include "simd/kernels/pack.h"
#include "simd/kernels/rows.h"
#include "simd/simd.h"

/* A panel of KC rows stays in the first-level cache, a block of MC x KC of A in half of a 512 KiB
 * second level. A k a little larger than KC is not worth a second pass over C. From WIDE columns
 * on, a copy of A's block without other rows between pays. */
enum {
    GEMM_NR = GEMM_NV * VF_LANES,
    GEMM_KC = 512,
    GEMM_MC = 128,
    GEMM_WIDE = 1024,
    GEMM_ASKED_PANEL = 512 * 16,
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
    /* Here, or they would be read again after each store, which may write anything. */
    float *const c = tile->c;
    const float *const outputs = tile->y;
    const size_t c_stride = tile->c_stride, y_stride = tile->y_stride;
    tile_multiply(rows, vectors, transposed, tile->k, tile->a, tile->a_stride, tile->b,
                  tile->b_stride, acc);
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

#define GEMM_TILES(max_rows, name, ...)                                                            \
    FOR_ROWS(max_rows, GEMM_TILE_FUNCTION, name, __VA_ARGS__)                                      \
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

/* A block of work: tiles [first_tile, end_tile) of all rows, k from k_begin to k_end. */
struct gemm_block {
    struct row_split split;
    size_t first_tile, end_tile;
    size_t k_begin, k_end;
    bool first, last; /* of the blocks of k */
    const float *a;   /* of the first tile */
    size_t a_stride;
};

_Static_assert(GEMM_MC *(GEMM_KC + 2 * SIMD_MAX_LANES) <= SIMD_SCRATCH &&
                   GEMM_KC * (GEMM_MC + 2 * SIMD_MAX_LANES) <= SIMD_SCRATCH,
               "a block of A fits");

/* Points a block at its part of A, or at a copy of it in scratch memory, whose rows are an odd
 * number of cache lines apart and so spread over the cache's sets. */
static void gemm_block_place(const struct simd_gemm *g, const bool transposed, const bool pack,
                             struct gemm_block *block)
{
    const size_t i = row_split_begin(&block->split, block->first_tile);
    const size_t m = row_split_begin(&block->split, block->end_tile) - i;
    const size_t k = block->k_end - block->k_begin;
    block->a = transposed ? g->a + block->k_begin * g->a_stride + i
                          : g->a + i * g->a_stride + block->k_begin;
    block->a_stride = g->a_stride;
    if (!pack) {
        return;
    }
    const size_t rows = transposed ? k : m, columns = transposed ? m : k;
    const size_t stride = ((columns + SIMD_MAX_LANES - 1) / SIMD_MAX_LANES | 1) * SIMD_MAX_LANES;
    for (size_t r = 0; r < rows; r++) {
        const float *from = block->a + r * g->a_stride;
        float *to = g->scratch + r * stride;
        size_t j = 0;
        for (; j + VF_LANES <= columns; j += VF_LANES) {
            vf_store(to + j, vf_load(from + j));
        }
        vf_store_n(to + j, vf_load_n(from + j, columns - j), columns - j);
    }
    block->a = g->scratch;
    block->a_stride = stride;
}

/* Asks for `rows` rows of the panel's columns. */
static void ask_for_rows(const float *first, size_t stride, size_t rows, size_t nr)
{
    for (size_t i = 0; i < rows; i++) {
        prefetch_lines(first + i * stride, nr * sizeof *first);
    }
}

/* Before a tile of a wide product, of which little is in the caches: asks for what its epilogue
 * reads, and for the C that the next tile continues from. */
static void gemm_ask(const struct gemm_tile *tile, size_t rows, size_t nr, bool another)
{
    if (tile->y != NULL) {
        ask_for_rows(tile->y, tile->y_stride, rows, nr);
    }
    if (tile->start == tile->c && another) {
        ask_for_rows(tile->c + rows * tile->c_stride, tile->c_stride, rows, nr);
    }
}

/* A block's tiles of the panel whose first column is j. Of a wide B the next panel is asked for
 * meanwhile, part by part: that it will be needed no processor foresees. Panels of more than
 * GEMM_ASKED_PANEL floats gain nothing. */
static void gemm_panel(const struct simd_gemm *g, const bool transposed,
                       const struct gemm_block *block, size_t j)
{
    static const float zeros[GEMM_NR];
    const bool narrow = g->n <= VF_LANES;
    const size_t nr = narrow ? VF_LANES : GEMM_NR;
    const size_t columns = g->n - j < nr ? g->n - j : nr;
    const enum simd_epilogue epilogue = block->last ? g->epilogue : SIMD_STORE;
    gemm_tile_function *const *const functions = gemm_tiles[narrow][transposed][epilogue];
    const size_t first = row_split_begin(&block->split, block->first_tile);
    struct gemm_tile tile = {
        .k = block->k_end - block->k_begin,
        .a = block->a,
        .a_stride = block->a_stride,
        .b = g->b + j / nr * g->b_panel_stride + block->k_begin * g->b_stride,
        .b_stride = g->b_stride,
        .start = g->bias != NULL ? g->bias + j : zeros,
        .c = g->c + first * g->c_stride + j,
        .c_stride = g->c_stride,
        .scale = g->scale,
    };
    if (!block->first || g->accumulate) {
        tile.start = tile.c;
        tile.start_stride = tile.c_stride;
    }
    if (epilogue == SIMD_RELU_GRADIENT) {
        tile.y = g->y + first * g->y_stride + j;
        tile.y_stride = g->y_stride;
    }
    const size_t tiles = block->end_tile - block->first_tile;
    const bool wide = g->n >= GEMM_WIDE;
    const bool ask = wide && j + nr < g->n && g->b_stride == nr && tile.k * nr <= GEMM_ASKED_PANEL;
    const size_t part = ask ? (tile.k * nr + tiles - 1) / tiles : 0;
    const float *next = ask ? tile.b + g->b_panel_stride : tile.b;
    for (size_t t = block->first_tile; t < block->end_tile; t++) {
        for (size_t i = 0; i < part; i += SIMD_ALIGNMENT / sizeof *next) {
            vf_prefetch_later(next + i);
        }
        next += part;
        const size_t rows = row_split_rows(&block->split, t);
        if (wide) {
            gemm_ask(&tile, rows, nr, t + 1 < block->end_tile);
        }
        if (columns == nr) {
            functions[rows - 1](&tile);
        } else {
            gemm_edge_tile(functions[rows - 1], rows, columns, &tile);
        }
        tile.a += transposed ? rows : rows * tile.a_stride;
        tile.start += rows * tile.start_stride;
        tile.c += rows * tile.c_stride;
        if (epilogue == SIMD_RELU_GRADIENT) {
            tile.y += rows * tile.y_stride;
        }
    }
}

static void gemm(const struct simd_gemm *g, const bool transposed)
{
    const bool narrow = g->n <= VF_LANES;
    const size_t nr = narrow ? VF_LANES : GEMM_NR;
    const size_t mr = narrow ? GEMM_MR_NARROW : GEMM_MR;
    const size_t k_blocks = (g->k + GEMM_KC - 1) / GEMM_KC;
    const bool pack = g->scratch != NULL && g->n >= GEMM_WIDE;
    struct gemm_block block = {.split = row_split(g->m, mr)};
    const size_t tiles = block.split.tiles, block_tiles = GEMM_MC / mr;
    const size_t row_blocks = (tiles + block_tiles - 1) / block_tiles;

    for (size_t k_block = 0; k_block < k_blocks; k_block++) {
        block.k_begin = k_block * g->k / k_blocks;
        block.k_end = (k_block + 1) * g->k / k_blocks;
        block.first = k_block == 0;
        block.last = k_block + 1 == k_blocks;
        for (size_t row_block = 0; row_block < row_blocks; row_block++) {
            block.first_tile = row_block * tiles / row_blocks;
            block.end_tile = (row_block + 1) * tiles / row_blocks;
            gemm_block_place(g, transposed, pack, &block);
            for (size_t j = 0; j < g->n; j += nr) {
                gemm_panel(g, transposed, &block, j);
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
