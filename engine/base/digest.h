/* base/digest.h: the weights digest, XXH3-128 printed as 32 hexadecimal digits. */
#ifndef PINION_BASE_DIGEST_H
#define PINION_BASE_DIGEST_H

#include <stddef.h>

struct digest;

struct digest *digest_create(void); /* NULL: out of memory */
/* Adds n floats as little-endian bytes. */
void digest_add(struct digest *digest, const float *values, size_t n);
/* Writes the digits and frees the digest. */
void digest_finish(struct digest *digest, char digits[33]);

#endif
