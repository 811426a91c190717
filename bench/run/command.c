/* run/command.c: the command lines of list and run, and of run as Google Benchmark's. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/command/commands.h"
#include "bench/formats/google_flags.h"
#include "bench/machine/probe.h"
#include "bench/run/run.h"
#include "engine/base/error.h"

#define AT(MEMBER) offsetof(struct run_options, MEMBER)

#define FILTER_HELP                                                                                \
    "rows whose name, or \"kernel shape\", matches this extended regular\n"                        \
    "expression; names are KERNEL/SHAPE/DTYPE/ISA/CACHE/threads:N"
#define ISA_HELP     "scalar, avx2, avx512, neon, all, or several with commas (the best)"
#define THREADS_HELP "or auto, one for each usable core, or several with commas (1)"
#define CACHE_HELP   "hot, cold, train, all, or several with commas (hot)"

static const struct option_spec list_options[] = {
    {"filter", "RE", FILTER_HELP, option_text, AT(choice.filter), 0, 0},
    {"isa", "LIST", ISA_HELP, option_text, AT(choice.isa), 0, 0},
    {"threads", "LIST", THREADS_HELP, option_threads, AT(choice.threads), 0, 0},
    {"cache", "LIST", CACHE_HELP, option_caches, AT(choice.caches), 0, 0},
    {"json", NULL, "one JSON object", option_flag, AT(output.json), 0, 0},
    {0},
};

static const struct option_spec run_option_list[] = {
    {"filter", "RE", FILTER_HELP, option_text, AT(choice.filter), 0, 0},
    {"isa", "LIST", ISA_HELP, option_text, AT(choice.isa), 0, 0},
    {"threads", "LIST", THREADS_HELP, option_threads, AT(choice.threads), 0, 0},
    {"cache", "LIST", CACHE_HELP, option_caches, AT(choice.caches), 0, 0},
    {"rounds", "N", "samples of each row (21, of costly rows at least 7)", option_count, AT(rounds),
     1, 1000},
    {"min-time", "MS", "a sample takes at least this long (1)", option_milliseconds, AT(sample_ns),
     0, 0},
    {"list", NULL, "names the rows, measures nothing", option_flag, AT(list), 0, 0},
    {"verbose", NULL, "under each row the command that measures it alone", option_flag, AT(verbose),
     0, 0},
    {"json", NULL, OUTPUT_JSON_HELP, option_flag, AT(output.json), 0, 0},
    {"format", "NAME",
     "in place of --json, and of the file: json; gbench, Google Benchmark's, each\n"
     "sample a repetition; gbench-flat, the same with medians only;\n"
     "gbench-aggregates, gbench-aggregates-only; custom-bigger, of\n"
     "github-action-benchmark; bmf, Bencher's",
     option_text, AT(output.format), 0, 0},
    {"out", "FILE", OUTPUT_OUT_HELP, option_text, AT(output.out), 0, 0},
    {0},
};

static const struct run_options run_defaults = {.sample_ns = 1e6};

/* --- list ----------------------------------------------------------------------------------------
 */

static void print_names(const struct choice *choice)
{
    for (size_t i = 0; i < choice->count; i++) {
        char name[ROW_NAME_SIZE];
        row_name(&choice->rows[i].key, name);
        puts(name);
    }
}

static json_t *key_json(const struct row_key *key)
{
    char name[ROW_NAME_SIZE];
    row_name(key, name);
    return json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:i}", "name", name, "kernel", key->kernel,
                     "shape", key->shape, "dtype", key->dtype, "isa", key->isa, "cache",
                     cache_name(key->cache), "threads", (int)key->threads);
}

static pn_status print_json(const struct choice *choice)
{
    json_t *rows = json_array();
    int failed = 0;
    for (size_t i = 0; i < choice->count; i++) {
        failed |= json_array_append_new(rows, key_json(&choice->rows[i].key));
    }
    json_t *root = json_pack("{s:i, s:s, s:s, s:o}", "schema", OUTPUT_SCHEMA, "command", "list",
                             "version", pn_version(), "rows", rows);
    if (root == NULL || failed != 0) {
        json_decref(root);
        return error_memory(0, "names of rows");
    }
    const pn_status status = export_write(root, EXPORT_JSON, stdout);
    json_decref(root);
    return status == PN_ERROR_IO
               ? error_set(PN_ERROR_IO, "standard output: writing the names failed")
               : status;
}

static pn_status list(const struct run_options *options)
{
    struct choice choice;
    pn_status status = choice_create(&options->choice, &choice);
    if (status != PN_OK) {
        return status;
    }
    if (options->output.json) {
        status = print_json(&choice);
    } else {
        print_names(&choice);
    }
    choice_free(&choice);
    return status;
}

/* --- run -----------------------------------------------------------------------------------------
 */

/* The head's line is that of the largest team. */
static pn_status describe_team(const struct choice *choice, struct measure *measure,
                               struct output_head *head)
{
    for (size_t i = 0; i < choice->count; i++) {
        const size_t threads = choice->rows[i].key.threads;
        head->threads = threads > head->threads ? threads : head->threads;
    }
    const pn_status status = measure_create(head->threads, measure);
    if (status == PN_OK) {
        head->placement = team_placement_line(measure->team);
    }
    return status;
}

static pn_status start_output(const struct run_options *options, const struct choice *choice,
                              const struct output_target *target, struct output *output)
{
    struct output_head head = {
        .command = "run", .isa = choice->isa, .clock_ghz = probe_clock(), .titles = run_titles};
    struct measure measure;
    pn_status status = describe_team(choice, &measure, &head);
    if (status != PN_OK) {
        return status;
    }
    status = target != NULL ? output_create_for(&head, target, output)
                            : output_create(&head, &options->output, output);
    measure_free(&measure);
    return status;
}

/* What `target` says about the output prevails over the options, unless NULL; `context` too. */
static pn_status run(const struct run_options *options, const struct output_target *target,
                     json_t *context)
{
    struct choice choice;
    struct output output;
    pn_status status = choice_create(&options->choice, &choice);
    if (status != PN_OK) {
        return status;
    }
    status = start_output(options, &choice, target, &output);
    if (status == PN_OK && context != NULL) {
        json_object_set(output.root, "context", context);
    }
    if (status == PN_OK) {
        struct run_tally tally;
        status = output_end(&output, run_rows(options, &choice, &output, &tally));
        status = status == PN_OK ? run_verdict(&tally) : status;
    }
    choice_free(&choice);
    return status;
}

static pn_status run_command(const void *options, const struct option_words *words)
{
    (void)words;
    const struct run_options *given = options;
    return given->list ? list(given) : run(given, NULL, NULL);
}

static pn_status list_command(const void *options, const struct option_words *words)
{
    (void)words;
    return list(options);
}

/* --- run as Google Benchmark's programs ----------------------------------------------------------
 */

static bool google_selects(const void *flags, const char *name)
{
    return google_flags_selects(flags, name);
}

static pn_status run_google(const struct google_flags *flags, struct run_options *options)
{
    options->choice.selects = google_selects;
    options->choice.context = flags;
    options->choice.flag = "--benchmark_filter";
    options->choice.pattern = flags->pattern;
    options->rounds = flags->repetitions > 0 ? flags->repetitions : options->rounds;
    options->sample_ns = flags->min_time_ns > 0 ? flags->min_time_ns : options->sample_ns;
    options->iterations = flags->iterations;
    if (flags->list_tests || options->list) {
        return list(options);
    }
    const struct output_target target = {
        .document = flags->format == GOOGLE_JSON,
        .format = google_flags_export(flags),
        .out = flags->out,
        .out_format = google_flags_export(flags),
    };
    return run(options, &target, flags->context);
}

pn_status run_as_google(int count, char **arguments)
{
    struct google_flags flags;
    pn_status status = google_flags_parse(count, arguments, &flags);
    if (status != PN_OK) {
        return status;
    }
    struct run_options options = run_defaults;
    struct option_words words;
    switch (options_parse("run", run_option_list, "", flags.rest_count - 1, flags.rest + 1,
                          &options, &words)) {
    case OPTIONS_HELP:
        options_print(run_option_list);
        break;
    case OPTIONS_FAILED:
        status = PN_ERROR_USAGE;
        break;
    case OPTIONS_PARSED:
        status = run_google(&flags, &options);
        break;
    }
    google_flags_free(&flags);
    return status;
}

/* --- commands ------------------------------------------------------------------------------------
 */

const struct command command_list = {
    .name = "list",
    .words = "",
    .summary = "names of the rows that run would measure",
    .examples = "  pinion-bench list\n"
                "  pinion-bench list --isa all --cache all --threads 1,auto --json\n",
    .details = "One name a line: KERNEL/SHAPE/DTYPE/ISA/CACHE/threads:N.\n",
    .options = list_options,
    .defaults = &run_defaults,
    .size = sizeof run_defaults,
    .run = list_command,
};

const struct command command_run = {
    .name = "run",
    .other_name = "kernels",
    .words = "",
    .summary = "every kernel on every shape beside the machine's limits and plain loops",
    .examples = "  pinion-bench run\n"
                "  pinion-bench run --filter '^gemm.*512' --isa all --threads 1,auto\n"
                "  pinion-bench run --filter weight_update --cache hot,train\n"
                "  pinion-bench run --out run.json\n"
                "  pinion-bench run --format gbench --out run.gbench.json\n",
    .details =
        "Each row is first checked against plain loops; a WRONG one has no speed, and the exit\n"
        "status is 1 in the end. Then: the median time of a call, and how far the ends of its\n"
        "confidence interval (95 %, by order statistics) lie from it; GFLOP/s or GB/s; percent of\n"
        "the limit that binds and which it is, the limits measured beside the kernel in the same\n"
        "rounds; how many times faster than plain C loops: ikj with the same -m flags, ijk with "
        "the\n"
        "baseline's. Every thread works on data of its own. IMPOSSIBLE marks a row faster than "
        "its\n"
        "limit: its work was miscounted or not done.\n\n"
        "Cache states: hot, each call on the same operands; cold, calls go through copies that "
        "are\n"
        "three times as large as the last cache; train, only what belongs to a layer (weights,\n"
        "optimizer's state) does so, as a layer meets it in training: of kernels that have such.\n",
    .options = run_option_list,
    .defaults = &run_defaults,
    .size = sizeof run_defaults,
    .run = run_command,
};
