/* selftest.c: pinion-bench selftest: how often ab is right, where what is right is known. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bench/ab/load.h"
#include "bench/ab/scorecard.h"
#include "bench/ab/trial.h"
#include "bench/run/choice.h"
#include "bench/command/commands.h"
#include "bench/command/interrupt.h"
#include "bench/machine/measure.h"
#include "bench/command/output.h"
#include "bench/machine/probe.h"
#include "engine/base/error.h"

enum { CONDITIONS = 2 };

static const char *const condition_names[CONDITIONS] = {"quiet", "loaded"};

struct selftest_options {
    struct output_options output;
    struct suite_options suite;
    double turn_ns, margin_percent;
    struct option_threads team;
    size_t seed, runs, injected;
    const char *condition, *rolled, *scorecard;
};

#define AT(MEMBER) offsetof(struct selftest_options, MEMBER)

static const struct option_spec selftest_option_list[] = {
    {"runs", "N", "comparisons of the build with itself, in each condition (1)", option_count,
     AT(runs), 0, 100000},
    {"injected", "N", "comparisons with slow-downs injected, in each condition (1)", option_count,
     AT(injected), 0, 100000},
    {"condition", "NAME", "quiet, loaded or both (both): what else runs", option_text,
     AT(condition), 0, 0},
    {"rolled", "LIBRARY", "the same build with loops not unrolled: some products are its own",
     option_text, AT(rolled), 0, 0},
    {"scorecard", "FILE", "adds what was counted to this file", option_text, AT(scorecard), 0, 0},
    {"filter", "RE", "rows whose name matches this extended regular expression", option_text,
     AT(suite.filter), 0, 0},
    {"isa", "NAME", "scalar, avx2, avx512, neon or all (the best)", option_text, AT(suite.isa), 0,
     0},
    {"threads", "N", "or auto, one for each usable core (1)", option_threads, AT(team), 0, 0},
    {"cache", "LIST", "hot, cold, train, all, or several with commas (hot)", option_caches,
     AT(suite.caches), 0, 0},
    {"margin", "PERCENT", "as of ab (1)", option_real, AT(margin_percent), 0.1, 50},
    {"budget", "SECONDS", "of each comparison, as of ab --quick (40)", option_real,
     AT(suite.budget_s), 1, 36000},
    {"min-time", "MS", "a turn takes at least this long (0.5)", option_milliseconds, AT(turn_ns), 0,
     0},
    {"seed", "N", "of orders, data and which rows get injections (1)", option_count, AT(seed), 0,
     4294967295},
    {"json", NULL, OUTPUT_JSON_HELP, option_flag, AT(output.json), 0, 0},
    {"out", "FILE", OUTPUT_OUT_HELP, option_text, AT(output.out), 0, 0},
    {0},
};

static const struct selftest_options selftest_defaults = {
    .suite = {.budget_s = 40, .longest_ns = 4e6, .unchecked = true},
    .turn_ns = 5e5,
    .margin_percent = 1,
    .seed = 1,
    .runs = 1,
    .injected = 1,
    .condition = "both",
};

/* --- output ------------------------------------------------------------------------------------
 */

static pn_status print_rows(struct output *output, const json_t *rows)
{
    size_t i;
    json_t *row;
    json_array_foreach(rows, i, row)
    {
        const json_t *detected = json_object_get(row, "detected");
        char line[256];
        int length = snprintf(line, sizeof line, "%-8s %-24s %6lld %6lld",
                              json_string_value(json_object_get(row, "condition")),
                              json_string_value(json_object_get(row, "injection")),
                              (long long)json_integer_value(json_object_get(row, "runs")),
                              (long long)json_integer_value(json_object_get(row, "inconclusive")));
        for (int judge = 0; judge < JUDGE_COUNT; judge++) {
            const json_t *count = json_object_get(detected, judge_name((enum judge)judge));
            length += snprintf(line + length, sizeof line - (size_t)length, " %9lld",
                               (long long)json_integer_value(count));
        }
        snprintf(line + length, sizeof line - (size_t)length, "  %5.1f to %5.1f %%",
                 100 * json_real_value(json_object_get(row, "low")),
                 100 * json_real_value(json_object_get(row, "high")));
        const pn_status status = output_row(output, json_incref(row), line);
        if (status != PN_OK) {
            return status;
        }
    }
    return PN_OK;
}

/* ["hot", "cold"]: those asked for. */
static json_t *caches_json(unsigned caches)
{
    json_t *array = json_array();
    for (int cache = 0; cache < CACHE_STATES; cache++) {
        if ((caches >> cache & 1) != 0) {
            json_array_append_new(array, json_string(cache_name((enum cache_state)cache)));
        }
    }
    return array;
}

static json_t *scorecard_key(const struct selftest_options *options, const struct output *output)
{
    const json_t *machine = json_object_get(output->root, "machine");
    json_t *key = json_pack("{s:O, s:O, s:O, s:o, s:s, s:i, s:f, s:f, s:f, s:s}", "processor",
                            json_object_get(output->root, "processor"), "isa",
                            json_object_get(output->root, "isa"), "threads",
                            json_object_get(output->root, "threads"), "caches",
                            caches_json(options->suite.caches), "version", pn_version(), "method",
                            SUITE_METHOD, "budget", options->suite.budget_s, "min_time_ms",
                            options->turn_ns / 1e6, "margin_percent", options->margin_percent,
                            "filter", options->suite.filter == NULL ? "" : options->suite.filter);
    json_t *virtual = json_object_get(machine, "virtual_machine");
    if (key != NULL && virtual != NULL) {
        json_object_set(key, "virtual_machine", virtual);
    }
    return key;
}

static void print_mistakes(const json_t *mistakes)
{
    size_t i;
    json_t *row;
    json_array_foreach(mistakes, i, row)
    {
        printf("%s%s, seed %lld, injected: %s: %s: %s at %+.2f %% [%+.2f, %+.2f]\n",
               i == 0 ? "\n" : "", json_string_value(json_object_get(row, "condition")),
               (long long)json_integer_value(json_object_get(row, "seed")),
               json_string_value(json_object_get(row, "injection")),
               json_string_value(json_object_get(row, "name")),
               json_string_value(json_object_get(row, "verdict")),
               100 * json_real_value(json_object_get(row, "change")),
               100 * json_real_value(json_object_get(row, "low")),
               100 * json_real_value(json_object_get(row, "high")));
    }
}

/* --- measuring ---------------------------------------------------------------------------------
 */

struct selftest {
    const struct selftest_options *options;
    struct trial_options trial;
    size_t cores; /* usable ones */
    struct output output;
    json_t *rows, *mistakes;
};

/* Adds what was counted to the file, if there is to be one: at once, since trials take minutes. */
static pn_status keep(struct selftest *selftest, const struct scorecard *card)
{
    const struct selftest_options *options = selftest->options;
    if (options->scorecard == NULL) {
        return PN_OK;
    }
    json_t *key = scorecard_key(options, &selftest->output), *rows = json_array();
    pn_status status = scorecard_rows(card, rows);
    if (status == PN_OK) {
        status = scorecard_accumulate(options->scorecard, key,
                                      json_object_get(selftest->output.root, "date"), rows);
    }
    json_decref(key);
    json_decref(rows);
    return status;
}

/* One trial, counted in `sum`. */
static pn_status count_trial(struct selftest *selftest, uint32_t seed, bool clean,
                             struct scorecard *sum)
{
    struct scorecard one = {
        .condition = sum->condition, .slow_downs = sum->slow_downs, .mistakes = selftest->mistakes};
    const pn_status status = trial_run(&selftest->trial, seed, clean, &one);
    if (status != PN_OK) {
        return status;
    }
    scorecard_add(sum, &one);
    return keep(selftest, &one);
}

static pn_status count_condition(struct selftest *selftest, struct scorecard *sum)
{
    const struct selftest_options *options = selftest->options;
    const size_t all = options->runs + options->injected;
    for (size_t i = 0; i < all; i++) {
        const uint32_t seed = (uint32_t)options->seed + (uint32_t)i;
        if (options->suite.progress) {
            fprintf(stderr, "%s: comparison %zu of %zu\n", sum->condition, i + 1, all);
        }
        const pn_status status = count_trial(selftest, seed, i < options->runs, sum);
        if (status != PN_OK) {
            return status;
        }
    }
    return all > 0 ? PN_OK : keep(selftest, sum);
}

static pn_status measure_condition(struct selftest *selftest, int condition)
{
    struct load load = {0};
    struct scorecard sum = {
        .condition = condition_names[condition],
        .slow_downs =
            scorecard_slow_downs(selftest->trial.threads, selftest->options->rolled != NULL),
    };
    pn_status status = condition == 0 ? PN_OK : load_start(selftest->cores, &load);
    if (status == PN_OK) {
        status = count_condition(selftest, &sum);
    }
    load_stop(&load);
    const pn_status listed = scorecard_rows(&sum, selftest->rows);
    return status == PN_OK ? listed : status;
}

static pn_status measure_conditions(struct selftest *selftest)
{
    const char *wanted = selftest->options->condition;
    pn_status status = PN_OK;
    for (int condition = 0; status == PN_OK && condition < CONDITIONS; condition++) {
        if (strcmp(wanted, "both") == 0 || strcmp(wanted, condition_names[condition]) == 0) {
            status = measure_condition(selftest, condition);
        }
    }
    return status;
}

/* --- the command -------------------------------------------------------------------------------
 */

static pn_status check_options(const struct selftest_options *options)
{
    if (strcmp(options->condition, "quiet") != 0 && strcmp(options->condition, "loaded") != 0 &&
        strcmp(options->condition, "both") != 0) {
        return error_set(PN_ERROR_USAGE, "--condition '%s': give quiet, loaded or both",
                         options->condition);
    }
    if (options->scorecard == NULL) {
        return PN_OK;
    }
    const pn_status spared = output_spare(options->output.out, options->scorecard, "the scorecard");
    return spared == PN_OK ? scorecard_check(options->scorecard) : spared;
}

/* Looks at the builds and at the machine, and starts the document. */
static pn_status start(const char *library, struct selftest *selftest)
{
    const struct selftest_options *options = selftest->options;
    size_t wanted;
    pn_status status = option_one_team("selftest", &options->team, &wanted);
    selftest->trial = (struct trial_options){.library = library,
                                             .rolled = options->rolled,
                                             .suite = &options->suite,
                                             .threads = wanted,
                                             .turn_ns = options->turn_ns};
    char isa[BENCH_ABI_TEXT];
    if (status == PN_OK) {
        status = trial_rehearse(&selftest->trial, (uint32_t)options->seed, isa);
    }
    if (status == PN_ERROR_INTERRUPTED) { /* the first trial ends by it, and leaves its document */
        snprintf(isa, sizeof isa, "%s",
                 options->suite.isa != NULL ? options->suite.isa : simd_best()->name);
        status = PN_OK;
    }
    struct measure team, all;
    if (status == PN_OK) {
        status = measure_create(0, &all);
    }
    if (status != PN_OK) {
        return status;
    }
    selftest->cores = all.threads;
    measure_free(&all);
    status = measure_create(wanted, &team);
    if (status != PN_OK) {
        return status;
    }
    selftest->trial.threads = team.threads;
    const struct output_head head = {
        .command = "selftest",
        .isa = isa,
        .threads = team.threads,
        .placement = team_placement_line(team.team),
        .clock_ghz = probe_clock(),
        .titles = "other    injected                 trials   open    pinion    google criterion  "
                  "     asv threshold  pinion, 95 %",
    };
    status = output_create(&head, &options->output, &selftest->output);
    measure_free(&team);
    return status;
}

static pn_status run_selftest(const void *values, const struct option_words *words)
{
    struct selftest_options options = *(const struct selftest_options *)values;
    options.suite.caches = options.suite.caches == 0 ? 1u << CACHE_HOT : options.suite.caches;
    options.suite.margin = options.margin_percent / 100;
    options.suite.progress = isatty(STDERR_FILENO) == 1;
    struct selftest selftest = {.options = &options};
    pn_status status = check_options(&options);
    if (status == PN_OK) {
        status = start(words->list[0], &selftest);
    }
    if (status != PN_OK) {
        return status;
    }
    selftest.rows = json_array();
    selftest.mistakes = json_array();
    status = measure_conditions(&selftest);
    const pn_status printed = print_rows(&selftest.output, selftest.rows);
    json_object_set(selftest.output.root, "mistakes", selftest.mistakes);
    if (printed == PN_OK && !selftest.output.target.document) {
        print_mistakes(selftest.mistakes);
    }
    json_decref(selftest.rows);
    json_decref(selftest.mistakes);
    return output_end(&selftest.output, status == PN_OK ? printed : status);
}

const struct command command_selftest = {
    .name = "selftest",
    .words = "LIBRARY",
    .summary = "how often ab is right: a build against itself, and with slow-downs injected",
    .examples = "  pinion-bench selftest libpinion.so\n"
                "  pinion-bench selftest libpinion.so --runs 60 --scorecard scorecard.json\n",
    .details =
        "Compares a build with itself, first as it is, which must not be called slower, then with\n"
        "slow-downs in rows drawn at random, which must: work of 1, 2, 3, 5 and 10 % of a call\n"
        "added to it, data four bytes off their alignment (whether that costs anything is up to\n"
        "the processor), with several threads one that is late, and with --rolled products of a\n"
        "build that has lost its unrolled loops. Each on the machine as it is and while other\n"
        "processes compute and stream memory. Counts what ab found, beside what\n"
        "the rules of Google Benchmark's compare.py, criterion, asv and a plain 5 % threshold say\n"
        "of the same samples; the last column holds Clopper-Pearson bounds. Rows on which ab was\n"
        "wrong follow; --json and --out keep their samples and a command that draws the same rows\n"
        "again.\n"
        "A scorecard grows with each comparison.\n",
    .options = selftest_option_list,
    .defaults = &selftest_defaults,
    .size = sizeof selftest_defaults,
    .run = run_selftest,
};
