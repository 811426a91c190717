#include "simd/reference/reference.h"

#include <math.h>

static void step_one(const struct simd_optimizer_step *s, float gradient, float *w, float *slot1,
                     float *slot2)
{
    const float g = reference_flush(gradient);
    if (s->kind == SIMD_GRADIENT) {
        *slot1 = g;
    } else if (s->kind == SIMD_SGD) {
        *w = reference_flush(fmaf(-s->learning_rate, g, *w));
    } else if (s->kind == SIMD_ADAM) {
        const float g1 = fabsf(gradient) < 0x1p-45f ? 0.0f : gradient;
        const float m = reference_flush(fmaf(g1 - *slot1, s->one_minus_beta_1, *slot1));
        const float v = fmaf(g1 * g1 - *slot2, s->one_minus_beta_2, *slot2);
        *slot1 = m;
        *slot2 = v < 0x1p-100f ? 0.0f : v;
        *w = *w - s->learning_rate * (m / (sqrtf(*slot2) + s->epsilon));
    } else {
        const float change = -(s->learning_rate * g);
        *slot1 = reference_flush(fmaf(s->momentum, *slot1, change));
        const float step = s->kind == SIMD_NESTEROV ? fmaf(s->momentum, *slot1, change) : *slot1;
        *w = reference_flush(*w + step);
    }
}

/* Slots that a kind of step does not use may be NULL. */
static float *at(float *array, size_t i)
{
    return array != NULL ? &array[i] : NULL;
}

void reference_optimizer_update(size_t n, const float *gradient, float *w, float *slot1,
                                float *slot2, const struct simd_optimizer_step *step)
{
    for (size_t i = 0; i < n; i++) {
        step_one(step, gradient[i], at(w, i), at(slot1, i), at(slot2, i));
    }
}

void reference_bias_update(size_t batch, size_t columns, const float *dy, size_t dy_stride,
                           float *w, float *slot1, float *slot2,
                           const struct simd_optimizer_step *step)
{
    for (size_t j = 0; j < columns; j++) {
        float sum = 0.0f;
        for (size_t r = 0; r < batch; r++) {
            sum = sum + dy[r * dy_stride + j];
        }
        step_one(step, sum, at(w, j), at(slot1, j), at(slot2, j));
    }
}

void reference_weight_update(const struct simd_weight_update *u)
{
    const size_t padded = (u->columns + u->nr - 1) / u->nr * u->nr;
    for (size_t j = 0; j < padded; j++) {
        for (size_t i = u->first_row; i < u->first_row + u->rows; i++) {
            float gradient = 0.0f;
            for (size_t r = 0; r < u->batch; r++) {
                const float x = u->x != NULL ? u->x[r * u->x_stride + i]
                                             : (float)u->x_rows[r][i] * u->x_scale + u->x_offset;
                gradient = fmaf(x, u->dy[r * u->dy_stride + j], gradient);
            }
            const size_t at_w = (j / u->nr * u->k + i) * u->nr + j % u->nr;
            step_one(&u->step, gradient, at(u->w, at_w), at(u->slot1, at_w), at(u->slot2, at_w));
        }
    }
}
