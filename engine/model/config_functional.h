/* model/config_functional.h: Functional models that are a chain. */
#ifndef PINION_MODEL_CONFIG_FUNCTIONAL_H
#define PINION_MODEL_CONFIG_FUNCTIONAL_H

#include <jansson.h>

#include "engine/pinion.h"

/* The layers of a Functional config from its one input to its one output, in a new list.
 * PN_ERROR_DATA where they are not one chain, or a call has arguments that change it. */
pn_status functional_chain(const json_t *config, json_t **layers);

#endif
