/* What small recordings say, worked out by hand. */
#include <criterion/criterion.h>

#include <math.h>
#include <stdlib.h>

#include "bench/ab/verdict.h"

static const double MARGIN = 0.00995033; /* ln 1.01 */

/* A launch of samples that all took the same. */
static void add_times(struct recording *recording, int stage, double old, double placebo,
                      double new)
{
    struct launch *launch = recording_start(recording, stage, 3);
    cr_assert_not_null(launch);
    for (int i = 0; i < 3; i++) {
        launch_add(launch, (double[ARM_COUNT]){old, placebo, new});
    }
}

Test(evidence, of_two_launches)
{
    struct recording recording = {0};
    struct evidence evidence;
    add_times(&recording, 1, 100, 100 * exp(0.02), 100 * exp(0.11));
    add_times(&recording, 1, 200 * exp(0.01), 200 * exp(-0.01), 200 * exp(0.2));
    cr_assert(evidence_of(&recording, 1, MARGIN, &evidence));
    cr_expect_eq(evidence.launches, 2);
    cr_expect_float_eq(evidence.change, 0.15, 1e-12); /* of 0.1 and 0.2 */
    cr_expect_float_eq(evidence.error, 0.05, 1e-12);
    cr_expect_float_eq(evidence.low, 0.15 - 12.7062047361747 * 0.05, 1e-9);
    cr_expect_float_eq(evidence.high, 0.15 + 12.7062047361747 * 0.05, 1e-9);
    cr_expect_float_eq(evidence.placebo, 0, 1e-12); /* of 0.02 and -0.02 */
    cr_expect_float_eq(evidence.placebo_error, 0.02, 1e-12);
    cr_expect_float_eq(evidence.p, 0.25, 1e-12);
    cr_expect_float_eq(evidence.p_faster, 1, 1e-12);
    cr_expect_float_eq(evidence.old_ns, (100 * exp(0.01) + 200) / 2, 1e-9);
    cr_expect_float_eq(evidence.new_ns, (100 * exp(0.11) + 200 * exp(0.2)) / 2, 1e-9);
    recording_free(&recording);
}

/* Of 4, 1, 3, 2 that is 1.75, where values are joined by lines. */
Test(evidence, a_launch_counts_by_its_lower_quartiles)
{
    static const double times[] = {4, 1, 3, 2};
    struct recording recording = {0};
    struct evidence evidence;
    for (int launches = 0; launches < 2; launches++) {
        struct launch *launch = recording_start(&recording, 1, 4);
        cr_assert_not_null(launch);
        for (int i = 0; i < 4; i++) {
            launch_add(launch, (double[ARM_COUNT]){times[i], times[3 - i], i == 0 ? 1e9 : 3.5});
        }
    }
    cr_assert(evidence_of(&recording, 1, MARGIN, &evidence));
    cr_expect_float_eq(evidence.change, log(2), 1e-12);
    cr_expect_float_eq(evidence.old_ns, 1.75, 1e-12);
    cr_expect_float_eq(evidence.new_ns, 3.5, 1e-12);
    recording_free(&recording);
}

Test(evidence, fewer_than_two_launches_are_no_evidence)
{
    struct recording recording = {0};
    struct evidence evidence;
    const struct recording *const list[] = {&recording};
    cr_expect_not(evidence_of(&recording, 1, MARGIN, &evidence));
    cr_expect_not(evidence_of(&recording, 0, MARGIN, &evidence));
    cr_expect_not(evidence_of_suite(list, 0, 1, MARGIN, &evidence));
    cr_expect_not(evidence_of_suite(list, 1, 1, MARGIN, &evidence));
    add_times(&recording, 1, 100, 100, 200);
    cr_expect_not(evidence_of(&recording, 1, MARGIN, &evidence));
    cr_expect_not(evidence_of_suite(list, 1, 1, MARGIN, &evidence));
    add_times(&recording, 2, 100, 100, 200);
    cr_expect_not(evidence_of(&recording, 1, MARGIN, &evidence));
    cr_expect_not(evidence_of(&recording, 2, MARGIN, &evidence));
    cr_expect(evidence_of(&recording, 0, MARGIN, &evidence), "both stages");
    cr_expect_eq(evidence.launches, 2);
    cr_assert_not_null(recording_start(&recording, 1, 3)); /* interrupted before its first sample */
    cr_expect_not(evidence_of(&recording, 1, MARGIN, &evidence));
    recording_free(&recording);
}

Test(evidence, borders)
{
    const double beyond = 1e-6, equal = log1p(VERDICT_EQUIVALENCE);
    struct evidence evidence = {.launches = 16, .low = MARGIN + beyond, .high = 0.5};
    cr_expect_eq(evidence_verdict(&evidence, MARGIN, 0.01, 1), VERDICT_REGRESSED);
    cr_expect_eq(evidence_verdict(&evidence, MARGIN, 0.0101, 1), VERDICT_INCONCLUSIVE);
    evidence.low = MARGIN - beyond;
    cr_expect_eq(evidence_verdict(&evidence, MARGIN, 0.001, 1), VERDICT_INCONCLUSIVE);
    evidence.high = equal - beyond;
    cr_expect_eq(evidence_verdict(&evidence, MARGIN, 0.001, 1), VERDICT_OK);
    evidence.high = equal + beyond;
    cr_expect_eq(evidence_verdict(&evidence, MARGIN, 1, 1), VERDICT_INCONCLUSIVE);
    evidence.low = -0.5;
    evidence.high = -MARGIN - beyond;
    cr_expect_eq(evidence_verdict(&evidence, MARGIN, 1, 0.01), VERDICT_IMPROVED);
    cr_expect_eq(evidence_verdict(&evidence, MARGIN, 1, 0.0101), VERDICT_OK);
    evidence.high = -MARGIN + beyond;
    cr_expect_eq(evidence_verdict(&evidence, MARGIN, 1, 0.001), VERDICT_OK);
}

/* What may have changed either way, and what cannot be called equal yet. */
Test(evidence, suspects)
{
    cr_expect_not(evidence_suspicious(&(struct evidence){.high = 0.029}, MARGIN));
    cr_expect(evidence_suspicious(&(struct evidence){.high = 0.0301}, MARGIN));
    cr_expect(evidence_suspicious(&(struct evidence){.change = MARGIN, .high = 0.02}, MARGIN));
    cr_expect(evidence_suspicious(&(struct evidence){.change = -MARGIN, .high = 0}, MARGIN));
    cr_expect_not(evidence_suspicious(&(struct evidence){.change = 0.007, .high = 0.02}, MARGIN));
    cr_expect_not(evidence_suspicious(&(struct evidence){.change = -0.007, .high = 0}, MARGIN));
}

Test(evidence, names)
{
    cr_expect_str_eq(verdict_name(VERDICT_OK), "OK");
    cr_expect_str_eq(verdict_name(VERDICT_IMPROVED), "IMPROVED");
    cr_expect_str_eq(verdict_name(VERDICT_INCONCLUSIVE), "INCONCLUSIVE");
    cr_expect_str_eq(verdict_name(VERDICT_REGRESSED), "REGRESSED");
}

/* The mean over rows, launch by launch: of as many as each row has. */
Test(evidence, a_suite_of_two_rows)
{
    struct recording rows[2] = {0};
    const struct recording *const list[] = {&rows[0], &rows[1]};
    struct evidence all;
    add_times(&rows[0], 1, 100, 100, 100 * exp(0.1));
    add_times(&rows[0], 1, 100, 100, 100 * exp(0.3));
    add_times(&rows[0], 1, 100, 100, 100 * exp(0.9));
    add_times(&rows[1], 1, 50, 50, 50);
    add_times(&rows[1], 1, 50, 50, 50 * exp(0.2));
    cr_assert(evidence_of_suite(list, 2, 1, MARGIN, &all));
    cr_expect_eq(all.launches, 2);
    cr_expect_float_eq(all.change, 0.15, 1e-12); /* of 0.05 and 0.25 */
    cr_expect_float_eq(all.error, 0.1, 1e-12);
    recording_free(&rows[0]);
    recording_free(&rows[1]);
}

/* --- recordings --------------------------------------------------------------------------------
 */

Test(recording, json)
{
    struct recording recording = {0};
    json_t *json = recording_json(&recording);
    cr_expect(json_is_array(json) && json_array_size(json) == 0);
    json_decref(json);
    struct launch *launch = recording_start(&recording, 1, 2);
    launch_add(launch, (double[ARM_COUNT]){1.5, 2.5, 3.5});
    launch_add(launch, (double[ARM_COUNT]){4, 5, 6});
    launch = recording_start(&recording, 2, 7);
    launch_add(launch, (double[ARM_COUNT]){7, 8, 9});
    recording_start(&recording, 2, 1);
    json = recording_json(&recording);
    char *text = json_dumps(json, JSON_COMPACT);
    cr_expect_str_eq(text,
                     "[{\"stage\":1,\"old\":[1.5,4.0],\"placebo\":[2.5,5.0],\"new\":[3.5,6.0]},"
                     "{\"stage\":2,\"old\":[7.0],\"placebo\":[8.0],\"new\":[9.0]},"
                     "{\"stage\":2,\"old\":[],\"placebo\":[],\"new\":[]}]");
    free(text);
    json_decref(json);
    recording_free(&recording);
    cr_expect_eq(recording.launches, 0);
    cr_expect_null(recording.list);
}

/* Samples stay where they are while launches are added. */
Test(recording, grows)
{
    enum { MANY = 300 };
    struct recording recording = {0};
    for (int i = 0; i < MANY; i++) {
        struct launch *launch = recording_start(&recording, i % 2 + 1, 1);
        cr_assert_not_null(launch);
        launch_add(launch, (double[ARM_COUNT]){i, i + 1, i + 2});
    }
    cr_assert_eq(recording.launches, MANY);
    for (int i = 0; i < MANY; i++) {
        const struct launch *launch = &recording.list[i];
        cr_expect_eq(launch->stage, i % 2 + 1);
        cr_expect_eq(launch->samples, 1);
        cr_expect_eq(launch->ns[ARM_NEW][0] - launch->ns[ARM_OLD][0], 2);
    }
    recording_free(&recording);
}
