/* model_file.h: models given by a file name. */
#ifndef PINION_TOOLS_MODEL_FILE_H
#define PINION_TOOLS_MODEL_FILE_H

#include <stdbool.h>
#include <stdint.h>

#include "engine/pinion.h"

/*
 * Opens a model file, or makes a model from a Keras JSON config (which is told by its content).
 * `seed` is for the weights of the latter. *from_config says which it was. Returns an exit code
 * after saying what is wrong.
 */
int model_file_open(const char *command, const char *file, uint32_t seed, bool *from_config,
                    pn_model **model);

#endif
