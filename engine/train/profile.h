/*
 * train/profile.h: where the time of a fit's batches goes, thread by thread. A mark adds the time
 * since the thread's last mark to a part, so that a batch is its parts and nothing is left over.
 * Parts are numbered: the steps of the plan's program, then three for each weight, then the rest.
 */
#ifndef PINION_TRAIN_PROFILE_H
#define PINION_TRAIN_PROFILE_H

#include "engine/plan/plan.h"

/* What the tile phase does to a weight. */
enum profile_tiles { PROFILE_UPDATE, PROFILE_BIAS, PROFILE_TRANSPOSE, PROFILE_TILES_COUNT };

enum profile_rest {
    PROFILE_FILL, /* pointers to the batch's samples */
    PROFILE_SUM,  /* thread 0: losses and hits */
    PROFILE_WAIT, /* barriers */
    PROFILE_REST_COUNT
};

/* One thread's. */
struct profile_clock {
    uint64_t last;
    uint64_t nanoseconds[]; /* [parts] */
};

struct profile {
    size_t threads, parts;
    size_t stride; /* bytes from one thread's clock to the next one's */
    char *clocks;  /* [threads][stride] */
};

pn_status profile_create(const struct plan *plan, struct profile *profile);
void profile_free(struct profile *profile);

static inline size_t profile_tiles_part(const struct plan *plan, size_t weight,
                                        enum profile_tiles what)
{
    return plan->program.step_count + weight * PROFILE_TILES_COUNT + (size_t)what;
}

static inline size_t profile_rest_part(const struct plan *plan, enum profile_rest what)
{
    return profile_tiles_part(plan, plan->weight_count, PROFILE_UPDATE) + (size_t)what;
}

/* NULL where there is no profile. */
static inline struct profile_clock *profile_clock(const struct profile *profile, size_t thread)
{
    return profile == NULL ? NULL
                           : (struct profile_clock *)(profile->clocks + thread * profile->stride);
}

/* Of a part, all threads together. */
uint64_t profile_nanoseconds(const struct profile *profile, size_t part);

void profile_clock_start(struct profile_clock *clock);
void profile_clock_add(struct profile_clock *clock, size_t part);

static inline void profile_start(struct profile_clock *clock)
{
    if (clock != NULL) {
        profile_clock_start(clock);
    }
}

static inline void profile_mark(struct profile_clock *clock, size_t part)
{
    if (clock != NULL) {
        profile_clock_add(clock, part);
    }
}

#endif
