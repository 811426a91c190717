/* machine/environment_checks.h: what the files that look for trouble have in common. */
#ifndef PINION_BENCH_ENVIRONMENT_CHECKS_H
#define PINION_BENCH_ENVIRONMENT_CHECKS_H

#include <stdbool.h>

#include <jansson.h>

#include "bench/machine/footprint.h"
#include "bench/machine/system_files.h"
#include "engine/pinion.h"

/* What the checks look at, and where they put what they find. */
struct checks {
    const char *root;
    const struct footprint *footprint;
    json_t *warnings;
    bool failed; /* out of memory */
};

/* PN_ERROR_FAILED if a warning could not be added. */
pn_status checks_status(const struct checks *checks);

/* Adds a warning, in place of one with the same code. */
void checks_warn(struct checks *checks, const char *code, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Empty sets of processors; false, and no sets, without memory. */
bool checks_sets_create(struct checks *checks, hwloc_bitmap_t *sets, size_t count);
void checks_sets_free(hwloc_bitmap_t *sets, size_t count);

enum { CHECKS_LIST_SIZE = 96 };

/* "processor 3" or "processors 0-3,8", cut where it does not fit. */
const char *checks_processors(hwloc_const_bitmap_t set, char text[CHECKS_LIST_SIZE]);

/* "smt_busy" and "steal_time": what was done between two readings. */
void checks_ticks(struct checks *checks, const struct system_ticks *before,
                  const struct system_ticks *after);

#endif
