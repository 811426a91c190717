/*
 * kernels/weight_update.h: dW = Xᵀ dY with the optimizer step on the tile in registers, see struct
 * simd_weight_update. Gradients never go to memory.
 *
 * The panel's columns of dY are copied to a block that lies close: rows of a matrix whose stride is
 * a power of two would share a few sets of the first-level cache, and every tile reads them.
 */
#ifndef PINION_KERNELS_WEIGHT_UPDATE_H
#define PINION_KERNELS_WEIGHT_UPDATE_H

#include "simd/kernels/gemm.h"
#include "simd/kernels/optimizer.h"

/* Rows of the batch in a block: with more, chains continue from partial sums of UPDATE_ROWS rows.
 */
enum { UPDATE_KC = 512, UPDATE_ROWS = 8 * GEMM_MAX_ROWS };

struct update_tile {
    size_t k;
    const float *x;
    size_t x_stride;
    const float *dy;
    const float *start; /* sums so far, or zeros with stride 0 */
    size_t start_stride;
    float *sums; /* where an unfinished tile goes */
    float *w, *slot1, *slot2;
    const struct optimizer_constants *constants;
};

typedef void update_tile_function(const struct update_tile *tile);

static ALWAYS_INLINE void update_tile_sums(const int rows, const int vectors,
                                           const struct update_tile *tile,
                                           vf acc[GEMM_MAX_ROWS][GEMM_NV])
{
    UNROLL
    for (int i = 0; i < rows; i++) {
        UNROLL
        for (int v = 0; v < vectors; v++) {
            acc[i][v] = vf_load(tile->start + (size_t)i * tile->start_stride + v * VF_LANES);
        }
    }
    tile_multiply(rows, vectors, true, tile->k, tile->x, tile->x_stride, tile->dy,
                  (size_t)vectors * VF_LANES, acc);
}

/* Asks for the cache lines of rows * vectors * VF_LANES floats. */
static ALWAYS_INLINE void prefetch_tile(const int rows, const int vectors, const float *p)
{
    const int line = SIMD_ALIGNMENT / (int)sizeof *p;
    for (int i = 0; i < rows * vectors * VF_LANES; i += line) {
        vf_prefetch(p + i);
    }
}

/* The last block of the batch: the step. */
static ALWAYS_INLINE void update_tile(const int rows, const int vectors,
                                      const enum simd_optimizer kind,
                                      const struct update_tile *tile)
{
    if (optimizer_has_weight(kind)) {
        prefetch_tile(rows, vectors, tile->w);
    }
    if (optimizer_reads_slot1(kind)) {
        prefetch_tile(rows, vectors, tile->slot1);
    }
    if (optimizer_has_slot2(kind)) {
        prefetch_tile(rows, vectors, tile->slot2);
    }
    vf acc[GEMM_MAX_ROWS][GEMM_NV];
    update_tile_sums(rows, vectors, tile, acc);
    const struct optimizer_constants *const constants = tile->constants;
    float *const w = tile->w;
    float *const slot1 = tile->slot1;
    float *const slot2 = tile->slot2;
    UNROLL
    for (int i = 0; i < rows; i++) {
        UNROLL
        for (int v = 0; v < vectors; v++) {
            const int offset = (i * vectors + v) * VF_LANES;
            optimizer_vector(kind, constants, acc[i][v], w + offset, slot1 + offset,
                             slot2 + offset);
        }
    }
}

/* An earlier block: the sums stay aside. */
static ALWAYS_INLINE void partial_tile(const int rows, const int vectors,
                                       const struct update_tile *tile)
{
    vf acc[GEMM_MAX_ROWS][GEMM_NV];
    update_tile_sums(rows, vectors, tile, acc);
    UNROLL
    for (int i = 0; i < rows; i++) {
        UNROLL
        for (int v = 0; v < vectors; v++) {
            vf_store(tile->sums + (i * vectors + v) * VF_LANES, acc[i][v]);
        }
    }
}

#define UPDATE_TILE_FUNCTION(rows, name, vectors, kind)                                            \
    static void name##_##rows(const struct update_tile *tile)                                      \
    {                                                                                              \
        update_tile(rows, vectors, kind, tile);                                                    \
    }

#define PARTIAL_TILE_FUNCTION(rows, name, vectors)                                                 \
    static void name##_##rows(const struct update_tile *tile)                                      \
    {                                                                                              \
        partial_tile(rows, vectors, tile);                                                         \
    }

#define UPDATE_TILE_TABLE(max_rows, name)                                                          \
    static update_tile_function *const name[] = {FOR_ROWS(max_rows, GEMM_TILE_NAME, name)};

#define UPDATE_TILES(name, kind)                                                                   \
    FOR_ROWS(GEMM_MR, UPDATE_TILE_FUNCTION, name, GEMM_NV, kind)                                   \
    UPDATE_TILE_TABLE(GEMM_MR, name)                                                               \
    FOR_ROWS(GEMM_MR_NARROW, UPDATE_TILE_FUNCTION, name##_narrow, 1, kind)                         \
    UPDATE_TILE_TABLE(GEMM_MR_NARROW, name##_narrow)

UPDATE_TILES(update_gradient, SIMD_GRADIENT)
UPDATE_TILES(update_sgd, SIMD_SGD)
UPDATE_TILES(update_momentum, SIMD_MOMENTUM)
UPDATE_TILES(update_nesterov, SIMD_NESTEROV)
UPDATE_TILES(update_adam, SIMD_ADAM)

FOR_ROWS(GEMM_MR, PARTIAL_TILE_FUNCTION, update_partial, GEMM_NV)
UPDATE_TILE_TABLE(GEMM_MR, update_partial)
FOR_ROWS(GEMM_MR_NARROW, PARTIAL_TILE_FUNCTION, update_partial_narrow, 1)
UPDATE_TILE_TABLE(GEMM_MR_NARROW, update_partial_narrow)

/* [narrow][kind], and last the partial tiles */
static update_tile_function *const *const update_tiles[2][SIMD_OPTIMIZER_COUNT + 1] = {
    {update_gradient, update_sgd, update_momentum, update_nesterov, update_adam, update_partial},
    {update_gradient_narrow, update_sgd_narrow, update_momentum_narrow, update_nesterov_narrow,
     update_adam_narrow, update_partial_narrow},
};

/* Rows of dY, nr columns each, next to each other. */
static void copy_rows(size_t count, size_t nr, const float *from, size_t stride, float *to)
{
    for (size_t p = 0; p < count; p++) {
        for (size_t j = 0; j < nr; j += VF_LANES) {
            vf_store(to + p * nr + j, vf_load(from + p * stride + j));
        }
    }
}

/* A few rows of the panel over the whole batch. */
static void update_rows(const struct simd_weight_update *u, size_t first_row, size_t rows,
                        const struct optimizer_constants *constants, float *block, bool *filled)
{
    static const float zeros[GEMM_NR];
    float sums[UPDATE_ROWS * GEMM_NR];
    const bool narrow = u->nr == VF_LANES;
    const struct row_split split = row_split(rows, narrow ? GEMM_MR_NARROW : GEMM_MR);
    const size_t blocks = (u->batch + UPDATE_KC - 1) / UPDATE_KC;
    for (size_t b = 0; b < blocks; b++) {
        const size_t begin = b * u->batch / blocks;
        const size_t end = (b + 1) * u->batch / blocks;
        if (!*filled) {
            copy_rows(end - begin, u->nr, u->dy + begin * u->dy_stride, u->dy_stride, block);
            *filled = blocks == 1;
        }
        update_tile_function *const *functions =
            update_tiles[narrow][b + 1 == blocks ? (size_t)u->step.kind : SIMD_OPTIMIZER_COUNT];
        for (size_t t = 0; t < split.tiles; t++) {
            const size_t i = row_split_begin(&split, t);
            const size_t count = row_split_begin(&split, t + 1) - i;
            const size_t offset = (first_row + i) * u->nr;
            const struct update_tile tile = {
                .k = end - begin,
                .x = u->x + begin * u->x_stride + first_row + i,
                .x_stride = u->x_stride,
                .dy = block,
                .start = b > 0 ? sums + i * u->nr : zeros,
                .start_stride = b > 0 ? u->nr : 0,
                .sums = sums + i * u->nr,
                .w = optimizer_at(u->w, offset),
                .slot1 = optimizer_at(u->slot1, offset),
                .slot2 = optimizer_at(u->slot2, offset),
                .constants = constants,
            };
            functions[count - 1](&tile);
        }
    }
}

static void kernel_weight_update(const struct simd_weight_update *u)
{
    _Alignas(SIMD_ALIGNMENT) float block[UPDATE_KC * GEMM_NR];
    bool filled = false;
    const struct optimizer_constants constants = optimizer_constants_of(&u->step);
    for (size_t i = 0; i < u->rows; i += UPDATE_ROWS) {
        const size_t rows = u->rows - i < UPDATE_ROWS ? u->rows - i : UPDATE_ROWS;
        update_rows(u, u->first_row + i, rows, &constants, block, &filled);
    }
}

#endif
