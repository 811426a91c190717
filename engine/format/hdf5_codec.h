/*
 * format/hdf5_codec.h: Keras's whole-model HDF5, to and from bytes in memory.
 *
 * Written is the layout of Keras 2.9 with a training_config that Keras 2 and 3 take and without
 * optimizer_weights, which Keras 3 cannot load; the optimizer's state goes into the group
 * /pinion, which no Keras looks at:
 *
 *   /pinion                 attributes version, checksum, slot_names, and the numbers of
 *                           struct file_state
 *   /pinion/LAYER/ROLE/SLOT arrays: dense_8/kernel/m, v or momentum
 *
 * Read are files of pinion, Keras 2 and Keras 3, in all the forms these have had.
 */
#ifndef PINION_FORMAT_HDF5_CODEC_H
#define PINION_FORMAT_HDF5_CODEC_H

#include <stddef.h>

#include "engine/format/model_file.h"

/* The same file gives the same bytes. *image is freed with free(). */
pn_status hdf5_encode(const struct model_file *file, void **image, size_t *size);

/*
 * Reads an image. Only what is needed is opened, through hard links only, and only what can be
 * harmless: plain float and integer types, compact, contiguous or chunked layouts in the file
 * itself, filters deflate, shuffle and fletcher32, and never more bytes than the stored ones can
 * hold. libhdf5 may crash all the same (see read_process.h). PN_ERROR_DATA; lines do not begin
 * with a path.
 */
pn_status hdf5_decode(void *image, size_t size, struct model_file *file);

/* Readies libhdf5 so that later calls open no file: call before the process is locked in. */
void hdf5_prepare(void);

#endif
