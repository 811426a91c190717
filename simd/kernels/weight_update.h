/*
 * kernels/weight_update.h: dW = Xᵀ dY with the optimizer step on the tile in registers, see struct
 * simd_weight_update. Gradients never go to memory.
 *
 * A block of X is packed, tile after tile, into scratch memory that stays in the second-level cache
 * while all panels pass over it. A panel's columns of dY stay in the first level, if its stride
 * spreads them over the sets: an odd number of cache lines does.
 */
#ifndef PINION_KERNELS_WEIGHT_UPDATE_H
#define PINION_KERNELS_WEIGHT_UPDATE_H

#include <string.h>

#include "simd/kernels/gemm.h"
#include "simd/kernels/optimizer.h"
#include "simd/kernels/pack.h"

/* A batch is cut into blocks of at most UPDATE_KC samples, whose columns of a panel take half of
 * the first-level cache; chains continue from sums kept aside. UPDATE_COLUMNS columns of W share a
 * packed block of X. Scratch memory is half such a block, half sums. */
enum {
    UPDATE_KC = 256,
    UPDATE_COLUMNS = 256,
    UPDATE_ASKED_NR = 16,
    UPDATE_X = SIMD_SCRATCH / 2,
    UPDATE_SUM_ROWS = (SIMD_SCRATCH - UPDATE_X) / UPDATE_COLUMNS
};

struct update_tile {
    size_t k;
    const float *x;
    size_t x_stride;
    const float *dy;
    size_t dy_stride;
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
    tile_multiply(rows, vectors, true, tile->k, tile->x, tile->x_stride, tile->dy, tile->dy_stride,
                  acc);
}

/* The last block of the batch: the step. */
static ALWAYS_INLINE void update_tile(const int rows, const int vectors,
                                      const enum simd_optimizer kind,
                                      const struct update_tile *tile)
{
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

/* A block of work: tiles [first_tile, end_tile) of all rows, samples [begin, end) of the batch. */
struct update_block {
    struct row_split split;
    size_t first_tile, end_tile;
    size_t begin, end;
    bool first, last; /* of the batch's blocks */
    const float *x;   /* of the block's first tile */
    size_t x_stride;  /* 0: packed, each tile's samples next to each other */
    size_t tile_size; /* packed: floats from tile to tile */
};

/* One tile's columns of X, `samples` rows of `count` floats. Whole vectors are stored: what a row
 * has too much, the next overwrites, and what the last has goes to the gap between tiles. */
static ALWAYS_INLINE void pack_tile(const bool whole, size_t samples, size_t count, const float *x,
                                    size_t x_stride, float *to)
{
    for (size_t p = 0; p < samples; p++) {
        for (size_t v = 0; v < count; v += VF_LANES) {
            vf_store(to + v, whole ? vf_load(x + v) : vf_load_n(x + v, count - v));
        }
        x += x_stride;
        to += count;
    }
}

/* The same from rows of bytes, from column `column` on. */
static ALWAYS_INLINE void pack_tile_u8(const bool whole, size_t samples, size_t count,
                                       const struct simd_weight_update *u, size_t sample,
                                       size_t column, float *to)
{
    const vf factor = vf_set1(u->x_scale);
    const vf summand = vf_set1(u->x_offset);
    for (size_t p = 0; p < samples; p++) {
        const uint8_t *from = u->x_rows[sample + p] + column;
        for (size_t v = 0; v < count; v += VF_LANES) {
            const vi bytes = whole ? vi_load_u8(from + v) : vi_load_u8_n(from + v, count - v);
            vf_store(to + v, vf_add(vf_mul(vf_from_vi(bytes), factor), summand));
        }
        to += count;
    }
}

/* Part of one tile: `samples` samples from `sample` on of `count` columns from `column` on. */
static ALWAYS_INLINE void pack_part(const size_t count, const struct simd_weight_update *u,
                                    size_t sample, size_t samples, size_t column, float *to)
{
    const bool whole = column + (count + VF_LANES - 1) / VF_LANES * VF_LANES <= u->k;
    const float *x = u->x != NULL ? u->x + sample * u->x_stride + column : NULL;
    if (x == NULL && whole) {
        pack_tile_u8(true, samples, count, u, sample, column, to);
    } else if (x == NULL) {
        pack_tile_u8(false, samples, count, u, sample, column, to);
    } else if (whole) {
        pack_tile(true, samples, count, x, u->x_stride, to);
    } else {
        pack_tile(false, samples, count, x, u->x_stride, to);
    }
}

/* Packs a block's tiles, a few samples at a time, whose rows are read along. Rows of bytes lie all
 * over memory: the next ones are asked for in time. */
static void pack_tiles(const struct simd_weight_update *u, const struct update_block *block,
                       float *to)
{
    enum { SAMPLES = 16 };
    const size_t first_column = u->first_row + row_split_begin(&block->split, block->first_tile);
    const size_t end_column = u->first_row + row_split_begin(&block->split, block->end_tile);
    for (size_t sample = block->begin; sample < block->end; sample += SAMPLES) {
        const size_t few = block->end - sample < SAMPLES ? block->end - sample : SAMPLES;
        for (size_t p = sample + few; u->x == NULL && p < sample + 2 * few && p < block->end; p++) {
            prefetch_lines(u->x_rows[p] + first_column, end_column - first_column);
        }
        size_t column = first_column;
        for (size_t t = block->first_tile; t < block->end_tile; t++) {
            const size_t count = row_split_rows(&block->split, t);
            float *tile =
                to + (t - block->first_tile) * block->tile_size + (sample - block->begin) * count;
            if (count == GEMM_MR) { /* a constant: no loop over vectors */
                pack_part(GEMM_MR, u, sample, few, column, tile);
            } else {
                pack_part(count, u, sample, few, column, tile);
            }
            column += count;
        }
    }
}

/* The block's tiles of the one panel that `u` has. If another panel follows, its columns of dY are
 * asked for meanwhile, some before each tile: a first-level cache of 32 KiB has room for UPDATE_KC
 * rows of two panels of up to UPDATE_ASKED_NR columns. */
static void update_panel(const struct simd_weight_update *u, const struct update_block *block,
                         const struct optimizer_constants *constants, bool another, float *sums)
{
    static const float zeros[GEMM_NR];
    update_tile_function *const *functions =
        update_tiles[u->nr == VF_LANES][block->last ? (size_t)u->step.kind : SIMD_OPTIMIZER_COUNT];
    const bool packed = block->x_stride == 0;
    const size_t offset =
        (u->first_row + row_split_begin(&block->split, block->first_tile)) * u->nr;
    struct update_tile tile = {
        .k = block->end - block->begin,
        .x = block->x,
        .dy = u->dy + block->begin * u->dy_stride,
        .dy_stride = u->dy_stride,
        .start = block->first ? zeros : sums,
        .start_stride = block->first ? 0 : u->nr,
        .sums = sums,
        .w = optimizer_at(u->w, offset),
        .slot1 = optimizer_at(u->slot1, offset),
        .slot2 = optimizer_at(u->slot2, offset),
        .constants = constants,
    };
    const size_t tiles = block->end_tile - block->first_tile;
    const bool ask = another && u->nr <= UPDATE_ASKED_NR && !(block->first && block->last);
    const size_t share = ask ? (tile.k + tiles - 1) / tiles : 0;
    size_t ahead = block->begin;
    for (size_t t = block->first_tile; t < block->end_tile; t++) {
        const size_t rows = row_split_rows(&block->split, t);
        tile.x_stride = packed ? rows : block->x_stride;
        for (size_t end = ahead + share; ahead < end && ahead < block->end; ahead++) {
            prefetch_lines(u->dy + ahead * u->dy_stride + u->nr, u->nr * sizeof *u->dy);
        }
        functions[rows - 1](&tile);
        tile.x += packed ? block->tile_size : rows;
        tile.start += rows * tile.start_stride;
        tile.sums += rows * u->nr;
        tile.w = optimizer_at(tile.w, rows * u->nr);
        tile.slot1 = optimizer_at(tile.slot1, rows * u->nr);
        tile.slot2 = optimizer_at(tile.slot2, rows * u->nr);
    }
}

static size_t update_panels(const struct simd_weight_update *u)
{
    return (u->columns + u->nr - 1) / u->nr;
}

/* The same update of up to `panels` panels from panel `first` on. */
static struct simd_weight_update update_of_panels(const struct simd_weight_update *u, size_t first,
                                                  size_t panels)
{
    struct simd_weight_update part = *u;
    const size_t offset = first * u->k * u->nr;
    part.columns = smaller(u->columns - first * u->nr, panels * u->nr);
    part.dy = u->dy + first * u->nr;
    part.w = optimizer_at(u->w, offset);
    part.slot1 = optimizer_at(u->slot1, offset);
    part.slot2 = optimizer_at(u->slot2, offset);
    return part;
}

/*
 * Few columns leave most lanes of a panel idle. Then rows of W go across the lanes, GEMM_NR of
 * them, and a tile has a row for each column of W: its transpose = dYᵀ X, turned before the step.
 */
static bool update_is_thin(const struct simd_weight_update *u)
{
    return u->columns * 4 <= u->nr * 3 && u->k >= GEMM_NR;
}

/* sums[columns, GEMM_NR]: the transposed gradient of rows [row, row + GEMM_NR) of W. */
static void thin_sums(const struct simd_weight_update *u, size_t row, float *sums)
{
    const struct row_split split = row_split(u->columns, GEMM_MR);
    memset(sums, 0, u->columns * GEMM_NR * sizeof *sums);
    for (size_t begin = 0, samples; begin < u->batch; begin += samples) {
        samples = smaller(u->batch - begin, UPDATE_KC);
        if (u->x == NULL) {
            pack_part(GEMM_NR, u, begin, samples, row, u->scratch);
        }
        struct update_tile tile = {
            .k = samples,
            .x = u->dy + begin * u->dy_stride,
            .x_stride = u->dy_stride,
            .dy = u->x != NULL ? u->x + begin * u->x_stride + row : u->scratch,
            .dy_stride = u->x != NULL ? u->x_stride : GEMM_NR,
            .start = sums,
            .start_stride = GEMM_NR,
            .sums = sums,
        };
        for (size_t t = 0; t < split.tiles; t++) {
            const size_t rows = row_split_rows(&split, t);
            update_partial[rows - 1](&tile);
            tile.x += rows;
            tile.start += rows * GEMM_NR;
            tile.sums += rows * GEMM_NR;
        }
    }
}

static void update_thin(const struct simd_weight_update *u)
{
    float sums[GEMM_NR * GEMM_NR];
    float gradient[GEMM_NR * GEMM_NR];
    const size_t end = u->first_row + u->rows;
    for (size_t row = u->first_row; row < end; row += GEMM_NR) {
        /* Near the end of X's rows a tile begins earlier, with rows that are not asked for. */
        const size_t first = smaller(row, u->k - GEMM_NR);
        const size_t offset = row * u->nr;
        thin_sums(u, first, sums);
        store_transposed(u->columns, GEMM_NR, sums, gradient, u->nr);
        kernel_optimizer_update(smaller(end - row, GEMM_NR) * u->nr,
                                gradient + (row - first) * u->nr, optimizer_at(u->w, offset),
                                optimizer_at(u->slot1, offset), optimizer_at(u->slot2, offset),
                                &u->step);
    }
}

/* Up to UPDATE_COLUMNS columns. */
static void update_columns(const struct simd_weight_update *u,
                           const struct optimizer_constants *constants)
{
    float *const packed = u->scratch;
    float *const sums = packed + UPDATE_X;
    const size_t mr = u->nr == VF_LANES ? GEMM_MR_NARROW : GEMM_MR;
    const size_t batch_blocks = (u->batch + UPDATE_KC - 1) / UPDATE_KC;
    const size_t most_samples = (u->batch + batch_blocks - 1) / batch_blocks;
    struct update_block block = {.split = row_split(u->rows, mr),
                                 .tile_size = most_samples * mr + VF_LANES};
    const size_t fitting = UPDATE_X / block.tile_size, summed = UPDATE_SUM_ROWS / mr;
    const size_t block_tiles = batch_blocks > 1 && summed < fitting ? summed : fitting;
    const size_t tile_blocks = (block.split.tiles + block_tiles - 1) / block_tiles;
    const size_t panels = update_panels(u);
    const bool pack = panels > 1 || u->x == NULL;
    for (size_t tb = 0; tb < tile_blocks; tb++) {
        block.first_tile = tb * block.split.tiles / tile_blocks;
        block.end_tile = (tb + 1) * block.split.tiles / tile_blocks;
        for (size_t b = 0; b < batch_blocks; b++) {
            block.begin = b * u->batch / batch_blocks;
            block.end = (b + 1) * u->batch / batch_blocks;
            block.first = b == 0;
            block.last = b + 1 == batch_blocks;
            if (pack) {
                pack_tiles(u, &block, packed);
                block.x = packed;
            } else {
                block.x = u->x + block.begin * u->x_stride + u->first_row +
                          row_split_begin(&block.split, block.first_tile);
                block.x_stride = u->x_stride;
            }
            for (size_t panel = 0; panel < panels; panel++) {
                const struct simd_weight_update one = update_of_panels(u, panel, 1);
                update_panel(&one, &block, constants, panel + 1 < panels,
                             sums + panel * UPDATE_SUM_ROWS * u->nr);
            }
        }
    }
}

static void kernel_weight_update(const struct simd_weight_update *u)
{
    if (update_is_thin(u)) {
        update_thin(u);
        return;
    }
    const struct optimizer_constants constants = optimizer_constants_of(&u->step);
    const size_t most = UPDATE_COLUMNS / u->nr;
    for (size_t first = 0; first < update_panels(u); first += most) {
        const struct simd_weight_update part = update_of_panels(u, first, most);
        update_columns(&part, &constants);
    }
}

#endif
