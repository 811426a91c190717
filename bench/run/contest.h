/* run/contest.h: what takes turns on a row of run, between the parts of run_row(). */
#ifndef PINION_BENCH_RUN_CONTEST_H
#define PINION_BENCH_RUN_CONTEST_H

#include "bench/machine/bound.h"
#include "bench/run/copies.h"
#include "bench/run/run.h"

/* Plain loops are no subject of ours: a few samples do. */
enum { NAIVE_ROUNDS = 5 };

/* What takes turns. */
enum { KERNEL, NAIVE_IKJ, NAIVE_IJK, FIRST_PROBE };
enum { CONTENDERS = FIRST_PROBE + RUN_PROBES };

struct contender {
    measure_work work; /* NULL: takes no part */
    void *context;
    size_t iterations;
    double *samples; /* [rounds] ns, or of probes the team's rate; NAN: had no turn */
};

struct contest {
    struct run_team *team;
    const struct row *row;
    const struct naive_kernels *naive_ikj;
    size_t naive_rows;
    double naive_scale;    /* of a naive sample to the whole problem */
    struct copies *copies; /* [threads] */
    /* The work of a call, cut where its data lie in different levels. */
    struct work works[2];
    enum memory_level levels[2];
    struct contender contenders[CONTENDERS];
    size_t rounds;
    double *samples, *sorted; /* [CONTENDERS][rounds], [rounds] of scratch */
    struct run_result *result;
};

/* Plain loops take part in a few rounds, spread over all. */
static inline bool contest_has_turn(const struct contest *contest, int contender, size_t round)
{
    const size_t every = (contest->rounds + NAIVE_ROUNDS - 1) / NAIVE_ROUNDS;
    const bool naive = contender == NAIVE_IKJ || contender == NAIVE_IJK;
    return contest->contenders[contender].work != NULL && (!naive || round % every == 0);
}

/* run_contest.c: lays the operands out, checks the kernel and fills them. */
pn_status contest_create(struct contest *contest);
void contest_free(struct contest *contest);

/* run_judge.c: what the samples say. */
void contest_judge(struct contest *contest);

#endif
