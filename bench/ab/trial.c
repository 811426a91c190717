#include "bench/ab/trial.h"

#include <stdio.h>
#include <stdlib.h>

#include "bench/ab/inject.h"
#include "bench/ab/row_json.h"
#include "bench/command/json_text.h"
#include "bench/command/shell.h"
#include "engine/base/error.h"

/* A build and itself, with or without slow-downs. */
struct comparison {
    struct session session;
    struct suite suite;
    size_t *injected; /* [rows] as of inject() */
};

static void comparison_free(struct comparison *comparison)
{
    free(comparison->injected);
    suite_free(&comparison->suite);
    session_free(&comparison->session);
}

/* comparison_free() it in any case. */
static pn_status comparison_create(const struct trial_options *options, uint32_t seed,
                                   const struct slow_downs *slow_downs,
                                   struct comparison *comparison)
{
    const char *const libraries[ARM_MOST] = {options->library, options->library, options->library,
                                             slow_downs == NULL ? NULL : options->rolled};
    struct suite *suite = &comparison->suite;
    *comparison = (struct comparison){0};
    pn_status status =
        session_create(libraries, options->threads, options->turn_ns, seed, &comparison->session);
    if (status == PN_OK) {
        status = suite_create(&comparison->session, options->suite, suite);
    }
    if (status != PN_OK) {
        return status;
    }
    comparison->injected = calloc(suite->count, sizeof *comparison->injected);
    if (comparison->injected == NULL) {
        return error_memory(suite->count * sizeof *comparison->injected, "injections");
    }
    return slow_downs == NULL ? PN_OK : inject(suite, slow_downs, comparison->injected);
}

/* The command that repeats a trial alone. */
static json_t *repro_json(const struct trial_options *options, const struct comparison *comparison,
                          bool clean, const char *condition)
{
    char *text = NULL;
    size_t size;
    FILE *stream = open_memstream(&text, &size);
    if (stream == NULL) {
        return NULL;
    }
    const struct suite_options *suite = options->suite;
    fputs("pinion-bench selftest ", stream);
    shell_write_word(stream, options->library);
    if (options->rolled != NULL) {
        shell_write_option(stream, "--rolled", options->rolled);
    }
    fprintf(stream, " --condition %s --runs %d --injected %d --seed %u", condition, clean, !clean,
            (unsigned)comparison->session.seed);
    for (int cache = 0; cache < CACHE_STATES; cache++) {
        if ((suite->caches >> cache & 1) != 0) {
            const bool first = (suite->caches & ((1u << cache) - 1)) == 0;
            fprintf(stream, "%s%s", first ? " --cache " : ",", cache_name((enum cache_state)cache));
        }
    }
    fprintf(stream, " --threads %zu --margin %g --budget %g --min-time %g",
            comparison->session.threads, 100 * suite->margin, suite->budget_s,
            options->turn_ns / 1e6);
    if (suite->isa != NULL) {
        shell_write_option(stream, "--isa", suite->isa);
    }
    if (suite->filter != NULL) {
        shell_write_option(stream, "--filter", suite->filter);
    }
    json_t *json = fclose(stream) == 0 ? json_text(text) : NULL;
    free(text);
    return json;
}

/* Keeps the rows that were judged wrongly with all of their samples. */
static pn_status keep_mistakes(const struct trial_options *options,
                               const struct comparison *comparison, bool clean,
                               const struct scorecard *card)
{
    const struct suite *suite = &comparison->suite;
    const size_t *injected = comparison->injected;
    for (size_t i = 0; i < suite->count; i++) {
        const struct suite_row *row = &suite->rows[i];
        const struct slow_down *slow_down =
            injected[i] == 0 ? NULL : card->slow_downs.list[injected[i] - 1];
        if (!scorecard_mistaken(suite, row, slow_down)) {
            continue;
        }
        json_t *mistake = suite_row_json(suite, row);
        json_t *about = json_pack("{s:s, s:s, s:I, s:o}", "condition", card->condition, "injection",
                                  slow_down == NULL ? "none" : slow_down->name, "seed",
                                  (json_int_t)suite->session->seed, "repro",
                                  repro_json(options, comparison, clean, card->condition));
        const bool kept = json_object_update(mistake, about) == 0 &&
                          json_array_append_new(card->mistakes, mistake) == 0;
        json_decref(about);
        if (!kept) {
            return error_memory(0, "a row");
        }
    }
    return PN_OK;
}

/* A worker that died or an error in the build is no verdict that could be right or wrong. */
static pn_status check_rows(const struct suite *suite)
{
    for (size_t i = 0; i < suite->count; i++) {
        const struct ab_row *row = &suite->rows[i].row;
        if (row->wrong[0] != '\0') {
            return error_set(PN_ERROR_FAILED, "%s: %s", row->name, row->wrong);
        }
    }
    return PN_OK;
}

pn_status trial_run(const struct trial_options *options, uint32_t seed, bool clean,
                    struct scorecard *card)
{
    struct comparison comparison;
    pn_status status =
        comparison_create(options, seed, clean ? NULL : &card->slow_downs, &comparison);
    if (status == PN_OK) {
        status = suite_run(&comparison.suite);
    }
    if (status == PN_OK) {
        status = check_rows(&comparison.suite);
    }
    if (status == PN_OK) {
        status = scorecard_count(&comparison.suite, comparison.injected, clean, card);
    }
    if (status == PN_OK) {
        status = keep_mistakes(options, &comparison, clean, card);
    }
    comparison_free(&comparison);
    return status;
}

pn_status trial_rehearse(const struct trial_options *options, uint32_t seed,
                         char isa[BENCH_ABI_TEXT])
{
    const struct slow_downs slow_downs =
        scorecard_slow_downs(options->threads, options->rolled != NULL);
    struct comparison comparison;
    const pn_status status = comparison_create(options, seed, &slow_downs, &comparison);
    if (status == PN_OK) {
        const char *asked = options->suite->isa;
        snprintf(isa, BENCH_ABI_TEXT, "%s",
                 asked != NULL ? asked : comparison.suite.rows[0].row.isa);
    }
    comparison_free(&comparison);
    return status;
}
