/* train/fit.h: what a running fit offers to an evaluate that one of its callbacks asks for. */
#ifndef PINION_TRAIN_FIT_H
#define PINION_TRAIN_FIT_H

#include "engine/train/weights.h"

struct fit;

const struct weights *fit_weights(const struct fit *fit);
const struct simd_kernels *fit_kernels(const struct fit *fit);
size_t fit_threads(const struct fit *fit);

/* From a callback, on the calling thread: the whole parked team runs job(context, thread). */
void fit_run_job(struct fit *fit, void (*job)(void *context, size_t thread), void *context);

#endif
