/* model/names.h: names of models and layers. They become group names in model files, so the set of
 * characters is closed: letters, digits and _ . : / -, at most 255 bytes. */
#ifndef PINION_MODEL_NAMES_H
#define PINION_MODEL_NAMES_H

#include <stdbool.h>

#include "engine/model/model.h"

/* Keras's class of a kind: "Dense". */
const char *layer_class_name(pn_layer_kind kind);

/* What is wrong with a name, NULL if nothing: "is empty", "holds '..'". */
const char *name_problem(const char *name);

/* The layer of that name, NULL if there is none. */
const struct layer *name_find(const struct pn_model *model, const char *name);

/* Keras's automatic name for the next layer of a kind: dense, dense_1, ... counted for each model,
 * passing over names that are taken. */
void name_automatic(struct pn_model *model, pn_layer_kind kind, char name[MODEL_NAME_SIZE]);

#endif
