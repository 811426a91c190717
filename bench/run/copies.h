/*
 * run/copies.h: a thread's operands in as many copies as it takes for each call to find them where
 * its cache state says. Calls go from copy to copy; all are used once before the first is used
 * again, in an order that no prefetcher guesses.
 */
#ifndef PINION_BENCH_COPIES_H
#define PINION_BENCH_COPIES_H

#include "bench/problems/instance.h"
#include "bench/command/rows.h"
#include "engine/base/memory.h"

/* Together the copies of what must be cold exceed the cache this many times. */
enum { COPIES_CACHES = 3 };

/* One arena's copies. */
struct copies_ring {
    char *base;
    size_t bytes; /* from copy to copy */
    size_t count, step, next;
};

struct copies {
    struct instance instance; /* bound to the first copies */
    struct arena arena;
    struct copies_ring batch, weights;
    struct operands operands; /* of the call at hand */
};

/* Maps the memory, touches nothing. `cache_bytes` is what the thread may count on of the last
 * cache. */
pn_status copies_create(const struct simd_kernels *kernels, const struct problem *problem,
                        enum cache_state cache, size_t cache_bytes, struct copies *copies);
void copies_free(struct copies *copies);

/* Writes all copies anew, on the thread that will use them: each holds the same. */
void copies_fill(struct copies *copies, uint32_t seed);

/* The operands of the next call, valid until the one after it. */
const struct operands *copies_next(struct copies *copies);

#endif
