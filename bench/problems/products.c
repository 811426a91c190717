/* problems/products.c: matrix products. */
#include "bench/problems/problem.h"

/* --- products: buffers a, b, c, bias, y, scratch -----------------------------------------------
 */

/* Buffers a, b, c, bias, y, scratch; a is [m, k] and b in panels, or for the gradient of a weight a
 * is [k, m] and b row-major. */
static void nn_buffers(const struct simd_kernels *kernels, const struct problem *problem,
                       struct buffer list[PROBLEM_BUFFERS])
{
    const size_t m = problem->m, n = problem->n, k = problem->k,
                 stride = simd_padded_columns(kernels, n);
    list[0] = buffer_rows(BUFFER_INPUT, m, k, k);
    list[1] = buffer_weight(buffer_panels(BUFFER_INPUT, k, n));
    list[2] = buffer_rows(BUFFER_OUTPUT, m, n, stride);
    if (problem->option == SIMD_STORE_RELU) {
        list[3] = buffer_weight(buffer_rows(BUFFER_INPUT, 1, n, stride));
    }
    if (problem->option == SIMD_RELU_GRADIENT) {
        list[4] = buffer_rows(BUFFER_INPUT, m, n, stride);
    }
    list[5] = buffer_flat(BUFFER_SCRATCH, SIMD_SCRATCH);
}

static void tn_buffers(const struct simd_kernels *kernels, const struct problem *problem,
                       struct buffer list[PROBLEM_BUFFERS])
{
    const size_t m = problem->m, n = problem->n, k = problem->k,
                 stride = simd_padded_columns(kernels, n);
    list[0] = buffer_rows(BUFFER_INPUT, k, m, m);
    list[1] = buffer_rows(BUFFER_INPUT, k, n, stride);
    list[2] = buffer_weight(buffer_rows(BUFFER_OUTPUT, m, n, stride));
    list[5] = buffer_flat(BUFFER_SCRATCH, SIMD_SCRATCH);
}

static struct work product_work(const struct simd_kernels *kernels, const struct problem *problem)
{
    (void)kernels;
    const double m = (double)problem->m, n = (double)problem->n, k = (double)problem->k;
    struct work work = {.flops = 2 * m * n * k,
                        .read = (double)sizeof(float) * (m * k + k * n),
                        .written = (double)sizeof(float) * m * n};
    if (problem->option == SIMD_RELU_GRADIENT) {
        work.read += (double)sizeof(float) * m * n;
    }
    return work;
}

static struct simd_gemm product(const struct simd_kernels *kernels, const struct operands *operands)
{
    const struct problem *problem = operands->problem;
    struct simd_gemm gemm = {
        .m = operands->rows,
        .n = problem->n,
        .k = problem->k,
        .b = operands->buffer[1],
        .c_stride = simd_padded_columns(kernels, problem->n),
        .epilogue = (enum simd_epilogue)problem->option,
        .scratch = operands->buffer[5],
    };
    gemm.c = (float *)operands->buffer[2] + operands->first_row * gemm.c_stride;
    if (problem->option == SIMD_STORE_RELU) {
        gemm.bias = operands->buffer[3];
    }
    if (problem->option == SIMD_RELU_GRADIENT) {
        gemm.y_stride = gemm.c_stride;
        gemm.y = (const float *)operands->buffer[4] + operands->first_row * gemm.y_stride;
        gemm.scale = 1.25f;
    }
    return gemm;
}

/* a [m, k], b in panels: the forward product, and with a transposed weight the gradient of h. */
static void run_gemm_nn(const struct simd_kernels *kernels, const struct operands *operands)
{
    struct simd_gemm gemm = product(kernels, operands);
    gemm.a_stride = gemm.k;
    gemm.a = (const float *)operands->buffer[0] + operands->first_row * gemm.a_stride;
    gemm.b_stride = simd_panel_width(kernels, gemm.n);
    gemm.b_panel_stride = gemm.k * gemm.b_stride;
    kernels->gemm_nn(&gemm);
}

static void naive_gemm_nn(const struct naive_kernels *naive, const struct operands *operands)
{
    const struct problem *problem = operands->problem;
    float *c = operands->buffer[2];
    naive->gemm_nn(operands->rows, problem->n, problem->k, operands->buffer[0], problem->k,
                   operands->buffer[1], c);
    if (problem->option == SIMD_STORE_RELU) {
        naive->relu(operands->rows * problem->n, c);
    } else if (problem->option == SIMD_RELU_GRADIENT) {
        naive->relu_gradient(operands->rows * problem->n, operands->buffer[4], 1.25f, c);
    }
}

/* a [k, m], b row-major with padded rows: the gradient of a weight. */
static void run_gemm_tn(const struct simd_kernels *kernels, const struct operands *operands)
{
    struct simd_gemm gemm = product(kernels, operands);
    gemm.a_stride = operands->problem->m;
    gemm.a = (const float *)operands->buffer[0] + operands->first_row;
    gemm.b_stride = simd_padded_columns(kernels, gemm.n);
    gemm.b_panel_stride = simd_panel_width(kernels, gemm.n);
    kernels->gemm_tn(&gemm);
}

static void naive_gemm_tn(const struct naive_kernels *naive, const struct operands *operands)
{
    const struct problem *problem = operands->problem;
    naive->gemm_tn(operands->rows, problem->n, problem->k, operands->buffer[0], problem->m,
                   operands->buffer[1], operands->buffer[2]);
}

const struct family family_gemm_nn = {
    .name = "gemm_nn",
    .product = true,
    .buffers = nn_buffers,
    .run = run_gemm_nn,
    .naive = naive_gemm_nn,
    .work = product_work,
};

const struct family family_gemm_tn = {
    .name = "gemm_tn",
    .product = true,
    .buffers = tn_buffers,
    .run = run_gemm_tn,
    .naive = naive_gemm_tn,
    .work = product_work,
};
