/* model/config_layer.h: one layer out of a config. */
#ifndef PINION_MODEL_CONFIG_LAYER_H
#define PINION_MODEL_CONFIG_LAYER_H

#include <jansson.h>

#include "engine/model/config.h"
#include "engine/model/config_value.h"

/* What is known around a layer. */
struct config_context {
    struct pn_model *model;
    const struct config_options *options;
    size_t index; /* in the list of layers */
    bool frozen;  /* the whole model is */
};

/* The shape of one sample out of a shape with a batch dimension in front, [null, 28, 28]. */
pn_status config_input_shape(const struct config_place *place, const char *key, const json_t *value,
                             pn_layer *input);

/* Adds the layer of an entry {"class_name", "config", ...} to the model. */
pn_status config_add_layer(const struct config_context *context, const json_t *entry);

#endif
