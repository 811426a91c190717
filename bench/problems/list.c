#include "bench/problems/problem.h"

#include <stdio.h>

void problem_kernel(const struct problem *problem, char name[PROBLEM_NAME_SIZE])
{
    snprintf(name, PROBLEM_NAME_SIZE, "%s%s%s", problem->family->name,
             problem->variant == NULL ? "" : ":", problem->variant == NULL ? "" : problem->variant);
}

void problem_shape(const struct problem *problem, char shape[PROBLEM_NAME_SIZE])
{
    if (problem->k > 0 && problem->m == 0) {
        snprintf(shape, PROBLEM_NAME_SIZE, "%zux%zu", problem->k, problem->n);
    } else if (problem->k > 0) {
        snprintf(shape, PROBLEM_NAME_SIZE, "%zux%zux%zu", problem->m, problem->n, problem->k);
    } else if (problem->m > 0) {
        snprintf(shape, PROBLEM_NAME_SIZE, "%zux%zu", problem->m, problem->n);
    } else {
        snprintf(shape, PROBLEM_NAME_SIZE, "%zu", problem->n);
    }
}

struct simd_optimizer_step problem_step(int kind)
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

const struct problem problem_list[] = {
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

const size_t problem_count = sizeof problem_list / sizeof problem_list[0];
