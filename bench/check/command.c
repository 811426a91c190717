/* check/command.c: pinion-bench check: its options, and what it exits with. */
#include <string.h>
#include <unistd.h>

#include "bench/check/check.h"
#include "bench/run/choice.h"
#include "bench/command/commands.h"
#include "bench/command/interrupt.h"
#include "bench/machine/measure.h"
#include "engine/base/error.h"
#include "engine/format/atomic_file.h"

#define AT(MEMBER) offsetof(struct check_options, MEMBER)

static const struct option_spec check_option_list[] = {
    {"save", NULL, "measure and add a run to BASE.json, which may be a new file", option_flag,
     AT(save), 0, 0},
    {"library", "FILE", "another build's libpinion.so (the one inside this program)", option_text,
     AT(library), 0, 0},
    {"quick", NULL, "in half a minute: shorter turns, and without rows whose call takes over 4 ms",
     option_flag, AT(quick), 0, 0},
    {"filter", "RE", "rows whose name matches this extended regular expression", option_text,
     AT(filter), 0, 0},
    {"isa", "NAME", "scalar, avx2, avx512, neon or all (the best that the build has)", option_text,
     AT(isa), 0, 0},
    {"threads", "N", "or auto, one for each usable core (1)", option_threads, AT(threads_option), 0,
     0},
    {"cache", "LIST", "hot, cold, train, all, or several with commas (hot)", option_caches,
     AT(caches), 0, 0},
    {"launches", "N", "processes that each row is measured in, if the budget allows (6)",
     option_count, AT(launches), 3, JUDGE_LAUNCHES / 2},
    {"budget", "SECONDS", "about how long it may take (100, quick: 30)", option_real, AT(budget_s),
     0.1, 36000},
    {"min-time", "MS", "a turn takes at least this long (1, quick: 0.5)", option_milliseconds,
     AT(turn_ns), 0, 0},
    {"seed", "N", "of orders and data; the same measures in the same order (1)", option_count,
     AT(seed), 1, 1000000},
    {"unchecked", NULL, "without comparing results with plain loops first", option_flag,
     AT(unchecked), 0, 0},
    {"json", NULL, OUTPUT_JSON_HELP, option_flag, AT(output.json), 0, 0},
    {"out", "FILE", OUTPUT_OUT_HELP, option_text, AT(output.out), 0, 0},
    {0},
};

static const struct check_options check_defaults = {.launches = 6, .seed = 1};

static pn_status wrong_results(const struct check *check)
{
    for (size_t i = 0; i < check->count; i++) {
        const struct meter_row *row = &check->rows[i].meter;
        if (row->wrong[0] != '\0') {
            return error_set(PN_ERROR_FAILED, "%zu results are wrong, first %s: %s%s", check->wrong,
                             row->name, row->wrong,
                             check->options->save ? "; nothing was saved" : "");
        }
    }
    return PN_OK;
}

/* The exit code that a verdict asks for, with a line for standard error. */
static pn_status verdict_status(const struct check *check)
{
    if (check->wrong > 0) {
        return wrong_results(check);
    }
    if (check->refusal[0] != '\0') {
        return error_set((pn_status)EXIT_UNDECIDED, "%s: %s", check->options->path, check->refusal);
    }
    if (check->verdict == VERDICT_REGRESSED) {
        return error_set(PN_ERROR_FAILED, "the build is slower than the baseline");
    }
    if (check->left_out > 0 && check->left_out == check->count) {
        return error_set((pn_status)EXIT_UNDECIDED,
                         "all rows take too long for --quick: nothing was measured; without it "
                         "they are");
    }
    if (check->verdict == VERDICT_INCONCLUSIVE) {
        return error_set((pn_status)EXIT_UNDECIDED,
                         "could not decide; a quieter machine or a larger --budget may");
    }
    return PN_OK;
}

static pn_status start_output(const struct check *check, const struct measure *team,
                              struct output *output)
{
    const struct check_options *options = check->options;
    const struct output_head head = {
        .command = "check",
        .isa = check_isa(check),
        .threads = check->meter->threads,
        .placement = team_placement_line(team->team),
        .clock_ghz = probe_clock(),
        .titles = check_titles(check),
    };
    return output_create(&head, &options->output, output);
}

static pn_status measure_and_report(struct check *check, struct output *output)
{
    const bool save = check->options->save;
    pn_status status = interrupt_check(); /* before there were rows, perhaps */
    if (status == PN_OK) {
        status = save ? check_save(check) : check_compare(check, output);
    }
    if (status != PN_OK && status != PN_ERROR_INTERRUPTED) {
        return status;
    }
    const pn_status shown =
        check->saved ? check_report_saved(check, output) : check_report(check, output);
    if (shown == PN_OK && save && status != PN_OK) {
        return error_set(PN_ERROR_INTERRUPTED, "interrupted: nothing was saved, %s is as it was",
                         check->options->path);
    }
    return shown == PN_OK ? status : shown;
}

/* Reads the file before anything is measured in vain. */
static pn_status read_baseline(const struct check_options *options, struct baseline *baseline)
{
    pn_status status = output_spare(options->output.out, options->path, "the baseline");
    if (status == PN_OK && options->save) {
        status = atomic_file_check(options->path);
    }
    if (status != PN_OK) {
        return status;
    }
    status = baseline_load(options->path, baseline);
    return status == PN_ERROR_NOT_FOUND && options->save ? baseline_start(options->path, baseline)
                                                         : status;
}

static pn_status run_on_team(const struct check_options *options, struct measure *team)
{
    struct meter meter = {0};
    struct check check = {0};
    struct output output = {0};
    struct baseline baseline = {0};
    pn_status status = read_baseline(options, &baseline);
    if (status == PN_OK) {
        status = meter_create(options->library == NULL ? "" : options->library, team->threads,
                              options->turn_ns, (uint32_t)options->seed, &meter);
    }
    bool interrupted = false; /* before there were rows; the document says so */
    if (status == PN_OK) {
        status = check_create(&meter, options, &check);
        interrupted = status == PN_ERROR_INTERRUPTED;
        status = interrupted ? PN_OK : status;
    }
    check.baseline = baseline;
    if (status == PN_OK && !interrupted && !options->save) {
        status = check_refer(&check);
    }
    if (status == PN_OK) {
        status = start_output(&check, team, &output);
    }
    measure_free(team);
    if (status == PN_OK) {
        status = output_end(&output, measure_and_report(&check, &output));
    }
    if (status == PN_OK) {
        status = options->save ? wrong_results(&check) : verdict_status(&check);
    }
    check_free(&check);
    meter_free(&meter);
    return status;
}

static pn_status run_check(const void *values, const struct option_words *words)
{
    struct check_options options = *(const struct check_options *)values;
    options.path = words->list[0];
    options.caches = options.caches == 0 ? 1u << CACHE_HOT : options.caches;
    options.longest_ns = options.quick ? 4e6 : 0;
    options.progress = isatty(STDERR_FILENO) == 1;
    if (options.budget_s == 0) {
        options.budget_s = options.quick ? 30 : 100;
    }
    if (options.turn_ns == 0) {
        options.turn_ns = options.quick ? 5e5 : 1e6;
    }
    size_t threads;
    pn_status status = option_one_team("check", &options.threads_option, &threads);
    if (status != PN_OK) {
        return status;
    }
    if (options.library != NULL && options.library[0] == '\0') {
        return error_set(PN_ERROR_USAGE, "--library '': name the file of a libpinion.so");
    }
    struct measure team;
    status = measure_create(threads, &team);
    return status == PN_OK ? run_on_team(&options, &team) : status;
}

const struct command command_check = {
    .name = "check",
    .words = "BASE.json",
    .summary = "whether this build is slower than runs that were saved on this kind of machine",
    .examples = "  pinion-bench check --save base.json\n"
                "  pinion-bench check base.json\n"
                "  pinion-bench check base.json --library new/libpinion.so --filter gemm --json\n",
    .details =
        "For when no old build is at hand to run ab with, which sees smaller changes. Each row is\n"
        "timed in turns with a yardstick, a frozen loop that does nothing but what limits the row\n"
        "(fused multiply-adds, divisions, reading, copying or triad in a cache or in memory), and\n"
        "what is saved is the ratio of their times: clocks and neighbours change both. Processes\n"
        "are started anew several times, and those launches are what is counted.\n"
        "\n"
        "A baseline holds the newest 20 runs for each processor model, instruction set and number\n"
        "of threads. A row's margin is 5 %, or what runs saved before lie apart if that is more;\n"
        "save a few on quiet and on busy days. Rows beyond three quarters of it are measured "
        "again\n"
        "in fresh launches, and only those can fail: by Welch's interval of the change from the\n"
        "middle one of the newest three runs, and by its test under Holm's correction. OK means\n"
        "shown to be less than 10 % slower. Another machine's baseline is refused and shown "
        "beside\n"
        "what this machine does; so is one whose yardsticks are of another revision, kind of "
        "build\n"
        "or compiler.\n"
        "\n"
        "The last line is VERDICT and one of OK, IMPROVED, REGRESSED, INCONCLUSIVE. Exit status\n"
        "0 for the first two, 1 for a regression or a wrong result, 77 for what could not be\n"
        "decided.\n",
    .options = check_option_list,
    .defaults = &check_defaults,
    .size = sizeof check_defaults,
    .run = run_check,
};
