/* The rules of other tools: what they say of samples, against those tools' own formulas. */
#include <criterion/criterion.h>

#include <stdlib.h>
#include <string.h>

#include "bench/stats/rivals.h"
#include "tests/bench/data/stats_vectors.h"

enum { MOST = 64, VECTORS = sizeof rivals_vectors / sizeof *rivals_vectors };

struct samples {
    double old[MOST], new[MOST];
};

static struct samples copy(const struct rivals_vectors *vector)
{
    struct samples samples;
    memcpy(samples.old, vector->old, sizeof samples.old);
    memcpy(samples.new, vector->new, sizeof samples.new);
    return samples;
}

#define EACH_PAIR(VECTOR, SAMPLES)                                                                 \
    for (const struct rivals_vectors *VECTOR = rivals_vectors; VECTOR < rivals_vectors + VECTORS;  \
         VECTOR++)                                                                                 \
        for (struct samples SAMPLES = copy(VECTOR), *once = &SAMPLES; once != NULL; once = NULL)

static size_t index_of(const struct rivals_vectors *vector)
{
    return (size_t)(vector - rivals_vectors);
}

Test(rivals, google)
{
    size_t regressed = 0;
    EACH_PAIR(vector, samples)
    {
        const bool says =
            rival_google(samples.old, vector->old_count, samples.new, vector->new_count);
        cr_expect_eq(says, vector->google, "pair %zu: %d", index_of(vector), says);
        regressed += says;
    }
    cr_expect(regressed > 5 && regressed < VECTORS - 5, "%zu", regressed);
}

Test(rivals, asv)
{
    size_t regressed = 0;
    EACH_PAIR(vector, samples)
    {
        const bool says = rival_asv(samples.old, vector->old_count, samples.new, vector->new_count);
        cr_expect_eq(says, vector->asv, "pair %zu: %d", index_of(vector), says);
        regressed += says;
    }
    cr_expect(regressed > 5 && regressed < VECTORS - 5, "%zu", regressed);
}

/* Pairs whose p or interval is next to the border are left out: there the drawn numbers decide. */
Test(rivals, criterion_with_any_seed)
{
    size_t regressed = 0, clear = 0;
    for (uint64_t seed = 0; seed < 4; seed++) {
        EACH_PAIR(vector, samples)
        {
            const bool says = rival_criterion(samples.old, vector->old_count, samples.new,
                                              vector->new_count, seed);
            cr_expect(says == vector->criterion || !vector->criterion_clear, "pair %zu: %d",
                      index_of(vector), says);
            regressed += says;
            clear += vector->criterion_clear;
        }
    }
    cr_expect_gt(regressed, 4 * 5);
    cr_expect_gt(clear, 4 * VECTORS * 2 / 3);
}

Test(rivals, criterion_is_the_same_with_the_same_seed)
{
    EACH_PAIR(vector, samples)
    {
        const bool first =
            rival_criterion(samples.old, vector->old_count, samples.new, vector->new_count, 9);
        cr_expect_eq(
            rival_criterion(samples.old, vector->old_count, samples.new, vector->new_count, 9),
            first, "pair %zu", index_of(vector));
    }
}

Test(rivals, threshold)
{
    EACH_PAIR(vector, samples)
    {
        cr_expect_eq(
            rival_threshold(samples.old, vector->old_count, samples.new, vector->new_count, .05),
            vector->threshold, "pair %zu", index_of(vector));
        cr_expect_not(
            rival_threshold(samples.old, vector->old_count, samples.new, vector->new_count, 9));
        cr_expect(
            rival_threshold(samples.old, vector->old_count, samples.new, vector->new_count, -.9));
    }
}

/* Each value of both multiplied by the same: units do not matter. */
Test(rivals, units_do_not_matter)
{
    EACH_PAIR(vector, samples)
    {
        for (size_t i = 0; i < MOST; i++) {
            samples.old[i] *= 0x1p-30;
            samples.new[i] *= 0x1p-30;
        }
        const size_t old = vector->old_count, new = vector->new_count;
        cr_expect_eq(rival_google(samples.old, old, samples.new, new), vector->google);
        cr_expect_eq(rival_asv(samples.old, old, samples.new, new), vector->asv);
        cr_expect_eq(rival_threshold(samples.old, old, samples.new, new, .05), vector->threshold);
        cr_expect(!vector->criterion_clear ||
                  rival_criterion(samples.old, old, samples.new, new, 1) == vector->criterion);
    }
}

/* Times near 100, twelve on each side, the new ones `factor` times as long: significant. */
static struct samples slowed(double factor)
{
    struct samples samples;
    for (size_t i = 0; i < 12; i++) {
        samples.old[i] = 100 + .01 * (double)i;
        samples.new[i] = samples.old[i] * factor;
    }
    return samples;
}

Test(rivals, least_change_that_counts)
{
    struct samples samples = slowed(1.0499);
    cr_expect_not(rival_google(samples.old, 12, samples.new, 12));
    cr_expect_not(rival_threshold(samples.old, 12, samples.new, 12, .05));
    samples = slowed(1.0501);
    cr_expect(rival_google(samples.old, 12, samples.new, 12));
    cr_expect(rival_threshold(samples.old, 12, samples.new, 12, .05));
    samples = slowed(1.0999);
    cr_expect_not(rival_asv(samples.old, 12, samples.new, 12));
    samples = slowed(1.1001);
    cr_expect(rival_asv(samples.old, 12, samples.new, 12));
    /* The interval of the mean is less than .05 % wide on each side. */
    samples = slowed(1.0095);
    cr_expect_not(rival_criterion(samples.old, 12, samples.new, 12, 1));
    samples = slowed(1.0105);
    cr_expect(rival_criterion(samples.old, 12, samples.new, 12, 1));
    samples = slowed(.5);
    cr_expect_not(rival_google(samples.old, 12, samples.new, 12));
    cr_expect_not(rival_criterion(samples.old, 12, samples.new, 12, 1));
    cr_expect_not(rival_asv(samples.old, 12, samples.new, 12));
    cr_expect_not(rival_threshold(samples.old, 12, samples.new, 12, .05));
}

/* asv's answer to `count` values on each side, of which the old one is greater in `pairs` pairs: by
 * some great old values, ten pairs each. The median is twice the old one. */
static bool asv_says(size_t count, size_t pairs)
{
    struct samples samples;
    for (size_t i = 0; i < count; i++) {
        const size_t above = pairs < 10 ? pairs : 10;
        samples.new[i] = 20 + .1 * (double)i;
        samples.old[i] = above > 0 ? 20 + .1 * (double)above - .05 : 10 + .1 * (double)i;
        pairs -= above;
    }
    return rival_asv(samples.old, count, samples.new, count);
}

/* p by asv's mann_whitney_u on both sides of 0.002. The normal distribution would say no to 88 of
 * 20 x 20 pairs, the exact one yes to 98 of 21 x 21. */
Test(rivals, asv_is_exact_up_to_20_values)
{
    cr_expect(asv_says(20, 88));
    cr_expect_not(asv_says(20, 89));
    cr_expect(asv_says(21, 97));
    cr_expect_not(asv_says(21, 98));
    cr_expect_not(asv_says(6, 0));
    cr_expect(asv_says(7, 0));
}

/* Of equal distributions. Only an alarm for "slower" counts, half of what the test's alpha allows,
 * and each rule has a least change as well. 5 % is 2 standard errors above that half. */
Test(rivals, false_alarms_are_as_many_as_the_rules_allow)
{
    enum { TRIALS = 300, COUNT = 24 };
    unsigned short state[3] = {5, 5, 5};
    size_t google = 0, criterion = 0, asv = 0, threshold = 0;
    for (size_t trial = 0; trial < TRIALS; trial++) {
        double old[COUNT], new[COUNT];
        for (size_t i = 0; i < COUNT; i++) {
            old[i] = 100 + 60 * erand48(state);
            new[i] = 100 + 60 * erand48(state);
        }
        google += rival_google(old, COUNT, new, COUNT);
        criterion += rival_criterion(old, COUNT, new, COUNT, trial);
        asv += rival_asv(old, COUNT, new, COUNT);
        threshold += rival_threshold(old, COUNT, new, COUNT, .05);
    }
    cr_expect_lt(google, TRIALS * 5 / 100);
    cr_expect_lt(criterion, TRIALS * 5 / 100);
    cr_expect_gt(google + criterion, 0);
    cr_expect_lt(asv, 3);
    /* A plain threshold is crossed by noise alone. */
    cr_expect_gt(threshold, TRIALS / 10);
}
