/*
 * selftest.c: pinion selftest. Each group of kernels computes the same numbers on every instruction
 * set that runs here and on the naive reference; then a small network is trained on each. All
 * results must be equal to the bit.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tools/pinion/commands.h"
#include "tools/pinion/report.h"
#include "tools/pinion/say.h"

#include "simd/simd.h"

static const char command[] = "selftest";

/* --- numbers in, numbers out ------------------------------------------------------------------ */

/* What one group computes with one table. Inputs are drawn anew from the same seed each time. */
struct trial {
    const struct simd_kernels *kernels;
    uint64_t state; /* of the generator of inputs */
    float *out;
    size_t used, room;
    bool failed; /* out of memory */
};

enum { SIDE = 80, SIZE = SIDE * SIDE }; /* largest matrix: SIDE x SIDE, padding included */

/* Memory for inputs; kernels may want it aligned. */
struct buffers {
    _Alignas(SIMD_ALIGNMENT) float a[SIZE], b[SIZE], c[SIZE], w[SIZE], slot1[SIZE], slot2[SIZE];
    float scratch[SIMD_SCRATCH];
};

static struct buffers selftest_buffers;

static uint32_t draw(struct trial *trial)
{
    /* splitmix64 */
    uint64_t z = trial->state += 0x9e3779b97f4a7c15u;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
    z = (z ^ z >> 27) * 0x94d049bb133111ebu;
    return (uint32_t)(z >> 32);
}

/* `values` = n numbers from low to high. */
static void fill(struct trial *trial, float *values, size_t n, float low, float high)
{
    for (size_t i = 0; i < n; i++) {
        values[i] = low + (high - low) * ((float)(draw(trial) >> 8) * 0x1p-24f);
    }
}

/* A matrix whose rows are `stride` apart, zero behind column n. */
static void fill_rows(struct trial *trial, float *values, size_t rows, size_t n, size_t stride)
{
    memset(values, 0, rows * stride * sizeof *values);
    for (size_t i = 0; i < rows; i++) {
        fill(trial, values + i * stride, n, -1, 1);
    }
}

static void emit(struct trial *trial, const void *values, size_t n)
{
    if (trial->used + n > trial->room) {
        const size_t room = 2 * trial->room + n;
        float *out = realloc(trial->out, room * sizeof *out);
        if (!out) {
            trial->failed = true;
            return;
        }
        trial->out = out;
        trial->room = room;
    }
    memcpy(trial->out + trial->used, values, n * sizeof *trial->out);
    trial->used += n;
}

/* --- the groups ------------------------------------------------------------------------------- */

static const size_t lengths[] = {1, 7, 16, 33, 64};
enum { LENGTHS = sizeof lengths / sizeof lengths[0] };

static void one_product(struct trial *trial, size_t m, size_t n, size_t k)
{
    const struct simd_kernels *kernels = trial->kernels;
    struct buffers *all = &selftest_buffers;
    const size_t nr = simd_panel_width(kernels, n);
    float bias[SIDE] = {0}, y[SIZE];
    fill(trial, all->a, SIZE, -1, 1);
    fill_rows(trial, all->b, k, n, n);
    fill(trial, bias, n, -1, 1);
    fill(trial, y, m * n, -1, 1);
    kernels->pack_panels(k, n, all->b, n, all->w);
    struct simd_gemm gemm = {.m = m,
                             .n = n,
                             .k = k,
                             .a = all->a,
                             .a_stride = SIDE,
                             .b = all->w,
                             .b_stride = nr,
                             .b_panel_stride = k * nr,
                             .bias = bias,
                             .c = all->c,
                             .c_stride = n,
                             .y = y,
                             .y_stride = n,
                             .scale = 1.25f};
    for (int epilogue = 0; epilogue < SIMD_EPILOGUE_COUNT; epilogue++) {
        gemm.epilogue = (enum simd_epilogue)epilogue;
        kernels->gemm_nn(&gemm);
        emit(trial, all->c, m * n);
    }
    gemm.epilogue = SIMD_STORE;
    gemm.bias = NULL;
    gemm.accumulate = true;
    kernels->gemm_tn(&gemm);
    emit(trial, all->c, m * n);
}

static void products(struct trial *trial)
{
    for (size_t i = 0; i < LENGTHS; i++) {
        for (size_t j = 0; j < LENGTHS; j++) {
            one_product(trial, lengths[i], lengths[j], lengths[(i + j) % LENGTHS]);
        }
    }
}

static struct simd_optimizer_step optimizer_step(int kind)
{
    return (struct simd_optimizer_step){.kind = (enum simd_optimizer)kind,
                                        .learning_rate = 0.01f,
                                        .momentum = 0.9f,
                                        .one_minus_beta_1 = 0.1f,
                                        .one_minus_beta_2 = 0.001f,
                                        .epsilon = 1e-7f};
}

/* dW and the optimizer step on the panels of a [k, n] weight. */
static void one_update(struct trial *trial, int kind, size_t batch, size_t k, size_t n)
{
    const struct simd_kernels *kernels = trial->kernels;
    struct buffers *all = &selftest_buffers;
    const size_t nr = simd_panel_width(kernels, n), padded = simd_padded_columns(kernels, n);
    float *panels[] = {all->w, all->slot1, all->slot2};
    for (size_t i = 0; i < 3; i++) {
        fill_rows(trial, all->c, k, n, n);
        if (i == 2) { /* second moments are not negative */
            fill(trial, all->c, k * n, 0, 1);
        }
        kernels->pack_panels(k, n, all->c, n, panels[i]);
    }
    fill_rows(trial, all->a, batch, k, k);
    fill_rows(trial, all->b, batch, n, padded);
    kernels->weight_update(&(struct simd_weight_update){.batch = batch,
                                                        .k = k,
                                                        .nr = nr,
                                                        .columns = n,
                                                        .rows = k,
                                                        .x = all->a,
                                                        .x_stride = k,
                                                        .dy = all->b,
                                                        .dy_stride = padded,
                                                        .w = all->w,
                                                        .slot1 = all->slot1,
                                                        .slot2 = all->slot2,
                                                        .scratch = all->scratch,
                                                        .step = optimizer_step(kind)});
    for (size_t i = 0; i < 3; i++) {
        kernels->unpack_panels(k, n, panels[i], all->c, n);
        emit(trial, all->c, k * n);
    }
}

static void weight_updates(struct trial *trial)
{
    for (int kind = 0; kind < SIMD_OPTIMIZER_COUNT; kind++) {
        for (size_t i = 0; i < LENGTHS; i++) {
            one_update(trial, kind, lengths[i], lengths[(i + 2) % LENGTHS],
                       lengths[(i + 3) % LENGTHS]);
        }
    }
}

static void activations(struct trial *trial)
{
    enum { N = 1003 };
    struct buffers *all = &selftest_buffers;
    for (int i = 0; i < SIMD_ACTIVATION_COUNT; i++) {
        const enum simd_activation kind = (enum simd_activation)i;
        fill(trial, all->a, N, -12, 12);
        fill(trial, all->b, N, -1, 1);
        trial->kernels->activation(kind, 0.2f, N, all->a, all->c);
        emit(trial, all->c, N);
        trial->kernels->activation_gradient(kind, 0.2f, N, all->a, all->c, all->b, all->w);
        emit(trial, all->w, N);
    }
    fill(trial, all->a, N, -100, 100);
    trial->kernels->exp(N, all->a, all->c);
    emit(trial, all->c, N);
    fill(trial, all->a, N, 1e-20f, 1e3f);
    trial->kernels->log(N, all->a, all->c);
    emit(trial, all->c, N);
}

static void softmax_and_loss(struct trial *trial)
{
    struct buffers *all = &selftest_buffers;
    for (size_t i = 0; i < LENGTHS; i++) {
        const size_t rows = 9, n = lengths[i];
        int32_t labels[9];
        float loss[9];
        uint8_t correct[9];
        float counted[9];
        for (size_t r = 0; r < rows; r++) {
            labels[r] = (int32_t)(draw(trial) % n);
        }
        fill(trial, all->a, rows * SIDE, -20, 20);
        const struct simd_softmax_crossentropy args = {.rows = rows,
                                                       .n = n,
                                                       .z = all->a,
                                                       .z_stride = SIDE,
                                                       .labels = labels,
                                                       .gradient_scale = 1.0f / 9,
                                                       .dz = all->c,
                                                       .dz_stride = SIDE,
                                                       .loss = loss,
                                                       .correct = correct};
        trial->kernels->softmax_crossentropy(&args);
        trial->kernels->softmax(rows, n, all->a, SIDE, all->b, SIDE);
        for (size_t r = 0; r < rows; r++) {
            emit(trial, all->b + r * SIDE, n);
            emit(trial, all->c + r * SIDE, n);
            counted[r] = correct[r];
        }
        emit(trial, loss, rows);
        emit(trial, counted, rows);
    }
}

static void random_numbers(struct trial *trial)
{
    enum { N = 1003 };
    struct buffers *all = &selftest_buffers;
    const struct simd_random random = {42, 2u << 24 | 3, 0x100000005};
    trial->kernels->random_words(&random, 4, N, (uint32_t *)all->c);
    emit(trial, all->c, N);
    trial->kernels->random_uniform(&random, 8, N, -0.5f, 0.5f, all->c);
    emit(trial, all->c, N);
    fill(trial, all->a, SIDE * SIDE, -1, 1);
    for (size_t i = 0; i < LENGTHS; i++) {
        const size_t n = lengths[i];
        trial->kernels->dropout(&random, 5, 7, n, 858993459u, 1.25f, all->a, SIDE, all->c, n);
        emit(trial, all->c, 7 * n);
    }
}

static void gather_and_reduce(struct trial *trial)
{
    enum { ROWS = 5, N = 785 };
    struct buffers *all = &selftest_buffers;
    uint8_t pixels[ROWS][N];
    const uint8_t *rows[ROWS];
    for (size_t r = 0; r < ROWS; r++) {
        rows[r] = pixels[ROWS - 1 - r];
        for (size_t j = 0; j < N; j++) {
            pixels[r][j] = (uint8_t)draw(trial);
        }
    }
    trial->kernels->gather_u8(ROWS, N, rows, 1.0f / 255, -0.5f, all->c, N);
    emit(trial, all->c, (size_t)ROWS * N);
    for (size_t i = 0; i < LENGTHS; i++) {
        const float results[] = {trial->kernels->sum(lengths[i], all->c),
                                 trial->kernels->max(lengths[i], all->c)};
        emit(trial, results, 2);
    }
}

/* A whole training: its weights. Not for the reference, which is no choice of --isa. */
static void training(struct trial *trial)
{
    const size_t shape[] = {9, 9};
    pn_dataset *dataset = NULL;
    pn_model *model = NULL;
    pn_fit_options options = pn_fit_options_default();
    options.epochs = 2;
    options.validation_split = 0.2;
    options.run.isa = trial->kernels->name;
    options.run.bind = PN_BIND_NONE;
    pn_status status = pn_dataset_synthetic(333, 2, shape, 10, 7, &dataset);
    if (status == PN_OK) {
        status = pn_model_create(NULL, 7, &model);
    }
    const pn_layer layers[] = {pn_input(2, shape),     pn_rescaling(1.0 / 255, 0),
                               pn_flatten(),           pn_dense(37, "relu"),
                               pn_dropout(0.2),        pn_dense(21, "tanh"),
                               pn_dense(10, "softmax")};
    for (size_t i = 0; i < sizeof layers / sizeof layers[0] && status == PN_OK; i++) {
        status = pn_model_add(model, layers[i]);
    }
    if (status == PN_OK) {
        status =
            pn_model_compile(model, pn_adam(0.001), "sparse_categorical_crossentropy", "accuracy");
    }
    if (status == PN_OK) {
        status = pn_model_fit(model, dataset, &options, NULL);
    }
    const float *values;
    size_t rank, sizes[PN_MAX_RANK];
    for (size_t i = 0; status == PN_OK && i < 6; i++) {
        status = pn_model_weights(model, i, &values, &rank, sizes);
        if (status == PN_OK) {
            emit(trial, values, sizes[0] * (rank == 2 ? sizes[1] : 1));
        }
    }
    if (status != PN_OK) {
        say_failed(command, status);
        trial->failed = true;
    }
    pn_model_free(model);
    pn_dataset_free(dataset);
}

/* --- the table -------------------------------------------------------------------------------- */

static const struct {
    const char *name;
    void (*run)(struct trial *trial);
    bool against_scalar; /* the reference has no part in it */
} groups[] = {{"matrix products", products, false},
              {"weight updates", weight_updates, false},
              {"activations", activations, false},
              {"softmax and loss", softmax_and_loss, false},
              {"random numbers", random_numbers, false},
              {"gather and reduce", gather_and_reduce, false},
              {"training", training, true}};

enum { GROUPS = sizeof groups / sizeof groups[0] };

static struct trial run_group(size_t group, const struct simd_kernels *kernels)
{
    struct trial trial = {.kernels = kernels, .state = group};
    memset(&selftest_buffers, 0, sizeof selftest_buffers);
    groups[group].run(&trial);
    return trial;
}

/* Whether a group can be run with just this table: of two with one name, --isa takes the first. */
static bool reachable(size_t group, const struct simd_kernels *kernels)
{
    return simd_runs(kernels) &&
           (!groups[group].against_scalar || simd_find(kernels->name) == kernels);
}

/* One row: how each table compares. Returns whether all that run are right. */
static bool check_group(size_t group, const struct simd_kernels *const *list, size_t count)
{
    const struct simd_kernels *against =
        groups[group].against_scalar ? simd_find("scalar") : &simd_reference;
    struct trial expected = run_group(group, against);
    bool right = !expected.failed;
    printf("%-20s", groups[group].name);
    for (size_t i = 0; i < count; i++) {
        const char *verdict = "-";
        if (reachable(group, list[i])) {
            struct trial trial = run_group(group, list[i]);
            const bool equal = !trial.failed && trial.used == expected.used && trial.used > 0 &&
                               memcmp(trial.out, expected.out, trial.used * sizeof *trial.out) == 0;
            verdict = equal ? "ok" : "FAILED";
            right = right && equal;
            free(trial.out);
        }
        printf("%12s", verdict);
    }
    putchar('\n');
    free(expected.out);
    return right;
}

int selftest_run(const struct settings *settings)
{
    (void)settings;
    pn_set_log(NULL, NULL);
    size_t count;
    const struct simd_kernels *const *list = simd_list(&count);
    printf("%-20s", "");
    for (size_t i = 0; i < count; i++) {
        const bool fused = list[i]->needs && strcmp(list[i]->name, "scalar") == 0;
        printf("%12s", fused ? "scalar+fma" : list[i]->name);
    }
    putchar('\n');
    bool right = true;
    for (size_t group = 0; group < GROUPS; group++) {
        right = check_group(group, list, count) && right;
    }
    printf("%s\n", right ? "All results are equal to the bit; - was not run."
                         : "Some results differ: do not train on this machine, and report it.");
    return right ? 0 : PN_ERROR_INTERNAL;
}
