/* pinion-bench from outside: what it prints, how it fails. Nothing here depends on how fast. */
#include <criterion/criterion.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include <jansson.h>

#include "simd/simd.h"

/* Few and short samples: structure is tested, not speed. */
#define QUICK " --rounds 1 --min-time 0.01"

/* Runs the program; returns its exit code. `output` receives the first bytes that it printed. */
static int run(const char *arguments, char *output, size_t size)
{
    char command[1024];
    snprintf(command, sizeof command, "%s %s", BENCH, arguments);
    FILE *pipe = popen(command, "r");
    cr_assert_not_null(pipe);
    const size_t length = fread(output, 1, size - 1, pipe);
    output[length] = '\0';
    while (fgetc(pipe) != EOF) {
    }
    const int status = pclose(pipe);
    cr_assert(WIFEXITED(status), "%s: killed", arguments);
    return WEXITSTATUS(status);
}

/* Runs with --json and checks what all commands promise. */
static json_t *run_json(const char *arguments)
{
    static char output[1 << 20];
    char command[512];
    snprintf(command, sizeof command, "%s --json" QUICK, arguments);
    cr_assert_eq(run(command, output, sizeof output), 0);
    json_error_t error;
    json_t *root = json_loads(output, 0, &error);
    cr_assert_not_null(root, "%s: line %d: %s", arguments, error.line, error.text);
    for (const char **key = (const char *[]){"command", "version", "processor", "isa", "placement",
                                             "date", "command_line", NULL};
         *key != NULL; key++) {
        cr_assert(json_is_string(json_object_get(root, *key)), "%s", *key);
    }
    cr_assert_eq(json_integer_value(json_object_get(root, "schema")), 2);
    cr_assert(json_is_true(json_object_get(root, "complete")));
    cr_assert(json_is_array(json_object_get(root, "warnings")));
    const json_t *machine = json_object_get(root, "machine");
    cr_assert_str_eq(json_string_value(json_object_get(machine, "processor")),
                     json_string_value(json_object_get(root, "processor")));
    cr_assert_gt(json_array_size(json_object_get(machine, "isas")), 0);
    cr_assert_gt(json_integer_value(json_object_get(root, "threads")), 0);
    cr_assert_gt(json_array_size(json_object_get(root, "rows")), 0);
    return root;
}

static const char *text_of(const json_t *row, const char *key)
{
    const char *text = json_string_value(json_object_get(row, key));
    cr_assert_not_null(text, "no %s", key);
    return text;
}

static double positive(const json_t *row, const char *key)
{
    const double value = json_number_value(json_object_get(row, key));
    cr_assert(value > 0, "%s: %g", key, value);
    return value;
}

/* Rows of which each given key holds the given text; ends at NULL. */
static size_t count_rows(const json_t *root, const char *const *pairs)
{
    size_t index, count = 0;
    json_t *row;
    json_array_foreach(json_object_get(root, "rows"), index, row)
    {
        bool all = true;
        for (const char *const *pair = pairs; *pair != NULL; pair += 2) {
            const char *text = json_string_value(json_object_get(row, pair[0]));
            all = all && text != NULL && strcmp(text, pair[1]) == 0;
        }
        count += all;
    }
    return count;
}

#define ROWS(ROOT, ...) count_rows(ROOT, (const char *const[]){__VA_ARGS__, NULL})

/* Names of the tables that run here, each once. */
static size_t running_tables(const char *names[8])
{
    size_t known, count = 0;
    const struct simd_kernels *const *list = simd_list(&known);
    for (size_t i = 0; i < known; i++) {
        if (simd_runs(list[i]) && simd_find(list[i]->name) == list[i]) {
            names[count++] = list[i]->name;
        }
    }
    return count;
}

Test(limits, has_every_limit_for_one_thread_and_all)
{
    json_t *root = run_json("limits --threads 2");
    const char *tables[8];
    const size_t count = running_tables(tables);
    for (size_t i = 0; i < count; i++) {
        cr_expect_eq(ROWS(root, "limit", "fma", "isa", tables[i]), 2);
        cr_expect_eq(ROWS(root, "limit", "divide", "isa", tables[i]), 2);
        cr_expect_eq(ROWS(root, "limit", "sqrt", "isa", tables[i]), 2);
    }
    cr_expect_eq(ROWS(root, "limit", "read", "level", "DRAM", "unit", "GB/s"), 2);
    cr_expect_eq(ROWS(root, "limit", "copy", "level", "L1"), 2);
    cr_expect_eq(ROWS(root, "limit", "triad", "level", "DRAM"), 2);
    cr_expect_eq(ROWS(root, "limit", "barrier", "unit", "ns"), 2);
    cr_expect_eq(ROWS(root, "limit", "region", "unit", "ns"), 2);

    size_t index;
    json_t *row;
    json_array_foreach(json_object_get(root, "rows"), index, row)
    {
        const double value = positive(row, "value"), best = positive(row, "best");
        const bool time = strcmp(text_of(row, "unit"), "ns") == 0;
        cr_expect(time ? best <= value : best >= value, "%s", text_of(row, "limit"));
        cr_expect_gt(json_integer_value(json_object_get(row, "threads")), 0);
    }
    json_decref(root);
}

static void check_kernel_row(const json_t *row)
{
    static const char *const limits[] = {"fma", "divide", "L1", "L2", "L3", "DRAM"};
    const char *kernel = text_of(row, "kernel"), *limit = text_of(row, "limit");
    positive(row, "ns");
    positive(row, "percent_of_limit");
    positive(row, "times_naive");
    positive(row, "times_naive_ijk");
    const bool product =
        strncmp(kernel, "gemm", 4) == 0 || strncmp(kernel, "weight_update", 13) == 0;
    positive(row, product ? "gflops" : "gbps");
    cr_expect_null(json_object_get(row, product ? "gbps" : "gflops"));
    cr_expect(json_is_boolean(json_object_get(row, "impossible")));
    bool known = false;
    for (size_t i = 0; i < sizeof limits / sizeof limits[0]; i++) {
        known = known || strcmp(limit, limits[i]) == 0;
    }
    cr_expect(known, "%s", limit);
    cr_expect_neq(text_of(row, "shape")[0], '\0');
}

Test(kernels, measures_every_kernel_of_the_table)
{
    /* Every family, on its smaller shapes. */
    json_t *root =
        run_json("kernels --filter '^[^ ]* (32x|64x|256x10|784x256$|784x256x32|[0-9]*$)'");
    size_t index;
    json_t *row;
    json_array_foreach(json_object_get(root, "rows"), index, row)
    {
        check_kernel_row(row);
        cr_expect_eq(json_integer_value(json_object_get(row, "threads")), 1);
    }
    static const char *const kernels[] = {
        "gemm_nn",
        "gemm_nn:bias+relu",
        "gemm_nn:relu_gradient",
        "gemm_tn",
        "weight_update:adam",
        "bias_update:adam",
        "optimizer_update:adam",
        "optimizer_update:nesterov",
        "pack_panels",
        "pack_panels_transposed",
        "unpack_panels",
        "transpose_panel",
        "gather_u8",
        "gather_f32",
        "activation:gelu",
        "activation_gradient:softplus",
        "exp",
        "log",
        "softmax",
        "softmax_crossentropy",
        "sum",
        "max",
        "count_subnormal",
        "dropout",
        "random_words",
        "random_uniform",
    };
    for (size_t i = 0; i < sizeof kernels / sizeof kernels[0]; i++) {
        cr_expect_gt(ROWS(root, "kernel", kernels[i]), 0, "%s", kernels[i]);
    }
    json_decref(root);
}

Test(kernels, measures_every_table_and_several_threads)
{
    json_t *root = run_json("kernels --isa all --threads 2 --filter 'gemm_.. 64x64x64|exp'");
    const char *tables[8];
    const size_t count = running_tables(tables);
    for (size_t i = 0; i < count; i++) {
        cr_expect_eq(ROWS(root, "kernel", "gemm_nn", "shape", "64x64x64", "isa", tables[i]), 1);
    }
    size_t index;
    json_t *row;
    json_array_foreach(json_object_get(root, "rows"), index, row)
    {
        check_kernel_row(row);
        cr_expect_eq(json_integer_value(json_object_get(row, "threads")), 2);
    }
    json_decref(root);
}

Test(kernels, prints_a_table)
{
    char output[8192];
    cr_assert_eq(run("kernels --isa scalar --filter '^exp'" QUICK, output, sizeof output), 0);
    cr_expect_not_null(strstr(output, "ISA scalar"));
    cr_expect_not_null(strstr(output, "1 thread"));
    cr_expect_not_null(strstr(output, "% of limit"));
    cr_expect_not_null(strstr(output, "\nexp "));
}

#define SMALL_NET " --net 'dense 8 relu; dropout 0.5; dense 3 softmax' --input 6"

static const json_t *first_row(const json_t *root)
{
    return json_array_get(json_object_get(root, "rows"), 0);
}

/* A number of a part, which must be there and not negative. */
static double of_part(const json_t *row, const char *part, const char *key)
{
    const json_t *value =
        json_object_get(json_object_get(json_object_get(row, "parts"), part), key);
    cr_assert(json_is_number(value), "%s of %s", key, part);
    cr_assert_geq(json_number_value(value), 0, "%s of %s", key, part);
    return json_number_value(value);
}

static void check_train_row(const json_t *row)
{
    positive(row, "samples_per_second");
    positive(row, "microseconds_per_step");
    positive(row, "percent_of_roofline");
    cr_expect_gt(json_integer_value(json_object_get(row, "batch")), 0);
    cr_expect_gt(json_integer_value(json_object_get(row, "threads")), 0);
    cr_expect_neq(text_of(row, "network")[0], '\0');
    cr_expect(json_is_integer(json_object_get(row, "preemptions")));
    double percent = 0;
    const char *part;
    json_t *value;
    json_object_foreach(json_object_get(row, "parts"), part, value)
    {
        percent += of_part(row, part, "percent_of_time");
        of_part(row, part, "microseconds");
        of_part(row, part, "roofline_microseconds");
        of_part(row, part, "bytes");
    }
    cr_expect(percent > 99.9 && percent < 100.1, "parts are %g %%", percent);
}

Test(train, measures_each_network_batch_table_and_thread_count)
{
    json_t *root = run_json("train --threads 2 --isa all --batch 4,5 --samples 14 --input 6:f32 "
                            "--net 'dense 4 gelu; dense 3 softmax' "
                            "--net 'rescaling 2; dense 3; dropout 0.1; dense 3 softmax'");
    const char *tables[8];
    const size_t count = running_tables(tables);
    for (size_t i = 0; i < count; i++) {
        cr_expect_eq(ROWS(root, "isa", tables[i], "dtype", "f32", "optimizer", "adam"), 4);
    }
    cr_expect_eq(ROWS(root, "network", "dense 4 gelu; dense 3 softmax"), 2 * count);
    size_t index;
    json_t *row;
    json_array_foreach(json_object_get(root, "rows"), index, row)
    {
        check_train_row(row);
        cr_expect_eq(json_integer_value(json_object_get(row, "threads")), 2);
        cr_expect_eq(json_integer_value(json_object_get(row, "samples")), 14);
    }
    json_decref(root);
}

/* 4 rows through [6, 8] and [8, 3]: an fma is two operations, a multiplication as well. */
Test(train, counts_the_work_of_a_step)
{
    static const struct {
        const char *part;
        double flops;
    } expected[] = {
        {"gather", 0},
        {"forward dense", 2 * 4 * 6 * 8},
        {"dropout dropout", 2 * 4 * 8},
        {"forward dense_1", 2 * 4 * 8 * 3},
        {"gradient dense_1", 2 * 4 * 3 * 8},
        {"update dense", 2 * 4 * 6 * 8 + 2 * 6 * 8},
        {"bias dense", 2 * 8},
        {"update dense_1", 2 * 4 * 8 * 3 + 2 * 8 * 3},
        {"bias dense_1", 2 * 3},
        {"transpose dense_1", 0},
        {"wait", 0},
    };
    json_t *root = run_json("train --threads 1 --batch 4 --samples 8 --optimizer sgd" SMALL_NET);
    const json_t *row = first_row(root);
    check_train_row(row);
    for (size_t i = 0; i < sizeof expected / sizeof expected[0]; i++) {
        cr_expect_eq(of_part(row, expected[i].part, "flops"), expected[i].flops, "%s",
                     expected[i].part);
        cr_expect_eq(of_part(row, expected[i].part, "divisions"), 0);
    }
    cr_expect_eq(of_part(row, "gather", "roofline_microseconds"), 0);
    cr_expect_gt(of_part(row, "loss", "flops"), 0);
    /* X and dY once; the weights read and written. */
    cr_expect_eq(of_part(row, "update dense", "bytes"), 4 * (4 * (6 + 8) + 2 * 6 * 8));
    json_decref(root);

    root = run_json("train --threads 1 --batch 4 --samples 8" SMALL_NET);
    row = first_row(root);
    cr_expect_eq(of_part(row, "update dense", "divisions"), 6 * 8);
    cr_expect_eq(of_part(row, "update dense", "roots"), 6 * 8);
    cr_expect_eq(of_part(row, "bias dense", "roots"), 8);
    cr_expect_eq(of_part(row, "update dense", "bytes"), 4 * (4 * (6 + 8) + 6 * 6 * 8));
    json_decref(root);
}

Test(train, prints_a_table)
{
    char output[8192];
    cr_assert_eq(
        run("train --threads 1 --batch 4 --samples 8" SMALL_NET QUICK, output, sizeof output), 0);
    cr_expect_not_null(strstr(output, "% of roofline"));
    cr_expect_not_null(strstr(output, "\ndense 8 relu; dropout 0.5; dense 3 softmax "));
    cr_expect_not_null(strstr(output, "\n  update dense_1 "));
}

/* One line on standard error, nothing on standard output unless `redirection` sends it elsewhere.
 */
static void refused_to(const char *redirection, const char *arguments, int code,
                       const char *expected)
{
    char command[512], output[1024];
    snprintf(command, sizeof command, "%s 2>&1 %s", arguments, redirection);
    cr_expect_eq(run(command, output, sizeof output), code, "%s", arguments);
    cr_expect_not_null(strstr(output, expected), "%s: %s", arguments, output);
    const char *end = strchr(output, '\n');
    cr_expect(end != NULL && end[1] == '\0', "%s: not one line: %s", arguments, output);
}

static void refused(const char *arguments, int code, const char *expected)
{
    refused_to("", arguments, code, expected);
}

/* The sanitizers' look at the thread-local variables of libraries that were loaded late crashes in
 * LLVM 14; the leak check goes on without them. */
static void spare_sanitizer(void)
{
    if (getenv("PINION_SANITIZED") != NULL) {
        const char *options = getenv("ASAN_OPTIONS");
        char more[1024];
        snprintf(more, sizeof more, "%s:intercept_tls_get_addr=0", options != NULL ? options : "");
        setenv("ASAN_OPTIONS", more, 1);
    }
}

TestSuite(peers, .init = spare_sanitizer);

/* One shape of each operation, thin ones among them. */
#define FEW " --filter '64x64x64|32x256x10|256x10x32'"

static void check_peer_rows(const json_t *root, const char *peer, int threads)
{
    cr_assert_eq(json_array_size(json_object_get(root, "rows")), 3);
    size_t index;
    json_t *row;
    json_array_foreach(json_object_get(root, "rows"), index, row)
    {
        const char *op = text_of(row, "op");
        cr_expect(strcmp(op, "forward") == 0 || strcmp(op, "dH") == 0 || strcmp(op, "dW") == 0);
        positive(row, "m");
        positive(row, "n");
        positive(row, "k");
        positive(row, "gflops");
        positive(row, "ratio_to_best");
        cr_expect_eq(json_integer_value(json_object_get(row, "threads")), threads);
        cr_expect_eq(json_array_size(json_object_get(row, "wrong")), 0);
        if (peer != NULL) {
            positive(json_object_get(row, "peers"), peer);
        }
    }
    const json_t *summary = json_object_get(root, "summary");
    const json_t *all = json_object_get(summary, "all"), *thin = json_object_get(summary, "thin");
    cr_expect_eq(json_integer_value(json_object_get(all, "shapes")), 3);
    cr_expect_eq(json_integer_value(json_object_get(thin, "shapes")), 2);
    cr_expect_leq(positive(all, "least"), positive(all, "geometric_mean"));
    positive(thin, "geometric_mean");
}

/* The library of that name; the caller need not free it. */
static const json_t *library_of(const json_t *root, const char *name)
{
    size_t index;
    json_t *library;
    json_array_foreach(json_object_get(root, "libraries"), index, library)
    {
        if (strcmp(text_of(library, "name"), name) == 0) {
            return library;
        }
    }
    cr_assert_fail("no %s", name);
    return NULL;
}

Test(peers, measures_what_is_installed)
{
    char output[4096];
    const int code = run("peers" FEW QUICK " 2>&1", output, sizeof output);
    if (code == 66) {
        cr_expect_not_null(strstr(output, "no peer is installed"), "%s", output);
        cr_skip_test("no peer is installed");
    }
    cr_assert_eq(code, 0, "%s", output);
    cr_expect_not_null(strstr(output, "pinion / best"));
    cr_expect_not_null(strstr(output, "geometric mean"));
    json_t *root = run_json("peers" FEW);
    check_peer_rows(root, NULL, 1);
    size_t index;
    json_t *library;
    json_array_foreach(json_object_get(root, "libraries"), index, library)
    {
        cr_expect_neq(text_of(library, "version")[0], '\0');
        cr_expect_neq(text_of(library, "core")[0], '\0');
        cr_expect_neq(text_of(library, "path")[0], '\0');
    }
    json_decref(root);
}

Test(peers, adds_and_replaces_libraries)
{
    setenv("OPENBLAS_CORETYPE", "Prescott", 1);
    json_t *root = run_json("peers --library openblas=" RIGHT " --library openblas-2=" RIGHT FEW);
    check_peer_rows(root, "openblas", 1);
    check_peer_rows(root, "openblas-2", 1);
    cr_expect_str_eq(text_of(library_of(root, "openblas"), "version"), "fake for 1");
    cr_expect_str_eq(text_of(library_of(root, "openblas"), "core"), "unset");
    cr_expect_str_eq(text_of(library_of(root, "openblas-2"), "path"), RIGHT);
    json_decref(root);
}

Test(peers, shares_a_product_among_threads)
{
    json_t *root = run_json("peers --threads 3 --library openblas=" RIGHT FEW);
    check_peer_rows(root, "openblas", 3);
    cr_expect_str_eq(text_of(library_of(root, "openblas"), "version"), "fake for 3");
    json_decref(root);
}

Test(peers, says_which_results_are_wrong)
{
    char output[8192];
    cr_expect_eq(run("peers --library openblas-x=" WRONG FEW QUICK " 2>&1", output, sizeof output),
                 1);
    cr_expect_not_null(strstr(output, "WRONG: openblas-x\n"), "%s", output);
    cr_expect_not_null(strstr(output, "pinion-bench: 3 results differ"), "%s", output);
}

Test(peers, refuses_what_is_no_library)
{
    refused("peers --library openblas", 2, "--library 'openblas'");
    refused("peers --library openblas=", 2, "--library 'openblas='");
    refused("peers --library gotoblas=" RIGHT, 2, "--library 'gotoblas=");
    refused("peers --library openblas=/no/such/library.so", 66, "/no/such/library.so: no such");
    refused("peers --library openblas=no_such_library.so", 66, "no_such_library.so");
    refused("peers --library openblas=" TESTS_DIR "/commands.c", 65, "commands.c");
    refused("peers --library onednn=" RIGHT, 65, "has no dnnl_sgemm");
    refused("peers --library blis=" RIGHT, 65, "has no cblas_sgemm");
    refused("peers --isa all", 2, "--isa all");
    refused("peers --filter no_such_product", 2, "no product and shape match");
}

Test(usage, is_refused_in_one_line)
{
    refused("", 2, "no command; limits, list, run, ab, check, peers, train, selftest, report? see");
    refused("limit", 2, "limit: unknown command");
    refused("--json run", 2, "--json: a command comes first");
    refused("run limits", 2, "limits: run takes options only");
    refused("run --bogus", 2, "--bogus: unknown option of run");
    refused("run -j", 2, "-j: unknown option of run");
    refused("run --json=1", 2, "--json: takes no value");
    refused("run --filter", 2, "--filter: needs a value");
    refused("run --filter '('", 2, "--filter '('");
    refused("run --filter no_such_kernel", 2, "no kernel and shape match");
    refused("run --filter '^exp' --cache train", 2, "no kernel and shape match");
    refused("run --isa sse9", 2, "sse9");
    refused("run --isa scalar,", 2, "isa");
    refused("run --threads 0", 2, "--threads '0'");
    refused("run --threads 2x", 2, "--threads '2x'");
    refused("run --threads 1,,2", 2, "--threads '1,,2'");
    refused("run --threads 1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1", 2, "up to 16");
    refused("run --cache warm", 2, "--cache 'warm'");
    refused("run --cache hot,", 2, "--cache 'hot,'");
    refused("run --rounds 0", 2, "--rounds '0'");
    refused("run --rounds 1001", 2, "--rounds '1001': give a number from 1 to 1000");
    refused("run --min-time nan", 2, "--min-time 'nan'");
    refused("run --min-time 10001", 2, "--min-time '10001'");
    refused("run --format xml --filter '^exp'", 2, "--format 'xml'");
    refused("run --filter '^exp' --out /no/such/folder/run.json", 74, "/no/such/folder/run.json");
    refused("run --filter '^exp' --out /", 2, "names no file");
    refused("list --rounds 3", 2, "--rounds: unknown option of list");
    refused("list --filter no_such_kernel", 2, "no kernel and shape match");
    refused("limits --filter exp", 2, "--filter: unknown option of limits");
    refused("peers --cache hot", 2, "--cache: unknown option of peers");
    refused("run --net 'dense 8 relu'", 2, "--net: unknown option of run");
    refused("train --net 'dense many'", 2, "--net at character 7: 'many'");
    refused("train --net 'dense 8 rel; dense 3 softmax'", 2, "--net at character 1: ");
    refused("train --net 'dense 8 relu'", 2, "softmax");
    refused("train --input 0", 2, "--input '0'");
    refused("train --input 6:f64", 2, "--input '6:f64'");
    refused("train --batch 32,,480", 2, "--batch '32,,480'");
    refused("train --samples 100 --batch 32,480", 2, "--samples 100: is less than a batch of 480");
    refused("train --optimizer rmsprop", 2, "--optimizer 'rmsprop'");
    refused("train --threads 1,2", 2, "--threads '1,2'");
    refused("--benchmark_filter='('", 2, "benchmark_filter");
    refused("--benchmark_no_such_flag=1", 2, "--benchmark_no_such_flag=1: unknown option");
    refused("--benchmark_filter=^exp --bogus", 2, "--bogus: unknown option of run");
    refused("--benchmark_filter=no_such_kernel", 2, "no kernel and shape match");
}

Test(usage, full_output_is_an_io_error)
{
    refused_to("> /dev/full", "kernels --filter '^exp'" QUICK " --json", 74, "standard output");
    refused_to("> /dev/full", "kernels --filter '^exp'" QUICK, 74, "standard output");
}

Test(usage, help_and_version)
{
    char output[4096];
    cr_assert_eq(run("--help", output, sizeof output), 0);
    cr_expect_eq(strncmp(output, "Examples", 8), 0);
    cr_assert_eq(run("--version", output, sizeof output), 0);
    cr_expect_not_null(strstr(output, "pinion-bench "));
}

Test(usage, help_of_a_command_names_its_options_only)
{
    char output[8192];
    cr_assert_eq(run("run --filter '(' --help", output, sizeof output), 0);
    cr_expect_not_null(strstr(output, "Usage: pinion-bench run [OPTION...]"));
    cr_expect_not_null(strstr(output, "  --cache LIST "));
    cr_expect_null(strstr(output, "--net"));
    cr_assert_eq(run("train --help", output, sizeof output), 0);
    cr_expect_not_null(strstr(output, "  --net SPEC "));
    cr_expect_not_null(strstr(output, "  --accuracy X "));
    cr_expect_null(strstr(output, "--cache"));
    cr_assert_eq(run("kernels -h", output, sizeof output), 0);
    cr_expect_not_null(strstr(output, "Usage: pinion-bench run "));
    for (const char **command = (const char *[]){"limits", "list", "peers", NULL}; *command != NULL;
         command++) {
        char arguments[32], usage[64];
        snprintf(arguments, sizeof arguments, "%s --help", *command);
        snprintf(usage, sizeof usage, "Usage: pinion-bench %s", *command);
        cr_expect_eq(run(arguments, output, sizeof output), 0);
        cr_expect_not_null(strstr(output, usage), "%s", *command);
    }
}
