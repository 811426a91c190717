/* What the optimizer's clock computes on the host. */
#include "engine/train/clock.h"

#include <math.h>

#include <criterion/criterion.h>

/* Adam's betas are rounded to float before anything is computed with them: 0.9f is
 * 0x1.ccccccp-1 and 0.999f is 0x1.ff7ceep-1. gcc 12 at -O2 drops that rounding when it vectorizes
 * the two side by side (-fno-tree-slp-vectorize keeps it from doing so). */
Test(clock, betas_are_rounded_to_float)
{
    struct optimizer_clock clock = {.steps = 0, .beta_1_power = 1.0, .beta_2_power = 1.0};
    const pn_optimizer adam = pn_adam(0.001);
    struct simd_optimizer_step step = optimizer_clock_tick(&clock, &adam);
    cr_assert_eq(clock.beta_1_power, 0x1.ccccccp-1, "%a", clock.beta_1_power);
    cr_assert_eq(clock.beta_2_power, 0x1.ff7ceep-1, "%a", clock.beta_2_power);
    cr_assert_eq(step.one_minus_beta_1, 0x1.9999ap-4f, "%a", step.one_minus_beta_1);
    cr_assert_eq(step.one_minus_beta_2, 0x1.0624p-10f, "%a", step.one_minus_beta_2);
    const double rate = (double)0.001f * sqrt(1 - 0x1.ff7ceep-1) / (1 - 0x1.ccccccp-1);
    cr_assert_eq(step.learning_rate, (float)rate, "%a", step.learning_rate);

    step = optimizer_clock_tick(&clock, &adam);
    cr_assert_eq(clock.beta_1_power, 0x1.ccccccp-1 * 0x1.ccccccp-1);
    cr_assert_eq(clock.beta_2_power, 0x1.ff7ceep-1 * 0x1.ff7ceep-1);
    cr_assert_eq(clock.steps, 2);
}
