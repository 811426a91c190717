#include "bench/report/document_keys.h"

#include <string.h>

static const struct document_key a_text = {"", DOCUMENT_TEXT};
static const struct document_key an_amount = {"", DOCUMENT_AMOUNT};
static const struct document_key a_count = {"", DOCUMENT_COUNT};

static const struct document_key warning_keys[] = {
    {"code", DOCUMENT_TEXT}, {"text", DOCUMENT_TEXT, true}, {0}};
static const struct document_key a_warning = {"", DOCUMENT_OBJECT, .keys = warning_keys};

static const struct document_key cache_keys[] = {{"level", DOCUMENT_COUNT},
                                                 {"type", DOCUMENT_TEXT},
                                                 {"size", DOCUMENT_AMOUNT},
                                                 {"num_sharing", DOCUMENT_COUNT},
                                                 {0}};
static const struct document_key a_cache = {"", DOCUMENT_OBJECT, .keys = cache_keys};

static const struct document_key machine_keys[] = {
    {"processor", DOCUMENT_TEXT},
    {"isas", DOCUMENT_LIST, .element = &a_text},
    {"cores", DOCUMENT_COUNT},
    {"processors", DOCUMENT_COUNT},
    {"mhz", DOCUMENT_AMOUNT},
    {"caches", DOCUMENT_LIST, .element = &a_cache},
    {"memory_bytes", DOCUMENT_AMOUNT},
    {"virtual_machine", DOCUMENT_FLAG},
    {"kernel", DOCUMENT_TEXT},
    {"compiler", DOCUMENT_TEXT},
    {"build", DOCUMENT_TEXT},
    {"load_average", DOCUMENT_LIST, .element = &an_amount},
    {0},
};

static const struct document_key build_keys[] = {
    {"path", DOCUMENT_TEXT}, {"version", DOCUMENT_TEXT}, {"revision", DOCUMENT_TEXT}, {0}};

static const struct document_key suite_keys[] = {
    {"change", DOCUMENT_NUMBER}, {"low", DOCUMENT_NUMBER}, {"high", DOCUMENT_NUMBER}, {0}};

static const struct document_key library_keys[] = {{"name", DOCUMENT_TEXT},
                                                   {"version", DOCUMENT_TEXT},
                                                   {"core", DOCUMENT_TEXT},
                                                   {"path", DOCUMENT_TEXT},
                                                   {0}};
static const struct document_key a_library = {"", DOCUMENT_OBJECT, .keys = library_keys};

const struct document_key document_top_keys[] = {
    {"complete", DOCUMENT_FLAG},
    {"version", DOCUMENT_TEXT},
    {"processor", DOCUMENT_TEXT},
    {"isa", DOCUMENT_TEXT},
    {"threads", DOCUMENT_COUNT},
    {"placement", DOCUMENT_TEXT},
    {"clock_ghz", DOCUMENT_AMOUNT},
    {"date", DOCUMENT_TEXT},
    {"command_line", DOCUMENT_TEXT},
    {"machine", DOCUMENT_OBJECT, .keys = machine_keys},
    {"warnings", DOCUMENT_LIST, .element = &a_warning},
    {"verdict", DOCUMENT_VERDICT},
    {"old", DOCUMENT_OBJECT, .keys = build_keys},
    {"new", DOCUMENT_OBJECT, .keys = build_keys},
    {"margin", DOCUMENT_AMOUNT},
    {"seed", DOCUMENT_NUMBER},
    {"suite", DOCUMENT_OBJECT, .keys = suite_keys},
    {"only_old", DOCUMENT_LIST, .element = &a_text},
    {"only_new", DOCUMENT_LIST, .element = &a_text},
    {"libraries", DOCUMENT_LIST, .element = &a_library},
    {0},
};

static const struct document_key run_keys[] = {
    {"name", DOCUMENT_TEXT},
    {"kernel", DOCUMENT_TEXT, true},
    {"shape", DOCUMENT_TEXT, true},
    {"dtype", DOCUMENT_TEXT},
    {"isa", DOCUMENT_TEXT},
    {"cache", DOCUMENT_TEXT},
    {"threads", DOCUMENT_COUNT},
    {"iterations", DOCUMENT_COUNT},
    {"ns", DOCUMENT_AMOUNT, true},
    {"ns_low", DOCUMENT_AMOUNT},
    {"ns_high", DOCUMENT_AMOUNT},
    {"ns_min", DOCUMENT_AMOUNT},
    {"ns_p90", DOCUMENT_AMOUNT},
    {"ns_mad", DOCUMENT_AMOUNT},
    {"gflops", DOCUMENT_AMOUNT},
    {"gbps", DOCUMENT_AMOUNT},
    {"percent_of_limit", DOCUMENT_AMOUNT},
    {"limit", DOCUMENT_TEXT},
    {"flops", DOCUMENT_AMOUNT},
    {"bytes", DOCUMENT_AMOUNT},
    {"limit_rates", DOCUMENT_MAP, .element = &an_amount},
    {"times_naive", DOCUMENT_AMOUNT},
    {"times_naive_ijk", DOCUMENT_AMOUNT},
    {"impossible", DOCUMENT_FLAG},
    {"correct", DOCUMENT_FLAG},
    {"samples", DOCUMENT_LIST, .element = &an_amount},
    {"repro", DOCUMENT_TEXT},
    {0},
};

static const struct document_key launch_keys[] = {
    {"stage", DOCUMENT_COUNT},
    {"old", DOCUMENT_LIST, .element = &an_amount},
    {"placebo", DOCUMENT_LIST, .element = &an_amount},
    {"new", DOCUMENT_LIST, .element = &an_amount},
    {0},
};
static const struct document_key a_launch = {"", DOCUMENT_OBJECT, .keys = launch_keys};

/* Of ab and of check. */
static const struct document_key change_keys[] = {
    {"name", DOCUMENT_TEXT, true},   {"kernel", DOCUMENT_TEXT},
    {"shape", DOCUMENT_TEXT},        {"dtype", DOCUMENT_TEXT},
    {"isa", DOCUMENT_TEXT},          {"cache", DOCUMENT_TEXT},
    {"threads", DOCUMENT_COUNT},     {"verdict", DOCUMENT_VERDICT, true},
    {"correct", DOCUMENT_FLAG},      {"change", DOCUMENT_NUMBER},
    {"low", DOCUMENT_NUMBER},        {"high", DOCUMENT_NUMBER},
    {"margin", DOCUMENT_AMOUNT},     {"detectable", DOCUMENT_AMOUNT},
    {"p", DOCUMENT_AMOUNT},          {"stage", DOCUMENT_COUNT},
    {"placebo", DOCUMENT_NUMBER},    {"old_ns", DOCUMENT_AMOUNT},
    {"new_ns", DOCUMENT_AMOUNT},     {"ratio", DOCUMENT_AMOUNT},
    {"base_ratio", DOCUMENT_AMOUNT}, {"launches", DOCUMENT_LIST, .element = &a_launch},
    {"repro", DOCUMENT_TEXT},        {0},
};

static const struct document_key part_keys[] = {
    {"percent_of_time", DOCUMENT_AMOUNT},
    {"microseconds", DOCUMENT_AMOUNT},
    {"roofline_microseconds", DOCUMENT_AMOUNT},
    {"limit", DOCUMENT_TEXT},
    {0},
};
static const struct document_key a_part = {"", DOCUMENT_OBJECT, .keys = part_keys};

static const struct document_key train_keys[] = {
    {"kind", DOCUMENT_TEXT},
    {"network", DOCUMENT_TEXT, true},
    {"dtype", DOCUMENT_TEXT},
    {"optimizer", DOCUMENT_TEXT},
    {"batch", DOCUMENT_COUNT},
    {"threads", DOCUMENT_COUNT, true},
    {"isa", DOCUMENT_TEXT},
    {"samples_per_second", DOCUMENT_AMOUNT, true},
    {"ceiling_samples_per_second", DOCUMENT_AMOUNT},
    {"microseconds_per_step", DOCUMENT_AMOUNT},
    {"percent_of_roofline", DOCUMENT_AMOUNT},
    {"preemptions", DOCUMENT_COUNT},
    {"parts", DOCUMENT_MAP, .element = &a_part},
    {"repro", DOCUMENT_TEXT},
    {0},
};

static const struct document_key seed_keys[] = {
    {"seed", DOCUMENT_NUMBER},
    {"seconds", DOCUMENT_AMOUNT},
    {"epochs", DOCUMENT_AMOUNT},
    {"accuracy", DOCUMENT_AMOUNT},
    {0},
};
static const struct document_key a_seed = {"", DOCUMENT_OBJECT, .keys = seed_keys};

static const struct document_key accuracy_keys[] = {
    {"network", DOCUMENT_TEXT, true},
    {"target", DOCUMENT_AMOUNT, true},
    {"seeds", DOCUMENT_LIST, true, .element = &a_seed},
    {"seconds_mean", DOCUMENT_AMOUNT},
    {"batch", DOCUMENT_COUNT},
    {"threads", DOCUMENT_COUNT},
    {"repro", DOCUMENT_TEXT},
    {0},
};

static const struct document_key limits_keys[] = {
    {"limit", DOCUMENT_TEXT, true}, {"isa", DOCUMENT_TEXT},
    {"level", DOCUMENT_TEXT},       {"threads", DOCUMENT_COUNT, true},
    {"unit", DOCUMENT_TEXT, true},  {"value", DOCUMENT_AMOUNT, true},
    {"best", DOCUMENT_AMOUNT},      {"with_write_allocate", DOCUMENT_AMOUNT},
    {"repro", DOCUMENT_TEXT},       {0},
};

static const struct document_key peers_keys[] = {
    {"op", DOCUMENT_TEXT, true},
    {"m", DOCUMENT_COUNT, true},
    {"n", DOCUMENT_COUNT, true},
    {"k", DOCUMENT_COUNT, true},
    {"threads", DOCUMENT_COUNT},
    {"gflops", DOCUMENT_AMOUNT, true},
    {"peers", DOCUMENT_MAP, true, .element = &an_amount},
    {"ratio_to_best", DOCUMENT_AMOUNT},
    {"wrong", DOCUMENT_LIST, .element = &a_text},
    {"repro", DOCUMENT_TEXT},
    {0},
};

static const struct document_key selftest_keys[] = {
    {"condition", DOCUMENT_TEXT, true}, {"injection", DOCUMENT_TEXT, true},
    {"runs", DOCUMENT_COUNT, true},     {"detected", DOCUMENT_MAP, true, .element = &a_count},
    {"low", DOCUMENT_AMOUNT},           {"high", DOCUMENT_AMOUNT},
    {"repro", DOCUMENT_TEXT},           {0},
};

static const struct document_key a_selftest_row = {"", DOCUMENT_OBJECT, .keys = selftest_keys};

static const struct document_key entry_keys[] = {
    {"key", DOCUMENT_OBJECT, true},
    {"first", DOCUMENT_TEXT},
    {"last", DOCUMENT_TEXT},
    {"rows", DOCUMENT_LIST, true, .element = &a_selftest_row},
    {0},
};
static const struct document_key an_entry = {"", DOCUMENT_OBJECT, .keys = entry_keys};

const struct document_key document_scorecard_keys[] = {
    {"entries", DOCUMENT_LIST, true, .element = &an_entry}, {0}};

const char document_commands[] =
    "run, kernels, ab, check, train, limits, peers, selftest or scorecard";

const struct document_key *document_row_keys(const char *command, const char *kind)
{
    static const struct {
        const char *command, *kind;
        const struct document_key *keys;
    } tables[] = {
        {"run", NULL, run_keys},     {"kernels", NULL, run_keys},
        {"ab", NULL, change_keys},   {"check", NULL, change_keys},
        {"train", NULL, train_keys}, {"limits", NULL, limits_keys},
        {"peers", NULL, peers_keys}, {"selftest", NULL, selftest_keys},
    };
    if (kind != NULL && strcmp(command, "train") == 0 && strcmp(kind, "accuracy") == 0) {
        return accuracy_keys;
    }
    for (size_t i = 0; i < sizeof tables / sizeof tables[0]; i++) {
        if (strcmp(tables[i].command, command) == 0) {
            return tables[i].keys;
        }
    }
    return NULL;
}
