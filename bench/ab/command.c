/* command.c: pinion-bench ab: its options, and what it prints. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bench/ab/git.h"
#include "bench/ab/judged.h"
#include "bench/ab/row_json.h"
#include "bench/ab/suite.h"
#include "bench/run/choice.h"
#include "bench/command/commands.h"
#include "bench/command/json_text.h"
#include "bench/machine/measure.h"
#include "bench/command/interrupt.h"
#include "bench/command/output.h"
#include "bench/machine/probe.h"
#include "bench/machine/taint.h"
#include "engine/base/error.h"

struct ab_options {
    struct output_options output;
    struct suite_options suite;
    bool git, quick;
    double margin_percent, turn_ns;
    struct option_threads threads;
    size_t seed;
};

#define AT(MEMBER) offsetof(struct ab_options, MEMBER)

static const struct option_spec ab_option_list[] = {
    {"git", NULL, "OLD and NEW are revisions, which are built first", option_flag, AT(git), 0, 0},
    {"quick", NULL,
     "in less than a minute: shorter turns, and without rows whose call takes over 4 ms",
     option_flag, AT(quick), 0, 0},
    {"filter", "RE", "rows whose name matches this extended regular expression", option_text,
     AT(suite.filter), 0, 0},
    {"isa", "NAME", "scalar, avx2, avx512, neon or all (the best that both builds have)",
     option_text, AT(suite.isa), 0, 0},
    {"threads", "N", "or auto, one for each usable core (1)", option_threads, AT(threads), 0, 0},
    {"cache", "LIST", "hot, cold, train, all, or several with commas (hot)", option_caches,
     AT(suite.caches), 0, 0},
    {"margin", "PERCENT", "smallest slow-down that counts (1)", option_real, AT(margin_percent),
     0.1, 50},
    {"budget", "SECONDS", "about how long it may take (200, quick: 40)", option_real,
     AT(suite.budget_s), 1, 36000},
    {"min-time", "MS", "a turn takes at least this long (1, quick: 0.5)", option_milliseconds,
     AT(turn_ns), 0, 0},
    {"seed", "N", "of orders and data; the same measures in the same order (1)", option_count,
     AT(seed), 0, 4294967295},
    {"unchecked", NULL, "without comparing results with plain loops first", option_flag,
     AT(suite.unchecked), 0, 0},
    {"json", NULL, OUTPUT_JSON_HELP, option_flag, AT(output.json), 0, 0},
    {"out", "FILE", OUTPUT_OUT_HELP, option_text, AT(output.out), 0, 0},
    {0},
};

static const struct ab_options ab_defaults = {.margin_percent = 1, .seed = 1};

/* --- output ------------------------------------------------------------------------------------
 */

static void row_line(const struct suite_row *row, double margin, char *line, size_t size)
{
    const struct evidence *evidence = &row->evidence;
    if (row->row.wrong[0] != '\0') {
        snprintf(line, size, "%-58s WRONG: %s", row->row.name, row->row.wrong);
    } else if (!row->judged) {
        snprintf(line, size, "%-58s not measured", row->row.name);
    } else {
        snprintf(line, size, "%-58s %11.1f %11.1f %+7.2f [%+6.2f, %+6.2f] %6.2f  %s%s",
                 row->row.name, evidence->old_ns, evidence->new_ns,
                 100 * change_share(evidence->change), 100 * change_share(evidence->low),
                 100 * change_share(evidence->high),
                 100 * change_share(evidence_detectable(evidence, margin)),
                 verdict_name(row->verdict), row->stage == 2 ? " (measured again)" : "");
    }
}

static int rank(const struct suite_row *row)
{
    return judged_rank(row->row.wrong[0] != '\0', row->judged, row->verdict);
}

static pn_status print_rows(const struct suite *suite, struct output *output)
{
    for (int wanted = 0; wanted < JUDGED_RANKS; wanted++) {
        for (size_t i = 0; i < suite->count; i++) {
            const struct suite_row *row = &suite->rows[i];
            const bool shown = !row->left_out || row->row.wrong[0] != '\0';
            if (rank(row) != wanted || !shown) {
                continue;
            }
            char line[ROW_NAME_SIZE + REPLY_MESSAGE + 160];
            row_line(row, suite->margin, line, sizeof line);
            const pn_status status = output_row(output, suite_row_json(suite, row), line);
            if (status != PN_OK) {
                return status;
            }
        }
    }
    return PN_OK;
}

static json_t *left_out_json(const struct suite *suite)
{
    json_t *array = json_array();
    for (size_t i = 0; i < suite->count; i++) {
        if (suite->rows[i].left_out) {
            json_array_append_new(array, json_string(suite->rows[i].row.name));
        }
    }
    return array;
}

static json_t *mean_json(const struct suite *suite, double change)
{
    return suite->mean_known ? json_real(change_share(change)) : json_null();
}

static json_t *build_json(const struct suite *suite, enum arm_index arm, const char *asked)
{
    return json_pack("{s:o, s:o, s:o}", "path", json_text(suite->session->libraries[arm]),
                     "version", json_text(suite->version[arm]), "asked", json_text(asked));
}

static pn_status add_summary(const struct suite *suite, const struct option_words *words,
                             size_t seed, struct output *output)
{
    const struct session *session = suite->session;
    char taints[TAINT_NAMES_SIZE];
    json_t *summary = json_pack(
        "{s:o, s:o, s:f, s:f, s:I, s:{s:o, s:o, s:o, s:s}, s:o, s:o, s:o, s:s, s:{s:I, s:I, s:I, "
        "s:s}}",
        "old", build_json(suite, ARM_OLD, words->list[0]), "new",
        build_json(suite, ARM_NEW, words->list[1]), "margin", change_share(suite->margin), "noise",
        change_share(suite->noise), "seed", (json_int_t)seed, "suite", "change",
        mean_json(suite, suite->all.change), "low", mean_json(suite, suite->all.low), "high",
        mean_json(suite, suite->all.high), "verdict", verdict_name(suite->mean), "only_old",
        json_texts(suite->only_old, suite->only_old_count), "only_new",
        json_texts(suite->only_new, suite->only_new_count), "left_out", left_out_json(suite),
        "verdict", verdict_name(suite->verdict), "blocks", "counted", (json_int_t)session->blocks,
        "repeated", (json_int_t)session->repeated, "disturbed", (json_int_t)session->disturbed,
        "by", taint_names(session->taints, taints));
    if (summary == NULL) {
        return error_memory(0, "the summary");
    }
    json_object_update(output->root, summary);
    json_decref(summary);
    return PN_OK;
}

static pn_status print_summary(const struct suite *suite, struct output *output)
{
    judged_print_names("only in OLD:", suite->only_old, suite->only_old_count);
    judged_print_names("only in NEW:", suite->only_new, suite->only_new_count);
    if (suite->mean_known) {
        printf("\nmean over rows %+.2f %% [%+.2f, %+.2f], margin %.2f %%, placebo %.2f %% at the "
               "99th percentile\n",
               100 * change_share(suite->all.change), 100 * change_share(suite->all.low),
               100 * change_share(suite->all.high), 100 * change_share(suite->margin),
               100 * change_share(suite->noise));
    }
    if (suite->left_out > 0) {
        printf("%zu rows whose calls take too long were left out (--quick)\n", suite->left_out);
    }
    return judged_last_line(output, suite->verdict, suite->verdicts, suite->wrong, suite->left_out);
}

/* --- the command -------------------------------------------------------------------------------
 */

/* The exit code that a verdict asks for, with a line for standard error. */
static pn_status verdict_status(const struct suite *suite)
{
    if (suite->wrong > 0) {
        return error_set(PN_ERROR_FAILED, "%zu results are wrong", suite->wrong);
    }
    if (suite->verdict == VERDICT_REGRESSED) {
        return error_set(PN_ERROR_FAILED, "the new build is slower%s",
                         suite->verdicts[VERDICT_REGRESSED] > 0
                             ? ""
                             : ": no row alone, but their mean by more than half of the margin");
    }
    if (suite->left_out > 0 && suite->left_out == suite->count) {
        return error_set((pn_status)EXIT_UNDECIDED,
                         "all rows take too long for --quick: nothing was measured; without it "
                         "they are");
    }
    if (suite->verdict == VERDICT_INCONCLUSIVE) {
        return error_set((pn_status)EXIT_UNDECIDED,
                         "could not decide; a quieter machine or a larger --budget may");
    }
    return PN_OK;
}

static pn_status report(struct suite *suite, const struct option_words *words, size_t seed,
                        struct output *output, pn_status status)
{
    pn_status printed = print_rows(suite, output);
    if (printed == PN_OK) {
        printed = add_summary(suite, words, seed, output);
    }
    if (printed == PN_OK && !output->target.document) {
        printed = print_summary(suite, output);
    }
    return printed == PN_OK ? status : printed;
}

static pn_status start_output(const struct ab_options *options, const struct suite *suite,
                              struct output *output)
{
    struct measure team;
    pn_status status = measure_create(suite->session->threads, &team);
    if (status == PN_OK) {
        const char *isa = suite->count > 0 ? suite->rows[0].row.isa : simd_best()->name;
        const struct output_head head = {
            .command = "ab",
            .isa = options->suite.isa != NULL ? options->suite.isa : isa,
            .threads = suite->session->threads,
            .placement = team_placement_line(team.team),
            .clock_ghz = probe_clock(),
            .titles = "row                                                             old ns      "
                      "new ns  change % [95 % interval] detectable  verdict",
        };
        status = output_create(&head, &options->output, output);
        measure_free(&team);
    }
    return status;
}

static pn_status compare(const struct ab_options *options, const struct option_words *words,
                         struct session *session)
{
    struct suite suite;
    struct output output = {0};
    const pn_status created = suite_create(session, &options->suite, &suite);
    pn_status status = created == PN_ERROR_INTERRUPTED ? PN_OK : created;
    if (status == PN_OK) {
        status = start_output(options, &suite, &output);
    }
    if (status == PN_OK) {
        status = created == PN_OK ? suite_run(&suite) : interrupt_check();
        if (status == PN_OK || status == PN_ERROR_INTERRUPTED) {
            status = report(&suite, words, options->seed, &output, status);
        }
        status = output_end(&output, status);
    }
    if (status == PN_OK) {
        status = verdict_status(&suite);
    }
    suite_free(&suite);
    return status;
}

static pn_status run_ab(const void *values, const struct option_words *words)
{
    struct ab_options options = *(const struct ab_options *)values;
    options.suite.caches = options.suite.caches == 0 ? 1u << CACHE_HOT : options.suite.caches;
    options.suite.margin = options.margin_percent / 100;
    options.suite.longest_ns = options.quick ? 4e6 : 0;
    options.suite.progress = isatty(STDERR_FILENO) == 1;
    if (options.suite.budget_s == 0) {
        options.suite.budget_s = options.quick ? 40 : 200;
    }
    if (options.turn_ns == 0) {
        options.turn_ns = options.quick ? 5e5 : 1e6;
    }
    size_t threads;
    pn_status status = option_one_team("ab", &options.threads, &threads);
    if (status != PN_OK) {
        return status;
    }
    struct git_builds builds = {0};
    const char *libraries[ARM_MOST] = {words->list[0], words->list[0], words->list[1]};
    if (options.git) {
        status = git_build_both(words->list[0], words->list[1], &builds);
        libraries[ARM_OLD] = libraries[ARM_PLACEBO] = builds.library[0];
        libraries[ARM_NEW] = builds.library[1];
    }
    for (int i = 0; status == PN_OK && i < ARM_COUNT; i++) {
        status = output_spare(options.output.out, libraries[i], "a build");
    }
    struct session session = {0};
    if (status == PN_OK) {
        status =
            session_create(libraries, threads, options.turn_ns, (uint32_t)options.seed, &session);
    }
    if (status == PN_OK) {
        status = compare(&options, words, &session);
    }
    session_free(&session);
    git_builds_free(&builds);
    return status;
}

const struct command command_ab = {
    .name = "ab",
    .words = "OLD NEW",
    .summary = "whether one build of libpinion is slower than another, and how sure that is",
    .examples = "  pinion-bench ab old/libpinion.so new/libpinion.so\n"
                "  pinion-bench ab --git main HEAD --quick\n"
                "  pinion-bench ab --git v0.1 HEAD --out ab.json && pinion-bench report ab.json\n",
    .details =
        "Workers on both builds, and on the old one once more as placebo, take turns every few\n"
        "milliseconds on the same processors and the same memory. They are started anew several\n"
        "times: what the system's choice of addresses does to speed differs from launch to "
        "launch,\n"
        "so launches are what is counted. Rows that may have changed are measured again in fresh\n"
        "launches; of rows those alone can fail, by the lower bound of the change and a sign-flip\n"
        "test with Holm's correction. The mean over all rows (from eight on) fails beyond half of\n"
        "the margin, since what slows all down a little shows there first. OK means shown to be "
        "less than 3 % slower, not merely unproven.\n"
        "Results are compared with plain loops first.\n"
        "\n"
        "The last line is VERDICT and one of OK, IMPROVED, REGRESSED, INCONCLUSIVE. Exit status\n"
        "0 for the first two, 1 for a regression or a wrong result, 77 for what could not be\n"
        "decided.\n",
    .options = ab_option_list,
    .defaults = &ab_defaults,
    .size = sizeof ab_defaults,
    .run = run_ab,
};
