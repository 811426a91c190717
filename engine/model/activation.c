/* model/activation.c: activations by Keras's names. */
#include <string.h>

#include "engine/base/error.h"
#include "engine/model/model.h"

/* The first row of a kind holds the name that Keras 2 writes. "gelu_tanh" is pinion's own: Keras
 * reaches the approximate gelu only through a function argument. */
static const struct {
    const char *name;
    struct activation activation;
} activation_names[] = {
    {"linear", {.kind = SIMD_LINEAR}},
    {"relu", {.kind = SIMD_RELU}},
    {"sigmoid", {.kind = SIMD_SIGMOID}},
    {"tanh", {.kind = SIMD_TANH}},
    {"gelu", {.kind = SIMD_GELU}},
    {"gelu_tanh", {.kind = SIMD_GELU_TANH}},
    {"swish", {.kind = SIMD_SILU}},
    {"silu", {.kind = SIMD_SILU}},
    {"elu", {.kind = SIMD_ELU, .alpha = 1.0F}},
    {"selu", {.kind = SIMD_SELU}},
    {"leaky_relu", {.kind = SIMD_LEAKY_RELU, .alpha = 0.2F}},
    {"softplus", {.kind = SIMD_SOFTPLUS}},
    {"exponential", {.kind = SIMD_EXPONENTIAL}},
    {"softmax", {.softmax = true}},
};

enum { ACTIVATION_NAMES = sizeof activation_names / sizeof *activation_names };

pn_status activation_find(const char *name, struct activation *activation)
{
    if (!name) {
        name = "linear";
    }
    for (size_t i = 0; i < ACTIVATION_NAMES; i++) {
        if (strcmp(name, activation_names[i].name) == 0) {
            *activation = activation_names[i].activation;
            return PN_OK;
        }
    }
    return error_set(PN_ERROR_USAGE,
                     "activation \"%.64s\" is not known; known are linear, relu, sigmoid, tanh, "
                     "gelu, gelu_tanh, swish (silu), elu, selu, leaky_relu, softplus, exponential, "
                     "softmax",
                     name);
}

const char *activation_name(const struct activation *activation)
{
    for (size_t i = 0; i < ACTIVATION_NAMES; i++) {
        const struct activation *const known = &activation_names[i].activation;
        if (known->softmax == activation->softmax &&
            (known->softmax || known->kind == activation->kind)) {
            return activation_names[i].name;
        }
    }
    return "linear";
}
