/* problems/values.c: functions of single values. */
#include "bench/problems/problem.h"

/* Buffers x, y, dy, dx. */
static void activation_buffers(const struct simd_kernels *kernels, const struct problem *problem,
                               struct buffer list[PROBLEM_BUFFERS])
{
    (void)kernels;
    list[0] = buffer_flat(BUFFER_INPUT, problem->n);
    list[1] = buffer_flat(BUFFER_OUTPUT, problem->n);
}

static void gradient_buffers(const struct simd_kernels *kernels, const struct problem *problem,
                             struct buffer list[PROBLEM_BUFFERS])
{
    (void)kernels;
    for (int i = 0; i < 3; i++) {
        list[i] = buffer_flat(BUFFER_INPUT, problem->n);
    }
    list[3] = buffer_flat(BUFFER_OUTPUT, problem->n);
}

static void log_buffers(const struct simd_kernels *kernels, const struct problem *problem,
                        struct buffer list[PROBLEM_BUFFERS])
{
    activation_buffers(kernels, problem, list);
    list[0] = buffer_positive(list[0]);
}

/* What one value takes, see COST_EXP. */
struct cost {
    double multiplications, divisions;
};

static struct work value_work(const struct problem *problem, struct cost cost, double reads)
{
    const double n = (double)problem->n, bytes = (double)sizeof(float) * n;
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
    const struct problem *problem = operands->problem;
    kernels->activation((enum simd_activation)problem->option, slope_of(problem->option),
                        problem->n, operands->buffer[0], operands->buffer[1]);
}

static void naive_activation(const struct naive_kernels *naive, const struct operands *operands)
{
    const struct problem *problem = operands->problem;
    naive->activation((enum simd_activation)problem->option, slope_of(problem->option), problem->n,
                      operands->buffer[0], operands->buffer[1]);
}

static const struct cost activation_costs[SIMD_ACTIVATION_COUNT] = {
    [SIMD_SIGMOID] = {COST_EXP_NEGATIVE, 1},
    [SIMD_TANH] = {COST_EXP_NEGATIVE + 1, 1},
    [SIMD_GELU] = {COST_NORMAL + 1, 1},
    [SIMD_GELU_TANH] = {COST_EXP_NEGATIVE + 4, 1},
    [SIMD_SILU] = {COST_EXP_NEGATIVE + 1, 1},
    [SIMD_ELU] = {COST_EXP_NEGATIVE + 1, 0},
    [SIMD_SELU] = {COST_EXP_NEGATIVE + 2, 0},
    [SIMD_LEAKY_RELU] = {1, 0},
    [SIMD_SOFTPLUS] = {COST_EXP_NEGATIVE + COST_LOG1P, 1},
    [SIMD_EXPONENTIAL] = {COST_EXP, 0},
};

static struct work activation_work(const struct simd_kernels *kernels,
                                   const struct problem *problem)
{
    (void)kernels;
    return value_work(problem, activation_costs[problem->option], 1);
}

const struct family family_activation = {
    .name = "activation",
    .buffers = activation_buffers,
    .run = run_activation,
    .naive = naive_activation,
    .work = activation_work,
};

static void run_gradient(const struct simd_kernels *kernels, const struct operands *operands)
{
    const struct problem *problem = operands->problem;
    kernels->activation_gradient((enum simd_activation)problem->option, slope_of(problem->option),
                                 problem->n, operands->buffer[0], operands->buffer[1],
                                 operands->buffer[2], operands->buffer[3]);
}

static void naive_gradient(const struct naive_kernels *naive, const struct operands *operands)
{
    const struct problem *problem = operands->problem;
    naive->activation_gradient((enum simd_activation)problem->option, slope_of(problem->option),
                               problem->n, operands->buffer[0], operands->buffer[1],
                               operands->buffer[2], operands->buffer[3]);
}

/* The last multiplication is that by dy. */
static const struct cost gradient_costs[SIMD_ACTIVATION_COUNT] = {
    [SIMD_RELU] = {1, 0},
    [SIMD_SIGMOID] = {1 + 1, 0},
    [SIMD_TANH] = {1 + 1, 0},
    [SIMD_GELU] = {COST_NORMAL + 2 + 1, 1},
    [SIMD_GELU_TANH] = {COST_EXP_NEGATIVE + 9 + 1, 1},
    [SIMD_SILU] = {COST_EXP_NEGATIVE + 3 + 1, 1},
    [SIMD_ELU] = {1, 0},
    [SIMD_SELU] = {1, 0},
    [SIMD_LEAKY_RELU] = {1, 0},
    [SIMD_SOFTPLUS] = {COST_EXP_NEGATIVE + 1, 0},
    [SIMD_EXPONENTIAL] = {1, 0},
};

static struct work gradient_work(const struct simd_kernels *kernels, const struct problem *problem)
{
    (void)kernels;
    return value_work(problem, gradient_costs[problem->option],
                      problem->option == SIMD_LINEAR ? 1 : 2);
}

const struct family family_activation_gradient = {
    .name = "activation_gradient",
    .buffers = gradient_buffers,
    .run = run_gradient,
    .naive = naive_gradient,
    .work = gradient_work,
};

static void run_exp(const struct simd_kernels *kernels, const struct operands *operands)
{
    kernels->exp(operands->problem->n, operands->buffer[0], operands->buffer[1]);
}

static void naive_exp(const struct naive_kernels *naive, const struct operands *operands)
{
    naive->exp(operands->problem->n, operands->buffer[0], operands->buffer[1]);
}

static struct work exp_work(const struct simd_kernels *kernels, const struct problem *problem)
{
    (void)kernels;
    return value_work(problem, (struct cost){COST_EXP, 0}, 1);
}

const struct family family_exp = {
    .name = "exp",
    .buffers = activation_buffers,
    .run = run_exp,
    .naive = naive_exp,
    .work = exp_work,
};

static void run_log(const struct simd_kernels *kernels, const struct operands *operands)
{
    kernels->log(operands->problem->n, operands->buffer[0], operands->buffer[1]);
}

static void naive_log(const struct naive_kernels *naive, const struct operands *operands)
{
    naive->log(operands->problem->n, operands->buffer[0], operands->buffer[1]);
}

static struct work log_work(const struct simd_kernels *kernels, const struct problem *problem)
{
    (void)kernels;
    return value_work(problem, (struct cost){COST_LOG, 1}, 1);
}

const struct family family_log = {
    .name = "log",
    .buffers = log_buffers,
    .run = run_log,
    .naive = naive_log,
    .work = log_work,
};
