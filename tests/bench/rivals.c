/* The rules of other tools: what they say of samples, against those tools' own formulas. */
#include <criterion/criterion.h>

#include <stdlib.h>
#include <string.h>

#include "bench/rivals.h"
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

/* Between two samples of one distribution google's rule, without its 5 %, errs at about its alpha;
 * with it, and the others with their own least changes, less. */
Test(rivals, cry_wolf_as_often_as_they_are_made_to)
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
    /* One side of 5 %, and 4 standard errors of 1.26 % more. */
    cr_expect_lt(google, TRIALS * 5 / 100);
    cr_expect_lt(criterion, TRIALS * 5 / 100);
    cr_expect_gt(google + criterion, 0);
    cr_expect_lt(asv, 3);
    cr_expect_gt(threshold, TRIALS / 10);
}
