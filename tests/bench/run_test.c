/* The parts of pinion-bench run: names of rows, wrong kernels. */
#include <criterion/criterion.h>

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bench/run/choice.h"
#include "bench/command/filter.h"
#include "bench/run/run.h"
#include "tests/bench/named.h"

/* --- names ---------------------------------------------------------------------------------------
 */

static const struct row_key plain_key = {
    "gemm_nn:bias+relu", "32x256x784", "f32", "avx512", CACHE_TRAIN, 12};

Test(rows, have_one_form_of_name)
{
    char name[ROW_NAME_SIZE];
    row_name(&plain_key, name);
    cr_expect_str_eq(name, "gemm_nn:bias+relu/32x256x784/f32/avx512/train/threads:12");
}

static bool selected(const char *filter, const struct row_key *key)
{
    regex_t regex;
    cr_assert_eq(filter_compile(filter, &regex), PN_OK);
    const bool matches = row_matches(&regex, key);
    regfree(&regex);
    return matches;
}

Test(rows, are_selected_by_name_and_by_kernel_and_shape)
{
    cr_expect(selected(NULL, &plain_key));
    cr_expect(selected("", &plain_key));
    cr_expect(selected("^gemm_nn:bias.relu/32x256x784/f32/avx512/train/threads:12$", &plain_key));
    cr_expect(selected("/train/", &plain_key));
    cr_expect(selected("threads:1", &plain_key));
    cr_expect(selected("^gemm_nn:bias.relu 32x256x784$", &plain_key));
    cr_expect_not(selected("/cold/", &plain_key));
    cr_expect_not(selected("threads:1$", &plain_key));
    cr_expect_not(selected("^gemm_nn 32x", &plain_key));
}

Test(rows, pattern_matches_one_name)
{
    char name[ROW_NAME_SIZE], pattern[ROW_PATTERN_SIZE];
    row_name(&plain_key, name);
    row_pattern(name, pattern);
    cr_expect(selected(pattern, &plain_key), "%s", pattern);
    struct row_key other = plain_key;
    other.kernel = "gemm_nn:biasrelu"; /* what an unescaped + would match */
    cr_expect_not(selected(pattern, &other), "%s", pattern);
    other = plain_key;
    other.threads = 1;
    cr_expect_not(selected(pattern, &other));
    other.kernel = "a.b[c]*(d)|{e}?^$\\";
    row_name(&other, name);
    row_pattern(name, pattern);
    cr_expect(selected(pattern, &other), "%s", pattern);
}

static int compare_names(const void *left, const void *right)
{
    return strcmp(left, right);
}

/* The chosen names, sorted; they must differ. */
static char (*sorted_names(const struct choice *choice))[ROW_NAME_SIZE]
{
    char(*names)[ROW_NAME_SIZE] = malloc(choice->count * sizeof *names);
    cr_assert_not_null(names);
    for (size_t i = 0; i < choice->count; i++) {
        row_name(&choice->rows[i].key, names[i]);
    }
    qsort(names, choice->count, sizeof *names, compare_names);
    for (size_t i = 1; i < choice->count; i++) {
        cr_expect_str_neq(names[i - 1], names[i]);
    }
    return names;
}

Test(choice, has_every_problem_on_every_table_in_every_state_once)
{
    const struct choice_options options = {
        .isa = "all,scalar,scalar", .threads = {{2, 1, 2}, 3}, .caches = (1u << CACHE_STATES) - 1};
    size_t known, tables = 0;
    const struct simd_kernels *const *list = simd_list(&known);
    for (size_t i = 0; i < known; i++) {
        tables += simd_runs(list[i]) && simd_find(list[i]->name) == list[i];
    }
    struct choice choice;
    cr_assert_eq(choice_create(&options, &choice), PN_OK);
    size_t hot = 0, cold = 0, train = 0, last = 0, groups = 0;
    for (size_t i = 0; i < choice.count; i++) {
        const struct row_key *key = &choice.rows[i].key;
        hot += key->cache == CACHE_HOT;
        cold += key->cache == CACHE_COLD;
        train += key->cache == CACHE_TRAIN;
        groups += key->threads != last;
        last = key->threads;
    }
    cr_expect_eq(hot, 2 * tables * problem_count);
    cr_expect_eq(cold, hot);
    cr_expect_gt(train, 0);
    cr_expect_lt(train, hot, "problems without weights have no training state");
    cr_expect_eq(groups, 2, "a number of threads is in one piece");
    free(sorted_names(&choice));
    choice_free(&choice);
}

Test(choice, gives_hot_rows_of_one_thread_by_default)
{
    const struct choice_options options = {.isa = "scalar"};
    struct choice choice;
    cr_assert_eq(choice_create(&options, &choice), PN_OK);
    cr_expect_eq(choice.count, problem_count);
    cr_expect_str_eq(choice.isa, "scalar");
    for (size_t i = 0; i < choice.count; i++) {
        cr_expect_eq(choice.rows[i].key.cache, CACHE_HOT);
        cr_expect_eq(choice.rows[i].key.threads, 1);
        cr_expect_eq(choice.rows[i].kernels, table("scalar"));
    }
    choice_free(&choice);
}

/* --- rows ----------------------------------------------------------------------------------------
 */

static void wrong_exp(size_t n, const float *x, float *y)
{
    table("scalar")->exp(n, x, y);
    y[n / 2] += 1;
}

struct measured {
    json_t *document;
    pn_status status;
    char message[512];
};

/* Runs rows of problems on a table as the command does. The document goes through a file. */
static struct measured measure(const struct row *rows, size_t count)
{
    char path[] = "/tmp/pinion-run-XXXXXX";
    const int file = mkstemp(path);
    cr_assert_geq(file, 0);
    close(file);
    const struct run_options options = {.rounds = 3, .sample_ns = 1e4};
    const struct output_target target = {.document = false, .out = path};
    const struct output_head head = {
        .command = "run", .isa = "fake", .threads = 1, .placement = "", .titles = run_titles};
    struct choice choice = {.rows = calloc(count, sizeof *choice.rows), .count = count};
    cr_assert_not_null(choice.rows);
    for (size_t i = 0; i < count; i++) {
        cr_assert(choice_row(rows[i].problem, rows[i].kernels, rows[i].key.cache,
                             rows[i].key.threads, &choice.rows[i]));
    }
    struct output output;
    cr_assert_eq(output_create_for(&head, &target, &output), PN_OK);
    struct run_tally tally;
    struct measured measured = {0};
    cr_assert_eq(output_end(&output, run_rows(&options, &choice, &output, &tally)), PN_OK);
    measured.status = run_verdict(&tally);
    if (measured.status != PN_OK) {
        snprintf(measured.message, sizeof measured.message, "%s", pn_error_message());
    }
    choice_free(&choice);
    measured.document = json_load_file(path, 0, NULL);
    cr_assert_not_null(measured.document);
    remove(path);
    return measured;
}

static const json_t *row_of(const struct measured *measured, size_t index)
{
    return json_array_get(json_object_get(measured->document, "rows"), index);
}

Test(run, a_wrong_row_has_no_speed_and_others_are_measured)
{
    struct simd_kernels broken = *table("scalar");
    broken.exp = wrong_exp;
    const struct row rows[] = {
        {problem_named("exp", "16384"), &broken, {.threads = 1}, "", ""},
        {problem_named("log", "16384"), &broken, {.threads = 1}, "", ""},
        {problem_named("exp", "16384"), &broken, {.threads = 2, .cache = CACHE_COLD}, "", ""},
    };
    const struct measured measured = measure(rows, 3);
    cr_expect_eq(measured.status, PN_ERROR_FAILED);
    cr_expect_not_null(strstr(measured.message,
                              "2 of 3 rows are WRONG, first exp/16384/f32/scalar/hot/threads:1: "),
                       "%s", measured.message);
    cr_expect_not_null(strstr(measured.message, "8192"), "%s", measured.message);
    cr_expect(json_is_true(json_object_get(measured.document, "complete")));
    for (size_t i = 0; i < 3; i += 2) {
        const json_t *row = row_of(&measured, i);
        cr_expect(json_is_false(json_object_get(row, "correct")));
        cr_expect_not_null(strstr(json_string_value(json_object_get(row, "message")), "8192"));
        static const char *const speeds[] = {"ns",     "gbps",  "percent_of_limit", "samples",
                                             "ns_low", "limit", "times_naive",      "ns_min"};
        for (size_t key = 0; key < sizeof speeds / sizeof speeds[0]; key++) {
            cr_expect_null(json_object_get(row, speeds[key]), "%s", speeds[key]);
        }
    }
    cr_expect(json_is_true(json_object_get(row_of(&measured, 1), "correct")));
    cr_expect_gt(json_number_value(json_object_get(row_of(&measured, 1), "ns")), 0);
    json_decref(measured.document);
}

static void do_nothing(size_t n, const float *x, float *y)
{
    (void)n;
    (void)x;
    (void)y;
}

/* A kernel that does not do its work is caught, however fast. */
Test(run, a_kernel_without_work_is_wrong)
{
    struct simd_kernels broken = *table("scalar");
    broken.exp = do_nothing;
    const struct row rows[] = {{problem_named("exp", "16384"), &broken, {.threads = 1}, "", ""}};
    const struct measured measured = measure(rows, 1);
    cr_expect_eq(measured.status, PN_ERROR_FAILED);
    cr_expect(json_is_false(json_object_get(row_of(&measured, 0), "correct")));
    json_decref(measured.document);
}

static size_t calls_of_lazy;

/* Right at first, when it is checked. */
static void lazy_exp(size_t n, const float *x, float *y)
{
    if (calls_of_lazy++ == 0) {
        table("scalar")->exp(n, x, y);
    }
}

Test(run, a_kernel_faster_than_its_limit_is_impossible)
{
    struct simd_kernels lazy = *table("scalar");
    lazy.exp = lazy_exp;
    const struct row rows[] = {{problem_named("exp", "16384"), &lazy, {.threads = 1}, "", ""},
                               {problem_named("log", "16384"), &lazy, {.threads = 1}, "", ""}};
    const struct measured measured = measure(rows, 2);
    cr_expect_eq(measured.status, PN_OK);
    cr_expect(json_is_true(json_object_get(row_of(&measured, 0), "correct")));
    cr_expect(json_is_true(json_object_get(row_of(&measured, 0), "impossible")));
    cr_expect(json_is_false(json_object_get(row_of(&measured, 1), "impossible")));
    json_decref(measured.document);
}
