/*
 * kernels/rows.h: rows are split evenly over the fewest tiles that hold them: 16 rows are 8 + 8
 * where a tile holds 14, for 14 + 2 would run the second at a quarter of the speed.
 */
#ifndef PINION_KERNELS_ROWS_H
#define PINION_KERNELS_ROWS_H

#include <stddef.h>

struct row_split {
    size_t tiles, rows, larger; /* the first `larger` tiles have rows + 1 rows, the others rows */
};

static inline struct row_split row_split(size_t m, size_t max_rows)
{
    const size_t tiles = (m + max_rows - 1) / max_rows;
    return (struct row_split){
        .tiles = tiles,
        .rows = tiles > 0 ? m / tiles : 0,
        .larger = tiles > 0 ? m % tiles : 0,
    };
}

/* The first row of tile t; of t = tiles, m. */
static inline size_t row_split_begin(const struct row_split *split, size_t t)
{
    return t * split->rows + (t < split->larger ? t : split->larger);
}

static inline size_t row_split_rows(const struct row_split *split, size_t t)
{
    return split->rows + (t < split->larger ? 1 : 0);
}

/* FOR_ROWS(max, X, ...): X(1, ...) X(2, ...) ... X(max, ...), for the sizes that tiles have. */
#define FOR_ROWS(max, ...)       FOR_ROWS_NAMED(max, __VA_ARGS__)
#define FOR_ROWS_NAMED(max, ...) FOR_ROWS_##max(__VA_ARGS__)

#define FOR_ROWS_4(X, ...)  X(1, __VA_ARGS__) X(2, __VA_ARGS__) X(3, __VA_ARGS__) X(4, __VA_ARGS__)
#define FOR_ROWS_6(X, ...)  FOR_ROWS_4(X, __VA_ARGS__) X(5, __VA_ARGS__) X(6, __VA_ARGS__)
#define FOR_ROWS_8(X, ...)  FOR_ROWS_6(X, __VA_ARGS__) X(7, __VA_ARGS__) X(8, __VA_ARGS__)
#define FOR_ROWS_10(X, ...) FOR_ROWS_8(X, __VA_ARGS__) X(9, __VA_ARGS__) X(10, __VA_ARGS__)
#define FOR_ROWS_12(X, ...) FOR_ROWS_10(X, __VA_ARGS__) X(11, __VA_ARGS__) X(12, __VA_ARGS__)
#define FOR_ROWS_14(X, ...) FOR_ROWS_12(X, __VA_ARGS__) X(13, __VA_ARGS__) X(14, __VA_ARGS__)

#endif
