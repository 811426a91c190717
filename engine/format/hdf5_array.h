/* format/hdf5_array.h: objects and arrays of a file that may be hostile. */
#ifndef PINION_FORMAT_HDF5_ARRAY_H
#define PINION_FORMAT_HDF5_ARRAY_H

#include <hdf5.h>

#include "engine/format/model_file.h"

enum { HDF5_MAX_PATH = 4096, HDF5_MAX_DEPTH = 16 };

/* How much a file may make us read: what is decoded may be larger than the file (f16, deflate), but
 * within reason, or a few kilobytes could fill the memory. */
struct hdf5_budget {
    size_t file_size;
    size_t left;
};

/* The path of something inside `where`, for messages. */
void hdf5_path(char path[HDF5_MAX_PATH], const char *where, const char *name);

/* Opens what `name`, which may hold slashes, leads to from the group `from` at `where`: step by
 * step through hard links, and the last must be of this type. */
pn_status hdf5_open(hid_t from, const char *where, const char *name, H5I_type_t type,
                    hid_t *object);

/* Adds the array `name` of a group to `arrays`, checked before it is read. */
pn_status hdf5_read_array(hid_t group, const char *where, const char *name,
                          struct hdf5_budget *budget, struct file_arrays *arrays);

#endif
