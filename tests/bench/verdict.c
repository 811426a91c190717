/* What recordings say of thousands of rows drawn with a seed, whose true change is known. */
#include <criterion/criterion.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "bench/ab/verdict.h"
#include "bench/stats/stats.h"

/* As pinion-bench ab measures. */
enum { FIRST = 8, SECOND = 64, ROWS = 80, SAMPLES = 12 };
static const double MARGIN = 0.00995033; /* ln 1.01 */

/* --- rows whose change is known ----------------------------------------------------------------
 */

enum noise { NOISE_NORMAL, NOISE_SKEWED, NOISE_HEAVY, NOISE_KINDS };

struct truth {
    double change, placebo; /* of new and of placebo against old */
    double launch_sd;       /* of each arm: the luck of where its code and stack lie */
    double sample_sd;
    enum noise noise;
};

static double normal(unsigned short state[3])
{
    const double radius = sqrt(-2 * log(1 - erand48(state)));
    return radius * cos(2 * 3.14159265358979323846 * erand48(state));
}

static double exponential(unsigned short state[3])
{
    return -log(1 - erand48(state));
}

/* Of one sample, as a share of its time. Heavy: now and then another process had the core. */
static double sample_noise(const struct truth *truth, unsigned short state[3])
{
    switch (truth->noise) {
    case NOISE_NORMAL:
        return truth->sample_sd * normal(state);
    case NOISE_SKEWED:
        return truth->sample_sd * exponential(state);
    default:
        return truth->sample_sd * exponential(state) +
               (erand48(state) < 0.1 ? pow(1 - erand48(state), -0.7) : 0);
    }
}

static void add_launch(struct recording *recording, int stage, const struct truth *truth,
                       unsigned short state[3])
{
    const double changes[ARM_COUNT] = {[ARM_PLACEBO] = truth->placebo, [ARM_NEW] = truth->change};
    double base[ARM_COUNT];
    for (int arm = 0; arm < ARM_COUNT; arm++) {
        base[arm] = 1000 * exp(changes[arm] + truth->launch_sd * normal(state));
    }
    struct launch *launch = recording_start(recording, stage, SAMPLES);
    cr_assert_not_null(launch);
    for (int i = 0; i < SAMPLES; i++) {
        /* A clock that drifts hits all arms. */
        const double drift = 1 + 0.05 * erand48(state);
        double ns[ARM_COUNT];
        for (int arm = 0; arm < ARM_COUNT; arm++) {
            ns[arm] = base[arm] * drift * (1 + sample_noise(truth, state));
        }
        launch_add(launch, ns);
    }
}

static void add_launches(struct recording *recording, int stage, int count,
                         const struct truth *truth, unsigned short state[3])
{
    for (int i = 0; i < count; i++) {
        add_launch(recording, stage, truth, state);
    }
}

/* The rows of a suite from the first stage to their verdicts. */
static void judge_rows(const struct truth truths[ROWS], enum verdict verdicts[ROWS],
                       unsigned short state[3])
{
    struct evidence evidence[ROWS];
    double p[ROWS], faster[ROWS], p_adjusted[ROWS], faster_adjusted[ROWS];
    size_t suspects[ROWS], count = 0;
    for (size_t i = 0; i < ROWS; i++) {
        struct recording recording = {0};
        add_launches(&recording, 1, FIRST, &truths[i], state);
        cr_assert(evidence_of(&recording, 1, MARGIN, &evidence[i]));
        verdicts[i] = VERDICT_OK;
        if (evidence_suspicious(&evidence[i], MARGIN)) {
            add_launches(&recording, 2, SECOND, &truths[i], state);
            cr_assert(evidence_of(&recording, 2, MARGIN, &evidence[i]));
            p[count] = evidence[i].p;
            faster[count] = evidence[i].p_faster;
            suspects[count++] = i;
        }
        recording_free(&recording);
    }
    stats_holm(p, count, p_adjusted);
    stats_holm(faster, count, faster_adjusted);
    for (size_t i = 0; i < count; i++) {
        verdicts[suspects[i]] =
            evidence_verdict(&evidence[suspects[i]], MARGIN, p_adjusted[i], faster_adjusted[i]);
    }
}

/* Rows of all verdicts, of so many suites with every `step`-th row changed, from the first on. */
static void count_verdicts(size_t suites, size_t step, const struct truth *truth, size_t counts[4],
                           unsigned short seed)
{
    unsigned short state[3] = {seed, 5, 9};
    memset(counts, 0, 4 * sizeof *counts);
    for (size_t suite = 0; suite < suites; suite++) {
        struct truth truths[ROWS];
        enum verdict verdicts[ROWS];
        for (size_t i = 0; i < ROWS; i++) {
            truths[i] = *truth;
            truths[i].noise = (enum noise)(i / step % NOISE_KINDS);
            truths[i].change = i % step == 0 ? truth->change : 0;
        }
        judge_rows(truths, verdicts, state);
        for (size_t i = 0; i < ROWS; i += step) {
            counts[verdicts[i]]++;
        }
    }
}

Test(verdict, nothing_changed_is_never_regressed)
{
    const struct truth truth = {.launch_sd = 0.015, .sample_sd = 0.03};
    size_t counts[4];
    count_verdicts(25, 1, &truth, counts, 1);
    cr_expect_eq(counts[VERDICT_REGRESSED], 0, "%zu", counts[VERDICT_REGRESSED]);
    cr_expect_eq(counts[VERDICT_IMPROVED], 0, "%zu", counts[VERDICT_IMPROVED]);
    cr_expect_lt(counts[VERDICT_INCONCLUSIVE], 200, "%zu", counts[VERDICT_INCONCLUSIVE]);
    cr_expect_gt(counts[VERDICT_OK], 1800, "%zu", counts[VERDICT_OK]);
}

Test(verdict, five_percent_are_found)
{
    const struct truth slower = {.change = log(1.05), .launch_sd = 0.008, .sample_sd = 0.03};
    size_t counts[4];
    count_verdicts(50, 10, &slower, counts, 2);
    cr_expect_geq(counts[VERDICT_REGRESSED], 380, "%zu of 400", counts[VERDICT_REGRESSED]);
    const struct truth faster = {.change = -log(1.05), .launch_sd = 0.008, .sample_sd = 0.03};
    count_verdicts(50, 10, &faster, counts, 3);
    cr_expect_geq(counts[VERDICT_IMPROVED], 380, "%zu of 400", counts[VERDICT_IMPROVED]);
    cr_expect_eq(counts[VERDICT_REGRESSED], 0);
}

Test(verdict, less_than_the_margin_is_not_regressed)
{
    const struct truth truth = {.change = log(1.005), .launch_sd = 0.008, .sample_sd = 0.03};
    size_t counts[4];
    count_verdicts(25, 1, &truth, counts, 4);
    cr_expect_eq(counts[VERDICT_REGRESSED], 0, "%zu", counts[VERDICT_REGRESSED]);
    cr_expect_eq(counts[VERDICT_IMPROVED], 0, "%zu", counts[VERDICT_IMPROVED]);
}

/* The arms' noise is skewed alike: what is subtracted is as far off as what it is taken from. */
Test(verdict, skewed_noise_does_not_shift_the_change)
{
    static const double changes[] = {0, 0.1, -0.05};
    for (size_t i = 0; i < sizeof changes / sizeof *changes; i++) {
        for (int kind = NOISE_SKEWED; kind < NOISE_KINDS; kind++) {
            const struct truth truth = {.change = changes[i],
                                        .launch_sd = 0.015,
                                        .sample_sd = 0.03,
                                        .noise = (enum noise)kind};
            unsigned short state[3] = {6, (unsigned short)i, (unsigned short)kind};
            double sum = 0, placebo = 0;
            enum { MANY = 2000 };
            for (int row = 0; row < MANY; row++) {
                struct recording recording = {0};
                struct evidence evidence;
                add_launches(&recording, 1, FIRST, &truth, state);
                cr_assert(evidence_of(&recording, 1, MARGIN, &evidence));
                sum += evidence.change / MANY;
                placebo += evidence.placebo / MANY;
                recording_free(&recording);
            }
            cr_expect_float_eq(sum, changes[i], 0.001, "kind %d: %g for %g", kind, sum, changes[i]);
            cr_expect_float_eq(placebo, 0, 0.001, "kind %d: %g", kind, placebo);
        }
    }
}

/* Whether a row was cleared at any look, as the launches of the second stage come in. */
static bool is_cleared(const struct truth *truth, double margin, unsigned short state[3])
{
    struct recording recording = {0};
    bool cleared = false;
    add_launches(&recording, 2, FIRST - 1, truth, state);
    while (!cleared && recording.launches < SECOND) {
        add_launch(&recording, 2, truth, state);
        cleared = evidence_settled(&recording, 2, margin);
    }
    recording_free(&recording);
    return cleared;
}

/* A row that changed by just the margin is cleared as rarely as a look at the end alone would err,
 * though there are many looks. */
Test(verdict, suspects_are_cleared_rightly)
{
    static const double margins[] = {0.00995033, 0.0487902};
    for (size_t i = 0; i < 2; i++) {
        for (int direction = -1; direction <= 1; direction++) {
            enum { MANY = 1000 };
            const struct truth truth = {
                .change = direction * margins[i], .launch_sd = margins[i] / 2, .sample_sd = 0.001};
            unsigned short state[3] = {11, (unsigned short)i, (unsigned short)direction};
            size_t cleared = 0;
            for (size_t trial = 0; trial < MANY; trial++) {
                cleared += is_cleared(&truth, margins[i], state);
            }
            cr_expect(direction == 0 ? cleared > 0.95 * MANY : cleared <= 0.025 * MANY,
                      "%g of %g: %zu", truth.change, margins[i], cleared);
        }
    }
}

/* A machine on which two copies of one build differ says nothing about two builds. */
Test(verdict, a_placebo_that_moved_is_inconclusive)
{
    static const double placebos[] = {0, 0.03, -0.03};
    for (size_t i = 0; i < 3; i++) {
        for (int direction = -1; direction <= 1; direction += 2) {
            const struct truth truth = {.change = direction * 0.1,
                                        .placebo = placebos[i],
                                        .launch_sd = 0.005,
                                        .sample_sd = 0.01};
            unsigned short state[3] = {7, (unsigned short)i, 0};
            struct recording recording = {0};
            struct evidence evidence;
            add_launches(&recording, 2, SECOND, &truth, state);
            cr_assert(evidence_of(&recording, 2, MARGIN, &evidence));
            recording_free(&recording);
            cr_expect_float_eq(evidence.placebo, placebos[i], 0.01);
            const enum verdict moved = direction > 0 ? VERDICT_REGRESSED : VERDICT_IMPROVED,
                               verdict = evidence_verdict(&evidence, MARGIN, evidence.p,
                                                          evidence.p_faster);
            cr_expect_eq(verdict, i == 0 ? moved : VERDICT_INCONCLUSIVE, "%s",
                         verdict_name(verdict));
        }
    }
}

/* --- of all rows, and of what could have been seen ---------------------------------------------
 */

static void judge_suite(double change, unsigned short seed, struct evidence *all)
{
    struct recording rows[ROWS] = {0};
    const struct recording *list[ROWS];
    unsigned short state[3] = {seed, 8, 2};
    for (size_t i = 0; i < ROWS; i++) {
        const struct truth truth = {.change = change,
                                    .launch_sd = 0.015,
                                    .sample_sd = 0.03,
                                    .noise = (enum noise)(i % NOISE_KINDS)};
        add_launches(&rows[i], 1, FIRST, &truth, state);
        list[i] = &rows[i];
    }
    cr_assert(evidence_of_suite(list, ROWS, 1, MARGIN / 2, all));
    for (size_t i = 0; i < ROWS; i++) {
        recording_free(&rows[i]);
    }
}

Test(verdict, what_no_row_shows_all_show)
{
    enum { SUITES = 50 };
    for (unsigned short seed = 0; seed < SUITES; seed++) {
        struct evidence all;
        judge_suite(log(1.01), seed, &all);
        cr_expect_gt(all.low, MARGIN / 2, "suite %d: %g", seed, all.low);
        cr_expect_float_eq(all.change, log(1.01), 0.004);
        judge_suite(0, (unsigned short)(seed + SUITES), &all);
        cr_expect_lt(all.low, MARGIN / 2, "suite %d: %g", seed, all.low);
        cr_expect_gt(all.high, -MARGIN / 2, "suite %d: %g", seed, all.high);
    }
}

static double mean_detectable(int launches, double launch_sd)
{
    enum { MANY = 200 };
    const struct truth truth = {.launch_sd = launch_sd, .sample_sd = 0.01};
    unsigned short state[3] = {11, (unsigned short)launches, 3};
    double sum = 0;
    for (int i = 0; i < MANY; i++) {
        struct recording recording = {0};
        struct evidence evidence;
        add_launches(&recording, 1, launches, &truth, state);
        cr_assert(evidence_of(&recording, 1, MARGIN, &evidence));
        const double detectable = evidence_detectable(&evidence, MARGIN);
        cr_expect_gt(detectable, MARGIN);
        sum += detectable / MANY;
        recording_free(&recording);
    }
    return sum;
}

Test(verdict, more_launches_and_less_noise_detect_less)
{
    const double few = mean_detectable(4, 0.01), some = mean_detectable(8, 0.01),
                 many = mean_detectable(16, 0.01);
    cr_expect_gt(few, some);
    cr_expect_gt(some, many);
    cr_expect_gt(many, mean_detectable(16, 0.005));
}

/* Of rows that changed by as much about 80 % are condemned, where each stands alone. */
Test(verdict, what_is_called_detectable_is_detected)
{
    enum { MANY = 1000 };
    struct truth truth = {.launch_sd = 0.01, .sample_sd = 0.01};
    truth.change = mean_detectable(SECOND, truth.launch_sd);
    unsigned short state[3] = {12, 4, 4};
    int found = 0;
    for (int i = 0; i < MANY; i++) {
        struct recording recording = {0};
        struct evidence evidence;
        add_launches(&recording, 2, SECOND, &truth, state);
        cr_assert(evidence_of(&recording, 2, MARGIN, &evidence));
        found +=
            evidence_verdict(&evidence, MARGIN, evidence.p, evidence.p_faster) == VERDICT_REGRESSED;
        recording_free(&recording);
    }
    cr_expect(found > 0.75 * MANY && found < 0.85 * MANY, "%d of %d", found, MANY);
}
