/* main.c: pinion-bench: its options and which command they start. */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/bench.h"
#include "engine/base/error.h"
#include "engine/base/kernels.h"

static const char help_text[] =
    "Examples\n"
    "  pinion-bench limits                       what this machine can do at most\n"
    "  pinion-bench kernels                      every kernel on every shape, best ISA, one "
    "thread\n"
    "  pinion-bench kernels --filter 'gemm.*512' --isa all --threads auto\n"
    "  pinion-bench kernels --json > kernels.json\n"
    "  pinion-bench peers --threads 2            products against the BLAS libraries and oneDNN\n"
    "  pinion-bench peers --library openblas-new=venv/lib/libscipy_openblas.so\n"
    "  pinion-bench train                        the lesson's network and a wide one, one thread "
    "and all\n"
    "  pinion-bench train --net 'dense 64 tanh; dense 10 softmax' --input 784 --batch 128\n"
    "  pinion-bench report kernels.json -o kernels.html\n"
    "\n"
    "limits   FMA, division and square root rates from registers; read, copy and triad bandwidth "
    "of\n"
    "         each cache level and of memory; barrier and region cost; one thread and all\n"
    "kernels  time, GFLOP/s or GB/s, percent of the limit that binds and which it is, and how "
    "many\n"
    "         times faster than plain C loops: ikj with the same -m flags, ijk with the "
    "baseline's.\n"
    "         Every thread works on data of its own. IMPOSSIBLE marks a row faster than its "
    "limit.\n"
    "peers    GFLOP/s of the products of training, and of squares, beside cblas_sgemm of OpenBLAS, "
    "BLIS\n"
    "         and MKL and dnnl_sgemm of oneDNN, whichever are installed. Each starts from what it "
    "has\n"
    "         at hand in training, and only the product counts: pinion from its panels (W's "
    "transpose\n"
    "         too, which the update renews once a step), libraries from row-major matrices, "
    "transposed\n"
    "         by argument. The last column is pinion over the fastest; results that disagree are "
    "WRONG.\n"
    "         All threads work on one product, on the processors that pinion's team has.\n"
    "         OPENBLAS_CORETYPE is unset, --isa avx2 holds the libraries to AVX2 as well.\n"
    "train    samples/s of whole epochs, percent of the roofline, and where the time goes. The "
    "roofline\n"
    "         is the sum over a step's parts of the least time that flops, divisions and roots, or "
    "bytes\n"
    "         take by the limits of the same round; random numbers, conversion and packing count "
    "nothing.\n"
    "         Limits are of undisturbed moments: trust rows that were seldom preempted.\n"
    "report   FILE, what any of these wrote with --json, as one HTML page with plots that needs no "
    "network;\n"
    "         --text for a terminal, --md for a pull request\n"
    "\n"
    "  --isa NAME       scalar, avx2, avx512, neon, all   (limits: all; others: the best)\n"
    "  --threads N      or auto, one for each usable core (limits: auto; train: 1 and auto; "
    "others: 1)\n"
    "  --filter RE      kernels, peers: rows whose \"kernel shape\" or \"op shape\" matches\n"
    "  --library N=PATH peers: one more library, may be repeated. What N begins with says which "
    "kind:\n"
    "                   openblas, blis, onednn, mkl; one of these alone replaces the installed "
    "one.\n"
    "                   LD_LIBRARY_PATH must lead to what the library itself needs\n"
    "  --rounds N       samples of each contender, taken in turns; the median counts (7; "
    "train: 3)\n"
    "  --min-time MS    a sample takes at least this long (1)\n"
    "  --net SPEC       train: layers as in pinion train; may be repeated\n"
    "  --input N        train: features of a sample for --net, as bytes; N:f32 as floats (784)\n"
    "  --batch LIST     train: batch sizes (32,480,4096)\n"
    "  --samples N      train: samples of an epoch (48000, fewer for costly networks)\n"
    "  --optimizer NAME train: adam or sgd (adam)\n"
    "  --json           one JSON object\n"
    "  -o, --output F   report: into this file, whole or not at all\n"
    "  --text, --md     report: plain or Markdown tables instead of a page\n"
    "  --help, --version\n";

static const struct {
    const char *name;
    pn_status (*run)(const struct bench_options *options);
    size_t rounds; /* unless --rounds says otherwise */
} commands[] = {
    {"limits", bench_limits, 7}, {"kernels", bench_kernels, 7}, {"peers", bench_peers, 7},
    {"train", bench_train, 3},   {"report", bench_report, 1},
};

pn_status bench_tables(const char *isa, const struct simd_kernels **list, size_t capacity,
                       size_t *count)
{
    *count = 0;
    if (isa == NULL || strcmp(isa, "all") != 0) {
        *count = 1;
        return kernels_select(isa, &list[0]);
    }
    size_t known;
    const struct simd_kernels *const *tables = simd_list(&known);
    for (size_t i = 0; i < known && *count < capacity; i++) {
        /* Two tables may share a name, the better one first. */
        if (simd_runs(tables[i]) && simd_find(tables[i]->name) == tables[i]) {
            list[(*count)++] = tables[i];
        }
    }
    return PN_OK;
}

/* A whole number of at least 1, or false. */
static bool parse_count(const char *text, size_t *value)
{
    char *end;
    errno = 0;
    const long long number = strtoll(text, &end, 10);
    if (errno != 0 || end == text || *end != '\0' || number < 1 || number > 1000000) {
        return false;
    }
    *value = (size_t)number;
    return true;
}

static bool parse_milliseconds(const char *text, double *nanoseconds)
{
    char *end;
    const double value = strtod(text, &end);
    if (end == text || *end != '\0' || !(value > 0 && value <= 10000)) {
        return false;
    }
    *nanoseconds = value * 1e6;
    return true;
}

enum option_code {
    ISA = 256,
    THREADS,
    FILTER,
    LIBRARY,
    ROUNDS,
    MIN_TIME,
    NET,
    INPUT,
    BATCH,
    SAMPLES,
    OPTIMIZER,
    JSON,
    TEXT,
    MARKDOWN,
    HELP,
    VERSION
};

static const struct option long_options[] = {
    {"isa", required_argument, NULL, ISA},
    {"threads", required_argument, NULL, THREADS},
    {"filter", required_argument, NULL, FILTER},
    {"library", required_argument, NULL, LIBRARY},
    {"rounds", required_argument, NULL, ROUNDS},
    {"min-time", required_argument, NULL, MIN_TIME},
    {"net", required_argument, NULL, NET},
    {"input", required_argument, NULL, INPUT},
    {"batch", required_argument, NULL, BATCH},
    {"samples", required_argument, NULL, SAMPLES},
    {"optimizer", required_argument, NULL, OPTIMIZER},
    {"json", no_argument, NULL, JSON},
    {"output", required_argument, NULL, 'o'},
    {"text", no_argument, NULL, TEXT},
    {"md", no_argument, NULL, MARKDOWN},
    {"help", no_argument, NULL, HELP},
    {"version", no_argument, NULL, VERSION},
    {0},
};

static pn_status parse_threads(const char *text, struct bench_options *options)
{
    options->all_threads = strcmp(text, "auto") == 0;
    options->threads = 0;
    if (!options->all_threads && !parse_count(text, &options->threads)) {
        return error_set(PN_ERROR_USAGE, "--threads '%s': give a number from 1 up, or auto", text);
    }
    return PN_OK;
}

static pn_status parse_net(const char *text, struct bench_options *options)
{
    if (options->net_count == BENCH_LIST) {
        return error_set(PN_ERROR_USAGE, "--net '%s': %d networks are enough", text, BENCH_LIST);
    }
    options->nets[options->net_count++] = text;
    return PN_OK;
}

/* "784", "784:u8" or "1024:f32". */
static pn_status parse_input(const char *text, struct bench_options *options)
{
    const size_t length = strcspn(text, ":");
    const char *type = text + length;
    char number[16];
    snprintf(number, sizeof number, "%.*s", (int)(length < 15 ? length : 15), text);
    const bool floats = strcmp(type, ":f32") == 0;
    if (!parse_count(number, &options->input) ||
        !(floats || type[0] == '\0' || strcmp(type, ":u8") == 0)) {
        return error_set(PN_ERROR_USAGE,
                         "--input '%s': give a number of features from 1 up, with :f32 behind it "
                         "for floats",
                         text);
    }
    options->dtype = floats ? PN_F32 : PN_U8;
    return PN_OK;
}

static pn_status parse_batches(const char *text, struct bench_options *options)
{
    char *words = strdup(text), *rest = words;
    if (words == NULL) {
        return error_memory(strlen(text), "an option");
    }
    bool valid = true;
    options->batch_count = 0;
    while (valid && rest != NULL) {
        const char *word = strsep(&rest, ",");
        valid = options->batch_count < BENCH_LIST &&
                parse_count(word, &options->batches[options->batch_count++]);
    }
    free(words);
    return valid ? PN_OK
                 : error_set(PN_ERROR_USAGE,
                             "--batch '%s': give up to %d numbers from 1 up, separated by commas",
                             text, BENCH_LIST);
}

static pn_status parse_optimizer(const char *text, struct bench_options *options)
{
    const bool adam = strcmp(text, "adam") == 0;
    if (!adam && strcmp(text, "sgd") != 0) {
        return error_set(PN_ERROR_USAGE, "--optimizer '%s': give adam or sgd", text);
    }
    options->optimizer = adam ? PN_ADAM : PN_SGD;
    return PN_OK;
}

static pn_status parse_option(int option, const char *text, struct bench_options *options)
{
    switch (option) {
    case ISA:
        options->isa = text;
        return PN_OK;
    case THREADS:
        return parse_threads(text, options);
    case FILTER:
        options->filter = text;
        return PN_OK;
    case LIBRARY:
        if (options->library_count == BENCH_MAX_LIBRARIES) {
            return error_set(PN_ERROR_USAGE, "--library '%s': %d libraries are enough", text,
                             BENCH_MAX_LIBRARIES);
        }
        options->libraries[options->library_count++] = text;
        return PN_OK;
    case ROUNDS:
        if (!parse_count(text, &options->rounds) || options->rounds > 1000) {
            return error_set(PN_ERROR_USAGE, "--rounds '%s': give a number from 1 to 1000", text);
        }
        return PN_OK;
    case MIN_TIME:
        if (!parse_milliseconds(text, &options->sample_ns)) {
            return error_set(PN_ERROR_USAGE,
                             "--min-time '%s': give milliseconds, above 0 and at most 10000", text);
        }
        return PN_OK;
    case NET:
        return parse_net(text, options);
    case INPUT:
        return parse_input(text, options);
    case BATCH:
        return parse_batches(text, options);
    case SAMPLES:
        if (!parse_count(text, &options->samples)) {
            return error_set(PN_ERROR_USAGE, "--samples '%s': give a number from 1 up", text);
        }
        return PN_OK;
    case OPTIMIZER:
        return parse_optimizer(text, options);
    case 'o':
        options->output = text;
        return PN_OK;
    case TEXT:
        options->report_text = true;
        return PN_OK;
    case MARKDOWN:
        options->report_markdown = true;
        return PN_OK;
    default:
        options->json = true;
        return PN_OK;
    }
}

/* Runs the command that the arguments name. */
static pn_status run(int count, char **arguments)
{
    struct bench_options options = {.sample_ns = 1e6,
                                    .input = 784,
                                    .dtype = PN_U8,
                                    .batches = {32, 480, 4096},
                                    .batch_count = 3,
                                    .optimizer = PN_ADAM};
    opterr = 0;
    int option;
    while ((option = getopt_long(count, arguments, ":o:", long_options, NULL)) != -1) {
        if (option == '?' || option == ':') {
            return error_set(PN_ERROR_USAGE,
                             option == ':' ? "%s: needs a value; see --help"
                                           : "%s: unknown option; see --help",
                             arguments[optind - 1]);
        }
        if (option == HELP) {
            fputs(help_text, stdout);
            return PN_OK;
        }
        if (option == VERSION) {
            printf("pinion-bench %s\n", pn_version());
            return PN_OK;
        }
        const pn_status status = parse_option(option, optarg, &options);
        if (status != PN_OK) {
            return status;
        }
    }
    if (optind == count) {
        return error_set(PN_ERROR_USAGE,
                         "no command; limits, kernels, peers, train or report? see --help");
    }
    const bool takes_file = strcmp(arguments[optind], "report") == 0;
    if (optind + 1 + takes_file < count) {
        return error_set(PN_ERROR_USAGE, "%s: one %s is enough; see --help",
                         arguments[optind + 1 + takes_file], takes_file ? "file" : "command");
    }
    options.document = takes_file ? arguments[optind + 1] : NULL;
    for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++) {
        if (strcmp(arguments[optind], commands[i].name) == 0) {
            options.rounds = options.rounds > 0 ? options.rounds : commands[i].rounds;
            return commands[i].run(&options);
        }
    }
    return error_set(PN_ERROR_USAGE,
                     "%s: unknown command; limits, kernels, peers, train or report? see --help",
                     arguments[optind]);
}

int main(int count, char **arguments)
{
    const pn_status status = run(count, arguments);
    if (status != PN_OK) {
        fprintf(stderr, "pinion-bench: %s\n", pn_error_message());
    }
    return (int)status;
}
