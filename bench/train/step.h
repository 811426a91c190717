/*
 * train/step.h: one row of the train command: whole steps of a network, timed and set against the
 * roofline, with a batch size, a thread count and a table of kernels.
 */
#ifndef PINION_BENCH_TRAIN_STEP_H
#define PINION_BENCH_TRAIN_STEP_H

#include "bench/machine/bound.h"
#include "bench/machine/measure.h"
#include "bench/train/network.h"
#include "bench/train/parts.h"
#include "engine/train/profile.h"

enum { TRAIN_MAX_TABLES = 8 };

/* A thread count: threads to measure limits on, as many as the fit's own. */
struct lane {
    struct measure measure;
    struct machine machine;
    struct probe_buffers buffers; /* while `mapped` */
    bool mapped;
    bool levels[LEVEL_COUNT]; /* where some part's data lies */
    size_t iterations[TRAIN_MAX_TABLES][LEVEL_COUNT][PROBE_KIND_COUNT]; /* of probes; 0: unknown */
};

/* threads 0: one for each usable core. */
pn_status lane_create(size_t threads, struct lane *lane);
/* Gives back the memory that probes walk through; the next turn maps it anew. */
void lane_unmap(struct lane *lane);
void lane_free(struct lane *lane);

/* What the rounds say of a part. */
struct part_sum {
    double least;      /* nanoseconds of all rounds' epochs */
    const char *limit; /* what bound it in the last one; NULL: overhead */
};

struct contender {
    /* Given by the caller, who frees none of it before the contender. */
    const struct network *network;
    struct lane *lane;
    const struct simd_kernels *kernels;
    size_t table; /* which of the session's tables that is */
    size_t batch, samples;
    size_t rounds; /* at most */

    size_t finished; /* rounds; a round that was cut off leaves no trace in what follows */
    size_t steps;    /* of an epoch */
    pn_dataset *data;
    struct plan plan;
    struct profile profile;
    struct parts parts, rest_parts; /* of a whole step, of the epoch's last if it is smaller */
    double *seconds;                /* [rounds] of an epoch */
    double *least, *percents;       /* [rounds] seconds by the round's roofline, and their share */
    struct part_sum *sums;          /* [parts] */
    uint64_t *profiled;             /* [parts of the profile] nanoseconds, all threads together */
    long switches;                  /* of the process before an epoch that counts */
    long preemptions;               /* in the epochs that count, all threads together */
};

/* Plans what the caller has described. On failure contender_free() is still to be called. */
pn_status contender_prepare(struct contender *contender);
void contender_free(struct contender *contender);

/* Takes the sample of the next round: limits, two epochs of which the second counts, limits again.
 * A probe takes at least `sample_ns`. PN_ERROR_INTERRUPTED: the round is not finished. */
pn_status contender_turn(struct contender *contender, double sample_ns);

#endif
