/* The parts of pinion-bench run: names of rows, where operands lie, wrong kernels. */
#include <criterion/criterion.h>

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bench/run/choice.h"
#include "bench/run/copies.h"
#include "bench/command/filter.h"
#include "bench/command/options.h"
#include "bench/run/run.h"

static const struct simd_kernels *table(const char *name)
{
    const struct simd_kernels *kernels = simd_find(name);
    cr_assert_not_null(kernels);
    return kernels;
}

/* The first problem of that kernel and shape. */
static const struct problem *problem_named(const char *kernel, const char *shape)
{
    for (size_t i = 0; i < problem_count; i++) {
        char name[PROBLEM_NAME_SIZE], size[PROBLEM_NAME_SIZE];
        problem_kernel(&problem_list[i], name);
        problem_shape(&problem_list[i], size);
        if (strcmp(name, kernel) == 0 && strcmp(size, shape) == 0) {
            return &problem_list[i];
        }
    }
    cr_assert_fail("no %s %s", kernel, shape);
    return NULL;
}

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

/* --- copies --------------------------------------------------------------------------------------
 */

static size_t calls_until_seen_again(struct copies *copies, int buffer)
{
    const char *first = copies_next(copies)->buffer[buffer];
    size_t calls = 1;
    while (copies_next(copies)->buffer[buffer] != first) {
        calls++;
        cr_assert_lt(calls, 10000000);
    }
    return calls;
}

/* Bytes of the arenas of one copy. */
static void sizes(const struct simd_kernels *kernels, const struct problem *problem, size_t *batch,
                  size_t *weights)
{
    uint64_t layout;
    instance_sizes(kernels, problem, batch, weights, &layout);
}

static int first_buffer(const struct instance *instance, bool weight)
{
    for (int i = 0; i < PROBLEM_BUFFERS; i++) {
        if (instance->list[i].use != BUFFER_UNUSED && instance->list[i].weight == weight) {
            return i;
        }
    }
    return -1;
}

enum { CACHE_BYTES = 1000000 };

static void expect_rotation(const char *kernel, const char *shape, enum cache_state cache)
{
    const struct simd_kernels *kernels = table("scalar");
    const struct problem *problem = problem_named(kernel, shape);
    size_t batch, weights;
    sizes(kernels, problem, &batch, &weights);
    struct copies copies;
    cr_assert_eq(copies_create(kernels, problem, cache, CACHE_BYTES, &copies), PN_OK);
    copies_fill(&copies, 1);
    const int of_batch = first_buffer(&copies.instance, false);
    const int of_weights = first_buffer(&copies.instance, true);
    const size_t batches = calls_until_seen_again(&copies, of_batch);
    if (cache == CACHE_COLD) {
        cr_expect_gt(batches * (batch + weights), (size_t)COPIES_CACHES * CACHE_BYTES);
    } else {
        cr_expect_eq(batches, 1, "%s: what belongs to a batch stays", kernel);
    }
    if (of_weights >= 0) {
        const size_t rounds = calls_until_seen_again(&copies, of_weights);
        if (cache == CACHE_HOT) {
            cr_expect_eq(rounds, 1);
        } else {
            const size_t bytes = cache == CACHE_COLD ? batch + weights : weights;
            cr_expect_gt(rounds * bytes, (size_t)COPIES_CACHES * CACHE_BYTES);
        }
    }
    copies_free(&copies);
}

Test(copies, rotate_what_the_state_says)
{
    for (int cache = 0; cache < CACHE_STATES; cache++) {
        expect_rotation("gemm_nn", "32x256x784", (enum cache_state)cache);
        expect_rotation("weight_update:adam", "256x10x32", (enum cache_state)cache);
        expect_rotation("optimizer_update:adam", "16384", (enum cache_state)cache);
    }
    expect_rotation("softmax", "32x10", CACHE_HOT);
    expect_rotation("softmax", "32x10", CACHE_COLD);
    /* One copy exceeds the cache by itself. */
    expect_rotation("gemm_nn", "1024x1024x1024", CACHE_COLD);
}

/* What a ring's copies hold. */
static char *contents(const struct copies_ring *ring)
{
    char *bytes = malloc(ring->count * ring->bytes + 1);
    cr_assert_not_null(bytes);
    memcpy(bytes, ring->base, ring->count * ring->bytes);
    return bytes;
}

static void expect_only_changed(const struct copies_ring *ring, const char *before, size_t index,
                                const char *kernel)
{
    for (size_t i = 0; i < ring->count; i++) {
        const size_t at = i * ring->bytes;
        cr_expect(i == index || memcmp(before + at, ring->base + at, ring->bytes) == 0,
                  "%s: copy %zu changed by a call on %zu", kernel, i, index);
    }
}

/* Pointers of a copy lead into it, and no copy reaches into another: a call on one changes no
 * other. */
Test(copies, are_whole_problems_of_their_own)
{
    static const char *const problems[][2] = {{"gather_f32", "32x784"},
                                              {"softmax_crossentropy", "32x10"},
                                              {"weight_update:adam", "256x10x32"},
                                              {"gemm_nn:bias+relu", "32x256x784"}};
    const struct simd_kernels *kernels = table("scalar");
    for (size_t p = 0; p < sizeof problems / sizeof problems[0]; p++) {
        const struct problem *problem = problem_named(problems[p][0], problems[p][1]);
        struct copies copies;
        cr_assert_eq(copies_create(kernels, problem, CACHE_COLD, 2000000, &copies), PN_OK);
        copies_fill(&copies, 7);
        cr_assert_gt(copies.batch.count, 2);
        char *batch = contents(&copies.batch), *weights = contents(&copies.weights);
        copies_next(&copies);
        const struct operands *operands = copies_next(&copies);
        const char *own = operands->buffer[first_buffer(&copies.instance, false)];
        const size_t index = (size_t)(own - copies.batch.base) / copies.batch.bytes;
        cr_assert_neq(index, 0);
        problem->family->run(kernels, operands);
        expect_only_changed(&copies.batch, batch, index, problems[p][0]);
        expect_only_changed(&copies.weights, weights, index, problems[p][0]);
        free(batch);
        free(weights);
        copies_free(&copies);
    }
}

Test(copies, point_to_rows_of_their_own)
{
    const struct problem *problem = problem_named("gather_f32", "32x784");
    struct copies copies;
    cr_assert_eq(copies_create(table("scalar"), problem, CACHE_COLD, 20000000, &copies), PN_OK);
    copies_fill(&copies, 7);
    cr_assert_gt(copies.batch.count, 2);
    for (size_t i = 0; i < copies.batch.count; i++) {
        const struct operands *operands = copies_next(&copies);
        const char *pool = operands->buffer[0];
        const char *const *rows = operands->buffer[1];
        for (size_t r = 0; r < problem->m; r++) {
            cr_assert(rows[r] >= pool && rows[r] < pool + copies.batch.bytes, "call %zu", i);
        }
    }
    copies_free(&copies);
}

/* A call on any copy gives what one on the first gives. */
Test(copies, hold_the_same)
{
    static const char *const problems[][2] = {{"gather_u8", "32x784"},
                                              {"softmax_crossentropy", "32x10"},
                                              {"optimizer_update:adam", "16384"}};
    const struct simd_kernels *kernels = table("scalar");
    for (size_t p = 0; p < sizeof problems / sizeof problems[0]; p++) {
        const struct problem *problem = problem_named(problems[p][0], problems[p][1]);
        struct copies copies;
        cr_assert_eq(copies_create(kernels, problem, CACHE_COLD, 100000, &copies), PN_OK);
        copies_fill(&copies, 7);
        const struct instance *instance = &copies.instance;
        for (size_t i = 0; i < copies.batch.count; i++) {
            problem->family->run(kernels, copies_next(&copies));
        }
        for (int b = 0; b < PROBLEM_BUFFERS; b++) {
            const struct buffer *buffer = &instance->list[b];
            const struct copies_ring *ring = buffer->weight ? &copies.weights : &copies.batch;
            const char *first = instance->operands.buffer[b];
            for (size_t i = 1;
                 i < ring->count && (buffer->use == BUFFER_OUTPUT || buffer->use == BUFFER_UPDATED);
                 i++) {
                cr_expect_eq(memcmp(first, first + i * ring->bytes, buffer_bytes(kernels, buffer)),
                             0, "%s: buffer %d of copy %zu", problems[p][0], b, i);
            }
        }
        copies_free(&copies);
    }
}

/* Consecutive calls do not walk through memory in order: no copy is the neighbour of the last. */
Test(copies, are_not_visited_in_order)
{
    struct copies copies;
    cr_assert_eq(copies_create(table("scalar"), problem_named("softmax", "32x10"), CACHE_COLD,
                               CACHE_BYTES, &copies),
                 PN_OK);
    const char *last = copies_next(&copies)->buffer[0];
    for (size_t i = 0; i < copies.batch.count; i++) {
        const char *now = copies_next(&copies)->buffer[0];
        const size_t distance = (size_t)(now > last ? now - last : last - now);
        cr_expect_gt(distance, 2 * copies.batch.bytes);
        last = now;
    }
    copies_free(&copies);
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

/* --- options -------------------------------------------------------------------------------------
 */

struct values {
    bool flag;
    const char *text;
    size_t count;
    double ns, real;
    struct option_threads threads;
    unsigned caches;
};

static const struct option_spec specs[] = {
    {"flag", NULL, "", option_flag, offsetof(struct values, flag), 0, 0},
    {"text", "T", "", option_text, offsetof(struct values, text), 0, 0},
    {"count", "N", "", option_count, offsetof(struct values, count), 2, 9},
    {"time", "MS", "", option_milliseconds, offsetof(struct values, ns), 0, 0},
    {"real", "X", "", option_real, offsetof(struct values, real), 0.5, 2},
    {"threads", "LIST", "", option_threads, offsetof(struct values, threads), 0, 0},
    {"cache", "LIST", "", option_caches, offsetof(struct values, caches), 0, 0},
    {0},
};

static enum options_result parse(const char *wanted, struct values *values,
                                 struct option_words *words, const char *const *arguments)
{
    int count = 0;
    while (arguments[count] != NULL) {
        count++;
    }
    *values = (struct values){0};
    return options_parse("test", specs, wanted, count, (char *const *)arguments, values, words);
}

#define PARSE(WANTED, VALUES, WORDS, ...)                                                          \
    parse(WANTED, VALUES, WORDS, (const char *const[]){__VA_ARGS__, NULL})

Test(options, are_stored)
{
    struct values values;
    struct option_words words;
    cr_expect_eq(PARSE("OLD NEW", &values, &words, "--flag", "a", "--text", "--flag", "--count=9",
                       "--time", "0.5", "--real=2", "--threads", "3,auto", "--cache", "hot,train",
                       "--", "--b"),
                 OPTIONS_PARSED);
    cr_expect(values.flag);
    cr_expect_str_eq(values.text, "--flag");
    cr_expect_eq(values.count, 9);
    cr_expect_eq(values.ns, 5e5);
    cr_expect_eq(values.real, 2);
    cr_expect_eq(values.threads.count, 2);
    cr_expect_eq(values.threads.list[0], 3);
    cr_expect_eq(values.threads.list[1], 0);
    cr_expect_eq(values.caches, 1u << CACHE_HOT | 1u << CACHE_TRAIN);
    cr_expect_eq(words.count, 2);
    cr_expect_str_eq(words.list[0], "a");
    cr_expect_str_eq(words.list[1], "--b");
    cr_expect_eq(PARSE("", &values, &words, "--cache", "all"), OPTIONS_PARSED);
    cr_expect_eq(values.caches, (1u << CACHE_STATES) - 1);
    cr_expect_eq(PARSE("", &values, &words, "--bogus", "-h"), OPTIONS_HELP);
}

Test(options, are_refused)
{
    struct values values;
    struct option_words words;
    cr_expect_eq(PARSE("", &values, &words, "--count", "1"), OPTIONS_FAILED);
    cr_expect_not_null(strstr(pn_error_message(), "from 2 to 9"));
    cr_expect_eq(PARSE("", &values, &words, "--count", "10"), OPTIONS_FAILED);
    cr_expect_eq(PARSE("", &values, &words, "--count", "3 "), OPTIONS_FAILED);
    cr_expect_eq(PARSE("", &values, &words, "--real", "nan"), OPTIONS_FAILED);
    cr_expect_eq(PARSE("", &values, &words, "--real", "2.1"), OPTIONS_FAILED);
    cr_expect_eq(PARSE("", &values, &words, "--time", "0"), OPTIONS_FAILED);
    cr_expect_eq(PARSE("", &values, &words, "--threads", ""), OPTIONS_FAILED);
    cr_expect_eq(PARSE("", &values, &words, "--threads", "-1"), OPTIONS_FAILED);
    cr_expect_eq(PARSE("", &values, &words, "--cache", ""), OPTIONS_FAILED);
    cr_expect_eq(PARSE("", &values, &words, "--fla"), OPTIONS_FAILED);
    cr_expect_eq(PARSE("", &values, &words, "--flags"), OPTIONS_FAILED);
    cr_expect_eq(PARSE("", &values, &words, "--flag="), OPTIONS_FAILED);
    cr_expect_eq(PARSE("", &values, &words, "--text"), OPTIONS_FAILED);
    cr_expect_eq(PARSE("", &values, &words, "word"), OPTIONS_FAILED);
    cr_expect_eq(PARSE("OLD NEW", &values, &words, "old"), OPTIONS_FAILED);
    cr_expect_not_null(strstr(pn_error_message(), "needs OLD NEW"));
    cr_expect_eq(PARSE("OLD NEW", &values, &words, "a", "b", "c"), OPTIONS_FAILED);
    cr_expect_not_null(strstr(pn_error_message(), "c: test takes no more than OLD NEW"));
}
