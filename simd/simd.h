/*
 * simd.h: the kernels of pinion, one table per instruction set. The only header of this folder that
 * the rest of the project includes.
 *
 * Nothing here allocates, starts threads, touches files or keeps state. Every kernel gives the same
 * bits on every instruction set (see the numerics contract in README.md):
 *
 *   - a matrix product element is one chain: start from 0, the bias or C, then fma for ascending k;
 *   - sums over features run in 16 virtual lanes, then one fixed tree;
 *   - elementwise functions are one sequence of IEEE operations;
 *   - no stored value is subnormal.
 *
 * Panels. Weight matrices [k, n] live in panels of `nr` columns: element (p, j) is at
 * panel[(j / nr) * k * nr + p * nr + j % nr], where nr = simd_panel_width(kernels, n). Columns from
 * n up to the next multiple of nr are zero. `nr` differs by instruction set; bits do not.
 *
 * Row-major matrices have a stride in elements. Where a comment says "padded rows", a row is
 * readable up to n rounded up to a multiple of nr, and what lies beyond n is zero.
 */
#ifndef PINION_SIMD_H
#define PINION_SIMD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Widest vector of any table, in floats: paddings and alignments use it. */
enum { SIMD_MAX_LANES = 16, SIMD_ALIGNMENT = 64 };

/* Floats that products pack operands into, for each thread: what a second-level cache of 512 KiB
 * holds. */
enum { SIMD_SCRATCH = 96 * 1024 };

enum simd_activation {
    SIMD_LINEAR,
    SIMD_RELU,
    SIMD_SIGMOID,
    SIMD_TANH,
    SIMD_GELU,      /* exact: x/2 (1 + erf(x / sqrt 2)) */
    SIMD_GELU_TANH, /* the tanh approximation */
    SIMD_SILU,
    SIMD_ELU,
    SIMD_SELU,
    SIMD_LEAKY_RELU,
    SIMD_SOFTPLUS,
    SIMD_EXPONENTIAL,
    SIMD_ACTIVATION_COUNT
};

/* Whether the gradient is computed from the function's argument x; else from its value y. */
static inline bool simd_activation_reads_x(enum simd_activation kind)
{
    return kind == SIMD_GELU || kind == SIMD_GELU_TANH || kind == SIMD_SILU;
}

/* What happens to a tile of C in registers before it is stored. */
enum simd_epilogue {
    SIMD_STORE,         /* c = acc */
    SIMD_STORE_RELU,    /* c = acc < 2^-100 ? 0 : acc, so NaN stays NaN */
    SIMD_RELU_GRADIENT, /* c = y > 0 ? acc * scale : 0, y the layer's stored output */
    SIMD_EPILOGUE_COUNT
};

/*
 * C[m, n] = epilogue(start + A · B), k >= 1.
 *
 * - a: gemm_nn: A(i, p) = a[i * a_stride + p]; gemm_tn: A(i, p) = a[p * a_stride + i].
 *
 * - b: B(p, j) = b[(j / nr) * b_panel_stride + p * b_stride + j % nr], nr = simd_panel_width(n).
 *   Panels of a [k, n] weight: b_stride = nr, b_panel_stride = k * nr. A row-major matrix with
 *   padded rows: b_stride = its stride, b_panel_stride = nr.
 *
 * - bias: [n] padded to a multiple of nr, or NULL: where chains start from. Not with `accumulate`.
 *
 * - accumulate: chains continue from what C holds.
 *
 * - c: [m, n] row-major, exactly n columns are written.
 *
 * - y, y_stride, scale: for SIMD_RELU_GRADIENT, [m, n]; |c| below 2^-100 becomes 0.
 *
 * - scratch: SIMD_SCRATCH floats, or NULL, which makes wide products a little slower.
 */
struct simd_gemm {
    size_t m, n, k;
    const float *a;
    size_t a_stride;
    const float *b;
    size_t b_stride, b_panel_stride;
    const float *bias;
    bool accumulate;
    float *c;
    size_t c_stride;
    enum simd_epilogue epilogue;
    const float *y;
    size_t y_stride;
    float scale;
    float *scratch;
};

enum simd_optimizer {
    SIMD_GRADIENT, /* no update: slot1 receives the gradient */
    SIMD_SGD,      /* w -= lr g */
    SIMD_MOMENTUM, /* slot1 = v = momentum v - lr g;  w += v */
    SIMD_NESTEROV, /* v as above;  w += momentum v - lr g */
    SIMD_ADAM,     /* slot1 = m, slot2 = v */
    SIMD_OPTIMIZER_COUNT
};

/*
 * One optimizer step on a weight w with gradient g. |g| below 2^-100 becomes 0 first, for Adam |g|
 * below 2^-45, whose square would be tiny. In this order of operations:
 *
 * - SGD: w = fma(-learning_rate, g, w).
 *
 * - Momentum: v = fma(momentum, v, -(learning_rate g)); w = w + v.
 *
 * - Nesterov: v as above; w = w + fma(momentum, v, -(learning_rate g)).
 *
 * - Adam, Keras's form with epsilon outside the bias correction:
 *   m = fma(g - m, one_minus_beta_1, m);
 *   v = fma(g g - v, one_minus_beta_2, v);
 *   w = w - learning_rate (m / (sqrt(v) + epsilon)).
 *   learning_rate holds lr * sqrt(1 - beta_2^t) / (1 - beta_1^t) already.
 *
 * Whatever is stored becomes 0 below 2^-100, except w of Adam, whose steps are not that small.
 */
struct simd_optimizer_step {
    enum simd_optimizer kind;
    float learning_rate;
    float momentum;
    float one_minus_beta_1, one_minus_beta_2, epsilon;
};

/*
 * dW = Xᵀ · dY for consecutive panels of a weight [k, n], rows [first_row, first_row + rows) of
 * each, the optimizer step applied to each tile while it is in registers.
 *
 * columns   of W that these panels have; where X is finite, zeros that fill the last one stay.
 * x         [batch, k] row-major;  dy [batch, columns] of a row-major matrix with padded rows
 *           (already offset to the first panel).
 * x_rows    where x is NULL: [batch] rows of k bytes, X = byte * x_scale + x_offset as gather_u8
 *           makes it.
 * w, slot1, slot2   the first panel's start ([k, nr] each); slots unused by the step may be NULL.
 * scratch   SIMD_SCRATCH floats.
 */
struct simd_weight_update {
    size_t batch, k, nr, columns;
    size_t first_row, rows;
    const float *x;
    size_t x_stride;
    const uint8_t *const *x_rows;
    float x_scale, x_offset;
    const float *dy;
    size_t dy_stride;
    float *w, *slot1, *slot2;
    float *scratch;
    struct simd_optimizer_step step;
};

/*
 * Philox4x32-10 stream: key = {seed, purpose << 24 | layer}, counter = {element / 4, item, step
 * low, step high}, word = element % 4. `item` is the row in the global batch (dropout), else 0.
 */
struct simd_random {
    uint32_t seed;
    uint32_t purpose_and_layer;
    uint64_t step;
};

/*
 * Softmax, loss and gradient of `rows` rows of logits z [rows, n].
 *   dz[r, j] = (softmax(z)[r, j] - (j == label[r])) * gradient_scale, below 2^-60 becomes 0;
 * columns from n to n rounded up to SIMD_MAX_LANES are set to 0. dz may be NULL or equal to z.
 *   loss[r]  = log(sum exp(z - max)) + (max - z[label])
 *   correct[r] = 1 where the first largest logit is the label's, else 0; a row of NaN counts as
 * class 0.
 */
struct simd_softmax_crossentropy {
    size_t rows, n;
    const float *z;
    size_t z_stride;
    const int32_t *labels;
    float gradient_scale;
    float *dz;
    size_t dz_stride;
    float *loss;
    uint8_t *correct;
};

struct simd_kernels {
    const char *name; /* "scalar", "avx2", "avx512", "neon" */
    uint32_t needs;   /* features this table needs, see cpu.h */
    uint32_t lanes;   /* floats in a vector */
    uint32_t mr;      /* rows of the widest tile */
    uint32_t nr;      /* columns of the widest tile */

    /* Matrix products. */
    void (*gemm_nn)(const struct simd_gemm *gemm);
    void (*gemm_tn)(const struct simd_gemm *gemm);
    void (*weight_update)(const struct simd_weight_update *update);
    /* w, slots [n] (padded to nr): the gradient is the column sum of dy [batch, n], one chain from
     * 0 over ascending rows. first_column..+columns are updated. */
    void (*bias_update)(size_t batch, size_t columns, const float *dy, size_t dy_stride, float *w,
                        float *slot1, float *slot2, const struct simd_optimizer_step *step);
    /* The same step for n values with their gradient in memory. */
    void (*optimizer_update)(size_t n, const float *gradient, float *w, float *slot1, float *slot2,
                             const struct simd_optimizer_step *step);

    /* Packing. panels [k, n] <- row-major b [k, n], or <- its transpose: b row-major [n, k]. */
    void (*pack_panels)(size_t k, size_t n, const float *b, size_t b_stride, float *panels);
    void (*pack_panels_transposed)(size_t k, size_t n, const float *b, size_t b_stride,
                                   float *panels);
    /* Row-major [k, n] <- panels. */
    void (*unpack_panels)(size_t k, size_t n, const float *panels, float *b, size_t b_stride);
    /* Panels of the [n, k] transpose <- panels of [k, n], for rows [first_row, +rows) of panel
     * `panel` of the source. Both widths follow simd_panel_width of their own column counts. The
     * call that has row k - 1 also zeroes the columns that fill the transpose's last panel. */
    void (*transpose_panel)(size_t k, size_t n, size_t panel, size_t first_row, size_t rows,
                            const float *source, float *transposed);
    /* out[r, j] = rows[r][j] * scale + offset (multiply, then add), r < count, j < n. */
    void (*gather_u8)(size_t count, size_t n, const uint8_t *const *rows, float scale, float offset,
                      float *out, size_t out_stride);
    void (*gather_f32)(size_t count, size_t n, const float *const *rows, float scale, float offset,
                       float *out, size_t out_stride);

    /* Elementwise. y may equal x. alpha >= 0: slope of leaky_relu, alpha of elu. |y| below 2^-100
     * becomes 0. */
    void (*activation)(enum simd_activation kind, float alpha, size_t n, const float *x, float *y);
    /* dx = dy * f'(x), from x and y = f(x); dx may equal dy; below 2^-100 becomes 0.
     * x is read by gelu, gelu_tanh and silu only, y by all others. */
    void (*activation_gradient)(enum simd_activation kind, float alpha, size_t n, const float *x,
                                const float *y, const float *dy, float *dx);
    /* exp: +0 below -80, so never subnormal. log: -inf of +-0, NaN below 0. y may equal x. */
    void (*exp)(size_t n, const float *x, float *y);
    void (*log)(size_t n, const float *x, float *y);

    /* Rows. p may equal z; exactly n columns are written. */
    void (*softmax)(size_t rows, size_t n, const float *z, size_t z_stride, float *p,
                    size_t p_stride);
    void (*softmax_crossentropy)(const struct simd_softmax_crossentropy *args);
    float (*sum)(size_t n, const float *x); /* 16 virtual lanes, fixed tree */
    float (*max)(size_t n, const float *x); /* compare and select; n >= 1 */
    /* Number of subnormal values. */
    size_t (*count_subnormal)(size_t n, const float *x);

    /* Random. Dropout in place or from x to y: keeps an element and multiplies it by scale iff its
     * word >= threshold, else 0. Row r has item first_row + r. The same call on a gradient applies
     * the same mask. */
    void (*dropout)(const struct simd_random *random, uint32_t first_row, size_t rows, size_t n,
                    uint32_t threshold, float scale, const float *x, size_t x_stride, float *y,
                    size_t y_stride);
    /* Words first..first+n of item 0. first is a multiple of 4. */
    void (*random_words)(const struct simd_random *random, uint32_t first, size_t n, uint32_t *out);
    /* out = fma(u, high - low, low), u = (word >> 8) * 2^-24 in [0, 1). first is a multiple of 4.
     */
    void (*random_uniform)(const struct simd_random *random, uint32_t first, size_t n, float low,
                           float high, float *out);

    /* Probes of the machine, for the benchmarks: `iterations` rounds of independent work that never
     * leaves registers or walks a buffer; what they return only keeps the compiler honest. */
    float (*probe_fma)(size_t iterations);    /* SIMD_PROBE_OPERATIONS * lanes fma a round */
    float (*probe_divide)(size_t iterations); /* SIMD_PROBE_OPERATIONS * lanes divisions a round */
    float (*probe_sqrt)(size_t iterations);   /* the same of square roots, and of additions */
    float (*probe_read)(size_t n, const float *x);
    void (*probe_copy)(size_t n, const float *x, float *y);
    void (*probe_triad)(size_t n, const float *x, const float *y, float *z); /* z = x + 3 y */
};

enum { SIMD_PROBE_OPERATIONS = 24 };

/* Raised whenever a probe, or how a caller walks its data with one, does something else than
 * before: what was measured in the old unit cannot be compared any more. */
enum { SIMD_PROBE_REVISION = 1 };

/* Columns of a panel of a matrix with n columns: one vector where n fits in it, else nr. */
static inline size_t simd_panel_width(const struct simd_kernels *kernels, size_t n)
{
    return n <= kernels->lanes ? kernels->lanes : kernels->nr;
}

/* n rounded up to whole panels. */
static inline size_t simd_padded_columns(const struct simd_kernels *kernels, size_t n)
{
    const size_t nr = simd_panel_width(kernels, n);
    return (n + nr - 1) / nr * nr;
}

/* Floats that the panels of a [k, n] matrix take. */
static inline size_t simd_panels_size(const struct simd_kernels *kernels, size_t k, size_t n)
{
    return k * simd_padded_columns(kernels, n);
}

/* All tables built into this library, best first; *count receives their number. */
const struct simd_kernels *const *simd_list(size_t *count);

/* Whether processor and operating system can run a table. */
bool simd_runs(const struct simd_kernels *kernels);

/* The table of that name, NULL where there is none. */
const struct simd_kernels *simd_find(const char *name);

/* The first table of the list that runs here; never NULL: scalar needs nothing. */
const struct simd_kernels *simd_best(void);

/* Naive kernels in plain C loops with the contract's order of operations: the tests' oracle. */
extern const struct simd_kernels simd_reference;

#ifdef __cplusplus
}
#endif

#endif
