/* check/reference.c: what the baseline's runs know of the rows. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/check/stages.h"
#include "bench/command/filter.h"
#include "engine/base/error.h"

/* Runs of one key that can be compared, from the newest to the oldest. */
struct runs {
    const json_t *list[JUDGE_RUNS];
    size_t count;
    bool known;                         /* the baseline has the key */
    size_t others;                      /* runs that cannot be compared */
    char obstacle[SAVED_OBSTACLE_SIZE]; /* of the newest of those */
};

static struct runs runs_of(const struct check *check, const char *isa)
{
    const struct baseline_key key = baseline_key_here(isa, check->meter->threads);
    const json_t *all = baseline_runs(&check->baseline, &key);
    struct runs runs = {.known = all != NULL};
    for (size_t i = json_array_size(all); i-- > 0 && runs.count < JUDGE_RUNS;) {
        const json_t *run = json_array_get(all, i);
        char obstacle[SAVED_OBSTACLE_SIZE];
        if (saved_is_comparable(run, obstacle)) {
            runs.list[runs.count++] = run;
        } else if (runs.others++ == 0) {
            memcpy(runs.obstacle, obstacle, sizeof obstacle);
        }
    }
    return runs;
}

/* The row in those runs that have it, told in the yardstick of the newest; their number. */
static size_t find_row(const struct runs *runs, const char *name,
                       struct saved_row found[JUDGE_RUNS])
{
    size_t count = 0;
    for (size_t i = 0; i < runs->count; i++) {
        struct saved_row *next = &found[count];
        if (saved_find_row(runs->list[i], name, next) &&
            yardstick_kernels(&next->limb.yardstick) != NULL &&
            limb_equals(&next->limb, &found[0].limb)) {
            count++;
        }
    }
    return count;
}

/* False: no run has the row. */
static bool refer_row(const struct runs *runs, struct check_row *row)
{
    struct saved_row found[JUDGE_RUNS];
    double means[JUDGE_RUNS];
    row->runs = find_row(runs, row->meter.name, found);
    if (row->runs == 0) {
        return false;
    }
    for (size_t i = 0; i < row->runs; i++) {
        means[i] = launches_mean(&found[i].ratios);
    }
    row->known = true;
    row->meter.limb = found[0].limb;
    row->reference = found[judge_reference(means, row->runs)].ratios;
    row->margin = judge_margin(means, row->runs);
    return true;
}

void check_keep_yardsticks(struct check *check)
{
    for (size_t i = 0; i < check->count; i++) {
        const struct runs runs = runs_of(check, check->rows[i].meter.entry.isa);
        refer_row(&runs, &check->rows[i]);
    }
}

/* --- rows of one side ----------------------------------------------------------------------------
 */

static bool has_row(const struct check *check, const char *name)
{
    for (size_t i = 0; i < check->count; i++) {
        if (strcmp(check->rows[i].meter.name, name) == 0) {
            return true;
        }
    }
    return false;
}

/* Whether any run of its key has the row, comparable or not. */
static bool baseline_has(const struct check *check, const struct meter_row *row)
{
    const struct baseline_key key = baseline_key_here(row->entry.isa, check->meter->threads);
    size_t i;
    const json_t *run;
    json_array_foreach(baseline_runs(&check->baseline, &key), i, run)
    {
        if (json_object_get(json_object_get(run, "rows"), row->name) != NULL) {
            return true;
        }
    }
    return false;
}

static bool is_among(const struct names *names, const char *name)
{
    for (size_t i = 0; i < names->count; i++) {
        if (strcmp(names->list[i], name) == 0) {
            return true;
        }
    }
    return false;
}

/* Names of a run that the options ask for and the build lacks. */
static pn_status add_only_old(struct check *check, const json_t *run, const regex_t *regex)
{
    pn_status status = PN_OK;
    const char *name;
    json_t *row;
    json_object_foreach(json_object_get(run, "rows"), name, row)
    {
        char text[ROW_NAME_SIZE];
        struct row_key key;
        if (status == PN_OK && row_parse(name, text, &key) &&
            (check->options->caches >> key.cache & 1) != 0 && row_matches(regex, &key) &&
            !has_row(check, name) && !is_among(&check->only_old, name)) {
            status = names_add(&check->only_old, name);
        }
    }
    return status;
}

/* The next instruction set of the build that rows are asked of, from entry *at on; NULL: none.
 * Lists go from one to the next. */
static const char *next_isa(const struct check *check, size_t *at)
{
    for (; *at < check->list_count; (*at)++) {
        const char *isa = check->list[*at].isa;
        const bool first = *at == 0 || strcmp(check->list[*at - 1].isa, isa) != 0;
        if (first && check_wants_isa(check, isa)) {
            (*at)++;
            return isa;
        }
    }
    return NULL;
}

static pn_status list_only_old(struct check *check)
{
    regex_t regex;
    pn_status status = filter_compile(check->options->filter, &regex);
    if (status != PN_OK) {
        return status;
    }
    const char *isa;
    for (size_t at = 0; status == PN_OK && (isa = next_isa(check, &at)) != NULL;) {
        const struct runs runs = runs_of(check, isa);
        for (size_t run = 0; run < runs.count && status == PN_OK; run++) {
            status = add_only_old(check, runs.list[run], &regex);
        }
    }
    regfree(&regex);
    return status;
}

/* Keeps known rows. */
static pn_status list_unknown(struct check *check)
{
    size_t kept = 0;
    for (size_t i = 0; i < check->count; i++) {
        const struct meter_row *row = &check->rows[i].meter;
        if (check->rows[i].known) {
            check->rows[kept++] = check->rows[i];
            continue;
        }
        const pn_status status = names_add(
            baseline_has(check, row) ? &check->not_compared : &check->only_new, row->name);
        if (status != PN_OK) {
            return status;
        }
    }
    check->count = kept;
    return PN_OK;
}

/* --- another machine's ---------------------------------------------------------------------------
 */

/* Chooses the key to show beside this machine's: one of the same instruction set and threads if
 * there is one. */
static void choose_shown(struct check *check)
{
    const struct baseline_key here =
        baseline_key_here(check->rows[0].meter.entry.isa, check->meter->threads);
    int best = -1;
    for (size_t i = 0; i < baseline_key_count(&check->baseline); i++) {
        const struct baseline_key key = baseline_key_at(&check->baseline, i);
        const int score = 2 * (strcmp(key.isa, here.isa) == 0) + (key.threads == here.threads);
        if (score > best) {
            const json_t *runs = baseline_runs(&check->baseline, &key);
            best = score;
            check->shown = key;
            check->shown_run = json_array_get(runs, json_array_size(runs) - 1);
        }
    }
    char here_text[BASELINE_KEY_TEXT], shown_text[BASELINE_KEY_TEXT];
    check->foreign = best >= 0;
    baseline_key_text(&here, here_text);
    if (!check->foreign) {
        snprintf(check->refusal, sizeof check->refusal,
                 "the baseline is empty; save one for %s with check --save", here_text);
        return;
    }
    const size_t others = baseline_key_count(&check->baseline) - 1;
    snprintf(check->refusal, sizeof check->refusal,
             "the baseline is of %s%s, this machine is %s; speeds of one say nothing of the other: "
             "save one here with check --save",
             baseline_key_text(&check->shown, shown_text), others > 0 ? " and others" : "",
             here_text);
}

bool check_find_shown(const struct check *check, const struct check_row *row,
                      struct saved_row *found)
{
    const struct bench_abi_problem *about = &row->meter.entry.about;
    const char *name;
    json_t *other;
    json_object_foreach(json_object_get(check->shown_run, "rows"), name, other)
    {
        char text[ROW_NAME_SIZE];
        struct row_key key;
        if (row_parse(name, text, &key) && strcmp(key.kernel, about->kernel) == 0 &&
            strcmp(key.shape, about->shape) == 0 && strcmp(key.dtype, about->dtype) == 0 &&
            key.cache == row->meter.cache) {
            return saved_find_row(check->shown_run, name, found);
        }
    }
    return false;
}

/* --- all rows ------------------------------------------------------------------------------------
 */

static pn_status warn_of_runs(const struct check *check, const struct runs *runs, const char *isa,
                              struct output *output)
{
    char key_text[BASELINE_KEY_TEXT], text[3 * BASELINE_KEY_TEXT];
    const struct baseline_key key = baseline_key_here(isa, check->meter->threads);
    baseline_key_text(&key, key_text);
    pn_status status = PN_OK;
    if (runs->count > 0 && runs->others > 0) {
        snprintf(text, sizeof text, "%zu runs of %s are not compared with: of the newest, %s",
                 runs->others, key_text, runs->obstacle);
        status = output_warn(output, "baseline_runs", text);
    }
    const char *compiler = runs->count > 0 ? saved_other_compiler(runs->list[0]) : NULL;
    if (status == PN_OK && compiler != NULL) {
        snprintf(text, sizeof text,
                 "the newest run of %s was measured in yardsticks that %.60s compiled; another "
                 "version may have made others of them: save a run of this build's",
                 key_text, compiler);
        status = output_warn(output, "yardstick_compiler", text);
    }
    return status;
}

static bool baseline_has_any(const struct check *check)
{
    size_t i = 0;
    while (i < check->count && !baseline_has(check, &check->rows[i].meter)) {
        i++;
    }
    return i < check->count;
}

/* Why no row can be compared, though there may be runs. */
static void refuse(struct check *check, const struct runs *incomparable)
{
    char text[BASELINE_KEY_TEXT];
    const struct baseline_key key =
        baseline_key_here(check->rows[0].meter.entry.isa, check->meter->threads);
    if (incomparable->others > 0) {
        snprintf(check->refusal, sizeof check->refusal,
                 "no run of the baseline for this machine can be compared with: of the newest, %s; "
                 "save one with check --save",
                 incomparable->obstacle);
    } else if (baseline_has_any(check)) {
        snprintf(check->refusal, sizeof check->refusal,
                 "the baseline's runs that have the chosen rows cannot be compared with: their "
                 "yardsticks do not run here or are of other runs; save one with check --save");
    } else {
        snprintf(check->refusal, sizeof check->refusal,
                 "the baseline of %s has none of the chosen rows; save them with check --save",
                 baseline_key_text(&key, text));
    }
}

pn_status check_warn(const struct check *check, struct output *output)
{
    pn_status status = PN_OK;
    const char *isa;
    for (size_t at = 0; status == PN_OK && (isa = next_isa(check, &at)) != NULL;) {
        const struct runs runs = runs_of(check, isa);
        status = warn_of_runs(check, &runs, isa, output);
    }
    return status;
}

pn_status check_refer(struct check *check)
{
    bool any_key = false, any_row = false;
    struct runs runs = {0}, incomparable = {0};
    const char *isa = "";
    for (size_t i = 0; i < check->count; i++) {
        struct check_row *row = &check->rows[i];
        if (strcmp(row->meter.entry.isa, isa) != 0) {
            isa = row->meter.entry.isa;
            runs = runs_of(check, isa);
            incomparable = runs.count == 0 && runs.others > 0 ? runs : incomparable;
        }
        any_key = any_key || runs.known;
        any_row = refer_row(&runs, row) || any_row;
    }
    if (!any_key) {
        choose_shown(check);
        return PN_OK;
    }
    if (!any_row) {
        refuse(check, &incomparable);
    }
    const pn_status status = list_only_old(check);
    return status == PN_OK ? list_unknown(check) : status;
}
