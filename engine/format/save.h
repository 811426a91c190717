/* format/save.h: whether a model can be saved under a name. */
#ifndef PINION_FORMAT_SAVE_H
#define PINION_FORMAT_SAVE_H

#include "engine/pinion.h"

/* Fails as pn_model_save(path) would: PN_ERROR_USAGE for an extension of no known format,
 * PN_ERROR_IO for a folder that takes no files, PN_ERROR_FAILED in a build without HDF5. Leaves
 * nothing behind. */
pn_status format_check_path(const char *path);

#endif
