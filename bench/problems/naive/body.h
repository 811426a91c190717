/*
 * naive/body.h: the loops of naive.h. A file includes it after defining NAIVE_TABLE, the table's
 * symbol, and NAIVE_IKJ, 1 where products run in that order.
 */
#include "bench/problems/naive/naive.h"

#include <math.h>
#include <string.h>

static void gemm_nn(size_t m, size_t n, size_t k, const float *restrict a, size_t a_stride,
                    const float *restrict b, float *restrict c)
{
#if NAIVE_IKJ
    memset(c, 0, m * n * sizeof *c);
    for (size_t i = 0; i < m; i++) {
        for (size_t p = 0; p < k; p++) {
            for (size_t j = 0; j < n; j++) {
                c[i * n + j] += a[i * a_stride + p] * b[p * n + j];
            }
        }
    }
#else
    for (size_t i = 0; i < m; i++) {
        for (size_t j = 0; j < n; j++) {
            float sum = 0;
            for (size_t p = 0; p < k; p++) {
                sum += a[i * a_stride + p] * b[p * n + j];
            }
            c[i * n + j] = sum;
        }
    }
#endif
}

static void gemm_tn(size_t m, size_t n, size_t k, const float *restrict a, size_t a_stride,
                    const float *restrict b, float *restrict c)
{
#if NAIVE_IKJ
    memset(c, 0, m * n * sizeof *c);
    for (size_t i = 0; i < m; i++) {
        for (size_t p = 0; p < k; p++) {
            for (size_t j = 0; j < n; j++) {
                c[i * n + j] += a[p * a_stride + i] * b[p * n + j];
            }
        }
    }
#else
    for (size_t i = 0; i < m; i++) {
        for (size_t j = 0; j < n; j++) {
            float sum = 0;
            for (size_t p = 0; p < k; p++) {
                sum += a[p * a_stride + i] * b[p * n + j];
            }
            c[i * n + j] = sum;
        }
    }
#endif
}

static void relu(size_t n, float *x)
{
    for (size_t i = 0; i < n; i++) {
        x[i] = x[i] > 0 ? x[i] : 0;
    }
}

static void relu_gradient(size_t n, const float *restrict y, float scale, float *restrict dx)
{
    for (size_t i = 0; i < n; i++) {
        dx[i] = y[i] > 0 ? dx[i] * scale : 0;
    }
}

static void column_sum(size_t rows, size_t n, const float *restrict x, float *restrict sum)
{
    memset(sum, 0, n * sizeof *sum);
    for (size_t r = 0; r < rows; r++) {
        for (size_t j = 0; j < n; j++) {
            sum[j] += x[r * n + j];
        }
    }
}

static void optimizer(const struct simd_optimizer_step *step, size_t n,
                      const float *restrict gradient, float *restrict w, float *restrict slot1,
                      float *restrict slot2)
{
    const float rate = step->learning_rate, momentum = step->momentum;
    switch (step->kind) {
    case SIMD_SGD:
        for (size_t i = 0; i < n; i++) {
            w[i] -= rate * gradient[i];
        }
        break;
    case SIMD_MOMENTUM:
        for (size_t i = 0; i < n; i++) {
            slot1[i] = momentum * slot1[i] - rate * gradient[i];
            w[i] += slot1[i];
        }
        break;
    case SIMD_NESTEROV:
        for (size_t i = 0; i < n; i++) {
            slot1[i] = momentum * slot1[i] - rate * gradient[i];
            w[i] += momentum * slot1[i] - rate * gradient[i];
        }
        break;
    case SIMD_ADAM:
        for (size_t i = 0; i < n; i++) {
            const float g = gradient[i];
            slot1[i] += (g - slot1[i]) * step->one_minus_beta_1;
            slot2[i] += (g * g - slot2[i]) * step->one_minus_beta_2;
            w[i] -= rate * slot1[i] / (sqrtf(slot2[i]) + step->epsilon);
        }
        break;
    default:
        memcpy(slot1, gradient, n * sizeof *slot1);
        break;
    }
}

static void pack(size_t k, size_t n, size_t nr, const float *restrict x, float *restrict panels)
{
    for (size_t j = 0; j < n; j += nr) {
        const size_t width = n - j < nr ? n - j : nr;
        for (size_t p = 0; p < k; p++) {
            for (size_t i = 0; i < width; i++) {
                panels[j * k + p * nr + i] = x[p * n + j + i];
            }
        }
    }
}

static void unpack(size_t k, size_t n, size_t nr, const float *restrict panels, float *restrict x)
{
    for (size_t j = 0; j < n; j += nr) {
        const size_t width = n - j < nr ? n - j : nr;
        for (size_t p = 0; p < k; p++) {
            for (size_t i = 0; i < width; i++) {
                x[p * n + j + i] = panels[j * k + p * nr + i];
            }
        }
    }
}

static void transpose(size_t k, size_t n, const float *restrict x, float *restrict y)
{
    for (size_t p = 0; p < k; p++) {
        for (size_t j = 0; j < n; j++) {
            y[j * k + p] = x[p * n + j];
        }
    }
}

static void gather_u8(size_t count, size_t n, const uint8_t *const *rows, float scale,
                      float *restrict out)
{
    for (size_t r = 0; r < count; r++) {
        const uint8_t *restrict row = rows[r];
        for (size_t j = 0; j < n; j++) {
            out[r * n + j] = (float)row[j] * scale;
        }
    }
}

static void gather_f32(size_t count, size_t n, const float *const *rows, float scale,
                       float *restrict out)
{
    for (size_t r = 0; r < count; r++) {
        const float *restrict row = rows[r];
        for (size_t j = 0; j < n; j++) {
            out[r * n + j] = row[j] * scale;
        }
    }
}

static inline float sigmoid(float x)
{
    return 1 / (1 + expf(-x));
}

static inline float activate(enum simd_activation kind, float alpha, float x)
{
    const float selu_scale = 1.05070098f, selu_alpha = 1.67326324f;
    switch (kind) {
    case SIMD_RELU:
        return x > 0 ? x : 0;
    case SIMD_SIGMOID:
        return sigmoid(x);
    case SIMD_TANH:
        return tanhf(x);
    case SIMD_GELU:
        return 0.5f * x * (1 + erff(x * 0.707106781f));
    case SIMD_GELU_TANH:
        return 0.5f * x * (1 + tanhf(0.797884561f * (x + 0.044715f * x * x * x)));
    case SIMD_SILU:
        return x * sigmoid(x);
    case SIMD_ELU:
        return x > 0 ? x : alpha * expm1f(x);
    case SIMD_SELU:
        return selu_scale * (x > 0 ? x : selu_alpha * expm1f(x));
    case SIMD_LEAKY_RELU:
        return x > 0 ? x : alpha * x;
    case SIMD_SOFTPLUS:
        return log1pf(expf(x));
    case SIMD_EXPONENTIAL:
        return expf(x);
    default:
        return x;
    }
}

static inline float slope(enum simd_activation kind, float alpha, float x, float y)
{
    switch (kind) {
    case SIMD_RELU:
        return y > 0 ? 1 : 0;
    case SIMD_SIGMOID:
        return y * (1 - y);
    case SIMD_TANH:
        return 1 - y * y;
    case SIMD_GELU:
        return 0.5f * (1 + erff(x * 0.707106781f)) + x * 0.398942280f * expf(-0.5f * x * x);
    case SIMD_GELU_TANH: {
        const float t = tanhf(0.797884561f * (x + 0.044715f * x * x * x));
        return 0.5f * (1 + t) + 0.5f * x * (1 - t * t) * 0.797884561f * (1 + 3 * 0.044715f * x * x);
    }
    case SIMD_SILU: {
        const float s = sigmoid(x);
        return s * (1 + x * (1 - s));
    }
    case SIMD_ELU:
        return y > 0 ? 1 : y + alpha;
    case SIMD_SELU:
        return y > 0 ? 1.05070098f : y + 1.05070098f * 1.67326324f;
    case SIMD_LEAKY_RELU:
        return y > 0 ? 1 : alpha;
    case SIMD_SOFTPLUS:
        return 1 - expf(-y);
    case SIMD_EXPONENTIAL:
        return y;
    default:
        return 1;
    }
}

/* The switch stands outside the loop, or it would be the loop's cost. */
#define FOR_EACH_ACTIVATION(LOOP)                                                                  \
    LOOP(SIMD_LINEAR)                                                                              \
    LOOP(SIMD_RELU)                                                                                \
    LOOP(SIMD_SIGMOID)                                                                             \
    LOOP(SIMD_TANH)                                                                                \
    LOOP(SIMD_GELU)                                                                                \
    LOOP(SIMD_GELU_TANH)                                                                           \
    LOOP(SIMD_SILU)                                                                                \
    LOOP(SIMD_ELU)                                                                                 \
    LOOP(SIMD_SELU)                                                                                \
    LOOP(SIMD_LEAKY_RELU)                                                                          \
    LOOP(SIMD_SOFTPLUS)                                                                            \
    LOOP(SIMD_EXPONENTIAL)

static void activation(enum simd_activation kind, float alpha, size_t n, const float *restrict x,
                       float *restrict y)
{
#define LOOP(KIND)                                                                                 \
    case KIND:                                                                                     \
        for (size_t i = 0; i < n; i++) {                                                           \
            y[i] = activate(KIND, alpha, x[i]);                                                    \
        }                                                                                          \
        break;
    switch (kind) {
        FOR_EACH_ACTIVATION(LOOP)
    default:
        break;
    }
#undef LOOP
}

static void activation_gradient(enum simd_activation kind, float alpha, size_t n,
                                const float *restrict x, const float *restrict y,
                                const float *restrict dy, float *restrict dx)
{
#define LOOP(KIND)                                                                                 \
    case KIND:                                                                                     \
        for (size_t i = 0; i < n; i++) {                                                           \
            dx[i] = dy[i] * slope(KIND, alpha, x[i], y[i]);                                        \
        }                                                                                          \
        break;
    switch (kind) {
        FOR_EACH_ACTIVATION(LOOP)
    default:
        break;
    }
#undef LOOP
}

static void exp_(size_t n, const float *restrict x, float *restrict y)
{
    for (size_t i = 0; i < n; i++) {
        y[i] = expf(x[i]);
    }
}

static void log_(size_t n, const float *restrict x, float *restrict y)
{
    for (size_t i = 0; i < n; i++) {
        y[i] = logf(x[i]);
    }
}

static float sum(size_t n, const float *x)
{
    float sum = 0;
    for (size_t i = 0; i < n; i++) {
        sum += x[i];
    }
    return sum;
}

static float max(size_t n, const float *x)
{
    float max = x[0];
    for (size_t i = 1; i < n; i++) {
        max = x[i] > max ? x[i] : max;
    }
    return max;
}

static size_t count_subnormal(size_t n, const float *x)
{
    size_t count = 0;
    for (size_t i = 0; i < n; i++) {
        count += fpclassify(x[i]) == FP_SUBNORMAL;
    }
    return count;
}

static void softmax(size_t rows, size_t n, const float *z, float *p)
{
    for (size_t r = 0; r < rows; r++) {
        const float top = max(n, z + r * n);
        float total = 0;
        for (size_t j = 0; j < n; j++) {
            p[r * n + j] = expf(z[r * n + j] - top);
            total += p[r * n + j];
        }
        for (size_t j = 0; j < n; j++) {
            p[r * n + j] /= total;
        }
    }
}

static void softmax_crossentropy(size_t rows, size_t n, const float *z, const int32_t *labels,
                                 float scale, float *dz, float *loss, uint8_t *correct)
{
    softmax(rows, n, z, dz);
    for (size_t r = 0; r < rows; r++) {
        const size_t label = (size_t)labels[r];
        size_t best = 0;
        for (size_t j = 1; j < n; j++) {
            best = dz[r * n + j] > dz[r * n + best] ? j : best;
        }
        loss[r] = -logf(dz[r * n + label]);
        correct[r] = best == label;
        dz[r * n + label] -= 1;
        for (size_t j = 0; j < n; j++) {
            dz[r * n + j] *= scale;
        }
    }
}

static inline void philox(const struct simd_random *random, uint32_t block, uint32_t item,
                          uint32_t out[4])
{
    uint32_t c[4] = {block, item, (uint32_t)random->step, (uint32_t)(random->step >> 32)};
    uint32_t key[2] = {random->seed, random->purpose_and_layer};
    for (int round = 0; round < 10; round++) {
        const uint64_t a = (uint64_t)0xD2511F53 * c[0], b = (uint64_t)0xCD9E8D57 * c[2];
        const uint32_t next[4] = {(uint32_t)(b >> 32) ^ c[1] ^ key[0], (uint32_t)b,
                                  (uint32_t)(a >> 32) ^ c[3] ^ key[1], (uint32_t)a};
        memcpy(c, next, sizeof c);
        key[0] += 0x9E3779B9;
        key[1] += 0xBB67AE85;
    }
    memcpy(out, c, sizeof c);
}

static void random_words(const struct simd_random *random, size_t n, uint32_t *out)
{
    for (size_t i = 0; i + 4 <= n; i += 4) {
        philox(random, (uint32_t)(i / 4), 0, out + i);
    }
}

static void random_uniform(const struct simd_random *random, size_t n, float low, float high,
                           float *out)
{
    for (size_t i = 0; i + 4 <= n; i += 4) {
        uint32_t words[4];
        philox(random, (uint32_t)(i / 4), 0, words);
        for (int w = 0; w < 4; w++) {
            out[i + (size_t)w] = low + (high - low) * ((float)(words[w] >> 8) * 0x1p-24f);
        }
    }
}

static void dropout(const struct simd_random *random, size_t rows, size_t n, uint32_t threshold,
                    float scale, const float *restrict x, float *restrict y)
{
    for (size_t r = 0; r < rows; r++) {
        for (size_t j = 0; j < n; j += 4) {
            uint32_t words[4];
            philox(random, (uint32_t)(j / 4), (uint32_t)r, words);
            for (size_t w = 0; w < 4 && j + w < n; w++) {
                const size_t at = r * n + j + w;
                y[at] = words[w] >= threshold ? x[at] * scale : 0;
            }
        }
    }
}

const struct naive_kernels NAIVE_TABLE = {
    .gemm_nn = gemm_nn,
    .gemm_tn = gemm_tn,
    .relu = relu,
    .relu_gradient = relu_gradient,
    .column_sum = column_sum,
    .optimizer = optimizer,
    .pack = pack,
    .unpack = unpack,
    .transpose = transpose,
    .gather_u8 = gather_u8,
    .gather_f32 = gather_f32,
    .activation = activation,
    .activation_gradient = activation_gradient,
    .exp = exp_,
    .log = log_,
    .softmax = softmax,
    .softmax_crossentropy = softmax_crossentropy,
    .sum = sum,
    .max = max,
    .count_subnormal = count_subnormal,
    .random_words = random_words,
    .random_uniform = random_uniform,
    .dropout = dropout,
};
