/* ab/recording.h: what was measured of one row: times of the three arms, launch by launch. */
#ifndef PINION_BENCH_AB_RECORDING_H
#define PINION_BENCH_AB_RECORDING_H

#include <stdbool.h>
#include <stddef.h>

#include <jansson.h>

enum arm_index { ARM_OLD, ARM_PLACEBO, ARM_NEW, ARM_COUNT };

/* What one set of processes measured: as many samples of each arm. */
struct launch {
    int stage;
    size_t samples, capacity;
    double *ns[ARM_COUNT]; /* [samples] */
};

struct recording {
    size_t launches;
    struct launch *list;
};

/* Starts a launch with room for `capacity` samples; NULL without memory. It stays valid until the
 * next is started. */
struct launch *recording_start(struct recording *recording, int stage, size_t capacity);
/* Adds a sample of each arm to a launch that has room. */
void launch_add(struct launch *launch, const double ns[ARM_COUNT]);
void recording_free(struct recording *recording);

/* [{"stage", "old": [ns], "placebo": [ns], "new": [ns]}]; NULL without memory. */
json_t *recording_json(const struct recording *recording);

#endif
