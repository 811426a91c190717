#include "engine/base/digest.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <xxhash.h>

/* The library's state lies behind this name; struct digest itself is never complete. */
static XXH3_state_t *state_of(struct digest *digest)
{
    return (XXH3_state_t *)digest;
}

struct digest *digest_create(void)
{
    XXH3_state_t *const state = XXH3_createState();
    if (state) {
        XXH3_128bits_reset(state);
    }
    return (struct digest *)state;
}

/* Bytes of each value in little-endian order, by pieces, where the processor's order is not. */
static void add_swapped(XXH3_state_t *state, const float *values, size_t n)
{
    enum { PIECE = 256 };
    uint32_t words[PIECE];
    while (n > 0) {
        const size_t count = n < PIECE ? n : PIECE;
        memcpy(words, values, count * sizeof *words);
        for (size_t i = 0; i < count; i++) {
            words[i] = __builtin_bswap32(words[i]);
        }
        XXH3_128bits_update(state, words, count * sizeof *words);
        values += count;
        n -= count;
    }
}

void digest_add(struct digest *digest, const float *values, size_t n)
{
    if (__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__) {
        XXH3_128bits_update(state_of(digest), values, n * sizeof *values);
    } else {
        add_swapped(state_of(digest), values, n);
    }
}

void digest_finish(struct digest *digest, char digits[33])
{
    XXH128_canonical_t bytes;
    XXH128_canonicalFromHash(&bytes, XXH3_128bits_digest(state_of(digest)));
    XXH3_freeState(state_of(digest));
    for (size_t i = 0; i < sizeof bytes.digest; i++) {
        snprintf(digits + 2 * i, 3, "%02x", bytes.digest[i]);
    }
}
