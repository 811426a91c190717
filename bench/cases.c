#include "bench/cases.h"

#include <stdio.h>

void case_kernel(const struct bench_case *spec, char name[CASE_NAME_SIZE])
{
    snprintf(name, CASE_NAME_SIZE, "%s%s%s", spec->family->name, spec->variant == NULL ? "" : ":",
             spec->variant == NULL ? "" : spec->variant);
}

void case_shape(const struct bench_case *spec, char shape[CASE_NAME_SIZE])
{
    if (spec->k > 0 && spec->m == 0) {
        snprintf(shape, CASE_NAME_SIZE, "%zux%zu", spec->k, spec->n);
    } else if (spec->k > 0) {
        snprintf(shape, CASE_NAME_SIZE, "%zux%zux%zu", spec->m, spec->n, spec->k);
    } else if (spec->m > 0) {
        snprintf(shape, CASE_NAME_SIZE, "%zux%zu", spec->m, spec->n);
    } else {
        snprintf(shape, CASE_NAME_SIZE, "%zu", spec->n);
    }
}

struct simd_optimizer_step case_step(int kind)
{
    return (struct simd_optimizer_step){.kind = (enum simd_optimizer)kind,
                                        .learning_rate = 1e-3f,
                                        .momentum = 0.9f,
                                        .one_minus_beta_1 = 0.1f,
                                        .one_minus_beta_2 = 1e-3f,
                                        .epsilon = 1e-7f};
}

/* The lesson's network is 784-256-10 at batch 32 and 480; a layer's activations are batch x 256. */
#define NN(M, N, K)                                                                                \
    {                                                                                              \
        &family_gemm_nn, NULL, SIMD_STORE, M, N, K                                                 \
    }
#define NN_RELU(M, N, K)                                                                           \
    {                                                                                              \
        &family_gemm_nn, "bias+relu", SIMD_STORE_RELU, M, N, K                                     \
    }
#define NN_DRELU(M, N, K)                                                                          \
    {                                                                                              \
        &family_gemm_nn, "relu_gradient", SIMD_RELU_GRADIENT, M, N, K                              \
    }
#define TN(M, N, K)                                                                                \
    {                                                                                              \
        &family_gemm_tn, NULL, SIMD_STORE, M, N, K                                                 \
    }
#define UPDATE(KIND, NAME, M, N, K)                                                                \
    {                                                                                              \
        &family_weight_update, NAME, KIND, M, N, K                                                 \
    }
#define ACTIVATION(KIND, NAME)                                                                     \
    {&family_activation, NAME, KIND, 0, 16384, 0},                                                 \
    {                                                                                              \
        &family_activation_gradient, NAME, KIND, 0, 16384, 0                                       \
    }

const struct bench_case bench_case_list[] = {
    NN(32, 256, 784),
    NN(480, 256, 784),
    NN(4096, 256, 784),
    NN_RELU(32, 256, 784),
    NN_RELU(480, 256, 784),
    NN(32, 10, 256),
    NN(480, 10, 256),
    NN(32, 256, 10),
    NN(480, 256, 10),
    NN_DRELU(32, 256, 10),
    NN_DRELU(480, 256, 10),
    NN(64, 64, 64),
    NN(256, 256, 256),
    NN(512, 512, 512),
    NN(1024, 1024, 1024),
    NN(2048, 2048, 2048),
    NN(128, 1024, 1024),
    NN(512, 4096, 4096),

    TN(784, 256, 32),
    TN(784, 256, 480),
    TN(784, 256, 4096),
    TN(256, 10, 32),
    TN(256, 10, 480),

    UPDATE(SIMD_ADAM, "adam", 784, 256, 32),
    UPDATE(SIMD_ADAM, "adam", 784, 256, 480),
    UPDATE(SIMD_ADAM, "adam", 784, 256, 4096),
    UPDATE(SIMD_ADAM, "adam", 256, 10, 32),
    UPDATE(SIMD_ADAM, "adam", 256, 10, 480),
    UPDATE(SIMD_SGD, "sgd", 784, 256, 480),
    UPDATE(SIMD_MOMENTUM, "momentum", 784, 256, 480),
    UPDATE(SIMD_NESTEROV, "nesterov", 784, 256, 480),
    UPDATE(SIMD_GRADIENT, "gradient", 784, 256, 480),

    {&family_bias_update, "adam", SIMD_ADAM, 32, 256, 0},
    {&family_bias_update, "adam", SIMD_ADAM, 480, 256, 0},
    {&family_optimizer_update, "adam", SIMD_ADAM, 0, 16384, 0},
    {&family_optimizer_update, "adam", SIMD_ADAM, 0, 203530, 0},
    {&family_optimizer_update, "sgd", SIMD_SGD, 0, 16384, 0},
    {&family_optimizer_update, "momentum", SIMD_MOMENTUM, 0, 16384, 0},
    {&family_optimizer_update, "nesterov", SIMD_NESTEROV, 0, 16384, 0},

    {&family_pack_panels, NULL, 0, 0, 256, 784},
    {&family_pack_panels_transposed, NULL, 0, 0, 256, 784},
    {&family_unpack_panels, NULL, 0, 0, 256, 784},
    {&family_transpose_panel, NULL, 0, 0, 256, 784},
    {&family_transpose_panel, NULL, 0, 0, 10, 256},
    {&family_gather_u8, NULL, 0, 32, 784, 0},
    {&family_gather_u8, NULL, 0, 480, 784, 0},
    {&family_gather_f32, NULL, 0, 32, 784, 0},
    {&family_gather_f32, NULL, 0, 480, 784, 0},

    ACTIVATION(SIMD_LINEAR, "linear"),
    ACTIVATION(SIMD_RELU, "relu"),
    ACTIVATION(SIMD_SIGMOID, "sigmoid"),
    ACTIVATION(SIMD_TANH, "tanh"),
    ACTIVATION(SIMD_GELU, "gelu"),
    ACTIVATION(SIMD_GELU_TANH, "gelu_tanh"),
    ACTIVATION(SIMD_SILU, "silu"),
    ACTIVATION(SIMD_ELU, "elu"),
    ACTIVATION(SIMD_SELU, "selu"),
    ACTIVATION(SIMD_LEAKY_RELU, "leaky_relu"),
    ACTIVATION(SIMD_SOFTPLUS, "softplus"),
    ACTIVATION(SIMD_EXPONENTIAL, "exponential"),
    {&family_exp, NULL, 0, 0, 16384, 0},
    {&family_log, NULL, 0, 0, 16384, 0},

    {&family_softmax, NULL, 0, 32, 10, 0},
    {&family_softmax, NULL, 0, 480, 10, 0},
    {&family_softmax, NULL, 0, 32, 1000, 0},
    {&family_softmax_crossentropy, NULL, 0, 32, 10, 0},
    {&family_softmax_crossentropy, NULL, 0, 480, 10, 0},
    {&family_softmax_crossentropy, NULL, 0, 32, 1000, 0},
    {&family_sum, NULL, 0, 0, 16384, 0},
    {&family_max, NULL, 0, 0, 16384, 0},
    {&family_count_subnormal, NULL, 0, 0, 16384, 0},

    {&family_dropout, NULL, 0, 32, 256, 0},
    {&family_dropout, NULL, 0, 480, 256, 0},
    {&family_random_words, NULL, 0, 0, 16384, 0},
    {&family_random_uniform, NULL, 0, 0, 16384, 0},
};

const size_t bench_case_count = sizeof bench_case_list / sizeof bench_case_list[0];
