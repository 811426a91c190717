/* train/inference.h: forward passes over a data set, for evaluate, predict and validation. */
#ifndef PINION_TRAIN_INFERENCE_H
#define PINION_TRAIN_INFERENCE_H

#include "engine/train/execute.h"

struct inference {
    struct plan plan;
    const pn_model *model;
    const pn_dataset *dataset;
    struct workspace *workspaces; /* one for each thread */
    float *losses;                /* [count] (evaluation) */
    uint8_t *hits;                /* [count] (evaluation) */
    float *outputs;               /* [count, units] the caller's (prediction) */
};

/* Plans and allocates, for PLAN_EVALUATE or PLAN_PREDICT into `outputs`. Checks that samples, and
 * labels if they are compared, fit the model. */
pn_status inference_create(struct inference *inference, const pn_model *model,
                           const pn_dataset *dataset, const struct simd_kernels *kernels,
                           size_t threads, enum plan_mode mode, float *outputs);
void inference_free(struct inference *inference);

/* The share of thread `thread`; all threads of the plan must run it. */
void inference_run(struct inference *inference, const struct weights *weights, size_t thread);

/* Mean loss and share of hits, summed in sample order; after all threads are done. */
void inference_result(const struct inference *inference, double *loss, double *accuracy);

#endif
