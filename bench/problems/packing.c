/* problems/packing.c: moving matrices into panels, out of them, and samples into rows. */
#include "bench/problems/problem.h"

/* From buffer 0 to buffer 1. */
static void pack_buffers(const struct simd_kernels *kernels, const struct problem *problem,
                         struct buffer list[PROBLEM_BUFFERS])
{
    (void)kernels;
    list[0] = buffer_rows(BUFFER_INPUT, problem->k, problem->n, problem->n);
    list[1] = buffer_weight(buffer_panels(BUFFER_OUTPUT, problem->k, problem->n));
}

static void pack_transposed_buffers(const struct simd_kernels *kernels,
                                    const struct problem *problem,
                                    struct buffer list[PROBLEM_BUFFERS])
{
    pack_buffers(kernels, problem, list);
    list[0] = buffer_rows(BUFFER_INPUT, problem->n, problem->k, problem->k);
}

static void unpack_buffers(const struct simd_kernels *kernels, const struct problem *problem,
                           struct buffer list[PROBLEM_BUFFERS])
{
    (void)kernels;
    list[0] = buffer_weight(buffer_panels(BUFFER_INPUT, problem->k, problem->n));
    list[1] = buffer_rows(BUFFER_OUTPUT, problem->k, problem->n, problem->n);
}

static void transpose_buffers(const struct simd_kernels *kernels, const struct problem *problem,
                              struct buffer list[PROBLEM_BUFFERS])
{
    (void)kernels;
    list[0] = buffer_weight(buffer_panels(BUFFER_INPUT, problem->k, problem->n));
    list[1] = buffer_weight(buffer_panels(BUFFER_OUTPUT, problem->n, problem->k));
}

static struct work pack_work(const struct simd_kernels *kernels, const struct problem *problem)
{
    (void)kernels;
    const double bytes = (double)sizeof(float) * (double)(problem->k * problem->n);
    return (struct work){.read = bytes, .written = bytes};
}

static void run_pack(const struct simd_kernels *kernels, const struct operands *operands)
{
    const struct problem *problem = operands->problem;
    kernels->pack_panels(problem->k, problem->n, operands->buffer[0], problem->n,
                         operands->buffer[1]);
}

static void run_pack_transposed(const struct simd_kernels *kernels, const struct operands *operands)
{
    const struct problem *problem = operands->problem;
    kernels->pack_panels_transposed(problem->k, problem->n, operands->buffer[0], problem->k,
                                    operands->buffer[1]);
}

static void run_unpack(const struct simd_kernels *kernels, const struct operands *operands)
{
    const struct problem *problem = operands->problem;
    kernels->unpack_panels(problem->k, problem->n, operands->buffer[0], operands->buffer[1],
                           problem->n);
}

static void run_transpose(const struct simd_kernels *kernels, const struct operands *operands)
{
    const struct problem *problem = operands->problem;
    const size_t nr = simd_panel_width(kernels, problem->n);
    for (size_t panel = 0; panel * nr < problem->n; panel++) {
        kernels->transpose_panel(problem->k, problem->n, panel, 0, problem->k, operands->buffer[0],
                                 operands->buffer[1]);
    }
}

/* The panel width of AVX2; the packed shapes are multiples of it. */
enum { NAIVE_PANEL = 16 };

static void naive_pack(const struct naive_kernels *naive, const struct operands *operands)
{
    const struct problem *problem = operands->problem;
    naive->pack(problem->k, problem->n, NAIVE_PANEL, operands->buffer[0], operands->buffer[1]);
}

static void naive_unpack(const struct naive_kernels *naive, const struct operands *operands)
{
    const struct problem *problem = operands->problem;
    naive->unpack(problem->k, problem->n, NAIVE_PANEL, operands->buffer[0], operands->buffer[1]);
}

static void naive_transpose(const struct naive_kernels *naive, const struct operands *operands)
{
    const struct problem *problem = operands->problem;
    naive->transpose(problem->k, problem->n, operands->buffer[0], operands->buffer[1]);
}

const struct family family_pack_panels = {
    .name = "pack_panels",
    .buffers = pack_buffers,
    .run = run_pack,
    .naive = naive_pack,
    .work = pack_work,
};

const struct family family_pack_panels_transposed = {
    .name = "pack_panels_transposed",
    .buffers = pack_transposed_buffers,
    .run = run_pack_transposed,
    .naive = naive_transpose,
    .work = pack_work,
};

const struct family family_unpack_panels = {
    .name = "unpack_panels",
    .buffers = unpack_buffers,
    .run = run_unpack,
    .naive = naive_unpack,
    .work = pack_work,
};

const struct family family_transpose_panel = {
    .name = "transpose_panel",
    .buffers = transpose_buffers,
    .run = run_transpose,
    .naive = naive_transpose,
    .work = pack_work,
};

/* --- gathering: pool of rows, row pointers, rows as floats --------------------------------------
 */

static void gather_buffers(const struct problem *problem, size_t element,
                           struct buffer list[PROBLEM_BUFFERS])
{
    list[0] = buffer_rows(BUFFER_INPUT, problem->m, problem->n, problem->n);
    list[0].element = element;
    list[1] = buffer_flat(BUFFER_INPUT, problem->m);
    list[1].element = sizeof(void *);
    list[2] = buffer_rows(BUFFER_OUTPUT, problem->m, problem->n, problem->n);
}

static void gather_u8_buffers(const struct simd_kernels *kernels, const struct problem *problem,
                              struct buffer list[PROBLEM_BUFFERS])
{
    (void)kernels;
    gather_buffers(problem, 1, list);
}

static void gather_f32_buffers(const struct simd_kernels *kernels, const struct problem *problem,
                               struct buffer list[PROBLEM_BUFFERS])
{
    (void)kernels;
    gather_buffers(problem, sizeof(float), list);
}

/* Row r comes from another place of the pool. */
static size_t pool_row(const struct problem *problem, size_t r)
{
    return (r * 7 + 3) % problem->m;
}

static void prepare_gather_u8(const struct operands *operands)
{
    const struct problem *problem = operands->problem;
    const uint8_t **rows = operands->buffer[1];
    for (size_t r = 0; r < problem->m; r++) {
        rows[r] = (const uint8_t *)operands->buffer[0] + pool_row(problem, r) * problem->n;
    }
}

static void prepare_gather_f32(const struct operands *operands)
{
    const struct problem *problem = operands->problem;
    const float **rows = operands->buffer[1];
    for (size_t r = 0; r < problem->m; r++) {
        rows[r] = (const float *)operands->buffer[0] + pool_row(problem, r) * problem->n;
    }
}

static void run_gather_u8(const struct simd_kernels *kernels, const struct operands *operands)
{
    const struct problem *problem = operands->problem;
    const uint8_t *const *rows = operands->buffer[1];
    kernels->gather_u8(problem->m, problem->n, rows, 1 / 255.0f, 0, operands->buffer[2],
                       problem->n);
}

static void naive_gather_u8(const struct naive_kernels *naive, const struct operands *operands)
{
    const uint8_t *const *rows = operands->buffer[1];
    naive->gather_u8(operands->problem->m, operands->problem->n, rows, 1 / 255.0f,
                     operands->buffer[2]);
}

static void run_gather_f32(const struct simd_kernels *kernels, const struct operands *operands)
{
    const struct problem *problem = operands->problem;
    const float *const *rows = operands->buffer[1];
    kernels->gather_f32(problem->m, problem->n, rows, 1 / 255.0f, 0, operands->buffer[2],
                        problem->n);
}

static void naive_gather_f32(const struct naive_kernels *naive, const struct operands *operands)
{
    const float *const *rows = operands->buffer[1];
    naive->gather_f32(operands->problem->m, operands->problem->n, rows, 1 / 255.0f,
                      operands->buffer[2]);
}

static struct work gather_u8_work(const struct simd_kernels *kernels, const struct problem *problem)
{
    (void)kernels;
    const double n = (double)(problem->m * problem->n);
    return (struct work){.flops = 2 * n, .read = n, .written = (double)sizeof(float) * n};
}

static struct work gather_f32_work(const struct simd_kernels *kernels,
                                   const struct problem *problem)
{
    struct work work = gather_u8_work(kernels, problem);
    work.read = work.written;
    return work;
}

const struct family family_gather_u8 = {
    .name = "gather_u8",
    .buffers = gather_u8_buffers,
    .prepare = prepare_gather_u8,
    .run = run_gather_u8,
    .naive = naive_gather_u8,
    .work = gather_u8_work,
};

const struct family family_gather_f32 = {
    .name = "gather_f32",
    .buffers = gather_f32_buffers,
    .prepare = prepare_gather_f32,
    .run = run_gather_f32,
    .naive = naive_gather_f32,
    .work = gather_f32_work,
};
