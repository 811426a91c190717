#include "engine/train/clock.h"

#include <math.h>

void optimizer_clock_load(struct optimizer_clock *clock, const pn_model *model)
{
    *clock = (struct optimizer_clock){model->steps, model->beta_1_power, model->beta_2_power};
}

void optimizer_clock_store(const struct optimizer_clock *clock, pn_model *model)
{
    model->steps = clock->steps;
    model->beta_1_power = clock->beta_1_power;
    model->beta_2_power = clock->beta_2_power;
}

static struct simd_optimizer_step sgd_step(const pn_optimizer *optimizer)
{
    struct simd_optimizer_step step = {.kind = SIMD_SGD,
                                       .learning_rate = (float)optimizer->learning_rate,
                                       .momentum = (float)optimizer->momentum};
    if (optimizer->momentum > 0.0) {
        step.kind = optimizer->nesterov ? SIMD_NESTEROV : SIMD_MOMENTUM;
    }
    return step;
}

struct simd_optimizer_step optimizer_clock_tick(struct optimizer_clock *clock,
                                                const pn_optimizer *optimizer)
{
    clock->steps++;
    if (optimizer->kind == PN_SGD) {
        return sgd_step(optimizer);
    }
    const float beta_1 = (float)optimizer->beta_1, beta_2 = (float)optimizer->beta_2;
    clock->beta_1_power *= (double)beta_1;
    clock->beta_2_power *= (double)beta_2;
    /* sqrt is exact in IEEE arithmetic: no libm approximation reaches the bits. */
    const double rate = (double)(float)optimizer->learning_rate * sqrt(1.0 - clock->beta_2_power) /
                        (1.0 - clock->beta_1_power);
    return (struct simd_optimizer_step){.kind = SIMD_ADAM,
                                        .learning_rate = (float)rate,
                                        .one_minus_beta_1 = 1.0f - beta_1,
                                        .one_minus_beta_2 = 1.0f - beta_2,
                                        .epsilon = (float)optimizer->epsilon};
}
