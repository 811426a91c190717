/* ab/listing.h: what a build says of its problems, and which rows come of it. */
#ifndef PINION_BENCH_AB_LISTING_H
#define PINION_BENCH_AB_LISTING_H

#include "bench/ab/arm.h"
#include "bench/machine/machine.h"
#include "bench/command/rows.h"

/* The descriptions that an arm's build has; free() them. The version's text is copied. */
pn_status listing_get(struct arm *arm, int memory_fd, struct listing **list, size_t *count,
                      char version[REPLY_MESSAGE]);

struct row_key listing_key(const struct listing *entry, enum cache_state cache, size_t threads);

/* The same problem of the same instruction set in another list; NULL: it has none. */
const struct listing *listing_find(const struct listing *list, size_t count,
                                   const struct listing *wanted);

/* What PINION_ISA asks for; NULL: the best. */
const char *listing_isa(void);
/* The error of one that PINION_ISA names and `builds` ("the build") have not. */
pn_status listing_lacks_isa(const char *isa, const char *builds);

/* Only what has something that belongs to a layer has rows in the state of training. */
bool listing_has(const struct listing *entry, enum cache_state cache);

/* Bytes of the machine's last cache. */
size_t listing_last_cache(const struct machine *machine);

/* Copies of the two arenas that calls must go through so that they find their operands where the
 * cache state says. */
void listing_copies(const struct listing *entry, enum cache_state cache, size_t last_cache,
                    size_t *batch_copies, size_t *weight_copies);

#endif
