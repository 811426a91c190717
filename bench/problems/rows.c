/* problems/rows.c: softmax and loss of rows; reductions. */
#include "bench/problems/problem.h"

static size_t row_stride(const struct problem *problem)
{
    return (problem->n + SIMD_MAX_LANES - 1) / SIMD_MAX_LANES * SIMD_MAX_LANES;
}

/* Buffers z, p or dz, labels, loss, correct. */
static void softmax_buffers(const struct simd_kernels *kernels, const struct problem *problem,
                            struct buffer list[PROBLEM_BUFFERS])
{
    (void)kernels;
    list[0] = buffer_rows(BUFFER_INPUT, problem->m, problem->n, row_stride(problem));
    list[1] = buffer_rows(BUFFER_OUTPUT, problem->m, problem->n, row_stride(problem));
}

static void crossentropy_buffers(const struct simd_kernels *kernels, const struct problem *problem,
                                 struct buffer list[PROBLEM_BUFFERS])
{
    softmax_buffers(kernels, problem, list);
    list[2] = buffer_flat(BUFFER_INPUT, problem->m);
    list[3] = buffer_flat(BUFFER_OUTPUT, problem->m);
    list[4] = buffer_flat(BUFFER_OUTPUT, problem->m);
    list[4].element = 1;
}

static void prepare_rows(const struct operands *operands)
{
    int32_t *labels = operands->buffer[2];
    for (size_t r = 0; r < operands->problem->m; r++) {
        labels[r] = (int32_t)(r * 7 % operands->problem->n);
    }
}

/* For each value an exponential and `more` multiplications. */
static struct work row_work(const struct problem *problem, double more)
{
    const double m = (double)problem->m, n = (double)problem->n;
    return (struct work){.flops = 2 * (COST_EXP_NEGATIVE + more) * m * n,
                         .divisions = m,
                         .read = (double)sizeof(float) * m * n,
                         .written = (double)sizeof(float) * m * n};
}

static struct work softmax_work(const struct simd_kernels *kernels, const struct problem *problem)
{
    (void)kernels;
    return row_work(problem, 1);
}

static void run_softmax(const struct simd_kernels *kernels, const struct operands *operands)
{
    const struct problem *problem = operands->problem;
    kernels->softmax(problem->m, problem->n, operands->buffer[0], row_stride(problem),
                     operands->buffer[1], row_stride(problem));
}

static void naive_softmax(const struct naive_kernels *naive, const struct operands *operands)
{
    naive->softmax(operands->problem->m, operands->problem->n, operands->buffer[0],
                   operands->buffer[1]);
}

const struct family family_softmax = {
    .name = "softmax",
    .buffers = softmax_buffers,
    .run = run_softmax,
    .naive = naive_softmax,
    .work = softmax_work,
};

static void run_crossentropy(const struct simd_kernels *kernels, const struct operands *operands)
{
    const struct problem *problem = operands->problem;
    const struct simd_softmax_crossentropy args = {
        .rows = problem->m,
        .n = problem->n,
        .z = operands->buffer[0],
        .z_stride = row_stride(problem),
        .labels = operands->buffer[2],
        .gradient_scale = 1.0f / 32,
        .dz = operands->buffer[1],
        .dz_stride = row_stride(problem),
        .loss = operands->buffer[3],
        .correct = operands->buffer[4],
    };
    kernels->softmax_crossentropy(&args);
}

static void naive_crossentropy(const struct naive_kernels *naive, const struct operands *operands)
{
    naive->softmax_crossentropy(operands->problem->m, operands->problem->n, operands->buffer[0],
                                operands->buffer[2], 1.0f / 32, operands->buffer[1],
                                operands->buffer[3], operands->buffer[4]);
}

static struct work crossentropy_work(const struct simd_kernels *kernels,
                                     const struct problem *problem)
{
    (void)kernels;
    struct work work = row_work(problem, 2);
    work.flops += 2.0 * COST_LOG * (double)problem->m; /* a logarithm for each row */
    work.divisions += (double)problem->m;
    work.read += (double)sizeof(int32_t) * (double)problem->m;
    work.written += (double)(sizeof(float) + 1) * (double)problem->m;
    return work;
}

const struct family family_softmax_crossentropy = {
    .name = "softmax_crossentropy",
    .buffers = crossentropy_buffers,
    .prepare = prepare_rows,
    .run = run_crossentropy,
    .naive = naive_crossentropy,
    .work = crossentropy_work,
};

/* --- reductions ----------------------------------------------------------------------------------
 */

/* Buffers x and the result. */
static void reduction_buffers(const struct simd_kernels *kernels, const struct problem *problem,
                              struct buffer list[PROBLEM_BUFFERS])
{
    (void)kernels;
    list[0] = buffer_flat(BUFFER_INPUT, problem->n);
    list[1] = buffer_flat(BUFFER_OUTPUT, 1);
}

static void keep(const struct operands *operands, float result)
{
    *(float *)operands->buffer[1] = result;
}

static struct work reduction_work(const struct simd_kernels *kernels, const struct problem *problem)
{
    (void)kernels;
    return (struct work){.read = (double)sizeof(float) * (double)problem->n};
}

static void run_sum(const struct simd_kernels *kernels, const struct operands *operands)
{
    keep(operands, kernels->sum(operands->problem->n, operands->buffer[0]));
}

static void naive_sum(const struct naive_kernels *naive, const struct operands *operands)
{
    keep(operands, naive->sum(operands->problem->n, operands->buffer[0]));
}

static void run_max(const struct simd_kernels *kernels, const struct operands *operands)
{
    keep(operands, kernels->max(operands->problem->n, operands->buffer[0]));
}

static void naive_max(const struct naive_kernels *naive, const struct operands *operands)
{
    keep(operands, naive->max(operands->problem->n, operands->buffer[0]));
}

static void run_count(const struct simd_kernels *kernels, const struct operands *operands)
{
    keep(operands, (float)kernels->count_subnormal(operands->problem->n, operands->buffer[0]));
}

static void naive_count(const struct naive_kernels *naive, const struct operands *operands)
{
    keep(operands, (float)naive->count_subnormal(operands->problem->n, operands->buffer[0]));
}

const struct family family_sum = {
    .name = "sum",
    .buffers = reduction_buffers,
    .run = run_sum,
    .naive = naive_sum,
    .work = reduction_work,
};

const struct family family_max = {
    .name = "max",
    .buffers = reduction_buffers,
    .run = run_max,
    .naive = naive_max,
    .work = reduction_work,
};

const struct family family_count_subnormal = {
    .name = "count_subnormal",
    .buffers = reduction_buffers,
    .run = run_count,
    .naive = naive_count,
    .work = reduction_work,
};
