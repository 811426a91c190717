/*
 * run/row.c: one kernel on one shape against the limit that binds it and against plain loops. What
 * is compared runs in turns, round after round, within milliseconds: a machine that slows down
 * slows all of them.
 */
#include <math.h>
#include <stdlib.h>

#include "bench/run/contest.h"

/* Where the number of samples is ours to choose, a row takes about so long, but no fewer than an
 * interval of the median at 95 % needs. */
static const double ROW_NS = 1.2e9;
enum { LEAST_ROUNDS = 7 };

static pn_status calibrate(struct contest *contest)
{
    const struct run_options *options = contest->team->options;
    pn_status status = PN_OK;
    for (int i = 0; i < CONTENDERS && status == PN_OK; i++) {
        struct contender *contender = &contest->contenders[i];
        if (contender->work == NULL) {
            continue;
        }
        if (i == KERNEL && options->iterations > 0) {
            double unused;
            contender->iterations = options->iterations;
            status = measure_sample(&contest->team->measure, contender->work, contender->context,
                                    contender->iterations, &unused);
            continue;
        }
        status = measure_calibrate(&contest->team->measure, contender->work, contender->context,
                                   options->sample_ns, &contender->iterations);
    }
    return status;
}

static pn_status measure_round(struct contest *contest, size_t round)
{
    struct measure *measure = &contest->team->measure;
    for (int i = 0; i < CONTENDERS; i++) {
        struct contender *contender = &contest->contenders[i];
        if (!contest_has_turn(contest, i, round)) {
            continue;
        }
        double ns;
        const pn_status status = measure_sample(measure, contender->work, contender->context,
                                                contender->iterations, &ns);
        if (status != PN_OK) {
            return status;
        }
        contender->samples[round] =
            i < FIRST_PROBE
                ? ns
                : probe_rate(&contest->result->probes[i - FIRST_PROBE].probe, measure->threads, ns);
    }
    return PN_OK;
}

/* What the first round took says how many a costly row can have. */
static void limit_rounds(struct contest *contest, double first_ns)
{
    const double affordable = floor(ROW_NS / first_ns);
    if (contest->team->options->rounds == 0 && affordable < (double)contest->rounds) {
        contest->rounds = affordable > LEAST_ROUNDS ? (size_t)affordable : LEAST_ROUNDS;
    }
}

static pn_status measure_rounds(struct contest *contest)
{
    const double start = measure_now();
    pn_status status = measure_round(contest, 0);
    limit_rounds(contest, measure_now() - start);
    for (size_t round = 1; round < contest->rounds && status == PN_OK; round++) {
        status = measure_round(contest, round);
    }
    return status;
}

pn_status run_row(struct run_team *team, const struct row *row, struct run_result *result)
{
    const struct work work = row->problem->family->work(row->kernels, row->problem);
    *result = (struct run_result){.flops = work.flops,
                                  .bytes = work.read + work.written,
                                  .product = row->problem->family->product};
    struct contest contest = {.team = team, .row = row, .result = result};
    pn_status status = contest_create(&contest);
    if (status == PN_OK && result->correct) {
        status = calibrate(&contest);
        if (status == PN_OK) {
            status = measure_rounds(&contest);
        }
        if (status == PN_OK) {
            contest_judge(&contest);
        }
    }
    contest_free(&contest);
    if (status != PN_OK) {
        run_result_free(result);
    }
    return status;
}

void run_result_free(struct run_result *result)
{
    free(result->samples);
    *result = (struct run_result){0};
}
