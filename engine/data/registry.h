/* data/registry.h: where known data sets lie. */
#ifndef PINION_DATA_REGISTRY_H
#define PINION_DATA_REGISTRY_H

#include "engine/data/dataset.h"

/*
 * Loads Fashion-MNIST from data/fashion-mnist, where `data` (PINION_DATA_DIR of the environment) is
 * neither NULL nor empty; else from the first of these that is a folder:
 *   system/fashion-mnist                 system: where Debian's package puts it
 *   home/.keras/datasets/fashion-mnist   home: or NULL; where Keras keeps its download
 * `train` and `test` may be NULL.
 */
pn_status registry_load_fashion_mnist(const char *data, const char *system, const char *home,
                                      pn_dataset **train, pn_dataset **test);

#endif
