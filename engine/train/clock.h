/* train/clock.h: the optimizer's count of steps and what follows from it. */
#ifndef PINION_TRAIN_CLOCK_H
#define PINION_TRAIN_CLOCK_H

#include "engine/model/model.h"

/* Each thread keeps one; all of them tick alike. */
struct optimizer_clock {
    uint64_t steps;
    double beta_1_power, beta_2_power;
};

void optimizer_clock_load(struct optimizer_clock *clock, const pn_model *model);
void optimizer_clock_store(const struct optimizer_clock *clock, pn_model *model);

/* One step on: the powers are multiplied, then give the step's rate. */
struct simd_optimizer_step optimizer_clock_tick(struct optimizer_clock *clock,
                                                const pn_optimizer *optimizer);

#endif
