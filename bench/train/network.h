/* train/network.h: a network to train, and samples made up in memory to train it on. */
#ifndef PINION_BENCH_NETWORK_H
#define PINION_BENCH_NETWORK_H

#include "engine/model/model.h"

struct network {
    const char *spec; /* layers as pinion train's --net spells them */
    size_t input;     /* features of a sample */
    pn_dtype dtype;
    pn_model *model;
    pn_dataset *data;
};

/* What one sample looks like. */
struct sample_form {
    size_t rank;
    size_t shape[PN_MAX_RANK];
    pn_dtype dtype;
};

/* A model of its own for such samples, compiled with `optimizer` at Keras's rate; bytes are
 * rescaled to [0, 1]. PN_ERROR_USAGE with the place in `spec`. */
pn_status network_model(const char *spec, const struct sample_form *form,
                        pn_optimizer_kind optimizer, uint32_t seed, pn_model **model);

/* Makes the model; no data yet. */
pn_status network_create(const char *spec, size_t input, pn_dtype dtype,
                         pn_optimizer_kind optimizer, struct network *network);
/* Samples and labels, drawn uniformly: how fast a step is does not depend on what it learns. */
pn_status network_make_data(struct network *network, size_t count);
void network_free(struct network *network);

#endif
