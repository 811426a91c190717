/* format/atomic_file.h: files that are either the old one or whole. */
#ifndef PINION_FORMAT_ATOMIC_FILE_H
#define PINION_FORMAT_ATOMIC_FILE_H

#include <stdbool.h>
#include <stddef.h>

#include "engine/pinion.h"

/*
 * Makes `path` hold these bytes: a temporary file in the same folder, fsync, rename over `path`,
 * fsync of the folder. A symbolic link is followed, also to a file that does not exist yet; an old
 * file's permissions are kept. On any
 * error the temporary file is removed, the old file is as it was, and PN_ERROR_IO names the path,
 * what failed and what to do.
 *
 * The temporary file has no name until it is on the disk, so that a killed process leaves none;
 * then it is .pinion-PID-N.tmp for the moment before the rename. Where the file system has no
 * nameless files (NFS for one) it has that name from the beginning, and a kill leaves it behind.
 */
pn_status atomic_file_write(const char *path, const void *bytes, size_t size);

/* Whether atomic_file_write(path) could begin: the folder takes new files, and `path` is not
 * something else than a file. Leaves nothing behind and touches no file that is there. */
pn_status atomic_file_check(const char *path);

/* Whether both are names of one file, however spelled: by links of any kind, and also where it does
 * not exist yet. */
bool atomic_file_same(const char *path, const char *other);

#endif
