/*
 * problems/problem.h: what is measured: a table of kernel x shape. A family says how a kernel is
 * called, what its buffers are and what a call costs; a problem is a family with a shape: one line
 * of list.c. libpinion exports the table (abi.h), so that one build can be measured against
 * another.
 */
#ifndef PINION_BENCH_PROBLEM_H
#define PINION_BENCH_PROBLEM_H

#include <stdbool.h>
#include <stddef.h>

#include "bench/problems/naive/naive.h"
#include "simd/simd.h"

enum { PROBLEM_BUFFERS = 6, PROBLEM_NAME_SIZE = 64 };

struct family;

/* Products: [m, n] with inner dimension k. Row kernels: m rows of n. Packing: [k, n]. Flat ones: n.
 */
struct problem {
    const struct family *family;
    const char *variant; /* NULL or what distinguishes it, shown behind the kernel's name */
    int option;          /* which activation, optimizer, epilogue */
    size_t m, n, k;
};

enum buffer_use {
    BUFFER_UNUSED,
    BUFFER_INPUT,
    BUFFER_OUTPUT,
    BUFFER_UPDATED, /* read and written */
    BUFFER_SCRATCH, /* what it holds afterwards means nothing */
};

/*
 * A buffer as a matrix, so that data can be the same, and results compared, whatever layout a table
 * of kernels wants. Panels are those of simd.h. Elements of 4 bytes start as floats drawn uniformly
 * from [-1, 1), or positive ones, those of 1 byte as bytes. Pointers and labels are for prepare().
 */
struct buffer {
    enum buffer_use use;
    size_t rows, columns;
    size_t stride;  /* in elements; 0: panels */
    size_t element; /* bytes */
    bool positive;  /* second moments, arguments of logarithms */
    bool weight;    /* what belongs to a layer, not to a batch: weights, optimizer's state */
};

/* Where the buffers are. Products compute rows [first_row, first_row + rows) of m only. */
struct operands {
    const struct problem *problem;
    void *buffer[PROBLEM_BUFFERS];
    size_t first_row, rows;
};

/*
 * What one call must at least do, whatever the implementation. `flops` counts what only multiply
 * pipes can do: 2 for an fma, and 2 as well for a multiplication or an integer multiplication of a
 * lane, which take the same slot; nothing for additions, compares and logic. Bytes are counted
 * once.
 */
struct work {
    double flops;
    double divisions, roots;
    double read, written;
    double in_place; /* of the bytes written, those that were read before */
};

struct family {
    const char *name;
    bool product; /* shown in GFLOP/s, else in GB/s */
    void (*buffers)(const struct simd_kernels *kernels, const struct problem *problem,
                    struct buffer list[PROBLEM_BUFFERS]);
    void (*prepare)(
        const struct operands *operands); /* what is neither floats nor bytes; or NULL */
    void (*run)(const struct simd_kernels *kernels, const struct operands *operands);
    /* The first operands->rows rows of a product, all of everything else. */
    void (*naive)(const struct naive_kernels *naive, const struct operands *operands);
    struct work (*work)(const struct simd_kernels *kernels, const struct problem *problem);
};

extern const struct family family_gemm_nn, family_gemm_tn, family_weight_update;
extern const struct family family_bias_update, family_optimizer_update;
extern const struct family family_pack_panels, family_pack_panels_transposed, family_unpack_panels,
    family_transpose_panel, family_gather_u8, family_gather_f32;
extern const struct family family_activation, family_activation_gradient, family_exp, family_log;
extern const struct family family_softmax, family_softmax_crossentropy, family_sum, family_max,
    family_count_subnormal;
extern const struct family family_random_words, family_random_uniform, family_dropout;

extern const struct problem problem_list[];
extern const size_t problem_count;

/* "gemm_nn:bias+relu"; "32x256x784", "784x256" or "16384". */
void problem_kernel(const struct problem *problem, char name[PROBLEM_NAME_SIZE]);
void problem_shape(const struct problem *problem, char shape[PROBLEM_NAME_SIZE]);

/* Bytes that a buffer takes in the layout of `kernels`. */
size_t buffer_bytes(const struct simd_kernels *kernels, const struct buffer *buffer);
/* The place of element (row, column), in elements. */
size_t buffer_index(const struct simd_kernels *kernels, const struct buffer *buffer, size_t row,
                    size_t column);

/* Buffers of floats: row-major, in panels, and one row of n. */
struct buffer buffer_rows(enum buffer_use use, size_t rows, size_t columns, size_t stride);
struct buffer buffer_panels(enum buffer_use use, size_t rows, size_t columns);
struct buffer buffer_flat(enum buffer_use use, size_t n);
/* The same, belonging to a layer; with positive values. */
struct buffer buffer_weight(struct buffer buffer);
struct buffer buffer_positive(struct buffer buffer);

/*
 * Multiplications (fma included) that a function of one value takes: exp(x); exp(x) or exp(x) - 1
 * of x <= 0; log(1 + u); log(x); the normal integral. The contract of equal bits fixes each
 * function's sequence of operations (simd/kernels/math.h, activation.h), so these are exact.
 */
enum { COST_EXP = 9, COST_EXP_NEGATIVE = 10, COST_LOG1P = 9, COST_LOG = 12, COST_NORMAL = 24 };

/* Adds what an optimizer's step does to `n` parameters whose gradient is at hand. */
void work_add_step(struct work *work, int kind, double n);

/* The step that an optimizer kind makes in all problems. */
struct simd_optimizer_step problem_step(int kind);

/* From row to row of an activation of n columns, as in a plan's buffers: an odd number of cache
 * lines, see engine/plan/build.c. */
static inline size_t plan_stride(const struct simd_kernels *kernels, size_t n)
{
    const size_t line = SIMD_ALIGNMENT / sizeof(float);
    return ((simd_padded_columns(kernels, n) + line - 1) / line | 1) * line;
}

#endif
