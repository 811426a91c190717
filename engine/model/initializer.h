/* model/initializer.h: first values of weights, from recipe 1's random streams. */
#ifndef PINION_MODEL_INITIALIZER_H
#define PINION_MODEL_INITIALIZER_H

#include "engine/model/model.h"

struct initializer initializer_zeros(void);
struct initializer initializer_glorot_uniform(void);

/*
 * The initializer of Keras's class name ("GlorotUniform", "glorot_uniform") and config object,
 * which may be NULL: defaults then. A class that is not known gives INITIALIZER_UNKNOWN. Returns
 * what is wrong with the config, or NULL.
 */
const char *initializer_from_config(const char *class_name, const struct json_t *config,
                                    struct initializer *initializer);

/* The class names that initializer_from_config knows, for messages. */
const char *initializer_known(void);

/* Fills values with elements `first`.. of the layer's stream. `first` is a multiple of 4. */
void initializer_fill(const struct initializer *initializer, uint32_t seed, uint32_t layer,
                      size_t fan_in, size_t fan_out, uint32_t first, size_t n, float *values);

#endif
