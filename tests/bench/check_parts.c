/* What check is made of: which yardstick a row gets, what yardsticks do, and what launches say. */
#include <criterion/criterion.h>

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "bench/check/judge.h"
#include "bench/check/limb.h"
#include "simd/cpu.h"

static void near(double value, double expected, const char *what)
{
    cr_expect(fabs(value - expected) <= 1e-9 * fabs(expected) + 1e-12, "%s: %.17g, expected %.17g",
              what, value, expected);
}

/* --- judging -------------------------------------------------------------------------------------
 */

/* Changes, intervals and p by ttest_ind(equal_var=False) of SciPy 1.17.1, `then` moved by the
 * margin for the p. */
static const struct {
    struct launches now, then;
    double margin;
    struct change expected;
} welch[] = {
    {{6, {0.11, 0.12, 0.10, 0.13, 0.115, 0.09}},
     {6, {0.01, 0.02, 0.0, 0.015, 0.03, -0.01}},
     0.04879016416943205,
     {0.1, 0.08161879226391178, 0.1183812077360882, 5.022777645894628e-05, 0.999999997059867}},
    {{3, {0.5, 0.3, 0.7}},
     {4, {0.1, 0.12, 0.11, 0.09}},
     0.04879016416943205,
     {0.395, -0.09965163654594711, 0.8896516365459471, 0.047551273086611424, 0.9694570778252243}},
    {{4, {-0.3, -0.31, -0.29, -0.305}},
     {2, {0.0, 0.01}},
     0.1,
     {-0.30625, -0.32949102510469974, -0.2830089748953002, 0.999979018762531,
      0.00011715141213285045}},
    /* One side without any spread. */
    {{3, {1.0, 1.0, 1.0}},
     {5, {0.9, 0.95, 1.05, 1.0, 1.1}},
     0.05,
     {0.0, -0.09816215807387789, 0.09816215807387789, 0.8849001794597515, 0.8849001794597506}},
};

Test(judge, changes_are_welchs)
{
    for (size_t i = 0; i < sizeof welch / sizeof welch[0]; i++) {
        struct change change;
        cr_assert(judge_change(&welch[i].now, &welch[i].then, welch[i].margin, &change));
        near(change.change, welch[i].expected.change, "change");
        near(change.low, welch[i].expected.low, "low");
        near(change.high, welch[i].expected.high, "high");
        near(change.p, welch[i].expected.p, "p");
        near(change.p_faster, welch[i].expected.p_faster, "p_faster");
    }
}

Test(judge, one_launch_is_no_evidence)
{
    const struct launches one = {1, {0.1}}, two = {2, {0.1, 0.2}};
    struct change change;
    cr_expect(!judge_change(&one, &two, 0.05, &change));
    cr_expect(!judge_change(&two, &one, 0.05, &change));
}

Test(judge, launches_that_are_all_equal)
{
    const struct launches now = {3, {0.5, 0.5, 0.5}}, then = {3, {0.25, 0.25, 0.25}};
    struct change change;
    cr_assert(judge_change(&now, &then, 0.05, &change));
    cr_expect(change.low == 0.25 && change.high == 0.25 && change.p == 0 && change.p_faster == 1);
    cr_expect_eq(judge_verdict(&change, 0.05, change.p, change.p_faster), VERDICT_REGRESSED);
    cr_assert(judge_change(&now, &now, 0.05, &change));
    cr_expect(change.p == 1 && change.p_faster == 1);
    cr_expect_eq(judge_verdict(&change, 0.05, 1, 1), VERDICT_OK);
}

Test(judge, verdicts)
{
    static const struct {
        struct change change;
        double p, p_faster;
        enum verdict expected;
    } cases[] = {
        {{.change = 0.2, .low = 0.1, .high = 0.3}, 0.01, 1, VERDICT_REGRESSED},
        {{.change = 0.2, .low = 0.1, .high = 0.3}, 0.02, 1, VERDICT_INCONCLUSIVE},
        {{.change = 0.2, .low = 0.04, .high = 0.36}, 0.01, 1, VERDICT_INCONCLUSIVE},
        {{.change = -0.2, .low = -0.3, .high = -0.1}, 1, 0.01, VERDICT_IMPROVED},
        {{.change = -0.2, .low = -0.3, .high = -0.1}, 1, 0.02, VERDICT_OK},
        {{.change = 0.07, .low = 0.06, .high = 0.08}, 0.5, 1, VERDICT_OK},
        {{.change = 0.0, .low = -0.2, .high = 0.2}, 1, 1, VERDICT_INCONCLUSIVE},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        cr_expect_eq(judge_verdict(&cases[i].change, 0.05, cases[i].p, cases[i].p_faster),
                     cases[i].expected, "case %zu", i);
    }
}

Test(judge, suspects)
{
    const struct change small = {.change = 0.03, .high = 0.05},
                        large = {.change = -0.04, .high = 0}, wide = {.change = 0, .high = 0.0954};
    cr_expect(!judge_suspicious(&small, 0.05));
    cr_expect(judge_suspicious(&large, 0.05));
    cr_expect(judge_suspicious(&wide, 0.05));
}

/* From the newest to the oldest. */
Test(judge, the_reference_is_the_middle_one_of_three)
{
    cr_expect_eq(judge_reference((double[]){7}, 1), 0);
    cr_expect_eq(judge_reference((double[]){1, 2}, 2), 1, "of two the slower");
    cr_expect_eq(judge_reference((double[]){2, 1}, 2), 0, "of two the slower");
    cr_expect_eq(judge_reference((double[]){9, 1, 2, 100, 100}, 5), 2);
    cr_expect_eq(judge_reference((double[]){2, 9, 1, 0, 0}, 5), 0);
    cr_expect_eq(judge_reference((double[]){1, 2, 9, 0, 0}, 5), 1);
    for (size_t count = 1; count < 5; count++) {
        cr_expect_lt(judge_reference((double[]){3, 3, 3, 3}, count), count, "equal ones");
    }
}

Test(judge, the_margin_follows_what_runs_lie_apart)
{
    const double least = log(1.05),
                 factor = 2.9058469516701635; /* SciPy: norm.ppf(.975)/ppf(.75) */
    near(judge_margin((double[]){0.3}, 1), least, "one run");
    near(judge_margin((double[]){0.30, 0.31, 0.305}, 3), least, "runs close together");
    near(judge_margin((double[]){0.3, 0.4}, 2), factor * 0.1, "two runs");
    near(judge_margin((double[]){0, 0.1, 0.3, 0.3}, 4), factor * 0.1, "the middle distance");
    /* Made faster for good once. */
    near(judge_margin((double[]){0.1, 0.101, 0.1, 0.9, 0.899, 0.9}, 6), least, "a step");
    double many[2 * JUDGE_RUNS] = {0};
    near(judge_margin(many, 2 * JUDGE_RUNS), least, "more runs than are kept");
}

/* --- which yardstick -----------------------------------------------------------------------------
 */

static const struct machine machine = {
    .capacity = {[LEVEL_L1] = 1000, [LEVEL_L2] = 10000, [LEVEL_L3] = 100000},
    .probe = {[LEVEL_L1] = 2048, [LEVEL_L2] = 4096, [LEVEL_L3] = 8192, [LEVEL_DRAM] = 1 << 20}};

static const char *best(void)
{
    return simd_best()->name;
}

Test(limb, each_part_of_the_work_has_its_own)
{
    const struct bench_abi_problem about = {
        .flops = 100, .divisions = 60, .roots = 50, .read = 300, .written = 300};
    struct limb list[LIMB_MOST];
    cr_assert_eq(limb_list(&about, best(), CACHE_HOT, &machine, list), 4);
    static const enum probe_kind kinds[] = {PROBE_FMA, PROBE_DIVIDE, PROBE_SQRT, PROBE_COPY};
    static const double work[] = {100, 60, 50, 600};
    for (int i = 0; i < 4; i++) {
        cr_expect_eq(list[i].yardstick.kind, kinds[i]);
        cr_expect_eq(list[i].work, work[i]);
        cr_expect_str_eq(list[i].yardstick.table, best());
    }
    cr_expect_eq(limb_binding(list, 4, (double[]){1, 0.1, 0.1, 0.1}), 0);
    cr_expect_eq(limb_binding(list, 4, (double[]){1, 1, 1, 0.1}), 1, "roots and divisions share");
    cr_expect_eq(limb_binding(list, 4, (double[]){1, 0.5, 2, 0.1}), 2);
    cr_expect_eq(limb_binding(list, 4, (double[]){1, 1, 1, 1}), 3);
    cr_expect_str_eq(yardstick_limit(&list[2].yardstick), "divide");
    cr_expect_str_eq(yardstick_limit(&list[3].yardstick), "L1");
}

Test(limb, traffic_is_measured_by_the_probe_that_is_like_it)
{
    static const struct {
        double read, written;
        enum probe_kind kind;
    } cases[] = {{100, 0, PROBE_READ},   {100, 1, PROBE_READ},  {200, 100, PROBE_TRIAD},
                 {100, 100, PROBE_COPY}, {100, 80, PROBE_COPY}, {0, 100, PROBE_COPY}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const struct bench_abi_problem about = {.read = cases[i].read, .written = cases[i].written};
        struct limb list[LIMB_MOST];
        cr_assert_eq(limb_list(&about, best(), CACHE_HOT, &machine, list), 1);
        cr_expect_eq(list[0].yardstick.kind, cases[i].kind, "case %zu", i);
        cr_expect_eq(list[0].work, cases[i].read + cases[i].written);
    }
}

Test(limb, the_level_is_that_of_the_working_set)
{
    static const struct {
        double read, written, in_place;
        enum cache_state cache;
        enum memory_level level;
        size_t bytes;
    } cases[] = {{900, 0, 0, CACHE_HOT, LEVEL_L1, 2048},
                 {900, 900, 0, CACHE_HOT, LEVEL_L2, 4096},
                 {900, 900, 900, CACHE_HOT, LEVEL_L1, 2048},
                 {9000, 0, 0, CACHE_HOT, LEVEL_L2, 12288},
                 {50000, 0, 0, CACHE_HOT, LEVEL_L3, 53248},
                 {500000, 0, 0, CACHE_HOT, LEVEL_DRAM, 503808},
                 {5e9, 0, 0, CACHE_HOT, LEVEL_DRAM, YARDSTICK_MOST_BYTES},
                 {900, 0, 0, CACHE_COLD, LEVEL_DRAM, 1 << 20}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const struct bench_abi_problem about = {.read = cases[i].read,
                                                .written = cases[i].written,
                                                .in_place = cases[i].in_place,
                                                .batch_bytes = 1};
        struct limb list[LIMB_MOST];
        cr_assert_eq(limb_list(&about, best(), cases[i].cache, &machine, list), 1);
        cr_expect_eq(list[0].yardstick.level, cases[i].level, "case %zu", i);
        cr_expect_eq(list[0].yardstick.bytes, cases[i].bytes, "case %zu", i);
    }
}

Test(limb, in_training_a_layers_part_comes_from_memory)
{
    const struct bench_abi_problem about = {
        .read = 4000, .weight_bytes = 3000, .batch_bytes = 1000};
    struct limb list[LIMB_MOST];
    cr_assert_eq(limb_list(&about, best(), CACHE_TRAIN, &machine, list), 2);
    cr_expect_eq(list[0].yardstick.level, LEVEL_DRAM);
    cr_expect_eq(list[0].work, 3000);
    cr_expect_eq(list[1].yardstick.level, LEVEL_L1);
    cr_expect_eq(list[1].work, 1000);
}

Test(limb, every_row_gets_one)
{
    const struct bench_abi_problem nothing = {0}, flops = {.flops = 1};
    struct limb list[LIMB_MOST];
    cr_assert_eq(limb_list(&nothing, best(), CACHE_HOT, &machine, list), 1);
    cr_expect_gt(list[0].work, 0);
    /* Compilers make vectors of scalar loops: their pipes are those of the best table. */
    cr_assert_eq(limb_list(&flops, "scalar", CACHE_HOT, &machine, list), 1);
    cr_expect_str_eq(list[0].yardstick.table, best());
    cr_assert_eq(limb_list(&flops, "of a later build", CACHE_HOT, &machine, list), 1);
    cr_expect_str_eq(list[0].yardstick.table, best());
}

/* --- yardsticks ----------------------------------------------------------------------------------
 */

static struct yardstick of(enum probe_kind kind, enum memory_level level, size_t bytes)
{
    struct yardstick yardstick = {.kind = kind, .level = level, .bytes = bytes};
    snprintf(yardstick.table, sizeof yardstick.table, "%s", best());
    return yardstick;
}

Test(yardstick, a_rounds_work)
{
    const double lanes = (double)simd_best()->lanes;
    const struct yardstick fma = of(PROBE_FMA, LEVEL_L1, 0), divide = of(PROBE_DIVIDE, LEVEL_L1, 0);
    cr_expect_eq(yardstick_units(&fma), 2 * SIMD_PROBE_OPERATIONS * lanes);
    cr_expect_eq(yardstick_units(&divide), SIMD_PROBE_OPERATIONS * lanes);
    for (int kind = PROBE_READ; kind <= PROBE_TRIAD; kind++) {
        const struct yardstick small = of((enum probe_kind)kind, LEVEL_L1, 16384);
        const struct yardstick large = of((enum probe_kind)kind, LEVEL_DRAM, 64 << 20);
        cr_expect(yardstick_units(&small) <= 16384 && yardstick_units(&small) > 16384 - 192);
        cr_expect(yardstick_units(&large) <= 1 << 20 && yardstick_units(&large) > (1 << 20) - 192,
                  "a round is a part of a large walk");
    }
}

/* For sanitizers: no walk leaves its memory, whatever was open before. */
Test(yardstick, all_run_one_after_the_other)
{
    static const size_t sizes[] = {3 << 20, YARDSTICK_LEAST_BYTES, 5000000, 16384};
    struct measure measure;
    struct yardsticks yardsticks = {0};
    cr_assert_eq(measure_create(2, &measure), PN_OK);
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        for (int kind = 0; kind < PROBE_KIND_COUNT; kind++) {
            const struct yardstick next =
                of((enum probe_kind)kind, LEVEL_L2, kind >= PROBE_READ ? sizes[i] : 0);
            double ns;
            bool clean;
            cr_assert_eq(yardsticks_open(&yardsticks, &measure, &next), PN_OK);
            cr_assert_eq(measure_once(&measure, yardsticks_run, &yardsticks, 20, &ns, &clean),
                         PN_OK);
            cr_expect_gt(ns, 0);
        }
    }
    yardsticks_free(&yardsticks);
    measure_free(&measure);
}

Test(yardstick, a_table_that_is_not_here_is_refused)
{
    struct yardstick unknown = of(PROBE_FMA, LEVEL_L1, 0);
    snprintf(unknown.table, sizeof unknown.table, "sse9");
    cr_expect_null(yardstick_kernels(&unknown));
    struct measure measure;
    struct yardsticks yardsticks = {0};
    cr_assert_eq(measure_create(1, &measure), PN_OK);
    cr_expect_eq(yardsticks_open(&yardsticks, &measure, &unknown), PN_ERROR_FAILED);
    yardsticks_free(&yardsticks);
    measure_free(&measure);
}

Test(yardstick, the_fingerprint_is_of_what_they_compute)
{
    const uint64_t all = yardstick_fingerprint();
    cr_expect_eq(yardstick_fingerprint(), all, "the same each time");
    const uint32_t vectors = SIMD_CPU_AVX2 | SIMD_CPU_AVX512 | SIMD_CPU_NEON | SIMD_CPU_FMA;
    if (strcmp(best(), "scalar") != 0) {
        simd_cpu_hide(vectors);
        cr_expect_neq(yardstick_fingerprint(), all, "other tables");
        simd_cpu_hide(0);
    }
}

/* --- the processor -------------------------------------------------------------------------------
 */

Test(cpu, family_and_model_are_those_that_linux_tells)
{
    unsigned family = 0, model = 0, linux_family = 0, linux_model = 0;
    const bool known = simd_cpu_model(&family, &model);
    FILE *file = fopen("/proc/cpuinfo", "r");
    char line[256];
    int found = 0;
    while (file != NULL && found < 2 && fgets(line, sizeof line, file) != NULL) {
        found += sscanf(line, "cpu family : %u", &linux_family) == 1;
        found += sscanf(line, "model : %u", &linux_model) == 1;
    }
    if (file != NULL) {
        fclose(file);
    }
    if (!known || found < 2) {
        cr_skip_test("no family and model on this processor");
    }
    cr_expect_eq(family, linux_family);
    cr_expect_eq(model, linux_model);
}
