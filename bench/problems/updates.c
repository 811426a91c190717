/* problems/updates.c: gradients of weights and biases with the optimizer's step. */
#include "bench/problems/problem.h"

void work_add_step(struct work *work, int kind, double n)
{
    const double bytes = (double)sizeof(float) * n;
    static const struct {
        double multiplications, slots, divisions, roots;
    } costs[SIMD_OPTIMIZER_COUNT] = {
        [SIMD_GRADIENT] = {0, 0, 0, 0}, [SIMD_SGD] = {1, 0, 0, 0},  [SIMD_MOMENTUM] = {2, 1, 0, 0},
        [SIMD_NESTEROV] = {3, 1, 0, 0}, [SIMD_ADAM] = {4, 2, 1, 1},
    };
    work->flops += 2 * costs[kind].multiplications * n;
    work->divisions += costs[kind].divisions * n;
    work->roots += costs[kind].roots * n;
    if (kind == SIMD_GRADIENT) {
        work->written += bytes;
        return;
    }
    work->read += (1 + costs[kind].slots) * bytes;
    work->written += (1 + costs[kind].slots) * bytes;
    work->in_place += (1 + costs[kind].slots) * bytes;
}

/* Buffers x [batch, m], dy [batch, n], w, slot1, slot2, and scratch or the naive loop's gradient.
 * dy's rows are an odd number of cache lines, as a plan's are. */
static void weight_buffers(const struct simd_kernels *kernels, const struct problem *problem,
                           struct buffer list[PROBLEM_BUFFERS])
{
    const size_t m = problem->m, n = problem->n, batch = problem->k;
    const size_t weight = simd_panels_size(kernels, m, n);
    list[0] = buffer_rows(BUFFER_INPUT, batch, m, m);
    list[1] = buffer_rows(BUFFER_INPUT, batch, n, plan_stride(kernels, n));
    for (int i = 2; i < 5; i++) {
        list[i] = buffer_weight(buffer_panels(BUFFER_UPDATED, m, n));
    }
    list[4] = buffer_positive(list[4]);
    list[5] = buffer_flat(BUFFER_SCRATCH, weight > SIMD_SCRATCH ? weight : SIMD_SCRATCH);
}

static void run_weight_update(const struct simd_kernels *kernels, const struct operands *operands)
{
    const struct problem *problem = operands->problem;
    const size_t nr = simd_panel_width(kernels, problem->n);
    kernels->weight_update(
        &(struct simd_weight_update){.batch = problem->k,
                                     .k = problem->m,
                                     .nr = nr,
                                     .columns = problem->n,
                                     .first_row = operands->first_row,
                                     .rows = operands->rows,
                                     .x = operands->buffer[0],
                                     .x_stride = problem->m,
                                     .dy = operands->buffer[1],
                                     .dy_stride = plan_stride(kernels, problem->n),
                                     .w = operands->buffer[2],
                                     .slot1 = operands->buffer[3],
                                     .slot2 = operands->buffer[4],
                                     .scratch = operands->buffer[5],
                                     .step = problem_step(problem->option)});
}

static void naive_weight_update(const struct naive_kernels *naive, const struct operands *operands)
{
    const struct problem *problem = operands->problem;
    const struct simd_optimizer_step step = problem_step(problem->option);
    float *gradient = operands->buffer[5];
    naive->gemm_tn(operands->rows, problem->n, problem->k, operands->buffer[0], problem->m,
                   operands->buffer[1], gradient);
    naive->optimizer(&step, operands->rows * problem->n, gradient, operands->buffer[2],
                     operands->buffer[3], operands->buffer[4]);
}

static struct work update_work(const struct simd_kernels *kernels, const struct problem *problem)
{
    (void)kernels;
    const double m = (double)problem->m, n = (double)problem->n, k = (double)problem->k;
    struct work work = {.flops = 2 * m * n * k, .read = (double)sizeof(float) * k * (m + n)};
    work_add_step(&work, problem->option, m * n);
    return work;
}

const struct family family_weight_update = {
    .name = "weight_update",
    .product = true,
    .buffers = weight_buffers,
    .run = run_weight_update,
    .naive = naive_weight_update,
    .work = update_work,
};

/* Buffers dy [m, n] or the gradient [n], w, slot1, slot2, and the naive loop's gradient. */
static void step_buffers(const struct simd_kernels *kernels, const struct problem *problem,
                         struct buffer list[PROBLEM_BUFFERS])
{
    const size_t n = problem->n, padded = simd_padded_columns(kernels, n);
    list[0] = buffer_rows(BUFFER_INPUT, problem->m > 0 ? problem->m : 1, n, padded);
    for (int i = 1; i < 4; i++) {
        list[i] = buffer_weight(buffer_rows(BUFFER_UPDATED, 1, n, padded));
    }
    list[3] = buffer_positive(list[3]);
    list[4] = buffer_flat(BUFFER_SCRATCH, n);
}

static void run_bias_update(const struct simd_kernels *kernels, const struct operands *operands)
{
    const struct problem *problem = operands->problem;
    const struct simd_optimizer_step step = problem_step(problem->option);
    kernels->bias_update(problem->m, problem->n, operands->buffer[0],
                         simd_padded_columns(kernels, problem->n), operands->buffer[1],
                         operands->buffer[2], operands->buffer[3], &step);
}

static void naive_bias_update(const struct naive_kernels *naive, const struct operands *operands)
{
    const struct problem *problem = operands->problem;
    const struct simd_optimizer_step step = problem_step(problem->option);
    float *gradient = operands->buffer[4];
    naive->column_sum(problem->m, problem->n, operands->buffer[0], gradient);
    naive->optimizer(&step, problem->n, gradient, operands->buffer[1], operands->buffer[2],
                     operands->buffer[3]);
}

static struct work bias_work(const struct simd_kernels *kernels, const struct problem *problem)
{
    (void)kernels;
    struct work work = {.read = (double)sizeof(float) * (double)(problem->m * problem->n)};
    work_add_step(&work, problem->option, (double)problem->n);
    return work;
}

const struct family family_bias_update = {
    .name = "bias_update",
    .buffers = step_buffers,
    .run = run_bias_update,
    .naive = naive_bias_update,
    .work = bias_work,
};

static void run_optimizer_update(const struct simd_kernels *kernels,
                                 const struct operands *operands)
{
    const struct simd_optimizer_step step = problem_step(operands->problem->option);
    kernels->optimizer_update(operands->problem->n, operands->buffer[0], operands->buffer[1],
                              operands->buffer[2], operands->buffer[3], &step);
}

static void naive_optimizer_update(const struct naive_kernels *naive,
                                   const struct operands *operands)
{
    const struct simd_optimizer_step step = problem_step(operands->problem->option);
    naive->optimizer(&step, operands->problem->n, operands->buffer[0], operands->buffer[1],
                     operands->buffer[2], operands->buffer[3]);
}

static struct work optimizer_work(const struct simd_kernels *kernels, const struct problem *problem)
{
    (void)kernels;
    struct work work = {.read = (double)sizeof(float) * (double)problem->n};
    work_add_step(&work, problem->option, (double)problem->n);
    return work;
}

const struct family family_optimizer_update = {
    .name = "optimizer_update",
    .buffers = step_buffers,
    .run = run_optimizer_update,
    .naive = naive_optimizer_update,
    .work = optimizer_work,
};
