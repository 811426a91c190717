/* case_elementwise.c: families of functions of single values, of rows, of reductions, of random
 * numbers. */
#include "bench/cases.h"

/* --- values: x, y, dy, dx -----------------------------------------------------------------------
 */

static void value_sizes(const struct simd_kernels *kernels, const struct bench_case *spec,
                        size_t bytes[CASE_BUFFERS])
{
    (void)kernels;
    for (int i = 0; i < 4; i++) {
        bytes[i] = case_floats(spec->n);
    }
}

/*
 * Multiplications (fma included) and divisions that one value takes. The contract of equal bits
 * fixes each function's sequence of operations (simd/kernels/math.h, activation.h), so these are
 * exact.
 */
struct cost {
    double multiplications, divisions;
};

/* exp(x); exp(x) or exp(x) - 1 of x <= 0; log(1 + u); log(x); the normal integral. */
enum { EXP = 9, EXP_NEGATIVE = 10, LOG1P = 9, LOG = 12, NORMAL_INTEGRAL = 24 };

static struct work value_work(const struct bench_case *spec, struct cost cost, double reads)
{
    const double n = (double)spec->n, bytes = (double)sizeof(float) * n;
    return (struct work){.flops = 2 * cost.multiplications * n,
                         .divisions = cost.divisions * n,
                         .read = reads * bytes,
                         .written = bytes};
}

static float slope_of(int kind)
{
    return kind == SIMD_LEAKY_RELU ? 0.2f : 1.0f;
}

static void run_activation(const struct simd_kernels *kernels, const struct operands *operands)
{
    const struct bench_case *spec = operands->spec;
    kernels->activation((enum simd_activation)spec->option, slope_of(spec->option), spec->n,
                        operands->buffer[0], operands->buffer[1]);
}

static void naive_activation(const struct naive_kernels *naive, const struct operands *operands,
                             size_t m)
{
    (void)m;
    const struct bench_case *spec = operands->spec;
    naive->activation((enum simd_activation)spec->option, slope_of(spec->option), spec->n,
                      operands->buffer[0], operands->buffer[1]);
}

static const struct cost activation_costs[SIMD_ACTIVATION_COUNT] = {
    [SIMD_SIGMOID] = {EXP_NEGATIVE, 1},          [SIMD_TANH] = {EXP_NEGATIVE + 1, 1},
    [SIMD_GELU] = {NORMAL_INTEGRAL + 1, 1},      [SIMD_GELU_TANH] = {EXP_NEGATIVE + 4, 1},
    [SIMD_SILU] = {EXP_NEGATIVE + 1, 1},         [SIMD_ELU] = {EXP_NEGATIVE + 1, 0},
    [SIMD_SELU] = {EXP_NEGATIVE + 2, 0},         [SIMD_LEAKY_RELU] = {1, 0},
    [SIMD_SOFTPLUS] = {EXP_NEGATIVE + LOG1P, 1}, [SIMD_EXPONENTIAL] = {EXP, 0},
};

static struct work activation_work(const struct simd_kernels *kernels,
                                   const struct bench_case *spec)
{
    (void)kernels;
    return value_work(spec, activation_costs[spec->option], 1);
}

const struct family family_activation = {
    .name = "activation",
    .sizes = value_sizes,
    .run = run_activation,
    .naive = naive_activation,
    .work = activation_work,
};

static void run_gradient(const struct simd_kernels *kernels, const struct operands *operands)
{
    const struct bench_case *spec = operands->spec;
    kernels->activation_gradient((enum simd_activation)spec->option, slope_of(spec->option),
                                 spec->n, operands->buffer[0], operands->buffer[1],
                                 operands->buffer[2], operands->buffer[3]);
}

static void naive_gradient(const struct naive_kernels *naive, const struct operands *operands,
                           size_t m)
{
    (void)m;
    const struct bench_case *spec = operands->spec;
    naive->activation_gradient((enum simd_activation)spec->option, slope_of(spec->option), spec->n,
                               operands->buffer[0], operands->buffer[1], operands->buffer[2],
                               operands->buffer[3]);
}

/* The last multiplication is that by dy. */
static const struct cost gradient_costs[SIMD_ACTIVATION_COUNT] = {
    [SIMD_RELU] = {1, 0},
    [SIMD_SIGMOID] = {1 + 1, 0},
    [SIMD_TANH] = {1 + 1, 0},
    [SIMD_GELU] = {NORMAL_INTEGRAL + 2 + 1, 1},
    [SIMD_GELU_TANH] = {EXP_NEGATIVE + 9 + 1, 1},
    [SIMD_SILU] = {EXP_NEGATIVE + 3 + 1, 1},
    [SIMD_ELU] = {1, 0},
    [SIMD_SELU] = {1, 0},
    [SIMD_LEAKY_RELU] = {1, 0},
    [SIMD_SOFTPLUS] = {EXP_NEGATIVE + 1, 0},
    [SIMD_EXPONENTIAL] = {1, 0},
};

static struct work gradient_work(const struct simd_kernels *kernels, const struct bench_case *spec)
{
    (void)kernels;
    return value_work(spec, gradient_costs[spec->option], spec->option == SIMD_LINEAR ? 1 : 2);
}

const struct family family_activation_gradient = {
    .name = "activation_gradient",
    .sizes = value_sizes,
    .run = run_gradient,
    .naive = naive_gradient,
    .work = gradient_work,
};

static void run_exp(const struct simd_kernels *kernels, const struct operands *operands)
{
    kernels->exp(operands->spec->n, operands->buffer[0], operands->buffer[1]);
}

static void naive_exp(const struct naive_kernels *naive, const struct operands *operands, size_t m)
{
    (void)m;
    naive->exp(operands->spec->n, operands->buffer[0], operands->buffer[1]);
}

static struct work exp_work(const struct simd_kernels *kernels, const struct bench_case *spec)
{
    (void)kernels;
    return value_work(spec, (struct cost){EXP, 0}, 1);
}

const struct family family_exp = {
    .name = "exp",
    .sizes = value_sizes,
    .run = run_exp,
    .naive = naive_exp,
    .work = exp_work,
};

/* Logarithms of positive numbers. */
static void prepare_log(const struct operands *operands)
{
    float *x = operands->buffer[0];
    for (size_t i = 0; i < operands->spec->n; i++) {
        x[i] = x[i] * x[i] + 1e-3f;
    }
}

static void run_log(const struct simd_kernels *kernels, const struct operands *operands)
{
    kernels->log(operands->spec->n, operands->buffer[0], operands->buffer[1]);
}

static void naive_log(const struct naive_kernels *naive, const struct operands *operands, size_t m)
{
    (void)m;
    naive->log(operands->spec->n, operands->buffer[0], operands->buffer[1]);
}

static struct work log_work(const struct simd_kernels *kernels, const struct bench_case *spec)
{
    (void)kernels;
    return value_work(spec, (struct cost){LOG, 1}, 1);
}

const struct family family_log = {
    .name = "log",
    .sizes = value_sizes,
    .prepare = prepare_log,
    .run = run_log,
    .naive = naive_log,
    .work = log_work,
};

/* --- rows: z, p or dz, labels, loss, correct ----------------------------------------------------
 */

static size_t row_stride(const struct bench_case *spec)
{
    return (spec->n + SIMD_MAX_LANES - 1) / SIMD_MAX_LANES * SIMD_MAX_LANES;
}

static void row_sizes(const struct simd_kernels *kernels, const struct bench_case *spec,
                      size_t bytes[CASE_BUFFERS])
{
    (void)kernels;
    bytes[0] = bytes[1] = case_floats(spec->m * row_stride(spec));
    bytes[2] = spec->m * sizeof(int32_t);
    bytes[3] = case_floats(spec->m);
    bytes[4] = spec->m;
}

static void prepare_rows(const struct operands *operands)
{
    int32_t *labels = operands->buffer[2];
    for (size_t r = 0; r < operands->spec->m; r++) {
        labels[r] = (int32_t)(r * 7 % operands->spec->n);
    }
}

/* For each value an exponential and `more` multiplications. */
static struct work row_work(const struct bench_case *spec, double more)
{
    const double m = (double)spec->m, n = (double)spec->n;
    return (struct work){.flops = 2 * (EXP_NEGATIVE + more) * m * n,
                         .divisions = m,
                         .read = (double)sizeof(float) * m * n,
                         .written = (double)sizeof(float) * m * n};
}

static struct work softmax_work(const struct simd_kernels *kernels, const struct bench_case *spec)
{
    (void)kernels;
    return row_work(spec, 1);
}

static void run_softmax(const struct simd_kernels *kernels, const struct operands *operands)
{
    const struct bench_case *spec = operands->spec;
    kernels->softmax(spec->m, spec->n, operands->buffer[0], row_stride(spec), operands->buffer[1],
                     row_stride(spec));
}

static void naive_softmax(const struct naive_kernels *naive, const struct operands *operands,
                          size_t m)
{
    naive->softmax(m, operands->spec->n, operands->buffer[0], operands->buffer[1]);
}

const struct family family_softmax = {
    .name = "softmax",
    .sizes = row_sizes,
    .run = run_softmax,
    .naive = naive_softmax,
    .work = softmax_work,
};

static void run_crossentropy(const struct simd_kernels *kernels, const struct operands *operands)
{
    const struct bench_case *spec = operands->spec;
    const struct simd_softmax_crossentropy args = {
        .rows = spec->m,
        .n = spec->n,
        .z = operands->buffer[0],
        .z_stride = row_stride(spec),
        .labels = operands->buffer[2],
        .gradient_scale = 1.0f / 32,
        .dz = operands->buffer[1],
        .dz_stride = row_stride(spec),
        .loss = operands->buffer[3],
        .correct = operands->buffer[4],
    };
    kernels->softmax_crossentropy(&args);
}

static void naive_crossentropy(const struct naive_kernels *naive, const struct operands *operands,
                               size_t m)
{
    naive->softmax_crossentropy(m, operands->spec->n, operands->buffer[0], operands->buffer[2],
                                1.0f / 32, operands->buffer[1], operands->buffer[3],
                                operands->buffer[4]);
}

static struct work crossentropy_work(const struct simd_kernels *kernels,
                                     const struct bench_case *spec)
{
    (void)kernels;
    struct work work = row_work(spec, 2);
    work.flops += 2.0 * LOG * (double)spec->m; /* a logarithm for each row */
    work.divisions += (double)spec->m;
    work.read += (double)sizeof(int32_t) * (double)spec->m;
    work.written += (double)(sizeof(float) + 1) * (double)spec->m;
    return work;
}

const struct family family_softmax_crossentropy = {
    .name = "softmax_crossentropy",
    .sizes = row_sizes,
    .prepare = prepare_rows,
    .run = run_crossentropy,
    .naive = naive_crossentropy,
    .work = crossentropy_work,
};

/* --- reductions ----------------------------------------------------------------------------------
 */

static volatile float reduction_sink;

static struct work reduction_work(const struct simd_kernels *kernels, const struct bench_case *spec)
{
    (void)kernels;
    return (struct work){.read = (double)sizeof(float) * (double)spec->n};
}

static void run_sum(const struct simd_kernels *kernels, const struct operands *operands)
{
    reduction_sink = kernels->sum(operands->spec->n, operands->buffer[0]);
}

static void naive_sum(const struct naive_kernels *naive, const struct operands *operands, size_t m)
{
    (void)m;
    reduction_sink = naive->sum(operands->spec->n, operands->buffer[0]);
}

static void run_max(const struct simd_kernels *kernels, const struct operands *operands)
{
    reduction_sink = kernels->max(operands->spec->n, operands->buffer[0]);
}

static void naive_max(const struct naive_kernels *naive, const struct operands *operands, size_t m)
{
    (void)m;
    reduction_sink = naive->max(operands->spec->n, operands->buffer[0]);
}

static void run_count(const struct simd_kernels *kernels, const struct operands *operands)
{
    reduction_sink = (float)kernels->count_subnormal(operands->spec->n, operands->buffer[0]);
}

static void naive_count(const struct naive_kernels *naive, const struct operands *operands,
                        size_t m)
{
    (void)m;
    reduction_sink = (float)naive->count_subnormal(operands->spec->n, operands->buffer[0]);
}

const struct family family_sum = {
    .name = "sum",
    .sizes = value_sizes,
    .run = run_sum,
    .naive = naive_sum,
    .work = reduction_work,
};

const struct family family_max = {
    .name = "max",
    .sizes = value_sizes,
    .run = run_max,
    .naive = naive_max,
    .work = reduction_work,
};

const struct family family_count_subnormal = {
    .name = "count_subnormal",
    .sizes = value_sizes,
    .run = run_count,
    .naive = naive_count,
    .work = reduction_work,
};

/* --- random: words, uniform floats, dropout from x to y ------------------------------------------
 */

static const struct simd_random stream = {.seed = 42, .purpose_and_layer = 1, .step = 3};

/* What words take when `more` multiplications follow. Four words take ten rounds of two 32 x 32 ->
 * 64 bit multiplications, less two that are the same for a whole row; a vector instruction does
 * half its lanes. */
static double philox_flops(const struct simd_kernels *kernels, double words, double more)
{
    const double slots = (10 * 2 - 2) / 4.0 * (kernels->lanes > 1 ? 2 : 1);
    return 2 * (slots + more) * words;
}

static struct work words_work(const struct simd_kernels *kernels, const struct bench_case *spec)
{
    const double n = (double)spec->n;
    return (struct work){.flops = philox_flops(kernels, n, 0),
                         .written = (double)sizeof(uint32_t) * n};
}

static struct work uniform_work(const struct simd_kernels *kernels, const struct bench_case *spec)
{
    const double n = (double)spec->n;
    return (struct work){.flops = philox_flops(kernels, n, 2),
                         .written = (double)sizeof(float) * n};
}

static void run_words(const struct simd_kernels *kernels, const struct operands *operands)
{
    kernels->random_words(&stream, 0, operands->spec->n, operands->buffer[1]);
}

static void naive_words(const struct naive_kernels *naive, const struct operands *operands,
                        size_t m)
{
    (void)m;
    naive->random_words(&stream, operands->spec->n, operands->buffer[1]);
}

static void run_uniform(const struct simd_kernels *kernels, const struct operands *operands)
{
    kernels->random_uniform(&stream, 0, operands->spec->n, -0.1f, 0.1f, operands->buffer[1]);
}

static void naive_uniform(const struct naive_kernels *naive, const struct operands *operands,
                          size_t m)
{
    (void)m;
    naive->random_uniform(&stream, operands->spec->n, -0.1f, 0.1f, operands->buffer[1]);
}

const struct family family_random_words = {
    .name = "random_words",
    .sizes = value_sizes,
    .run = run_words,
    .naive = naive_words,
    .work = words_work,
};

const struct family family_random_uniform = {
    .name = "random_uniform",
    .sizes = value_sizes,
    .run = run_uniform,
    .naive = naive_uniform,
    .work = uniform_work,
};

enum { DROPOUT_FIFTH = 858993459 }; /* round(0.2 * 2^32) */

static void dropout_sizes(const struct simd_kernels *kernels, const struct bench_case *spec,
                          size_t bytes[CASE_BUFFERS])
{
    (void)kernels;
    bytes[0] = bytes[1] = case_floats(spec->m * spec->n);
}

static void run_dropout(const struct simd_kernels *kernels, const struct operands *operands)
{
    const struct bench_case *spec = operands->spec;
    kernels->dropout(&stream, 0, spec->m, spec->n, DROPOUT_FIFTH, 1.25f, operands->buffer[0],
                     spec->n, operands->buffer[1], spec->n);
}

static void naive_dropout(const struct naive_kernels *naive, const struct operands *operands,
                          size_t m)
{
    naive->dropout(&stream, m, operands->spec->n, DROPOUT_FIFTH, 1.25f, operands->buffer[0],
                   operands->buffer[1]);
}

static struct work dropout_work(const struct simd_kernels *kernels, const struct bench_case *spec)
{
    const double n = (double)(spec->m * spec->n);
    return (struct work){.flops = philox_flops(kernels, n, 1),
                         .read = (double)sizeof(float) * n,
                         .written = (double)sizeof(float) * n};
}

const struct family family_dropout = {
    .name = "dropout",
    .sizes = dropout_sizes,
    .run = run_dropout,
    .naive = naive_dropout,
    .work = dropout_work,
};
