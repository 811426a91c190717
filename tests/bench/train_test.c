/* pinion-bench train --scaling and --accuracy from outside. Nothing here depends on how fast. */
#include <criterion/criterion.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <jansson.h>

#include "engine/pinion.h"

enum { MAX_SEEDS = 8 };

#define QUICK " --rounds 1 --min-time 0.01"
#define SMALL_NET                                                                                  \
    " --net 'dense 8 relu; dropout 0.5; dense 3 softmax' --input 6 --batch 4 --samples 8"
#define FIT_NET " --net 'dense 16 relu; dropout 0.2; dense 5 softmax' --batch 32"

/* A small data set in a folder of its own, in the form of Fashion-MNIST. */
enum { SIDE = 10, CLASSES = 5, TRAIN_COUNT = 700, TEST_COUNT = 200, SAMPLES = 480 };
static char folder[] = "/tmp/pinion-bench-train-XXXXXX";
static char fit[256]; /* --data, --samples and the network */

static const char *const files[] = {"train-images-idx3-ubyte", "train-labels-idx1-ubyte",
                                    "t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte"};

static void must(pn_status status)
{
    cr_assert_eq(status, PN_OK, "%s", pn_error_message());
}

/* sizes: of `rank` axes, each below 65536. */
static void write_idx(const char *name, size_t rank, const size_t *sizes, const uint8_t *bytes,
                      size_t count)
{
    char path[128];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *file = fopen(path, "wb");
    cr_assert_not_null(file, "%s", path);
    const uint8_t head[] = {0, 0, 8, (uint8_t)rank};
    fwrite(head, 1, sizeof head, file);
    for (size_t i = 0; i < rank; i++) {
        const uint8_t size[] = {0, 0, (uint8_t)(sizes[i] >> 8), (uint8_t)sizes[i]};
        fwrite(size, 1, sizeof size, file);
    }
    cr_assert_eq(fwrite(bytes, 1, count, file), count);
    cr_assert_eq(fclose(file), 0);
}

/* Noise, and in it a bar whose place is the class. Wide noise leaves the classes hard to tell. */
static void write_part(const char *images, const char *labels, size_t count, uint32_t state)
{
    static uint8_t pixels[TRAIN_COUNT * SIDE * SIDE], classes[TRAIN_COUNT];
    for (size_t i = 0; i < count; i++) {
        state = state * 1664525 + 1013904223;
        classes[i] = (uint8_t)((state >> 16) % CLASSES);
        for (size_t j = 0; j < SIDE * SIDE; j++) {
            state = state * 1664525 + 1013904223;
            const bool bar = j / SIDE / (SIDE / CLASSES) == classes[i];
            pixels[i * SIDE * SIDE + j] = (uint8_t)((state >> 24) * 3 / 4 + (bar ? 40 : 0));
        }
    }
    write_idx(images, 3, (const size_t[]){count, SIDE, SIDE}, pixels, count * SIDE * SIDE);
    write_idx(labels, 1, &count, classes, count);
}

static void make_data(void)
{
    cr_assert_not_null(mkdtemp(folder));
    write_part(files[0], files[1], TRAIN_COUNT, 1);
    write_part(files[2], files[3], TEST_COUNT, 2);
    snprintf(fit, sizeof fit, " --data %s --samples %d" FIT_NET, folder, SAMPLES);
}

static void remove_data(void)
{
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        char path[128];
        snprintf(path, sizeof path, "%s/%s", folder, files[i]);
        remove(path);
    }
    rmdir(folder);
}

/* Runs the program with its errors among the output; returns its exit code. */
static int run(const char *arguments, char *output, size_t size)
{
    char command[1024];
    snprintf(command, sizeof command, "%s train %s 2>&1", BENCH, arguments);
    FILE *pipe = popen(command, "r");
    cr_assert_not_null(pipe);
    const size_t length = fread(output, 1, size - 1, pipe);
    output[length] = '\0';
    cr_assert_eq(fgetc(pipe), EOF, "%s: prints too much", arguments);
    const int status = pclose(pipe);
    cr_assert(WIFEXITED(status), "%s: killed", arguments);
    return WEXITSTATUS(status);
}

/* The rows; the caller frees them. jansson takes neither NaN nor Infinity. */
static json_t *rows_of(const char *arguments)
{
    static char output[1 << 20];
    char command[768];
    snprintf(command, sizeof command, "%s --json", arguments);
    cr_assert_eq(run(command, output, sizeof output), 0, "%s: %s", arguments, output);
    json_error_t error;
    json_t *root = json_loads(output, 0, &error);
    cr_assert_not_null(root, "%s: line %d: %s", arguments, error.line, error.text);
    cr_expect_str_eq(json_string_value(json_object_get(root, "command")), "train");
    json_t *rows = json_incref(json_object_get(root, "rows"));
    json_decref(root);
    cr_assert_gt(json_array_size(rows), 0);
    return rows;
}

static double number(const json_t *object, const char *key)
{
    const json_t *value = json_object_get(object, key);
    cr_assert(json_is_number(value), "%s is no number", key);
    return json_number_value(value);
}

static json_int_t whole(const json_t *object, const char *key)
{
    const json_t *value = json_object_get(object, key);
    cr_assert(json_is_integer(value), "%s is no whole number", key);
    return json_integer_value(value);
}

static const char *text(const json_t *object, const char *key)
{
    const char *value = json_string_value(json_object_get(object, key));
    cr_assert_not_null(value, "no %s", key);
    return value;
}

static void near(double value, double expected, const char *what)
{
    cr_expect(fabs(value - expected) <= 1e-6 * fabs(expected), "%s: %.9g instead of %.9g", what,
              value, expected);
}

/* --- scaling ------------------------------------------------------------------------------------
 */

/* One curve after the other, each of the thread counts given. */
static void check_curves(const json_t *rows, const json_int_t *counts, size_t count)
{
    const json_t *alone = NULL;
    cr_assert_eq(json_array_size(rows) % count, 0, "%zu rows", json_array_size(rows));
    for (size_t i = 0; i < json_array_size(rows); i++) {
        const json_t *row = json_array_get(rows, i);
        alone = i % count == 0 ? row : alone;
        const double threads = (double)whole(row, "threads");
        cr_expect_eq(whole(row, "threads"), counts[i % count]);
        cr_expect_str_eq(text(row, "kind"), "scaling");
        cr_expect_str_eq(text(row, "network"), text(alone, "network"));
        cr_expect_str_eq(text(row, "isa"), text(alone, "isa"));
        cr_expect_eq(whole(row, "batch"), whole(alone, "batch"));
        cr_expect_gt(number(row, "samples_per_second"), 0);
        cr_expect_gt(number(row, "microseconds_per_step"), 0);
        cr_expect_gt(json_object_size(json_object_get(row, "parts")), 0);
        near(number(row, "efficiency"),
             number(row, "samples_per_second") / number(alone, "samples_per_second") / threads,
             "efficiency");
        near(number(row, "ceiling_efficiency"),
             number(row, "ceiling_samples_per_second") /
                 number(alone, "ceiling_samples_per_second") / threads,
             "ceiling_efficiency");
        /* Of one round, so no median of one is set against a median of the other. */
        near(number(row, "percent_of_roofline"),
             100 * number(row, "samples_per_second") / number(row, "ceiling_samples_per_second"),
             "percent_of_roofline");
    }
    cr_expect_eq(number(json_array_get(rows, 0), "efficiency"), 1);
    cr_expect_eq(number(json_array_get(rows, 0), "ceiling_efficiency"), 1);
}

Test(scaling, lists_few_threads_all_and_many_sparsely)
{
    static const json_int_t counts[] = {1, 2, 3, 4, 6, 8, 12, 13};
    json_t *rows = rows_of("--scaling --threads 13" SMALL_NET QUICK);
    check_curves(rows, counts, 8);
    json_decref(rows);
    rows = rows_of("--scaling --threads 12" SMALL_NET QUICK);
    check_curves(rows, counts, 7);
    json_decref(rows);
    rows = rows_of("--scaling --threads 5" SMALL_NET QUICK);
    check_curves(rows, (const json_int_t[]){1, 2, 3, 4, 5}, 5);
    json_decref(rows);
    rows = rows_of("--scaling --threads 1" SMALL_NET QUICK);
    check_curves(rows, counts, 1);
    json_decref(rows);
}

Test(scaling, is_a_curve_for_each_network_batch_and_table)
{
    json_t *rows = rows_of("--scaling --threads 3 --isa all --batch 4,5 --samples 14 --input 6:f32 "
                           "--net 'dense 4 gelu; dense 3 softmax' --net 'dense 3 softmax'" QUICK);
    check_curves(rows, (const json_int_t[]){1, 2, 3}, 3);
    cr_expect_eq(json_array_size(rows) % (3 * 2 * 2), 0);
    json_decref(rows);
}

Test(scaling, ends_at_the_usable_cores)
{
    json_t *all = rows_of("--threads auto" SMALL_NET QUICK);
    cr_expect_str_eq(text(json_array_get(all, 0), "kind"), "step");
    json_t *rows = rows_of("--scaling" SMALL_NET QUICK);
    cr_expect_eq(whole(json_array_get(rows, 0), "threads"), 1);
    cr_expect_eq(whole(json_array_get(rows, json_array_size(rows) - 1), "threads"),
                 whole(json_array_get(all, 0), "threads"));
    json_decref(all);
    json_decref(rows);
    setenv("OMP_THREAD_LIMIT", "2", 1);
    rows = rows_of("--scaling --threads 4" SMALL_NET QUICK);
    check_curves(rows, (const json_int_t[]){1, 2}, 2);
    json_decref(rows);
}

Test(scaling, takes_several_rounds)
{
    json_t *rows = rows_of("--scaling --threads 3 --rounds 3 --min-time 0.01" SMALL_NET);
    cr_expect_eq(json_array_size(rows), 3);
    cr_expect_eq(number(json_array_get(rows, 0), "efficiency"), 1);
    json_decref(rows);
}

Test(scaling, prints_a_table)
{
    char output[4096];
    cr_assert_eq(run("--scaling --threads 2" SMALL_NET QUICK, output, sizeof output), 0);
    cr_expect_not_null(strstr(output, "efficiency   ceiling/s"), "%s", output);
    cr_expect_not_null(strstr(output, "\ndense 8 relu; dropout 0.5; dense 3 softmax "));
    cr_expect_not_null(strstr(output, " 1.000 "));
}

/* --- accuracy -----------------------------------------------------------------------------------
 */

TestSuite(accuracy, .init = make_data, .fini = remove_data);

static json_t *fit_rows(const char *arguments)
{
    char line[512];
    snprintf(line, sizeof line, "%s%s", arguments, fit);
    return rows_of(line);
}

/* What a user's own loop over the public interface comes to: one epoch, then an evaluation. */
struct outcome {
    size_t epochs;
    double accuracy;
    char digest[33];
};

static struct outcome train_by_hand(uint32_t seed, double target, size_t epochs_max)
{
    pn_dataset *all, *train, *test;
    pn_model *model;
    must(pn_dataset_load(folder, &all, &test));
    must(pn_dataset_slice(all, 0, SAMPLES, &train));
    must(pn_model_create(NULL, seed, &model));
    must(pn_model_add(model, pn_input(2, (size_t[]){SIDE, SIDE})));
    must(pn_model_add(model, pn_rescaling(1.0 / 255, 0)));
    must(pn_model_add(model, pn_flatten()));
    must(pn_model_add(model, pn_dense(16, "relu")));
    must(pn_model_add(model, pn_dropout(0.2)));
    must(pn_model_add(model, pn_dense(CLASSES, "softmax")));
    must(pn_model_compile(model, pn_adam(0.001), "sparse_categorical_crossentropy", "accuracy"));
    struct outcome outcome = {0};
    while (outcome.epochs < epochs_max && (outcome.epochs == 0 || outcome.accuracy < target)) {
        pn_fit_options options = pn_fit_options_default();
        options.epochs = ++outcome.epochs;
        options.run.threads = 1;
        must(pn_model_fit(model, train, &options, NULL));
        must(pn_model_evaluate(model, test, &options.run, NULL, &outcome.accuracy));
    }
    pn_model_digest(model, outcome.digest);
    pn_model_free(model);
    pn_dataset_free(train);
    pn_dataset_free(test);
    pn_dataset_free(all);
    return outcome;
}

static const json_t *seed_of(const json_t *row, size_t index)
{
    const json_t *seed = json_array_get(json_object_get(row, "seeds"), index);
    cr_assert_not_null(seed);
    cr_expect_eq(whole(seed, "seed"), (json_int_t)index + 1);
    return seed;
}

static void expect_means(const json_t *row, bool there)
{
    static const char *const keys[] = {"seconds_mean", "seconds_low", "seconds_high",
                                       "seconds_total_mean", "epochs_mean"};
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
        const json_t *value = json_object_get(row, keys[i]);
        cr_expect(there ? json_is_real(value) : json_is_null(value), "%s", keys[i]);
    }
}

Test(accuracy, trains_as_a_user_would)
{
    json_t *rows = fit_rows("--accuracy 0.6 --seeds 3 --epochs-max 20");
    cr_assert_eq(json_array_size(rows), 1);
    const json_t *row = json_array_get(rows, 0);
    cr_expect_str_eq(text(row, "kind"), "accuracy");
    cr_expect_str_eq(text(row, "network"), "dense 16 relu; dropout 0.2; dense 5 softmax");
    cr_expect_str_eq(text(row, "dataset"), folder);
    cr_expect_str_eq(text(row, "optimizer"), "adam");
    cr_expect_neq(text(row, "isa")[0], '\0');
    cr_expect_gt(whole(row, "threads"), 0);
    cr_expect_eq(whole(row, "batch"), 32);
    cr_expect_eq(whole(row, "samples"), SAMPLES);
    cr_expect_eq(whole(row, "test_samples"), TEST_COUNT);
    cr_expect_eq(whole(row, "epochs_max"), 20);
    cr_expect_eq(number(row, "target"), 0.6);
    cr_expect_gt(number(row, "load_seconds"), 0);
    cr_assert_eq(json_array_size(json_object_get(row, "seeds")), 3);
    json_int_t reached = 0;
    for (size_t i = 0; i < 3; i++) {
        const json_t *seed = seed_of(row, i);
        const struct outcome expected = train_by_hand((uint32_t)i + 1, 0.6, 20);
        cr_expect_eq(whole(seed, "epochs"), (json_int_t)expected.epochs);
        near(number(seed, "accuracy"), expected.accuracy, "accuracy");
        cr_expect_str_eq(text(seed, "weights_digest"), expected.digest);
        cr_expect_eq(json_is_true(json_object_get(seed, "reached")), expected.accuracy >= 0.6);
        cr_expect_gt(number(seed, "seconds"), 0);
        cr_expect_gt(number(seed, "seconds_total"), number(seed, "seconds"));
        reached += expected.accuracy >= 0.6;
        cr_expect(expected.epochs > 1 && expected.epochs < 20, "%zu epochs", expected.epochs);
    }
    cr_expect_eq(whole(row, "reached"), reached);
    json_decref(rows);
}

/* Everything but the times: of each seed of each row. */
static void expect_same(const json_t *row, const json_t *other)
{
    const size_t seeds = json_array_size(json_object_get(row, "seeds"));
    cr_assert_eq(json_array_size(json_object_get(other, "seeds")), seeds);
    for (size_t i = 0; i < seeds; i++) {
        const json_t *a = seed_of(row, i), *b = seed_of(other, i);
        cr_expect_eq(whole(a, "epochs"), whole(b, "epochs"));
        cr_expect_eq(number(a, "accuracy"), number(b, "accuracy"));
        cr_expect_str_eq(text(a, "weights_digest"), text(b, "weights_digest"));
    }
}

Test(accuracy, is_the_same_on_all_threads_and_tables)
{
    json_t *one = fit_rows("--accuracy 0.6 --seeds 2 --threads 1 --isa all");
    json_t *two = fit_rows("--accuracy 0.6 --seeds 2 --threads 2");
    json_t *three = fit_rows("--accuracy 0.6 --seeds 2 --threads 3 --isa scalar");
    const json_t *first = json_array_get(one, 0);
    for (size_t i = 1; i < json_array_size(one); i++) {
        cr_expect_str_neq(text(json_array_get(one, i), "isa"), text(first, "isa"));
        expect_same(first, json_array_get(one, i));
    }
    cr_expect_eq(whole(first, "threads"), 1);
    cr_expect_eq(whole(json_array_get(two, 0), "threads"), 2);
    expect_same(first, json_array_get(two, 0));
    cr_expect_eq(whole(json_array_get(three, 0), "threads"), 3);
    cr_expect_str_eq(text(json_array_get(three, 0), "isa"), "scalar");
    expect_same(first, json_array_get(three, 0));
    cr_expect_str_neq(text(seed_of(first, 0), "weights_digest"),
                      text(seed_of(first, 1), "weights_digest"));
    json_decref(one);
    json_decref(two);
    json_decref(three);
}

static int compare(const void *a, const void *b)
{
    const double left = *(const double *)a, right = *(const double *)b;
    return (left > right) - (left < right);
}

/* `left_out` at either end. */
static void check_means(const json_t *row, size_t seeds, size_t left_out)
{
    double seconds[MAX_SEEDS], mean = 0;
    for (size_t i = 0; i < seeds; i++) {
        seconds[i] = number(seed_of(row, i), "seconds");
    }
    qsort(seconds, seeds, sizeof *seconds, compare);
    for (size_t i = left_out; i < seeds - left_out; i++) {
        mean += seconds[i] / (double)(seeds - 2 * left_out);
    }
    cr_expect_eq(whole(row, "reached"), (json_int_t)seeds);
    cr_expect_eq(whole(row, "counted"), (json_int_t)(seeds - 2 * left_out));
    expect_means(row, true);
    near(number(row, "seconds_mean"), mean, "seconds_mean");
    near(number(row, "seconds_low"), seconds[left_out], "seconds_low");
    near(number(row, "seconds_high"), seconds[seeds - 1 - left_out], "seconds_high");
    cr_expect_gt(number(row, "seconds_total_mean"), number(row, "seconds_mean"));
    cr_expect_geq(number(row, "epochs_mean"), 1);
}

Test(accuracy, leaves_out_the_best_and_the_worst_of_five)
{
    json_t *rows = fit_rows("--accuracy 0.3 --seeds 5");
    check_means(json_array_get(rows, 0), 5, 1);
    json_decref(rows);
    rows = fit_rows("--accuracy 0.3");
    check_means(json_array_get(rows, 0), 5, 1);
    json_decref(rows);
    rows = fit_rows("--accuracy 0.3 --seeds 4");
    check_means(json_array_get(rows, 0), 4, 0);
    json_decref(rows);
    rows = fit_rows("--accuracy 0.3 --seeds 1");
    check_means(json_array_get(rows, 0), 1, 0);
    json_decref(rows);
}

Test(accuracy, says_which_seeds_did_not_get_there)
{
    json_t *rows = fit_rows("--accuracy 1 --seeds 3 --epochs-max 2");
    const json_t *row = json_array_get(rows, 0);
    cr_expect_eq(whole(row, "reached"), 0);
    cr_expect_eq(whole(row, "counted"), 0);
    expect_means(row, false);
    double best = 0, worst = 1;
    for (size_t i = 0; i < 3; i++) {
        const json_t *seed = seed_of(row, i);
        cr_expect(json_is_false(json_object_get(seed, "reached")));
        cr_expect_eq(whole(seed, "epochs"), 2);
        cr_expect_gt(number(seed, "seconds"), 0);
        best = fmax(best, number(seed, "accuracy"));
        worst = fmin(worst, number(seed, "accuracy"));
    }
    json_decref(rows);

    /* The accuracy that the best seed has, to the digit: it gets there, the worst does not. */
    cr_assert_lt(worst, best);
    char arguments[512];
    snprintf(arguments, sizeof arguments, "--accuracy %.4f --seeds 3 --epochs-max 2%s", best, fit);
    rows = rows_of(arguments);
    row = json_array_get(rows, 0);
    cr_expect(whole(row, "reached") >= 1 && whole(row, "reached") < 3);
    cr_expect_eq(whole(row, "counted"), 0);
    expect_means(row, false);
    json_decref(rows);

    char output[4096];
    cr_expect_eq(run(arguments, output, sizeof output), 0);
    cr_expect_not_null(strstr(output, " of 3 seeds did not get there in 2 epochs"), "%s", output);
    cr_expect_not_null(strstr(output, "  not reached\n"), "%s", output);
}

Test(accuracy, is_a_row_for_each_network_and_batch)
{
    char arguments[512];
    snprintf(arguments, sizeof arguments,
             "--accuracy 0.2 --seeds 1 --data %s --optimizer sgd --batch 16,48 "
             "--net 'dense 5 softmax' --net 'dense 12 tanh; dense 6 softmax'",
             folder);
    json_t *rows = rows_of(arguments);
    cr_assert_eq(json_array_size(rows), 4);
    for (size_t i = 0; i < 4; i++) {
        const json_t *row = json_array_get(rows, i);
        cr_expect_eq(whole(row, "batch"), i % 2 == 0 ? 16 : 48);
        cr_expect_str_eq(text(row, "network"),
                         i < 2 ? "dense 5 softmax" : "dense 12 tanh; dense 6 softmax");
        cr_expect_str_eq(text(row, "optimizer"), "sgd");
        cr_expect_eq(whole(row, "samples"), TRAIN_COUNT);
    }
    json_decref(rows);
}

Test(accuracy, prints_a_table)
{
    char arguments[512], output[4096];
    snprintf(arguments, sizeof arguments, "--accuracy 0.3 --seeds 2%s", fit);
    cr_assert_eq(run(arguments, output, sizeof output), 0, "%s", output);
    cr_expect_not_null(strstr(output, "target reached"), "%s", output);
    cr_expect_not_null(strstr(output, " 2/2 "), "%s", output);
    cr_expect_not_null(strstr(output, "\n     2    0."), "%s", output);
}

/* --- usage --------------------------------------------------------------------------------------
 */

/* One line and nothing else. */
static void refused(const char *arguments, int code, const char *expected)
{
    char output[1024];
    cr_expect_eq(run(arguments, output, sizeof output), code, "%s", arguments);
    cr_expect_not_null(strstr(output, expected), "%s: %s", arguments, output);
    const char *end = strchr(output, '\n');
    cr_expect(end != NULL && end[1] == '\0', "%s: not one line: %s", arguments, output);
}

Test(usage, is_refused_in_one_line)
{
    refused("--accuracy 87", 2, "--accuracy '87': give the share");
    refused("--accuracy 0", 2, "--accuracy '0'");
    refused("--accuracy -0.5", 2, "--accuracy '-0.5'");
    refused("--accuracy nan", 2, "--accuracy 'nan'");
    refused("--accuracy 0.8x", 2, "--accuracy '0.8x'");
    refused("--accuracy ''", 2, "--accuracy ''");
    refused("--accuracy", 2, "--accuracy: needs a value");
    refused("--accuracy 0.8 --seeds 0", 2, "--seeds '0'");
    refused("--accuracy 0.8 --seeds 1001", 2, "--seeds '1001'");
    refused("--accuracy 0.8 --epochs-max none", 2, "--epochs-max 'none'");
    refused("--accuracy 0.8 --scaling", 2, "--accuracy and --scaling");
    refused("--accuracy 0.8 --input 784", 2, "--input does not go with --accuracy");
    refused("--seeds 5", 2, "--seeds: counts with --accuracy only");
    refused("--epochs-max 5", 2, "--epochs-max: counts with --accuracy only");
    refused("--data synthetic", 2, "--data: counts with --accuracy only");
    refused("--scaling --threads 5000", 2, "5000 is more than 4096");
    refused("--scaling --samples 100 --batch 480", 2, "--samples 100");
}

Test(usage, finds_fault_with_data_and_networks_first)
{
    refused("--accuracy 0.8 --data /nowhere", 66, "/nowhere: neither a known data set");
    refused("--accuracy 0.8 --data " TESTS_DIR, 66, "holds neither train-images-idx3-ubyte");
    refused("--accuracy 0.8 --data synthetic --samples 60001", 2, "--samples 60001: synthetic");
    refused("--accuracy 0.8 --data synthetic --samples 100 --batch 101", 2, "--batch 101");
    refused("--accuracy 0.8 --data synthetic --net 'dense many'", 2, "--net at character 7");
    refused("--accuracy 0.8 --data synthetic --net 'dense 10'", 2, "softmax");
    refused("--accuracy 0.8 --data synthetic --net 'dense 9 softmax'", 2, "9 units");
    setenv("PINION_DATA_DIR", "/nowhere", 1);
    refused("--accuracy 0.8", 66, "PINION_DATA_DIR is \"/nowhere\"");
}
