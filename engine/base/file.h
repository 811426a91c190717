/* base/file.h: regular files, read at offsets; writing. */
#ifndef PINION_BASE_FILE_H
#define PINION_BASE_FILE_H

#include <stdbool.h>
#include <stddef.h>

#include "engine/pinion.h"

struct file {
    const char *path; /* the caller's string */
    int descriptor;
    size_t size; /* when it was opened */
};

/* PN_ERROR_NOT_FOUND where there is no such file; PN_ERROR_IO for a folder, a device, or a file
 * that may not be read. */
pn_status file_open(const char *path, struct file *file);
/* Bytes [offset, offset + count), which must lie within the file's size. PN_ERROR_IO. */
pn_status file_read(const struct file *file, size_t offset, void *bytes, size_t count);
void file_close(struct file *file);

/* Writes all of it, to any descriptor; false with errno. */
bool file_write_all(int descriptor, const void *bytes, size_t size);

#endif
