/* base/memory.h: sizes that cannot overflow, aligned memory. */
#ifndef PINION_BASE_MEMORY_H
#define PINION_BASE_MEMORY_H

#include <stdbool.h>
#include <stddef.h>

#include "engine/pinion.h"

/* *result = a * b (or a + b); false on overflow. */
static inline bool size_multiply(size_t a, size_t b, size_t *result)
{
    return !__builtin_mul_overflow(a, b, result);
}

static inline bool size_add(size_t a, size_t b, size_t *result)
{
    return !__builtin_add_overflow(a, b, result);
}

/*
 * An arena: one zeroed mapping, handed out in pieces aligned to 64 bytes. Pages are touched by who
 * writes first, so that they lie near that thread; mappings of 2 MiB or more ask for huge pages.
 * Two passes: reserve everything, then map, then take in the same order.
 */
struct arena {
    char *base;
    size_t size; /* reserved so far, or mapped */
    size_t used;
};

/* Adds room for `count` elements of `element_size`; false on overflow. */
bool arena_reserve(struct arena *arena, size_t count, size_t element_size);
pn_status arena_map(struct arena *arena, const char *what);
/* The next piece; it must have been reserved. */
void *arena_take(struct arena *arena, size_t count, size_t element_size);
void arena_free(struct arena *arena);

#endif
