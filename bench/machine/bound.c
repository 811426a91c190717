#include "bench/machine/bound.h"

#include <math.h>

size_t bound_working_set(const struct work *work)
{
    return (size_t)(work->read + work->written - work->in_place);
}

/*
 * Nanoseconds that moving the bytes takes at least, from what reading, copying and triad took for
 * each byte of one array. In L1 loads and stores run side by side. Beyond it a line that is written
 * must be fetched too, unless it was read anyway, and goes back later: copying moves each byte in
 * twice and out once, triad in three times. The cheapest fetch that a probe shows is the price of
 * fetching; what copying takes above it is the price of writing back.
 */
static double bytes_least(const struct work *work, const struct bound_rates *rates,
                          enum memory_level level)
{
    const double *bandwidth = rates->bandwidth[level];
    const double read = 1 / bandwidth[PROBE_READ - PROBE_READ];
    const double copy = 2 / bandwidth[PROBE_COPY - PROBE_READ];
    const double triad = 3 / bandwidth[PROBE_TRIAD - PROBE_READ];
    if (level == LEVEL_L1) {
        return fmax(work->read * fmin(read, triad / 2), work->written * fmin(copy, triad));
    }
    const double fetch = fmin(read, fmin(copy / 2, triad / 3));
    const double fetched = work->read + work->written - work->in_place;
    return fetched * fetch + work->written * (copy - 2 * fetch);
}

double bound_least(const struct work *work, const struct bound_rates *rates,
                   enum memory_level level, const char **limit)
{
    double ns = 0;
    *limit = machine_level_name(level);
    if (work->read + work->written > 0) {
        ns = bytes_least(work, rates, level);
    }
    if (work->flops > 0) {
        const double fma = work->flops / rates->compute[PROBE_FMA];
        if (fma > ns) {
            ns = fma;
            *limit = "fma";
        }
    }
    double divider = 0;
    if (work->divisions > 0) {
        divider += work->divisions / rates->compute[PROBE_DIVIDE];
    }
    if (work->roots > 0) {
        divider += work->roots / rates->compute[PROBE_SQRT];
    }
    if (divider > ns) {
        ns = divider;
        *limit = "divide";
    }
    return ns;
}
