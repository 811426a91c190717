/* data/gzip.h: gzip files of one or several members, unpacked from memory into memory. */
#ifndef PINION_DATA_GZIP_H
#define PINION_DATA_GZIP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "engine/pinion.h"

/* No deflate stream unpacks to more than this many times its size (zlib's documentation). */
enum { GZIP_MAX_RATIO = 1032 };

bool gzip_has_magic(const uint8_t *bytes, size_t size);

/* The first `want` unpacked bytes, or all if there are fewer; *got receives their number. `path`
 * is named in errors. PN_ERROR_DATA. */
pn_status gzip_peek(const char *path, const uint8_t *bytes, size_t size, uint8_t *head, size_t want,
                    size_t *got);

/* Unpacks everything; PN_ERROR_DATA unless that is exactly `expected` bytes. Never writes beyond
 * them. */
pn_status gzip_unpack(const char *path, const uint8_t *bytes, size_t size, uint8_t *out,
                      size_t expected);

#endif
