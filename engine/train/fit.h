/* train/fit.h: what a running fit offers to what its callbacks call. */
#ifndef PINION_TRAIN_FIT_H
#define PINION_TRAIN_FIT_H

#include "engine/train/profile.h"
#include "engine/train/weights.h"

struct fit;

const struct weights *fit_weights(const struct fit *fit);
const struct simd_kernels *fit_kernels(const struct fit *fit);
size_t fit_threads(const struct fit *fit);

/* Subnormal values in the weights, slots and buffers, of *floats looked at. From a callback. */
size_t fit_count_subnormal(const struct fit *fit, size_t *floats);

/* From a callback: from now on the time of each batch is added to
 * `profile`, made for the same plan; NULL: no longer. */
void fit_set_profile(struct fit *fit, struct profile *profile);

/* From a callback, on the calling thread: the whole parked team runs job(context, thread). */
void fit_run_job(struct fit *fit, void (*job)(void *context, size_t thread), void *context);

#endif
