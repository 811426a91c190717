/*
 * format/flat.h: a model file as flat bytes in a memory file, on the way from the reading process
 * to the one that asked. The receiver trusts nothing in it: the sender may have been taken over by
 * the file it read.
 *
 * Records follow one another, each a struct flat_record, its name, its payload, both padded to 8
 * bytes. Weights belong to the last layer. The last record is the only END or FAILURE.
 */
#ifndef PINION_FORMAT_FLAT_H
#define PINION_FORMAT_FLAT_H

#include "engine/format/model_file.h"

/* Writes `file` at the start of the memory file `descriptor`. */
pn_status flat_write(int descriptor, const struct model_file *file);

/* Writes that reading failed with this status and line instead. */
pn_status flat_write_failure(int descriptor, pn_status status, const char *message);

/*
 * Takes apart what lies in `descriptor`. The arrays stay in a mapping that belongs to `file`.
 * PN_ERROR_DATA or PN_ERROR_FAILED with the sender's own line if it wrote one; PN_ERROR_INTERNAL if
 * the bytes make no sense. Lines do not begin with a path.
 */
pn_status flat_read(int descriptor, struct model_file *file);

#endif
