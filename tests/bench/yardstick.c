/* The naive loops do the work that the kernels do, and the statistics are right: a yardstick that
 * measured something else would flatter. */
#include <criterion/criterion.h>

#include <math.h>
#include <string.h>

#include "bench/problems/naive/naive.h"
#include "bench/stats/stats.h"

enum { N = 64, K = 20, M = 12 };

static float x[N * N], y[N * N], z[N * N], expected[N * N], actual[N * N];

static void fill(float *values, size_t n, float low, float high, uint32_t state)
{
    for (size_t i = 0; i < n; i++) {
        state = state * 1664525u + 1013904223u;
        values[i] = low + (high - low) * (float)(state >> 8) * 0x1p-24f;
    }
}

static void close_to(const float *a, const float *b, size_t n, const char *what)
{
    for (size_t i = 0; i < n; i++) {
        cr_assert(fabsf(a[i] - b[i]) <= 2e-5f * (1 + fabsf(b[i])),
                  "%s, element %zu: %.9g, not %.9g", what, i, (double)a[i], (double)b[i]);
    }
}

static const struct naive_kernels *naive_table(int i)
{
    return i == 0 ? &naive_baseline : naive_for(simd_best());
}

/* Both orders of the loops. */
#define EACH_NAIVE(NAIVE)                                                                          \
    for (int table_ = 0; table_ < 2; table_++)                                                     \
        for (const struct naive_kernels *NAIVE = naive_table(table_); NAIVE != NULL; NAIVE = NULL)

Test(naive, products)
{
    fill(x, M * K, -1, 1, 1);
    fill(y, K * N, -1, 1, 2);
    float transposed[K * M];
    for (size_t i = 0; i < M; i++) {
        for (size_t p = 0; p < K; p++) {
            transposed[p * M + i] = x[i * K + p];
        }
        for (size_t j = 0; j < N; j++) {
            double sum = 0;
            for (size_t p = 0; p < K; p++) {
                sum += (double)x[i * K + p] * (double)y[p * N + j];
            }
            expected[i * N + j] = (float)sum;
        }
    }
    EACH_NAIVE(naive)
    {
        naive->gemm_nn(M, N, K, x, K, y, actual);
        close_to(actual, expected, M * N, "gemm_nn");
        memset(actual, 0, sizeof actual);
        naive->gemm_tn(M, N, K, transposed, M, y, actual);
        close_to(actual, expected, M * N, "gemm_tn");
    }
}

Test(naive, optimizers)
{
    const struct simd_kernels *reference = &simd_reference;
    for (int kind = SIMD_GRADIENT; kind < SIMD_OPTIMIZER_COUNT; kind++) {
        const struct simd_optimizer_step step = {.kind = (enum simd_optimizer)kind,
                                                 .learning_rate = 0.01f,
                                                 .momentum = 0.9f,
                                                 .one_minus_beta_1 = 0.1f,
                                                 .one_minus_beta_2 = 0.001f,
                                                 .epsilon = 1e-7f};
        EACH_NAIVE(naive)
        {
            float values[2][3][N];
            for (int side = 0; side < 2; side++) {
                fill(values[side][0], N, -1, 1, 3);
                fill(values[side][1], N, -1, 1, 4);
                fill(values[side][2], N, 0, 1, 5);
            }
            fill(x, N, -1, 1, 6);
            reference->optimizer_update(N, x, values[0][0], values[0][1], values[0][2], &step);
            naive->optimizer(&step, N, x, values[1][0], values[1][1], values[1][2]);
            close_to(values[1][0], values[0][0], 3 * N, "optimizer");
        }
    }
}

Test(naive, functions)
{
    const struct simd_kernels *reference = &simd_reference;
    fill(x, N * N, -4, 4, 7);
    fill(y, N * N, -1, 1, 8);
    EACH_NAIVE(naive)
    {
        for (int i = SIMD_LINEAR; i < SIMD_ACTIVATION_COUNT; i++) {
            const enum simd_activation kind = (enum simd_activation)i;
            reference->activation(kind, 0.2f, N * N, x, z);
            naive->activation(kind, 0.2f, N * N, x, actual);
            close_to(actual, z, N * N, "activation");
            reference->activation_gradient(kind, 0.2f, N * N, x, z, y, expected);
            naive->activation_gradient(kind, 0.2f, N * N, x, z, y, actual);
            close_to(actual, expected, N * N, "activation_gradient");
        }
        reference->exp(N * N, x, expected);
        naive->exp(N * N, x, actual);
        close_to(actual, expected, N * N, "exp");
        reference->log(N * N, expected, z);
        naive->log(N * N, expected, actual);
        close_to(actual, z, N * N, "log");
    }
}

Test(naive, rows)
{
    enum { ROWS = 9 };
    const struct simd_kernels *reference = &simd_reference;
    int32_t labels[ROWS];
    float loss[2][ROWS];
    uint8_t correct[2][ROWS];
    fill(x, ROWS * N, -3, 3, 9);
    for (int r = 0; r < ROWS; r++) {
        labels[r] = r * 5 % N;
    }
    const struct simd_softmax_crossentropy args = {
        .rows = ROWS,
        .n = N,
        .z = x,
        .z_stride = N,
        .labels = labels,
        .gradient_scale = 1.0f / ROWS,
        .dz = expected,
        .dz_stride = N,
        .loss = loss[0],
        .correct = correct[0],
    };
    EACH_NAIVE(naive)
    {
        reference->softmax(ROWS, N, x, N, expected, N);
        naive->softmax(ROWS, N, x, actual);
        close_to(actual, expected, ROWS * N, "softmax");
        reference->softmax_crossentropy(&args);
        naive->softmax_crossentropy(ROWS, N, x, labels, 1.0f / ROWS, actual, loss[1], correct[1]);
        close_to(actual, expected, ROWS * N, "gradient");
        close_to(loss[1], loss[0], ROWS, "loss");
        cr_assert_arr_eq(correct[1], correct[0], ROWS);
    }
}

Test(naive, random_numbers_are_the_same_philox)
{
    const struct simd_random random = {
        .seed = 7, .purpose_and_layer = 1u << 24, .step = 1ull << 33};
    const struct simd_kernels *reference = &simd_reference;
    uint32_t words[2][N];
    fill(x, N * N, -1, 1, 10);
    EACH_NAIVE(naive)
    {
        reference->random_words(&random, 0, N, words[0]);
        naive->random_words(&random, N, words[1]);
        cr_assert_arr_eq(words[1], words[0], sizeof words[0]);
        reference->random_uniform(&random, 0, N, -0.1f, 0.1f, expected);
        naive->random_uniform(&random, N, -0.1f, 0.1f, actual);
        close_to(actual, expected, N, "uniform");
        reference->dropout(&random, 0, N, N, 1u << 30, 1.5f, x, N, expected, N);
        naive->dropout(&random, N, N, 1u << 30, 1.5f, x, actual);
        close_to(actual, expected, N * N, "dropout");
    }
}

Test(naive, moves)
{
    const uint8_t bytes[2][3] = {{0, 51, 255}, {255, 102, 1}};
    const uint8_t *rows[2] = {bytes[1], bytes[0]};
    const float scaled[] = {1, 0.4f, 1 / 255.0f, 0, 0.2f, 1};
    fill(x, K * N, -1, 1, 11);
    EACH_NAIVE(naive)
    {
        naive->gather_u8(2, 3, rows, 1 / 255.0f, actual);
        close_to(actual, scaled, 6, "gather_u8");
        naive->transpose(K, N, x, y);
        naive->transpose(N, K, y, actual);
        cr_assert_eq(y[3 * K + 5], x[5 * N + 3]);
        cr_assert_arr_eq(actual, x, K * N * sizeof *x);
        memset(actual, 0, sizeof actual);
        naive->pack(K, N, 16, x, y);
        naive->unpack(K, N, 16, y, actual);
        cr_assert_eq(y[K * 16 + 2 * 16 + 1], x[2 * N + 17]);
        cr_assert_arr_eq(actual, x, K * N * sizeof *x);
    }
}

Test(naive, reductions)
{
    const float values[] = {1, -2, 0x1p-130f, 8, 0, -0x1p-149f, 3.5f};
    EACH_NAIVE(naive)
    {
        cr_expect_eq(naive->sum(7, values), 10.5f);
        cr_expect_eq(naive->max(7, values), 8);
        cr_expect_eq(naive->count_subnormal(7, values), 2);
    }
}

Test(stats, median_and_max)
{
    double odd[] = {9, 1, 5}, even[] = {4, 1, 3, 2}, one[] = {7};
    cr_expect_eq(stats_max(odd, 3), 9);
    cr_expect_eq(stats_median(odd, 3), 5);
    cr_expect_eq(stats_median(even, 4), 2.5);
    cr_expect_eq(stats_median(one, 1), 7);
}
