/*
 * cases.h: what the kernels command measures: a table of kernel x shape. A family says how a kernel
 * is called and what it costs; a case is a family with a shape: one line of cases.c.
 */
#ifndef PINION_BENCH_CASES_H
#define PINION_BENCH_CASES_H

#include <stdbool.h>
#include <stddef.h>

#include "bench/naive/naive.h"
#include "simd/simd.h"

enum { CASE_BUFFERS = 6, CASE_NAME_SIZE = 64 };

struct family;

/* Products: [m, n] with inner dimension k. Row kernels: m rows of n. Packing: [k, n]. Flat ones: n.
 */
struct bench_case {
    const struct family *family;
    const char *variant; /* NULL or what distinguishes it, shown behind the kernel's name */
    int option;          /* which activation, optimizer, epilogue */
    size_t m, n, k;
};

/* One thread's data. What each buffer holds is the family's affair; all start as floats drawn
 * uniformly from [-1, 1). */
struct operands {
    const struct bench_case *spec;
    void *buffer[CASE_BUFFERS];
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
    void (*sizes)(const struct simd_kernels *kernels, const struct bench_case *spec,
                  size_t bytes[CASE_BUFFERS]);
    void (*prepare)(const struct operands *operands); /* what is not floats; may be NULL */
    void (*run)(const struct simd_kernels *kernels, const struct operands *operands);
    /* Only the first `m` rows of a product, all of everything else. */
    void (*naive)(const struct naive_kernels *naive, const struct operands *operands, size_t m);
    struct work (*work)(const struct simd_kernels *kernels, const struct bench_case *spec);
};

extern const struct family family_gemm_nn, family_gemm_tn, family_weight_update;
extern const struct family family_bias_update, family_optimizer_update;
extern const struct family family_pack_panels, family_pack_panels_transposed, family_unpack_panels,
    family_transpose_panel, family_gather_u8, family_gather_f32;
extern const struct family family_activation, family_activation_gradient, family_exp, family_log;
extern const struct family family_softmax, family_softmax_crossentropy, family_sum, family_max,
    family_count_subnormal;
extern const struct family family_random_words, family_random_uniform, family_dropout;

extern const struct bench_case bench_case_list[];
extern const size_t bench_case_count;

/* "gemm_nn:bias+relu"; "32x256x784", "784x256" or "16384". */
void case_kernel(const struct bench_case *spec, char name[CASE_NAME_SIZE]);
void case_shape(const struct bench_case *spec, char shape[CASE_NAME_SIZE]);

/* Adds what an optimizer's step does to `n` parameters whose gradient is at hand. */
void case_add_step(struct work *work, int kind, double n);

/* The step that an optimizer kind makes in all cases. */
struct simd_optimizer_step case_step(int kind);

/* floats * sizeof(float), the unit of sizes(). */
static inline size_t case_floats(size_t floats)
{
    return floats * sizeof(float);
}

/* From row to row of an activation of n columns, as in a plan's buffers: an odd number of cache
 * lines, see engine/plan/build.c. */
static inline size_t case_plan_stride(const struct simd_kernels *kernels, size_t n)
{
    const size_t line = SIMD_ALIGNMENT / sizeof(float);
    return ((simd_padded_columns(kernels, n) + line - 1) / line | 1) * line;
}

#endif
