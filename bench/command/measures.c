/* command/measures.c: the command lines of limits, peers and train. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/command/bench.h"
#include "bench/command/commands.h"
#include "engine/base/error.h"

/* --- parsers, all of the whole struct ------------------------------------------------------------
 */

static pn_status parse_threads(const struct option_spec *option, const char *text, void *place)
{
    struct bench_options *options = place;
    options->all_threads = strcmp(text, "auto") == 0;
    options->threads = 0;
    if (!options->all_threads && !option_read_count(text, &options->threads)) {
        return error_set(PN_ERROR_USAGE, "--%s '%s': give a number from 1 up, or auto",
                         option->name, text);
    }
    return PN_OK;
}

static pn_status parse_library(const struct option_spec *option, const char *text, void *place)
{
    struct bench_options *options = place;
    if (options->library_count == BENCH_MAX_LIBRARIES) {
        return error_set(PN_ERROR_USAGE, "--%s '%s': %d libraries are enough", option->name, text,
                         BENCH_MAX_LIBRARIES);
    }
    options->libraries[options->library_count++] = text;
    return PN_OK;
}

static pn_status parse_net(const struct option_spec *option, const char *text, void *place)
{
    struct bench_options *options = place;
    if (options->net_count == BENCH_LIST) {
        return error_set(PN_ERROR_USAGE, "--%s '%s': %d networks are enough", option->name, text,
                         BENCH_LIST);
    }
    options->nets[options->net_count++] = text;
    return PN_OK;
}

/* "784", "784:u8" or "1024:f32". */
static pn_status parse_input(const struct option_spec *option, const char *text, void *place)
{
    struct bench_options *options = place;
    const size_t length = strcspn(text, ":");
    const char *type = text + length;
    char number[16];
    snprintf(number, sizeof number, "%.*s", (int)(length < 15 ? length : 15), text);
    const bool floats = strcmp(type, ":f32") == 0;
    if (!option_read_count(number, &options->input) ||
        !(floats || type[0] == '\0' || strcmp(type, ":u8") == 0)) {
        return error_set(PN_ERROR_USAGE,
                         "--%s '%s': give a number of features from 1 up, with :f32 behind it for "
                         "floats",
                         option->name, text);
    }
    options->dtype = floats ? PN_F32 : PN_U8;
    return PN_OK;
}

static bool take_batch(const char *part, void *context)
{
    struct bench_options *options = context;
    return options->batch_count < BENCH_LIST &&
           option_read_count(part, &options->batches[options->batch_count++]);
}

static pn_status parse_batches(const struct option_spec *option, const char *text, void *place)
{
    struct bench_options *options = place;
    options->batch_count = 0;
    if (!option_split(text, take_batch, options)) {
        return error_set(PN_ERROR_USAGE,
                         "--%s '%s': give up to %d numbers from 1 up, separated by commas",
                         option->name, text, BENCH_LIST);
    }
    return PN_OK;
}

static pn_status parse_optimizer(const struct option_spec *option, const char *text, void *place)
{
    struct bench_options *options = place;
    const bool adam = strcmp(text, "adam") == 0;
    if (!adam && strcmp(text, "sgd") != 0) {
        return error_set(PN_ERROR_USAGE, "--%s '%s': give adam or sgd", option->name, text);
    }
    options->optimizer = adam ? PN_ADAM : PN_SGD;
    return PN_OK;
}

static pn_status parse_accuracy(const struct option_spec *option, const char *text, void *place)
{
    struct bench_options *options = place;
    char *end;
    options->accuracy = strtod(text, &end);
    if (end == text || *end != '\0' || !(options->accuracy > 0 && options->accuracy <= 1)) {
        return error_set(PN_ERROR_USAGE,
                         "--%s '%s': give the share of right answers to reach, above 0 and at most "
                         "1, as in 0.87",
                         option->name, text);
    }
    return PN_OK;
}

/* --- options -------------------------------------------------------------------------------------
 */

#define AT(MEMBER) offsetof(struct bench_options, MEMBER)

static const struct option_spec limits_options[] = {
    {"isa", "LIST", "scalar, avx2, avx512, neon, all, or several with commas (all)", option_text,
     AT(isa), 0, 0},
    {"threads", "N", "beside one thread; or auto, one for each usable core (auto)", parse_threads,
     0, 0, 0},
    {"rounds", "N", "samples of each limit, taken in turns; the median counts (7)", option_count,
     AT(rounds), 1, 1000},
    {"min-time", "MS", "a sample takes at least this long (1)", option_milliseconds, AT(sample_ns),
     0, 0},
    {"json", NULL, OUTPUT_JSON_HELP, option_flag, AT(output.json), 0, 0},
    {"out", "FILE", OUTPUT_OUT_HELP, option_text, AT(output.out), 0, 0},
    {0},
};

static const struct option_spec peers_options[] = {
    {"filter", "RE", "products whose \"op shape\" matches this extended regular expression",
     option_text, AT(filter), 0, 0},
    {"isa", "NAME", "scalar, avx2, avx512 or neon (the best)", option_text, AT(isa), 0, 0},
    {"threads", "N", "that work on one product; or auto, one for each usable core (1)",
     parse_threads, 0, 0, 0},
    {"library", "NAME=PATH",
     "one more library, may be repeated. What NAME begins with says which kind:\n"
     "openblas, blis, onednn, mkl; one of these alone replaces the installed one.\n"
     "LD_LIBRARY_PATH must lead to what the library itself needs",
     parse_library, 0, 0, 0},
    {"rounds", "N", "samples of each contender, taken in turns; the median counts (7)",
     option_count, AT(rounds), 1, 1000},
    {"min-time", "MS", "a sample takes at least this long (1)", option_milliseconds, AT(sample_ns),
     0, 0},
    {"json", NULL, OUTPUT_JSON_HELP, option_flag, AT(output.json), 0, 0},
    {"out", "FILE", OUTPUT_OUT_HELP, option_text, AT(output.out), 0, 0},
    {0},
};

static const struct option_spec train_options[] = {
    {"net", "SPEC", "layers as in pinion train; may be repeated", parse_net, 0, 0, 0},
    {"input", "N", "features of a sample for --net, as bytes; N:f32 as floats (784)", parse_input,
     0, 0, 0},
    {"batch", "LIST", "batch sizes (32,480,4096; --accuracy: 32,480)", parse_batches, 0, 0, 0},
    {"samples", "N",
     "samples of an epoch (48000, fewer for costly networks; --accuracy: the\n"
     "first N, all)",
     option_count, AT(samples), 1, 1000000},
    {"optimizer", "NAME", "adam or sgd (adam)", parse_optimizer, 0, 0, 0},
    {"isa", "LIST", "scalar, avx2, avx512, neon, all, or several with commas (the best)",
     option_text, AT(isa), 0, 0},
    {"threads", "N",
     "or auto, one for each usable core (1 and auto; --scaling: up to N, auto;\n"
     "--accuracy: auto)",
     parse_threads, 0, 0, 0},
    {"scaling", NULL, "thread counts up to --threads", option_flag, AT(scaling), 0, 0},
    {"accuracy", "X",
     "until X of the test samples are right, 0 < X <= 1, with these:", parse_accuracy, 0, 0, 0},
    {"seeds", "N", "seeds 1 to N (5)", option_count, AT(seeds), 1, 1000},
    {"epochs-max", "N", "epochs after which a seed is given up (30)", option_count, AT(epochs_max),
     1, 1000000},
    {"data", "NAME", "fashion-mnist, synthetic, or a folder of IDX files (fashion-mnist)",
     option_text, AT(data), 0, 0},
    {"rounds", "N", "turns of each contender; the median counts (3)", option_count, AT(rounds), 1,
     1000},
    {"min-time", "MS", "a sample of a limit takes at least this long (1)", option_milliseconds,
     AT(sample_ns), 0, 0},
    {"json", NULL, OUTPUT_JSON_HELP, option_flag, AT(output.json), 0, 0},
    {"out", "FILE", OUTPUT_OUT_HELP, option_text, AT(output.out), 0, 0},
    {0},
};

/* --- commands ------------------------------------------------------------------------------------
 */

static const struct bench_options limits_defaults = {.rounds = 7, .sample_ns = 1e6};
static const struct bench_options peers_defaults = {.rounds = 7, .sample_ns = 1e6};
static const struct bench_options train_defaults = {
    .rounds = 3, .sample_ns = 1e6, .dtype = PN_U8, .optimizer = PN_ADAM};

static pn_status run_limits(const void *options, const struct option_words *words)
{
    (void)words;
    return bench_limits(options);
}

static pn_status run_peers(const void *options, const struct option_words *words)
{
    (void)words;
    return bench_peers(options);
}

static pn_status run_train(const void *options, const struct option_words *words)
{
    (void)words;
    return bench_train(options);
}

const struct command command_limits = {
    .name = "limits",
    .words = "",
    .summary = "what the machine can do at most",
    .examples = "  pinion-bench limits\n"
                "  pinion-bench limits --isa avx2 --threads 2 --json\n",
    .details =
        "FMA, division and square root rates from registers; read, copy and triad bandwidth of\n"
        "each cache level and of memory; barrier and region cost; one thread and all.\n",
    .options = limits_options,
    .defaults = &limits_defaults,
    .size = sizeof limits_defaults,
    .run = run_limits,
};

const struct command command_peers = {
    .name = "peers",
    .words = "",
    .summary = "the products of training beside BLAS libraries and oneDNN",
    .examples = "  pinion-bench peers --threads 2\n"
                "  pinion-bench peers --library openblas-new=venv/lib/libscipy_openblas.so\n",
    .details =
        "GFLOP/s of the products of training, and of squares, beside cblas_sgemm of OpenBLAS, "
        "BLIS\n"
        "and MKL and dnnl_sgemm of oneDNN, whichever are installed. Each starts from what it has\n"
        "at hand in training, and only the product counts: pinion from its panels (W's transpose\n"
        "too, which the update renews once a step), libraries from row-major matrices, transposed\n"
        "by argument. The last column is pinion over the fastest; results that disagree are "
        "WRONG.\n"
        "All threads work on one product, on the processors that pinion's team has.\n"
        "OPENBLAS_CORETYPE is unset, --isa avx2 holds the libraries to AVX2 as well.\n",
    .options = peers_options,
    .defaults = &peers_defaults,
    .size = sizeof peers_defaults,
    .run = run_peers,
};

const struct command command_train = {
    .name = "train",
    .words = "",
    .summary = "whole training steps, their scaling over threads, time to an accuracy",
    .examples =
        "  pinion-bench train                  the lesson's network and a wide one, one thread and "
        "all\n"
        "  pinion-bench train --net 'dense 64 tanh; dense 10 softmax' --input 784 --batch 128\n"
        "  pinion-bench train --scaling        samples/s with 1, 2, 3, 4, 6, 8, ... threads\n"
        "  pinion-bench train --accuracy 0.87  seconds until Fashion-MNIST is learnt that well\n",
    .details =
        "samples/s of whole epochs, percent of the roofline, and where the time goes. The "
        "roofline\n"
        "is the sum over a step's parts of the least time that flops, divisions and roots, or "
        "bytes\n"
        "take by the limits of the same round; random numbers, conversion and packing count "
        "nothing.\n"
        "Limits are of undisturbed moments: trust rows that were seldom preempted.\n"
        "--scaling: a row for each thread count. Efficiency is samples/s over threads x those of\n"
        "one thread. The ceiling is samples/s if steps took no longer than their roofline, by "
        "limits\n"
        "measured on as many threads at once: where its own efficiency falls, the machine is at "
        "its\n"
        "end.\n"
        "--accuracy: trains anew with each seed, evaluates the test samples after each epoch and\n"
        "stops when they reach the target. Seconds are of training alone; \"in all\" adds set-up "
        "and\n"
        "evaluations; reading the data set counts in neither. The mean is of all seeds, from five\n"
        "on without the fastest and the slowest; from and to are the least and the most of those.\n"
        "No mean unless every seed gets there. Epochs, accuracy and digest of a seed are the same\n"
        "on any number of threads and any ISA.\n",
    .options = train_options,
    .defaults = &train_defaults,
    .size = sizeof train_defaults,
    .run = run_train,
};
