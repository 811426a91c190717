/* model/config.h: Keras's JSON in and out of a model. Configs are data: a closed set of layers and
 * activations, everything else is an error that names it. */
#ifndef PINION_MODEL_CONFIG_H
#define PINION_MODEL_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "engine/model/model.h"

struct config_options {
    /* The weights will be set from arrays: they start as zeros, and any initializer is fine. */
    bool weights_follow;
    /* Most parameters that the model may have, checked before memory is taken; 0: no limit but
     * MODEL_MAX_PARAMETERS. With arrays at hand: their number of elements. */
    size_t max_parameters;
};

/*
 * The model that `length` bytes of JSON describe: get_config(), to_json(), the model_config of an
 * HDF5 file, the config.json of a .keras file; a Sequential model or a Functional one that is a
 * chain, of Keras 2 or 3. A compile_config in it is not used (see config_training_parse).
 * `options` NULL: a new model, weights drawn. PN_ERROR_DATA names the layer and the key.
 */
pn_status config_model_parse(const char *json, size_t length, uint32_t seed,
                             const struct config_options *options, pn_model **model);

/* {"class_name": "Sequential", "config": get_config()}, the model_config of Keras 2.9's HDF5 files.
 * *json is freed with pn_string_free. */
pn_status config_model_json(const pn_model *model, char **json);

/* The training_config of an HDF5 file in the portable form that Keras 2 and 3 read; *json is NULL
 * if the model was never compiled. */
pn_status config_training_json(const pn_model *model, char **json);

/*
 * Compiles the model as a training_config (HDF5), a compile_config or a whole config.json (.keras)
 * says. The optimizer starts anew: set steps and slots after it. PN_ERROR_DATA, with the model not
 * compiled, for what pinion cannot train the same way; the weights can be used all the same. A
 * config without a compile_config leaves the model as it is.
 */
pn_status config_training_parse(pn_model *model, const char *json, size_t length);

/* The key of a layer's config that would change training in a way pinion does not do: a
 * regularizer, a constraint, a noise shape. NULL if there is none. */
const char *config_untrained_key(const struct layer *layer);

#endif
