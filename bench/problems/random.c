/* problems/random.c: random numbers and dropout. */
#include "bench/problems/problem.h"

static const struct simd_random stream = {.seed = 42, .purpose_and_layer = 1, .step = 3};

/* What words take when `more` multiplications follow. Four words take ten rounds of two 32 x 32 ->
 * 64 bit multiplications, less two that are the same for a whole row; a vector instruction does
 * half its lanes. */
static double philox_flops(const struct simd_kernels *kernels, double words, double more)
{
    const double slots = (10 * 2 - 2) / 4.0 * (kernels->lanes > 1 ? 2 : 1);
    return 2 * (slots + more) * words;
}

static struct work words_work(const struct simd_kernels *kernels, const struct problem *problem)
{
    const double n = (double)problem->n;
    return (struct work){.flops = philox_flops(kernels, n, 0),
                         .written = (double)sizeof(uint32_t) * n};
}

static struct work uniform_work(const struct simd_kernels *kernels, const struct problem *problem)
{
    const double n = (double)problem->n;
    return (struct work){.flops = philox_flops(kernels, n, 2),
                         .written = (double)sizeof(float) * n};
}

/* Buffer 1 receives the numbers. */
static void random_buffers(const struct simd_kernels *kernels, const struct problem *problem,
                           struct buffer list[PROBLEM_BUFFERS])
{
    (void)kernels;
    list[1] = buffer_flat(BUFFER_OUTPUT, problem->n);
}

static void run_words(const struct simd_kernels *kernels, const struct operands *operands)
{
    kernels->random_words(&stream, 0, operands->problem->n, operands->buffer[1]);
}

static void naive_words(const struct naive_kernels *naive, const struct operands *operands)
{
    naive->random_words(&stream, operands->problem->n, operands->buffer[1]);
}

static void run_uniform(const struct simd_kernels *kernels, const struct operands *operands)
{
    kernels->random_uniform(&stream, 0, operands->problem->n, -0.1f, 0.1f, operands->buffer[1]);
}

static void naive_uniform(const struct naive_kernels *naive, const struct operands *operands)
{
    naive->random_uniform(&stream, operands->problem->n, -0.1f, 0.1f, operands->buffer[1]);
}

const struct family family_random_words = {
    .name = "random_words",
    .buffers = random_buffers,
    .run = run_words,
    .naive = naive_words,
    .work = words_work,
};

const struct family family_random_uniform = {
    .name = "random_uniform",
    .buffers = random_buffers,
    .run = run_uniform,
    .naive = naive_uniform,
    .work = uniform_work,
};

enum { DROPOUT_FIFTH = 858993459 }; /* round(0.2 * 2^32) */

/* From buffer 0 to buffer 1. */
static void dropout_buffers(const struct simd_kernels *kernels, const struct problem *problem,
                            struct buffer list[PROBLEM_BUFFERS])
{
    (void)kernels;
    list[0] = buffer_rows(BUFFER_INPUT, problem->m, problem->n, problem->n);
    list[1] = buffer_rows(BUFFER_OUTPUT, problem->m, problem->n, problem->n);
}

static void run_dropout(const struct simd_kernels *kernels, const struct operands *operands)
{
    const struct problem *problem = operands->problem;
    kernels->dropout(&stream, 0, problem->m, problem->n, DROPOUT_FIFTH, 1.25f, operands->buffer[0],
                     problem->n, operands->buffer[1], problem->n);
}

static void naive_dropout(const struct naive_kernels *naive, const struct operands *operands)
{
    naive->dropout(&stream, operands->problem->m, operands->problem->n, DROPOUT_FIFTH, 1.25f,
                   operands->buffer[0], operands->buffer[1]);
}

static struct work dropout_work(const struct simd_kernels *kernels, const struct problem *problem)
{
    const double n = (double)(problem->m * problem->n);
    return (struct work){.flops = philox_flops(kernels, n, 1),
                         .read = (double)sizeof(float) * n,
                         .written = (double)sizeof(float) * n};
}

const struct family family_dropout = {
    .name = "dropout",
    .buffers = dropout_buffers,
    .run = run_dropout,
    .naive = naive_dropout,
    .work = dropout_work,
};
