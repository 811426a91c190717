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
    "\n"
    "  --isa NAME       scalar, avx2, avx512, neon, all   (limits: all; others: the best)\n"
    "  --threads N      or auto, one for each usable core (limits: auto; others: 1)\n"
    "  --filter RE      kernels, peers: rows whose \"kernel shape\" or \"op shape\" matches\n"
    "  --library N=PATH peers: one more library, may be repeated. What N begins with says which "
    "kind:\n"
    "                   openblas, blis, onednn, mkl; one of these alone replaces the installed "
    "one.\n"
    "                   LD_LIBRARY_PATH must lead to what the library itself needs\n"
    "  --rounds N       samples of each contender, taken in turns; the median counts (7)\n"
    "  --min-time MS    a sample takes at least this long (1)\n"
    "  --json           one JSON object\n"
    "  --help, --version\n";

static const struct {
    const char *name;
    pn_status (*run)(const struct bench_options *options);
} commands[] = {
    {"limits", bench_limits},
    {"kernels", bench_kernels},
    {"peers", bench_peers},
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

enum option_code { ISA = 256, THREADS, FILTER, LIBRARY, ROUNDS, MIN_TIME, JSON, HELP, VERSION };

static const struct option long_options[] = {
    {"isa", required_argument, NULL, ISA},       {"threads", required_argument, NULL, THREADS},
    {"filter", required_argument, NULL, FILTER}, {"library", required_argument, NULL, LIBRARY},
    {"rounds", required_argument, NULL, ROUNDS}, {"min-time", required_argument, NULL, MIN_TIME},
    {"json", no_argument, NULL, JSON},           {"help", no_argument, NULL, HELP},
    {"version", no_argument, NULL, VERSION},     {0},
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
    default:
        options->json = true;
        return PN_OK;
    }
}

/* Runs the command that the arguments name. */
static pn_status run(int count, char **arguments)
{
    struct bench_options options = {.rounds = 7, .sample_ns = 1e6};
    opterr = 0;
    int option;
    while ((option = getopt_long(count, arguments, ":", long_options, NULL)) != -1) {
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
        return error_set(PN_ERROR_USAGE, "no command; limits, kernels or peers? see --help");
    }
    if (optind + 1 < count) {
        return error_set(PN_ERROR_USAGE, "%s: one command is enough; see --help",
                         arguments[optind + 1]);
    }
    for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++) {
        if (strcmp(arguments[optind], commands[i].name) == 0) {
            return commands[i].run(&options);
        }
    }
    return error_set(PN_ERROR_USAGE, "%s: unknown command; limits, kernels or peers? see --help",
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
