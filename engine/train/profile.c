#include "engine/train/profile.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "engine/base/error.h"

/* A cache line and the neighbour that is fetched with it: no two threads write to the same. */
enum { APART = 128 };

pn_status profile_create(const struct plan *plan, struct profile *profile)
{
    const size_t parts = profile_rest_part(plan, PROFILE_REST_COUNT);
    const size_t bytes = sizeof(struct profile_clock) + parts * sizeof(uint64_t);
    const size_t stride = (bytes + APART - 1) / APART * APART;
    *profile = (struct profile){.threads = plan->threads, .parts = parts, .stride = stride};
    profile->clocks = aligned_alloc(APART, plan->threads * stride);
    if (profile->clocks == NULL) {
        return error_memory(plan->threads * stride, "the profile");
    }
    memset(profile->clocks, 0, plan->threads * stride);
    return PN_OK;
}

void profile_free(struct profile *profile)
{
    free(profile->clocks);
    *profile = (struct profile){0};
}

uint64_t profile_nanoseconds(const struct profile *profile, size_t part)
{
    uint64_t sum = 0;
    for (size_t t = 0; t < profile->threads; t++) {
        sum += profile_clock(profile, t)->nanoseconds[part];
    }
    return sum;
}

static uint64_t now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (uint64_t)time.tv_sec * 1000000000 + (uint64_t)time.tv_nsec;
}

void profile_clock_start(struct profile_clock *clock)
{
    clock->last = now();
}

void profile_clock_add(struct profile_clock *clock, size_t part)
{
    const uint64_t time = now();
    clock->nanoseconds[part] += time - clock->last;
    clock->last = time;
}
