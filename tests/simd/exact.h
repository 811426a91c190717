/*
 * exact.h: activations in double precision, by the C library.
 */
#ifndef PINION_TESTS_SIMD_EXACT_H
#define PINION_TESTS_SIMD_EXACT_H

#include "simd/simd.h"

#include <math.h>

static const double pi = 3.14159265358979323846;

static inline double exact_sigmoid(double x)
{
    return 1 / (1 + exp(-x));
}

/* 2 sqrt(2 / pi) (x + 0.044715 x^3) */
static inline double exact_gelu_argument(double x)
{
    return 2 * sqrt(2 / pi) * (x + 0.044715 * x * x * x);
}

/* alpha is that of elu or the slope of leaky_relu. */
static inline double exact_activation(enum simd_activation kind, double alpha, double x)
{
    switch (kind) {
    case SIMD_RELU:
        return x > 0 ? x : 0;
    case SIMD_SIGMOID:
        return exact_sigmoid(x);
    case SIMD_TANH:
        return tanh(x);
    case SIMD_GELU:
        return 0.5 * x * erfc(-x / sqrt(2));
    case SIMD_GELU_TANH:
        return x * exact_sigmoid(exact_gelu_argument(x));
    case SIMD_SILU:
        return x * exact_sigmoid(x);
    case SIMD_ELU:
        return x > 0 ? x : alpha * expm1(x);
    case SIMD_SELU:
        return 1.0507009873554805 * (x > 0 ? x : 1.6732632423543772 * expm1(x));
    case SIMD_LEAKY_RELU:
        return x > 0 ? x : alpha * x;
    case SIMD_SOFTPLUS:
        return (x > 0 ? x : 0) + log1p(exp(-fabs(x)));
    case SIMD_EXPONENTIAL:
        return exp(x);
    case SIMD_LINEAR:
    case SIMD_ACTIVATION_COUNT:
        break;
    }
    return x;
}

/* The derivative, `from` being x for gelu, gelu_tanh and silu, and y for the others. */
static inline double exact_derivative(enum simd_activation kind, double alpha, double from)
{
    switch (kind) {
    case SIMD_RELU:
        return from > 0;
    case SIMD_SIGMOID:
        return from * (1 - from);
    case SIMD_TANH:
        return 1 - from * from;
    case SIMD_GELU:
        return 0.5 * erfc(-from / sqrt(2)) + from * exp(-0.5 * from * from) / sqrt(2 * pi);
    case SIMD_GELU_TANH: {
        if (fabs(from) > 30) {
            return from > 0;
        }
        const double v = exact_gelu_argument(from);
        const double slope = 2 * sqrt(2 / pi) * (1 + 3 * 0.044715 * from * from);
        return exact_sigmoid(v) * (1 + from * slope * exact_sigmoid(-v));
    }
    case SIMD_SILU:
        return exact_sigmoid(from) * (1 + from * exact_sigmoid(-from));
    case SIMD_ELU:
        return from > 0 ? 1 : from + alpha;
    case SIMD_SELU:
        return from > 0 ? 1.0507009873554805 : from + 1.0507009873554805 * 1.6732632423543772;
    case SIMD_LEAKY_RELU:
        return from > 0 ? 1 : alpha;
    case SIMD_SOFTPLUS:
        return -expm1(-from);
    case SIMD_EXPONENTIAL:
        return from;
    case SIMD_LINEAR:
    case SIMD_ACTIVATION_COUNT:
        break;
    }
    return 1;
}

#endif
