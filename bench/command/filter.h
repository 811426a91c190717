/* command/filter.h: --filter, a regular expression over what a row is about. */
#ifndef PINION_BENCH_FILTER_H
#define PINION_BENCH_FILTER_H

#include <regex.h>
#include <stdbool.h>

#include "engine/pinion.h"

/* filter NULL: everything matches. PN_ERROR_USAGE. On success regfree() frees. */
pn_status filter_compile(const char *filter, regex_t *regex);

/* Over "name shape". */
bool filter_matches(const regex_t *regex, const char *name, const char *shape);

#endif
