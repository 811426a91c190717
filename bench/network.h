/* network.h: a network to train and samples to train it on, made up in memory. */
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

/* Compiles the model with `optimizer`; bytes are rescaled to [0, 1]. No data yet. PN_ERROR_USAGE
 * with the place in `spec`. */
pn_status network_create(const char *spec, size_t input, pn_dtype dtype,
                         pn_optimizer_kind optimizer, struct network *network);
/* Samples and labels, drawn uniformly: how fast a step is does not depend on what it learns. */
pn_status network_make_data(struct network *network, size_t count);
void network_free(struct network *network);

#endif
