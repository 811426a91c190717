/* Files that a test makes for itself, and the bytes to put into them. */
#ifndef PINION_TESTS_DATA_SCRATCH_H
#define PINION_TESTS_DATA_SCRATCH_H

#include <stddef.h>
#include <stdint.h>

#include "engine/pinion.h"

enum { SCRATCH_MAX = 4 << 20 };

struct bytes {
    size_t size;
    uint8_t data[SCRATCH_MAX];
};

/* Appends. */
void put(struct bytes *bytes, const void *data, size_t size);
void put_u32(struct bytes *bytes, uint32_t value); /* big-endian */
void put_zeros(struct bytes *bytes, size_t count);
/* The four bytes of the magic number, then the dimensions up to a 0. */
void put_header(struct bytes *bytes, uint32_t magic, ...);
/* `data` as one gzip member. */
void put_gzip(struct bytes *bytes, const void *data, size_t size);

/* Images [3, 2, 2] of the pixels 0 20 40 ... 220, and labels 2 0 1. */
void put_images(struct bytes *bytes);
void put_labels(struct bytes *bytes);

struct bytes *bytes_create(void); /* freed with free() */

/* A new folder of this test; removed with what is in it by scratch_remove. */
void scratch_create(void);
void scratch_remove(void);
/* Path of `name` in it. Up to sixteen are valid at a time. */
const char *scratch_path(const char *name);
const char *scratch_write(const char *name, const void *data, size_t size);
const char *scratch_folder(const char *name);

/* Loading images and labels fails with this status; the message is one line and holds each of the
 * words up to a NULL. */
void expect_error(pn_status status, const char *images, const char *labels, ...);
/* pn_error_message() is one line that is not empty and holds `words`. */
void expect_message(const char *words);

#endif
