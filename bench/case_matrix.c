/* case_matrix.c: families of matrix products, of the updates fused with them, and of packing. */
#include "bench/cases.h"

static size_t padded(const struct simd_kernels *kernels, size_t n)
{
    return simd_padded_columns(kernels, n);
}

/* --- products: buffers a, b, c, bias, y, scratch -----------------------------------------------
 */

static void product_sizes(const struct simd_kernels *kernels, const struct bench_case *spec,
                          size_t bytes[CASE_BUFFERS])
{
    bytes[0] = case_floats(spec->m * spec->k);
    bytes[1] = case_floats(simd_panels_size(kernels, spec->k, spec->n));
    bytes[2] = case_floats(spec->m * padded(kernels, spec->n));
    bytes[3] = case_floats(padded(kernels, spec->n));
    bytes[4] = case_floats(spec->m * padded(kernels, spec->n));
    bytes[5] = case_floats(SIMD_SCRATCH);
}

static struct work product_work(const struct simd_kernels *kernels, const struct bench_case *spec)
{
    (void)kernels;
    const double m = (double)spec->m, n = (double)spec->n, k = (double)spec->k;
    struct work work = {.flops = 2 * m * n * k,
                        .read = (double)sizeof(float) * (m * k + k * n),
                        .written = (double)sizeof(float) * m * n};
    if (spec->option == SIMD_RELU_GRADIENT) {
        work.read += (double)sizeof(float) * m * n;
    }
    return work;
}

static struct simd_gemm product(const struct simd_kernels *kernels, const struct operands *operands)
{
    const struct bench_case *spec = operands->spec;
    struct simd_gemm gemm = {
        .m = spec->m,
        .n = spec->n,
        .k = spec->k,
        .a = operands->buffer[0],
        .b = operands->buffer[1],
        .c = operands->buffer[2],
        .c_stride = padded(kernels, spec->n),
        .epilogue = (enum simd_epilogue)spec->option,
        .scratch = operands->buffer[5],
    };
    if (spec->option == SIMD_STORE_RELU) {
        gemm.bias = operands->buffer[3];
    }
    if (spec->option == SIMD_RELU_GRADIENT) {
        gemm.y = operands->buffer[4];
        gemm.y_stride = gemm.c_stride;
        gemm.scale = 1.25f;
    }
    return gemm;
}

/* a [m, k], b in panels: the forward product, and with a transposed weight the gradient of h. */
static void run_gemm_nn(const struct simd_kernels *kernels, const struct operands *operands)
{
    struct simd_gemm gemm = product(kernels, operands);
    gemm.a_stride = gemm.k;
    gemm.b_stride = simd_panel_width(kernels, gemm.n);
    gemm.b_panel_stride = gemm.k * gemm.b_stride;
    kernels->gemm_nn(&gemm);
}

static void naive_gemm_nn(const struct naive_kernels *naive, const struct operands *operands,
                          size_t m)
{
    const struct bench_case *spec = operands->spec;
    float *c = operands->buffer[2];
    naive->gemm_nn(m, spec->n, spec->k, operands->buffer[0], spec->k, operands->buffer[1], c);
    if (spec->option == SIMD_STORE_RELU) {
        naive->relu(m * spec->n, c);
    } else if (spec->option == SIMD_RELU_GRADIENT) {
        naive->relu_gradient(m * spec->n, operands->buffer[4], 1.25f, c);
    }
}

/* a [k, m], b row-major with padded rows: the gradient of a weight. */
static void run_gemm_tn(const struct simd_kernels *kernels, const struct operands *operands)
{
    struct simd_gemm gemm = product(kernels, operands);
    gemm.a_stride = gemm.m;
    gemm.b_stride = padded(kernels, gemm.n);
    gemm.b_panel_stride = simd_panel_width(kernels, gemm.n);
    kernels->gemm_tn(&gemm);
}

static void naive_gemm_tn(const struct naive_kernels *naive, const struct operands *operands,
                          size_t m)
{
    const struct bench_case *spec = operands->spec;
    naive->gemm_tn(m, spec->n, spec->k, operands->buffer[0], spec->m, operands->buffer[1],
                   operands->buffer[2]);
}

const struct family family_gemm_nn = {
    .name = "gemm_nn",
    .product = true,
    .sizes = product_sizes,
    .run = run_gemm_nn,
    .naive = naive_gemm_nn,
    .work = product_work,
};

const struct family family_gemm_tn = {
    .name = "gemm_tn",
    .product = true,
    .sizes = product_sizes,
    .run = run_gemm_tn,
    .naive = naive_gemm_tn,
    .work = product_work,
};

/* --- optimizer steps ----------------------------------------------------------------------------
 */

void case_add_step(struct work *work, int kind, double n)
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
static void update_sizes(const struct simd_kernels *kernels, const struct bench_case *spec,
                         size_t bytes[CASE_BUFFERS])
{
    const size_t weight = simd_panels_size(kernels, spec->m, spec->n);
    bytes[0] = case_floats(spec->k * spec->m);
    bytes[1] = case_floats(spec->k * case_plan_stride(kernels, spec->n));
    for (int i = 2; i < 5; i++) {
        bytes[i] = case_floats(weight);
    }
    bytes[5] = case_floats(weight > SIMD_SCRATCH ? weight : SIMD_SCRATCH);
}

/* Second moments are not negative. */
static void square(float *x, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        x[i] *= x[i];
    }
}

static void prepare_update(const struct operands *operands)
{
    square(operands->buffer[4], operands->spec->m * operands->spec->n);
}

static void run_weight_update(const struct simd_kernels *kernels, const struct operands *operands)
{
    const struct bench_case *spec = operands->spec;
    const size_t nr = simd_panel_width(kernels, spec->n);
    kernels->weight_update(
        &(struct simd_weight_update){.batch = spec->k,
                                     .k = spec->m,
                                     .nr = nr,
                                     .columns = spec->n,
                                     .rows = spec->m,
                                     .x = operands->buffer[0],
                                     .x_stride = spec->m,
                                     .dy = operands->buffer[1],
                                     .dy_stride = case_plan_stride(kernels, spec->n),
                                     .w = operands->buffer[2],
                                     .slot1 = operands->buffer[3],
                                     .slot2 = operands->buffer[4],
                                     .scratch = operands->buffer[5],
                                     .step = case_step(spec->option)});
}

static void naive_weight_update(const struct naive_kernels *naive, const struct operands *operands,
                                size_t m)
{
    const struct bench_case *spec = operands->spec;
    const struct simd_optimizer_step step = case_step(spec->option);
    float *gradient = operands->buffer[5];
    naive->gemm_tn(m, spec->n, spec->k, operands->buffer[0], spec->m, operands->buffer[1],
                   gradient);
    naive->optimizer(&step, m * spec->n, gradient, operands->buffer[2], operands->buffer[3],
                     operands->buffer[4]);
}

static struct work update_work(const struct simd_kernels *kernels, const struct bench_case *spec)
{
    (void)kernels;
    const double m = (double)spec->m, n = (double)spec->n, k = (double)spec->k;
    struct work work = {.flops = 2 * m * n * k, .read = (double)sizeof(float) * k * (m + n)};
    case_add_step(&work, spec->option, m * n);
    return work;
}

const struct family family_weight_update = {
    .name = "weight_update",
    .product = true,
    .sizes = update_sizes,
    .prepare = prepare_update,
    .run = run_weight_update,
    .naive = naive_weight_update,
    .work = update_work,
};

/* Buffers dy [m, n] or the gradient [n], w, slot1, slot2, and the naive loop's gradient. */
static void step_sizes(const struct simd_kernels *kernels, const struct bench_case *spec,
                       size_t bytes[CASE_BUFFERS])
{
    const size_t rows = spec->m > 0 ? spec->m : 1;
    bytes[0] = case_floats(rows * padded(kernels, spec->n));
    for (int i = 1; i < 5; i++) {
        bytes[i] = case_floats(padded(kernels, spec->n));
    }
}

static void prepare_step(const struct operands *operands)
{
    square(operands->buffer[3], operands->spec->n);
}

static void run_bias_update(const struct simd_kernels *kernels, const struct operands *operands)
{
    const struct bench_case *spec = operands->spec;
    const struct simd_optimizer_step step = case_step(spec->option);
    kernels->bias_update(spec->m, spec->n, operands->buffer[0], padded(kernels, spec->n),
                         operands->buffer[1], operands->buffer[2], operands->buffer[3], &step);
}

static void naive_bias_update(const struct naive_kernels *naive, const struct operands *operands,
                              size_t m)
{
    const struct bench_case *spec = operands->spec;
    const struct simd_optimizer_step step = case_step(spec->option);
    float *gradient = operands->buffer[4];
    naive->column_sum(m, spec->n, operands->buffer[0], gradient);
    naive->optimizer(&step, spec->n, gradient, operands->buffer[1], operands->buffer[2],
                     operands->buffer[3]);
}

static struct work bias_work(const struct simd_kernels *kernels, const struct bench_case *spec)
{
    (void)kernels;
    struct work work = {.read = (double)sizeof(float) * (double)(spec->m * spec->n)};
    case_add_step(&work, spec->option, (double)spec->n);
    return work;
}

const struct family family_bias_update = {
    .name = "bias_update",
    .sizes = step_sizes,
    .prepare = prepare_step,
    .run = run_bias_update,
    .naive = naive_bias_update,
    .work = bias_work,
};

static void run_optimizer_update(const struct simd_kernels *kernels,
                                 const struct operands *operands)
{
    const struct simd_optimizer_step step = case_step(operands->spec->option);
    kernels->optimizer_update(operands->spec->n, operands->buffer[0], operands->buffer[1],
                              operands->buffer[2], operands->buffer[3], &step);
}

static void naive_optimizer_update(const struct naive_kernels *naive,
                                   const struct operands *operands, size_t m)
{
    (void)m;
    const struct simd_optimizer_step step = case_step(operands->spec->option);
    naive->optimizer(&step, operands->spec->n, operands->buffer[0], operands->buffer[1],
                     operands->buffer[2], operands->buffer[3]);
}

static struct work optimizer_work(const struct simd_kernels *kernels, const struct bench_case *spec)
{
    (void)kernels;
    struct work work = {.read = (double)sizeof(float) * (double)spec->n};
    case_add_step(&work, spec->option, (double)spec->n);
    return work;
}

const struct family family_optimizer_update = {
    .name = "optimizer_update",
    .sizes = step_sizes,
    .prepare = prepare_step,
    .run = run_optimizer_update,
    .naive = naive_optimizer_update,
    .work = optimizer_work,
};

/* --- packing: from buffer 0 to buffer 1 ---------------------------------------------------------
 */

static void pack_sizes(const struct simd_kernels *kernels, const struct bench_case *spec,
                       size_t bytes[CASE_BUFFERS])
{
    const size_t panels = simd_panels_size(kernels, spec->k, spec->n);
    const size_t transposed = simd_panels_size(kernels, spec->n, spec->k);
    bytes[0] = bytes[1] = case_floats(panels > transposed ? panels : transposed);
}

static struct work pack_work(const struct simd_kernels *kernels, const struct bench_case *spec)
{
    (void)kernels;
    const double bytes = (double)sizeof(float) * (double)(spec->k * spec->n);
    return (struct work){.read = bytes, .written = bytes};
}

static void run_pack(const struct simd_kernels *kernels, const struct operands *operands)
{
    const struct bench_case *spec = operands->spec;
    kernels->pack_panels(spec->k, spec->n, operands->buffer[0], spec->n, operands->buffer[1]);
}

static void run_pack_transposed(const struct simd_kernels *kernels, const struct operands *operands)
{
    const struct bench_case *spec = operands->spec;
    kernels->pack_panels_transposed(spec->k, spec->n, operands->buffer[0], spec->k,
                                    operands->buffer[1]);
}

static void run_unpack(const struct simd_kernels *kernels, const struct operands *operands)
{
    const struct bench_case *spec = operands->spec;
    kernels->unpack_panels(spec->k, spec->n, operands->buffer[0], operands->buffer[1], spec->n);
}

static void run_transpose(const struct simd_kernels *kernels, const struct operands *operands)
{
    const struct bench_case *spec = operands->spec;
    const size_t nr = simd_panel_width(kernels, spec->n);
    for (size_t panel = 0; panel * nr < spec->n; panel++) {
        kernels->transpose_panel(spec->k, spec->n, panel, 0, spec->k, operands->buffer[0],
                                 operands->buffer[1]);
    }
}

/* The panel width of AVX2; the packed shapes are multiples of it. */
enum { NAIVE_PANEL = 16 };

static void naive_pack(const struct naive_kernels *naive, const struct operands *operands, size_t m)
{
    (void)m;
    const struct bench_case *spec = operands->spec;
    naive->pack(spec->k, spec->n, NAIVE_PANEL, operands->buffer[0], operands->buffer[1]);
}

static void naive_unpack(const struct naive_kernels *naive, const struct operands *operands,
                         size_t m)
{
    (void)m;
    const struct bench_case *spec = operands->spec;
    naive->unpack(spec->k, spec->n, NAIVE_PANEL, operands->buffer[0], operands->buffer[1]);
}

static void naive_transpose(const struct naive_kernels *naive, const struct operands *operands,
                            size_t m)
{
    (void)m;
    const struct bench_case *spec = operands->spec;
    naive->transpose(spec->k, spec->n, operands->buffer[0], operands->buffer[1]);
}

const struct family family_pack_panels = {
    .name = "pack_panels",
    .sizes = pack_sizes,
    .run = run_pack,
    .naive = naive_pack,
    .work = pack_work,
};

const struct family family_pack_panels_transposed = {
    .name = "pack_panels_transposed",
    .sizes = pack_sizes,
    .run = run_pack_transposed,
    .naive = naive_transpose,
    .work = pack_work,
};

const struct family family_unpack_panels = {
    .name = "unpack_panels",
    .sizes = pack_sizes,
    .run = run_unpack,
    .naive = naive_unpack,
    .work = pack_work,
};

const struct family family_transpose_panel = {
    .name = "transpose_panel",
    .sizes = pack_sizes,
    .run = run_transpose,
    .naive = naive_transpose,
    .work = pack_work,
};

/* --- gathering: pool of rows, row pointers, rows as floats --------------------------------------
 */

static void gather_u8_sizes(const struct simd_kernels *kernels, const struct bench_case *spec,
                            size_t bytes[CASE_BUFFERS])
{
    (void)kernels;
    bytes[0] = spec->m * spec->n;
    bytes[1] = spec->m * sizeof(void *);
    bytes[2] = case_floats(spec->m * spec->n);
}

static void gather_f32_sizes(const struct simd_kernels *kernels, const struct bench_case *spec,
                             size_t bytes[CASE_BUFFERS])
{
    gather_u8_sizes(kernels, spec, bytes);
    bytes[0] = case_floats(spec->m * spec->n);
}

/* Row r comes from another place of the pool. */
static size_t pool_row(const struct bench_case *spec, size_t r)
{
    return (r * 7 + 3) % spec->m;
}

static void prepare_gather_u8(const struct operands *operands)
{
    const struct bench_case *spec = operands->spec;
    const uint8_t **rows = operands->buffer[1];
    for (size_t r = 0; r < spec->m; r++) {
        rows[r] = (const uint8_t *)operands->buffer[0] + pool_row(spec, r) * spec->n;
    }
}

static void prepare_gather_f32(const struct operands *operands)
{
    const struct bench_case *spec = operands->spec;
    const float **rows = operands->buffer[1];
    for (size_t r = 0; r < spec->m; r++) {
        rows[r] = (const float *)operands->buffer[0] + pool_row(spec, r) * spec->n;
    }
}

static void run_gather_u8(const struct simd_kernels *kernels, const struct operands *operands)
{
    const struct bench_case *spec = operands->spec;
    const uint8_t *const *rows = operands->buffer[1];
    kernels->gather_u8(spec->m, spec->n, rows, 1 / 255.0f, 0, operands->buffer[2], spec->n);
}

static void naive_gather_u8(const struct naive_kernels *naive, const struct operands *operands,
                            size_t m)
{
    const uint8_t *const *rows = operands->buffer[1];
    naive->gather_u8(m, operands->spec->n, rows, 1 / 255.0f, operands->buffer[2]);
}

static void run_gather_f32(const struct simd_kernels *kernels, const struct operands *operands)
{
    const struct bench_case *spec = operands->spec;
    const float *const *rows = operands->buffer[1];
    kernels->gather_f32(spec->m, spec->n, rows, 1 / 255.0f, 0, operands->buffer[2], spec->n);
}

static void naive_gather_f32(const struct naive_kernels *naive, const struct operands *operands,
                             size_t m)
{
    const float *const *rows = operands->buffer[1];
    naive->gather_f32(m, operands->spec->n, rows, 1 / 255.0f, operands->buffer[2]);
}

static struct work gather_u8_work(const struct simd_kernels *kernels, const struct bench_case *spec)
{
    (void)kernels;
    const double n = (double)(spec->m * spec->n);
    return (struct work){.flops = 2 * n, .read = n, .written = (double)sizeof(float) * n};
}

static struct work gather_f32_work(const struct simd_kernels *kernels,
                                   const struct bench_case *spec)
{
    struct work work = gather_u8_work(kernels, spec);
    work.read = work.written;
    return work;
}

const struct family family_gather_u8 = {
    .name = "gather_u8",
    .sizes = gather_u8_sizes,
    .prepare = prepare_gather_u8,
    .run = run_gather_u8,
    .naive = naive_gather_u8,
    .work = gather_u8_work,
};

const struct family family_gather_f32 = {
    .name = "gather_f32",
    .sizes = gather_f32_sizes,
    .prepare = prepare_gather_f32,
    .run = run_gather_f32,
    .naive = naive_gather_f32,
    .work = gather_f32_work,
};
