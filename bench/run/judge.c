/* run/judge.c: what the samples of a row say. */
#include <math.h>
#include <string.h>

#include "bench/run/contest.h"
#include "bench/stats/stats.h"

/* This much faster than the fastest that the limit was seen in any round: the work was miscounted
 * or not done. */
static const double IMPOSSIBLE_RATIO = 1.02;

static const double CONFIDENCE = 0.95;

/* The least time of one call by this round's probes, and which limit it comes from. */
static double least_of(const struct contest *contest, size_t round, const char **limit)
{
    const double threads = (double)contest->team->measure.threads;
    struct bound_rates rates = {0};
    for (int i = 0; i < RUN_PROBES; i++) {
        const struct run_probe *probe = &contest->result->probes[i];
        if (probe->used) {
            *bound_rate(&rates, probe->probe.kind, probe->probe.level) =
                contest->contenders[FIRST_PROBE + i].samples[round] / threads;
        }
    }
    const double ns = bound_least(&contest->works[0], &rates, contest->levels[0], limit);
    /* What comes from memory and what a cache gives need not wait for each other. */
    const char *other;
    const double weights_ns = bound_least(&contest->works[1], &rates, contest->levels[1], &other);
    *limit = weights_ns > ns ? other : *limit;
    return fmax(ns, weights_ns);
}

/* Ratios within each round: its samples are milliseconds apart. The limit's name is that of the
 * round in the middle. */
static void judge_limit(struct contest *contest)
{
    struct run_result *result = contest->result;
    double least = INFINITY;
    for (size_t i = 0; i < contest->rounds; i++) {
        const double bound = least_of(contest, i, &result->limit);
        least = fmin(least, bound);
        contest->sorted[i] = 100 * bound / result->samples[i];
    }
    result->percent = stats_median(contest->sorted, contest->rounds);
    result->impossible = result->ns * IMPOSSIBLE_RATIO < least;
    double nearest = INFINITY;
    for (size_t i = 0; i < contest->rounds; i++) {
        const char *limit;
        const double distance =
            fabs(100 * least_of(contest, i, &limit) / result->samples[i] - result->percent);
        if (distance < nearest) {
            nearest = distance;
            result->limit = limit;
        }
    }
}

static double times_naive(struct contest *contest, int naive)
{
    size_t count = 0;
    for (size_t i = 0; i < contest->rounds; i++) {
        if (contest_has_turn(contest, naive, i)) {
            contest->sorted[count++] = contest->naive_scale *
                                       contest->contenders[naive].samples[i] /
                                       contest->result->samples[i];
        }
    }
    return stats_median(contest->sorted, count);
}

static void judge_times(struct contest *contest)
{
    struct run_result *result = contest->result;
    const size_t rounds = contest->rounds;
    double *sorted = contest->sorted;
    memcpy(result->samples, contest->contenders[KERNEL].samples, rounds * sizeof *sorted);
    memcpy(sorted, result->samples, rounds * sizeof *sorted);
    result->ns = stats_median(sorted, rounds);
    stats_median_interval(sorted, rounds, CONFIDENCE, &result->low, &result->high);
    result->least = stats_quantile(sorted, rounds, 0);
    result->p90 = stats_quantile(sorted, rounds, 0.9);
    result->mad = stats_mad(sorted, rounds);
}

void contest_judge(struct contest *contest)
{
    struct run_result *result = contest->result;
    result->iterations = contest->contenders[KERNEL].iterations;
    result->rounds = contest->rounds;
    judge_times(contest);
    const double threads = (double)contest->team->measure.threads;
    result->rate = (result->product ? result->flops : result->bytes) * threads / result->ns;
    judge_limit(contest);
    result->times_ikj = times_naive(contest, NAIVE_IKJ);
    result->times_ijk = times_naive(contest, NAIVE_IJK);
    for (int i = 0; i < RUN_PROBES; i++) {
        struct run_probe *probe = &result->probes[i];
        const double *samples = contest->contenders[FIRST_PROBE + i].samples;
        memcpy(contest->sorted, samples, contest->rounds * sizeof *samples);
        probe->rate = probe->used ? stats_median(contest->sorted, contest->rounds) : 0;
    }
}
