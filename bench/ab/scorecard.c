#include "bench/ab/scorecard.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bench/stats/rivals.h"
#include "bench/stats/stats.h"
#include "engine/base/error.h"
#include "engine/format/atomic_file.h"

/* The plain rule: slower by more than this. */
static const double THRESHOLD = 0.05;

enum { CRITERION_SEED = 1, MISALIGNMENT = 4, MOST_RUNS = 1000000000 };

/* First what not every row can suffer: the rows are drawn in this order. */
static const struct slow_down slow_downs_known[SCORECARD_SLOW_DOWNS] = {
    {"dropped unroll", {.kind = INJECT_ROLLED}},
    {"tax 1 %", {.kind = INJECT_TAX, .share = 0.01}},
    {"tax 2 %", {.kind = INJECT_TAX, .share = 0.02}},
    {"tax 3 %", {.kind = INJECT_TAX, .share = 0.03}},
    {"tax 5 %", {.kind = INJECT_TAX, .share = 0.05}},
    {"tax 10 %", {.kind = INJECT_TAX, .share = 0.10}},
    {"misaligned by 4 bytes", {.kind = INJECT_OFFSET, .share = MISALIGNMENT}},
    {"last thread 10 % late", {.kind = INJECT_LAG, .share = 0.10}},
};

const char *judge_name(enum judge judge)
{
    static const char *const names[] = {"pinion", "google", "criterion", "asv", "threshold"};
    return names[judge];
}

struct slow_downs scorecard_slow_downs(size_t threads, bool rolled)
{
    struct slow_downs possible = {.count = 0};
    for (size_t i = 0; i < SCORECARD_SLOW_DOWNS; i++) {
        const enum injection_kind kind = slow_downs_known[i].injection.kind;
        if ((kind != INJECT_ROLLED || rolled) && (kind != INJECT_LAG || threads > 1)) {
            possible.list[possible.count++] = &slow_downs_known[i];
        }
    }
    return possible;
}

bool scorecard_mistaken(const struct suite *suite, const struct suite_row *row,
                        const struct slow_down *slow_down)
{
    const bool regressed = row->verdict == VERDICT_REGRESSED;
    if (!row->judged || slow_down == NULL) {
        return row->judged && regressed;
    }
    return !regressed && slow_down->injection.kind == INJECT_TAX &&
           log1p(slow_down->injection.share) > suite->margin;
}

/* --- counting ----------------------------------------------------------------------------------
 */

/* All samples of the first stage, as a tool that counts every sample would have them. */
static size_t samples_of(const struct recording *recording, enum arm_index arm, double *samples)
{
    size_t count = 0;
    for (size_t i = 0; i < recording->launches; i++) {
        const struct launch *launch = &recording->list[i];
        if (launch->stage == 1) {
            memcpy(samples + count, launch->ns[arm], launch->samples * sizeof *samples);
            count += launch->samples;
        }
    }
    return count;
}

static pn_status ask_rivals(const struct recording *recording, bool says[JUDGE_COUNT])
{
    size_t most = 1;
    for (size_t i = 0; i < recording->launches; i++) {
        most += recording->list[i].samples;
    }
    double *old = malloc(2 * most * sizeof *old), *new = old + most;
    if (old == NULL) {
        return error_memory(2 * most * sizeof *old, "samples");
    }
    const size_t olds = samples_of(recording, ARM_OLD, old);
    const size_t news = samples_of(recording, ARM_NEW, new);
    if (olds > 1 && news > 1) {
        says[JUDGE_GOOGLE] = rival_google(old, olds, new, news);
        says[JUDGE_CRITERION] = rival_criterion(old, olds, new, news, CRITERION_SEED);
        says[JUDGE_ASV] = rival_asv(old, olds, new, news);
        says[JUDGE_THRESHOLD] = rival_threshold(old, olds, new, news, THRESHOLD);
    }
    free(old);
    return PN_OK;
}

pn_status scorecard_count(const struct suite *suite, const size_t *injected, bool clean,
                          struct scorecard *card)
{
    bool any[JUDGE_COUNT] = {[JUDGE_PINION] = suite->verdict == VERDICT_REGRESSED};
    for (size_t i = 0; i < suite->count; i++) {
        const struct suite_row *row = &suite->rows[i];
        if (!row->judged) {
            continue;
        }
        bool says[JUDGE_COUNT] = {[JUDGE_PINION] = row->verdict == VERDICT_REGRESSED};
        const pn_status status = ask_rivals(&row->row.recording, says);
        if (status != PN_OK) {
            return status;
        }
        struct tally *tally = injected[i] == 0 ? &card->rows : &card->injected[injected[i] - 1];
        tally->trials++;
        tally->inconclusive += row->verdict == VERDICT_INCONCLUSIVE;
        for (int judge = 0; judge < JUDGE_COUNT; judge++) {
            tally->detected[judge] += says[judge];
            any[judge] = any[judge] || says[judge];
        }
    }
    if (clean) {
        card->suites.trials++;
        card->suites.inconclusive += suite->verdict == VERDICT_INCONCLUSIVE;
        for (int judge = 0; judge < JUDGE_COUNT; judge++) {
            card->suites.detected[judge] += any[judge];
        }
    }
    return PN_OK;
}

static void tally_add(struct tally *sum, const struct tally *more)
{
    sum->trials += more->trials;
    sum->inconclusive += more->inconclusive;
    for (int judge = 0; judge < JUDGE_COUNT; judge++) {
        sum->detected[judge] += more->detected[judge];
    }
}

void scorecard_add(struct scorecard *sum, const struct scorecard *more)
{
    tally_add(&sum->suites, &more->suites);
    tally_add(&sum->rows, &more->rows);
    for (size_t i = 0; i < sum->slow_downs.count; i++) {
        tally_add(&sum->injected[i], &more->injected[i]);
    }
}

/* --- rows --------------------------------------------------------------------------------------
 */

static json_t *tally_json(const char *condition, const char *injection, const struct tally *tally)
{
    double low, high;
    stats_clopper_pearson(tally->detected[JUDGE_PINION], tally->trials, 0.95, &low, &high);
    json_t *detected = json_object();
    for (int judge = 0; judge < JUDGE_COUNT; judge++) {
        json_object_set_new(detected, judge_name((enum judge)judge),
                            json_integer((json_int_t)tally->detected[judge]));
    }
    return json_pack("{s:s, s:s, s:I, s:I, s:o, s:f, s:f}", "condition", condition, "injection",
                     injection, "runs", (json_int_t)tally->trials, "inconclusive",
                     (json_int_t)tally->inconclusive, "detected", detected, "low", low, "high",
                     high);
}

pn_status scorecard_rows(const struct scorecard *card, json_t *rows)
{
    int failed = json_array_append_new(
        rows, tally_json(card->condition, "A/A, whole suites", &card->suites));
    failed |= json_array_append_new(rows, tally_json(card->condition, "A/A, rows", &card->rows));
    for (size_t i = 0; i < card->slow_downs.count; i++) {
        failed |= json_array_append_new(
            rows, tally_json(card->condition, card->slow_downs.list[i]->name, &card->injected[i]));
    }
    return failed != 0 ? error_memory(0, "the scorecard") : PN_OK;
}

/* --- the file ----------------------------------------------------------------------------------
 */

static bool is_count(const json_t *value, json_int_t most)
{
    return json_is_integer(value) && json_integer_value(value) >= 0 &&
           json_integer_value(value) <= most;
}

static bool is_row(const json_t *row)
{
    const json_t *runs = json_object_get(row, "runs");
    if (!json_is_string(json_object_get(row, "condition")) ||
        !json_is_string(json_object_get(row, "injection")) || !is_count(runs, MOST_RUNS) ||
        !is_count(json_object_get(row, "inconclusive"), json_integer_value(runs))) {
        return false;
    }
    for (int judge = 0; judge < JUDGE_COUNT; judge++) {
        const json_t *found =
            json_object_get(json_object_get(row, "detected"), judge_name((enum judge)judge));
        if (!is_count(found, json_integer_value(runs))) {
            return false;
        }
    }
    return true;
}

static bool are_entries(const json_t *entries)
{
    size_t i, j;
    const json_t *entry, *row;
    json_array_foreach(entries, i, entry)
    {
        const json_t *rows = json_object_get(entry, "rows");
        if (!json_is_object(json_object_get(entry, "key")) || !json_is_array(rows)) {
            return false;
        }
        json_array_foreach(rows, j, row)
        {
            if (!is_row(row)) {
                return false;
            }
        }
    }
    return json_is_array(entries);
}

static pn_status load(const char *path, json_t **root)
{
    json_error_t error;
    *root = json_load_file(path, JSON_REJECT_DUPLICATES, &error);
    if (*root == NULL && access(path, R_OK) != 0 && errno != ENOENT) {
        return error_set(PN_ERROR_IO, "%s: %s", path, strerror(errno));
    }
    if (*root == NULL && json_error_code(&error) == json_error_cannot_open_file) {
        *root = json_pack("{s:i, s:s, s:[]}", "schema", 2, "command", "scorecard", "entries");
        return *root == NULL ? error_memory(0, "the scorecard") : PN_OK;
    }
    const char *command = json_string_value(json_object_get(*root, "command"));
    if (*root == NULL) {
        return error_set(PN_ERROR_DATA, "%s: line %d: %s", path, error.line, error.text);
    }
    if (command == NULL || strcmp(command, "scorecard") != 0 ||
        !are_entries(json_object_get(*root, "entries"))) {
        json_decref(*root);
        return error_set(PN_ERROR_DATA,
                         "%s: is no scorecard: command must be \"scorecard\", and "
                         "entries an array of objects with key and rows, whose counts fit",
                         path);
    }
    return PN_OK;
}

static json_t *find(const json_t *list, const json_t *wanted, const char *const *keys)
{
    size_t i;
    json_t *entry;
    json_array_foreach(list, i, entry)
    {
        bool same = true;
        for (const char *const *key = keys; *key != NULL; key++) {
            same = same && json_equal(json_object_get(entry, *key), json_object_get(wanted, *key));
        }
        if (same) {
            return entry;
        }
    }
    return NULL;
}

static void add_count(json_t *sum, const json_t *more, const char *key)
{
    const json_int_t total = json_integer_value(json_object_get(sum, key)) +
                             json_integer_value(json_object_get(more, key));
    json_object_set_new(sum, key, json_integer(total));
}

static void add_row(json_t *sum, const json_t *more)
{
    double low, high;
    add_count(sum, more, "runs");
    add_count(sum, more, "inconclusive");
    json_t *detected = json_object_get(sum, "detected");
    for (int judge = 0; judge < JUDGE_COUNT; judge++) {
        add_count(detected, json_object_get(more, "detected"), judge_name((enum judge)judge));
    }
    const json_int_t found = json_integer_value(json_object_get(detected, "pinion"));
    const json_int_t runs = json_integer_value(json_object_get(sum, "runs"));
    stats_clopper_pearson((size_t)found, (size_t)runs, 0.95, &low, &high);
    json_object_set_new(sum, "low", json_real(low));
    json_object_set_new(sum, "high", json_real(high));
}

static int add_rows(json_t *entry, const json_t *rows)
{
    static const char *const keys[] = {"condition", "injection", NULL};
    json_t *list = json_object_get(entry, "rows");
    int failed = 0;
    size_t i;
    json_t *row;
    json_array_foreach(rows, i, row)
    {
        json_t *known = find(list, row, keys);
        if (known != NULL) {
            add_row(known, row);
        } else {
            failed |= json_array_append_new(list, json_deep_copy(row));
        }
    }
    return failed;
}

pn_status scorecard_check(const char *path)
{
    json_t *root;
    pn_status status = atomic_file_check(path);
    if (status == PN_OK) {
        status = load(path, &root);
    }
    if (status == PN_OK) {
        json_decref(root);
    }
    return status;
}

pn_status scorecard_accumulate(const char *path, const json_t *key, json_t *date,
                               const json_t *rows)
{
    static const char *const keys[] = {"key", NULL};
    json_t *root;
    pn_status status = load(path, &root);
    if (status != PN_OK) {
        return status;
    }
    json_t *wanted = json_pack("{s:O, s:[]}", "key", key, "rows");
    json_t *entries = json_object_get(root, "entries");
    json_t *entry = find(entries, wanted, keys);
    if (entry == NULL) {
        entry = wanted;
        json_array_append(entries, wanted);
    }
    if (json_object_get(entry, "first") == NULL) {
        json_object_set(entry, "first", date);
    }
    json_object_set(entry, "last", date);
    const int failed = entry == NULL || add_rows(entry, rows) != 0;
    char *text = failed ? NULL : json_dumps(root, JSON_INDENT(1));
    status = text == NULL ? error_memory(0, "the scorecard")
                          : atomic_file_write(path, text, strlen(text));
    free(text);
    json_decref(wanted);
    json_decref(root);
    return status;
}
