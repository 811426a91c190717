/* optimizer_step.h: random optimizer steps and the state they work on. */
#ifndef PINION_TESTS_SIMD_OPTIMIZER_STEP_H
#define PINION_TESTS_SIMD_OPTIMIZER_STEP_H

#include "simd/simd.h"

#include <stddef.h>

/* Slots that the kind of step does not use are NULL. */
struct optimizer_state {
    float *w, *slot1, *slot2;
};

const char *optimizer_name(enum simd_optimizer kind);
struct simd_optimizer_step optimizer_random_step(enum simd_optimizer kind);

/* n values each: guarded for the kernel, the same in plain memory for the reference. */
void optimizer_random_state(enum simd_optimizer kind, size_t n, struct optimizer_state *actual,
                            struct optimizer_state *expected);
void optimizer_check_state(size_t n, const struct optimizer_state *actual,
                           const struct optimizer_state *expected);

#endif
