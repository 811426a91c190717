#include "bench/peers/product.h"

#include <math.h>
#include <string.h>

#include "bench/problems/problem.h"
#include "engine/base/error.h"

const char *product_op_name(enum product_op op)
{
    static const char *const names[] = {"forward", "dH", "dW"};
    return names[op];
}

/* --- shares of a team --------------------------------------------------------------------------
 */

struct share {
    size_t first_row, rows;
    size_t first_panel, panels;
};

static size_t divide_up(size_t a, size_t b)
{
    return (a + b - 1) / b;
}

/* Where the share of thread t begins if `units` of `size` make up `whole`. */
static size_t cut(size_t whole, size_t units, size_t size, size_t t, size_t threads)
{
    const size_t at = units * t / threads * size;
    return at < whole ? at : whole;
}

static struct share share_of(const struct product *product, size_t t)
{
    const size_t m = product->shape.m, threads = product->threads;
    struct share share = {.rows = m, .panels = product->panels};
    if (product->by_columns) {
        share.first_panel = cut(product->panels, product->panels, 1, t, threads);
        share.panels = cut(product->panels, product->panels, 1, t + 1, threads) - share.first_panel;
        return share;
    }
    const size_t mr = product->kernels->mr, tiles = divide_up(m, mr);
    share.first_row = cut(m, tiles, mr, t, threads);
    share.rows = (t + 1 < threads ? cut(m, tiles, mr, t + 1, threads) : m) - share.first_row;
    return share;
}

/* By rows, unless that leaves more to the thread that has most. Only whole panels are cut off: a
 * narrow rest would have panels of another width. */
static bool columns_are_better(const struct product *product)
{
    const size_t m = product->shape.m, mr = product->kernels->mr, threads = product->threads;
    const size_t by_rows =
        divide_up(divide_up(m, mr), threads) * mr * product->panels * product->nr;
    const size_t by_columns = divide_up(product->panels, threads) * product->nr * m;
    return product->shape.n % product->nr == 0 && by_columns < by_rows;
}

/* --- data ---------------------------------------------------------------------------------------
 */

static void fill(float *values, size_t count, uint32_t state)
{
    for (size_t i = 0; i < count; i++) {
        state ^= state << 13;
        state ^= state >> 17;
        state ^= state << 5;
        values[i] = (float)(state >> 8) * 0x1p-23f - 1.0f;
    }
}

static void copy_rows(size_t rows, size_t columns, const float *from, size_t from_stride, float *to,
                      size_t to_stride)
{
    for (size_t r = 0; r < rows; r++) {
        memcpy(to + r * to_stride, from + r * from_stride, columns * sizeof *to);
    }
}

struct sizes {
    size_t a, b, c, own_a, own_b, own_c, own_w, scratch;
};

static struct sizes sizes_of(const struct product *product)
{
    const struct product_shape *shape = &product->shape;
    const bool update = shape->op == PRODUCT_DW;
    const size_t panels = simd_panels_size(product->kernels, update ? shape->m : shape->k,
                                           shape->n); /* of the weight or its gradient */
    return (struct sizes){
        .a = shape->m * shape->k,
        .b = shape->k * shape->n,
        .c = shape->m * shape->n,
        .own_a = (update ? shape->k : shape->m) * product->own_a_stride,
        .own_b = update ? shape->k * product->own_b_stride : panels,
        .own_c = update ? panels : shape->m * product->own_c_stride,
        .own_w = update ? panels : 1,
        .scratch = product->threads * SIMD_SCRATCH,
    };
}

static pn_status map(struct product *product)
{
    const struct sizes sizes = sizes_of(product);
    const struct {
        size_t floats;
        float **place;
    } pieces[] = {
        {sizes.a, &product->a},         {sizes.b, &product->b},
        {sizes.c, &product->c},         {sizes.own_a, &product->own_a},
        {sizes.own_b, &product->own_b}, {sizes.own_c, &product->own_c},
        {sizes.own_w, &product->own_w}, {sizes.scratch, &product->scratch},
        {sizes.c, &product->expected},
    };
    enum { PIECES = sizeof pieces / sizeof pieces[0] };
    for (size_t i = 0; i < PIECES; i++) {
        /* A vector's room behind each, and not all of them at one offset of a page. */
        if (!arena_reserve(&product->arena, pieces[i].floats + 16 * (5 + 2 * i), sizeof(float))) {
            return error_memory(SIZE_MAX, "operands");
        }
    }
    const pn_status status = arena_map(&product->arena, "operands of a product");
    for (size_t i = 0; i < PIECES && status == PN_OK; i++) {
        *pieces[i].place =
            arena_take(&product->arena, pieces[i].floats + 16 * (5 + 2 * i), sizeof(float));
    }
    return status;
}

/* The library's operands are drawn; pinion's are the same in its own form. */
static void fill_operands(struct product *product)
{
    const struct product_shape *shape = &product->shape;
    const struct simd_kernels *kernels = product->kernels;
    const size_t m = shape->m, n = shape->n, k = shape->k;
    fill(product->a, m * k, 2463534242u);
    fill(product->b, k * n, 521288629u);
    if (shape->op == PRODUCT_DW) {
        copy_rows(k, m, product->a, m, product->own_a, product->own_a_stride);
        copy_rows(k, n, product->b, n, product->own_b, product->own_b_stride);
        return;
    }
    copy_rows(m, k, product->a, k, product->own_a, product->own_a_stride);
    if (shape->op == PRODUCT_DH) {
        kernels->pack_panels_transposed(k, n, product->b, k, product->own_b);
    } else {
        kernels->pack_panels(k, n, product->b, n, product->own_b);
    }
}

pn_status product_create(const struct simd_kernels *kernels, const struct product_shape *shape,
                         size_t threads, struct product *product)
{
    const bool update = shape->op == PRODUCT_DW;
    *product = (struct product){
        .shape = *shape,
        .kernels = kernels,
        .threads = threads,
        .nr = simd_panel_width(kernels, shape->n),
        .own_a_stride = plan_stride(kernels, update ? shape->m : shape->k),
        .own_b_stride = plan_stride(kernels, shape->n),
        .own_c_stride = plan_stride(kernels, shape->n),
    };
    product->panels = divide_up(shape->n, product->nr);
    product->by_columns = columns_are_better(product);
    const pn_status status = map(product);
    if (status != PN_OK) {
        product_free(product);
        return status;
    }
    fill_operands(product);
    return PN_OK;
}

void product_free(struct product *product)
{
    arena_free(&product->arena);
    *product = (struct product){0};
}

/* --- pinion's side -----------------------------------------------------------------------------
 */

/* The columns of C that the share's panels have. */
static size_t columns_of(const struct product *product, const struct share *share)
{
    const size_t end = (share->first_panel + share->panels) * product->nr;
    const size_t n = product->shape.n;
    return (end < n ? end : n) - share->first_panel * product->nr;
}

/* As engine/train/execute.c calls it for a dense layer and for its input's gradient. */
static void run_gemm(const struct product *product, const struct share *share, size_t thread)
{
    const size_t k = product->shape.k, nr = product->nr;
    const size_t first = share->first_panel * nr;
    product->kernels->gemm_nn(
        &(struct simd_gemm){.m = share->rows,
                            .n = columns_of(product, share),
                            .k = k,
                            .a = product->own_a + share->first_row * product->own_a_stride,
                            .a_stride = product->own_a_stride,
                            .b = product->own_b + first * k,
                            .b_stride = nr,
                            .b_panel_stride = k * nr,
                            .c = product->own_c + share->first_row * product->own_c_stride + first,
                            .c_stride = product->own_c_stride,
                            .epilogue = SIMD_STORE,
                            .scratch = product->scratch + thread * SIMD_SCRATCH});
}

/* As engine/train/execute.c calls it, with the step that only keeps the gradient. */
static void run_update(const struct product *product, const struct share *share, size_t thread)
{
    const struct product_shape *shape = &product->shape;
    const size_t panel = share->first_panel * shape->m * product->nr;
    product->kernels->weight_update(
        &(struct simd_weight_update){.batch = shape->k,
                                     .k = shape->m,
                                     .nr = product->nr,
                                     .columns = columns_of(product, share),
                                     .first_row = share->first_row,
                                     .rows = share->rows,
                                     .x = product->own_a,
                                     .x_stride = product->own_a_stride,
                                     .dy = product->own_b + share->first_panel * product->nr,
                                     .dy_stride = product->own_b_stride,
                                     .w = product->own_w + panel,
                                     .slot1 = product->own_c + panel,
                                     .scratch = product->scratch + thread * SIMD_SCRATCH,
                                     .step = {.kind = SIMD_GRADIENT}});
}

void product_run(const struct product *product, size_t thread)
{
    const struct share share = share_of(product, thread);
    if (share.rows == 0 || share.panels == 0) {
        return;
    }
    if (product->shape.op == PRODUCT_DW) {
        run_update(product, &share, thread);
    } else {
        run_gemm(product, &share, thread);
    }
}

void product_expect(struct product *product)
{
    const size_t m = product->shape.m, n = product->shape.n;
    if (product->shape.op == PRODUCT_DW) {
        product->kernels->unpack_panels(m, n, product->own_c, product->expected, n);
    } else {
        copy_rows(m, n, product->own_c, product->own_c_stride, product->expected, n);
    }
}

/* --- a library's side --------------------------------------------------------------------------
 */

void product_run_peer(const struct product *product, const struct peer *peer)
{
    const struct product_shape *shape = &product->shape;
    const bool transpose_a = shape->op == PRODUCT_DW, transpose_b = shape->op == PRODUCT_DH;
    peer_run(peer, &(struct peer_gemm){.m = shape->m,
                                       .n = shape->n,
                                       .k = shape->k,
                                       .transpose_a = transpose_a,
                                       .transpose_b = transpose_b,
                                       .a = product->a,
                                       .a_stride = transpose_a ? shape->m : shape->k,
                                       .b = product->b,
                                       .b_stride = transpose_b ? shape->k : shape->n,
                                       .c = product->c,
                                       .c_stride = shape->n});
}

bool product_agrees(const struct product *product, const struct peer *peer)
{
    const size_t count = product->shape.m * product->shape.n;
    for (size_t i = 0; i < count; i++) {
        product->c[i] = NAN;
    }
    product_run_peer(product, peer);
    /*
     * The operands are uniform in [-1, 1), so the sum of p products has a standard deviation of
     * sqrt(p) / 3, and each addition rounds it by at most 2^-24 of itself. Over k additions that
     * comes to a standard deviation of about 0.14 k 2^-24 for each side's own order, and
     * 0.2 k 2^-24 between the two. 4 k 2^-24 is twenty of those, which no correct sum reaches; a
     * product left out, or factors rounded to bfloat16 or TF32, do at once.
     */
    const float tolerance = (float)product->shape.k * 0x1p-22f;
    for (size_t i = 0; i < count; i++) {
        if (!(fabsf(product->c[i] - product->expected[i]) <= tolerance)) {
            return false;
        }
    }
    return true;
}
