/*
 * kernels/optimizer.h: the optimizer step, written once: on values in registers for the tiles of
 * weight_update.h, and over arrays.
 */
#ifndef PINION_KERNELS_OPTIMIZER_H
#define PINION_KERNELS_OPTIMIZER_H

#include "simd/vec/inline.h"
#include "simd/kernels/math.h"
#include "simd/simd.h"

/* Adam takes smaller gradients for 0: their squares would be subnormal, or nearly. */
#define OPTIMIZER_ADAM_TINY 0x1p-45f

/* The step's constants as vectors in memory: a tile has no registers left for them. */
struct optimizer_constants {
    vf learning_rate, momentum;
    vf one_minus_beta_1, one_minus_beta_2, epsilon;
    vf stored_limit, adam_limit;
};

static inline struct optimizer_constants
optimizer_constants_of(const struct simd_optimizer_step *step)
{
    return (struct optimizer_constants){
        .learning_rate = vf_set1(step->learning_rate),
        .momentum = vf_set1(step->momentum),
        .one_minus_beta_1 = vf_set1(step->one_minus_beta_1),
        .one_minus_beta_2 = vf_set1(step->one_minus_beta_2),
        .epsilon = vf_set1(step->epsilon),
        .stored_limit = vf_set1(MATH_TINY),
        .adam_limit = vf_set1(OPTIMIZER_ADAM_TINY),
    };
}

/* What a step of this kind reads and writes besides slot1, which SGD alone leaves. */
static inline bool optimizer_has_weight(enum simd_optimizer kind)
{
    return kind != SIMD_GRADIENT;
}

static inline bool optimizer_reads_slot1(enum simd_optimizer kind)
{
    return kind == SIMD_MOMENTUM || kind == SIMD_NESTEROV || kind == SIMD_ADAM;
}

static inline bool optimizer_writes_slot1(enum simd_optimizer kind)
{
    return kind != SIMD_SGD;
}

static inline bool optimizer_has_slot2(enum simd_optimizer kind)
{
    return kind == SIMD_ADAM;
}

static inline vf optimizer_flush(const struct optimizer_constants *c, vf x)
{
    return vf_clear(vf_lt(vf_abs(x), c->stored_limit), x);
}

/* One step of constant kind on values in registers; see struct simd_optimizer_step. */
static ALWAYS_INLINE void optimizer_apply(const enum simd_optimizer kind,
                                          const struct optimizer_constants *c, vf gradient, vf *w,
                                          vf *slot1, vf *slot2)
{
    if (kind == SIMD_GRADIENT) {
        *slot1 = optimizer_flush(c, gradient);
    } else if (kind == SIMD_SGD) {
        *w = optimizer_flush(c, vf_fnma(c->learning_rate, optimizer_flush(c, gradient), *w));
    } else if (kind == SIMD_ADAM) {
        const vf g = vf_clear(vf_lt(vf_abs(gradient), c->adam_limit), gradient);
        const vf m = optimizer_flush(c, vf_fma(vf_sub(g, *slot1), c->one_minus_beta_1, *slot1));
        const vf mean = vf_fma(vf_sub(vf_mul(g, g), *slot2), c->one_minus_beta_2, *slot2);
        const vf v = vf_clear(vf_lt(mean, c->stored_limit), mean);
        const vf quotient = vf_div(m, vf_add(vf_sqrt(v), c->epsilon));
        *slot1 = m;
        *slot2 = v;
        *w = vf_sub(*w, vf_mul(c->learning_rate, quotient));
    } else {
        const vf change = vf_neg(vf_mul(c->learning_rate, optimizer_flush(c, gradient)));
        const vf velocity = optimizer_flush(c, vf_fma(c->momentum, *slot1, change));
        *slot1 = velocity;
        *w = optimizer_flush(
            c,
            vf_add(*w, kind == SIMD_NESTEROV ? vf_fma(c->momentum, velocity, change) : velocity));
    }
}

/* The same on one vector in memory, and on its first n lanes. */
static ALWAYS_INLINE void optimizer_vector(const enum simd_optimizer kind,
                                           const struct optimizer_constants *c, vf gradient,
                                           float *w, float *slot1, float *slot2)
{
    vf weight = optimizer_has_weight(kind) ? vf_load(w) : vf_zero();
    vf first = optimizer_reads_slot1(kind) ? vf_load(slot1) : vf_zero();
    vf second = optimizer_has_slot2(kind) ? vf_load(slot2) : vf_zero();
    optimizer_apply(kind, c, gradient, &weight, &first, &second);
    if (optimizer_has_weight(kind)) {
        vf_store(w, weight);
    }
    if (optimizer_writes_slot1(kind)) {
        vf_store(slot1, first);
    }
    if (optimizer_has_slot2(kind)) {
        vf_store(slot2, second);
    }
}

static ALWAYS_INLINE void optimizer_vector_n(const enum simd_optimizer kind,
                                             const struct optimizer_constants *c, vf gradient,
                                             float *w, float *slot1, float *slot2, size_t n)
{
    vf weight = optimizer_has_weight(kind) ? vf_load_n(w, n) : vf_zero();
    vf first = optimizer_reads_slot1(kind) ? vf_load_n(slot1, n) : vf_zero();
    vf second = optimizer_has_slot2(kind) ? vf_load_n(slot2, n) : vf_zero();
    optimizer_apply(kind, c, gradient, &weight, &first, &second);
    if (optimizer_has_weight(kind)) {
        vf_store_n(w, weight, n);
    }
    if (optimizer_writes_slot1(kind)) {
        vf_store_n(slot1, first, n);
    }
    if (optimizer_has_slot2(kind)) {
        vf_store_n(slot2, second, n);
    }
}

/* Slots that a step does not use may be NULL, to which no offset may be added. */
static inline float *optimizer_at(float *array, size_t i)
{
    return array != NULL ? array + i : NULL;
}

static ALWAYS_INLINE void optimizer_array(const enum simd_optimizer kind,
                                          const struct optimizer_constants *c, size_t n,
                                          const float *gradient, float *w, float *slot1,
                                          float *slot2)
{
    size_t i = 0;
    for (; i + VF_LANES <= n; i += VF_LANES) {
        optimizer_vector(kind, c, vf_load(gradient + i), optimizer_at(w, i), optimizer_at(slot1, i),
                         optimizer_at(slot2, i));
    }
    if (i < n) {
        optimizer_vector_n(kind, c, vf_load_n(gradient + i, n - i), optimizer_at(w, i),
                           optimizer_at(slot1, i), optimizer_at(slot2, i), n - i);
    }
}

static void kernel_optimizer_update(size_t n, const float *gradient, float *w, float *slot1,
                                    float *slot2, const struct simd_optimizer_step *step)
{
    const struct optimizer_constants c = optimizer_constants_of(step);
    switch (step->kind) {
    case SIMD_SGD:
        optimizer_array(SIMD_SGD, &c, n, gradient, w, slot1, slot2);
        return;
    case SIMD_MOMENTUM:
        optimizer_array(SIMD_MOMENTUM, &c, n, gradient, w, slot1, slot2);
        return;
    case SIMD_NESTEROV:
        optimizer_array(SIMD_NESTEROV, &c, n, gradient, w, slot1, slot2);
        return;
    case SIMD_ADAM:
        optimizer_array(SIMD_ADAM, &c, n, gradient, w, slot1, slot2);
        return;
    default:
        optimizer_array(SIMD_GRADIENT, &c, n, gradient, w, slot1, slot2);
        return;
    }
}

/* Vectors of columns whose sums stay in registers, enough to hide the latency of an addition. */
enum { BIAS_VECTORS = 8, BIAS_BLOCK = BIAS_VECTORS * VF_LANES };

/* Column sums of up to BIAS_BLOCK columns: each column is one chain from 0 over ascending rows. */
static void column_sums(size_t batch, size_t columns, const float *dy, size_t dy_stride,
                        float sums[BIAS_BLOCK])
{
    if (columns == BIAS_BLOCK) {
        vf acc[BIAS_VECTORS];
        UNROLL
        for (int v = 0; v < BIAS_VECTORS; v++) {
            acc[v] = vf_zero();
        }
        for (size_t r = 0; r < batch; r++) {
            UNROLL
            for (int v = 0; v < BIAS_VECTORS; v++) {
                acc[v] = vf_add(acc[v], vf_load(dy + r * dy_stride + v * VF_LANES));
            }
        }
        UNROLL
        for (int v = 0; v < BIAS_VECTORS; v++) {
            vf_store(sums + v * VF_LANES, acc[v]);
        }
        return;
    }
    for (size_t j = 0; j < columns; j += VF_LANES) {
        vf acc = vf_zero();
        for (size_t r = 0; r < batch; r++) {
            acc = vf_add(acc, vf_load_n(dy + r * dy_stride + j, columns - j));
        }
        vf_store_n(sums + j, acc, columns - j);
    }
}

static void kernel_bias_update(size_t batch, size_t columns, const float *dy, size_t dy_stride,
                               float *w, float *slot1, float *slot2,
                               const struct simd_optimizer_step *step)
{
    float sums[BIAS_BLOCK];
    for (size_t j = 0; j < columns; j += BIAS_BLOCK) {
        const size_t block = columns - j < BIAS_BLOCK ? columns - j : BIAS_BLOCK;
        column_sums(batch, block, dy + j, dy_stride, sums);
        kernel_optimizer_update(block, sums, optimizer_at(w, j), optimizer_at(slot1, j),
                                optimizer_at(slot2, j), step);
    }
}

#endif
