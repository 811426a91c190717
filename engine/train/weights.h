/* train/weights.h: a model's weights as kernels want them, for the time of a run. */
#ifndef PINION_TRAIN_WEIGHTS_H
#define PINION_TRAIN_WEIGHTS_H

#include "engine/base/memory.h"
#include "engine/model/model.h"
#include "engine/plan/plan.h"

struct weights {
    struct arena arena;
    float *values;                /* panels and biases: plan_weight's offsets */
    float *slot[MODEL_MAX_SLOTS]; /* the same layout; NULL where the optimizer has none */
    float *transposed;
    float *scratch; /* SIMD_SCRATCH for each thread */
};

/* Maps the arenas; nothing is touched yet. */
pn_status weights_map(struct weights *weights, const struct plan *plan);
void weights_free(struct weights *weights);

/* Writes zeros to the part that thread `thread` owns, so that its pages lie near it. */
void weights_touch(struct weights *weights, const struct plan *plan, size_t thread);

/* From the model's tensors, in Keras's order, to panels; and back. */
void weights_import(struct weights *weights, const struct plan *plan, const struct pn_model *model);
void weights_export(const struct weights *weights, const struct plan *plan, struct pn_model *model);

#endif
