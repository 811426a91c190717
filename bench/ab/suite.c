#include "bench/ab/suite.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/ab/judged.h"
#include "bench/command/interrupt.h"
#include "bench/machine/measure.h"
#include "bench/stats/stats.h"
#include "engine/base/error.h"

/* Launches of each stage. Of the rows that are measured again many differ more from launch to
 * launch than within one, so these are many and short. */
enum { FIRST_LAUNCHES = 8, SECOND_LAUNCHES = 64 };

/* A stage that has used up its time ends with so many. From as many on as the first stage has a
 * suspect may be cleared. */
enum { LEAST_LAUNCHES = 5, LEAST_LAUNCHES_TO_CLEAR = FIRST_LAUNCHES };

/* Blocks of a row in one launch. */
enum { LEAST_BLOCKS = 3, MOST_BLOCKS = 40 };

/* Share of the budget that the first stage gets, with checks and calibration. */
static const double FIRST_SHARE = 0.5;

/* Margin over the mean of all rows, as a share of that of one. */
static const double SUITE_MARGIN_SHARE = 0.5;

/* The mean is a test beside those of rows, and gets half of their level: all in all a suite of
 * equal builds fails less often than one in 60. */
static const double MEAN_TESTS = 2;

/* The mean over fewer rows decides nothing: each of them says as much, and is measured again. */
enum { MEAN_LEAST_ROWS = 8 };

/* More inconclusive rows than this share make the suite inconclusive. */
static const double INCONCLUSIVE_SHARE = 0.10;

static void free_names(char **names, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        free(names[i]);
    }
    free(names);
}

void suite_free(struct suite *suite)
{
    for (size_t i = 0; i < suite->count; i++) {
        recording_free(&suite->rows[i].row.recording);
    }
    free(suite->rows);
    free_names(suite->only_old, suite->only_old_count);
    free_names(suite->only_new, suite->only_new_count);
    *suite = (struct suite){0};
}

/* --- measuring ---------------------------------------------------------------------------------
 */

/* The row before it, if that is of the same problem, in another cache; else NULL. */
static const struct ab_row *checked_before(const struct suite *suite, size_t index)
{
    const struct ab_row *row = &suite->rows[index].row;
    const struct ab_row *before = index == 0 ? NULL : &suite->rows[index - 1].row;
    const bool same = before != NULL &&
                      before->place[ARM_NEW].problem == row->place[ARM_NEW].problem &&
                      before->place[ARM_NEW].isa == row->place[ARM_NEW].isa;
    return same ? before : NULL;
}

/* A wrong result or a dead worker condemns its row, not the comparison. */
static pn_status survive(struct suite *suite, struct ab_row *row, pn_status status)
{
    if (!judged_condemns(status, row->wrong)) {
        return status;
    }
    return session_is_whole(suite->session) ? PN_OK : session_launch(suite->session);
}

static bool is_wrong(const struct ab_row *row)
{
    return row->wrong[0] != '\0';
}

/* Checks and calibrates on a launch that counts for nothing else. */
static pn_status prepare_row(struct suite *suite, size_t index)
{
    struct suite_row *row = &suite->rows[index];
    const struct ab_row *before = checked_before(suite, index);
    pn_status status = interrupt_check();
    if (status == PN_OK && before != NULL && is_wrong(before)) {
        memcpy(row->row.wrong, before->wrong, sizeof row->row.wrong);
        return PN_OK;
    }
    if (status == PN_OK && !suite->options->unchecked && before == NULL) {
        status = session_check(suite->session, &row->row);
    }
    if (status == PN_OK) {
        status = session_measure(suite->session, &row->row, 0, 0, 1, 1);
    }
    recording_free(&row->row.recording);
    row->left_out = status == PN_OK && suite->options->longest_ns > 0 &&
                    row->row.call_ns > suite->options->longest_ns;
    return survive(suite, &row->row, status);
}

static void tell(const struct suite *suite, const char *what, size_t done, size_t all)
{
    if (suite->options->progress) {
        fprintf(stderr, "\r%s %zu of %zu%s", what, done, all, done == all ? "\n" : "");
    }
}

static pn_status prepare_rows(struct suite *suite)
{
    for (size_t i = 0; i < suite->count; i++) {
        tell(suite, "checked rows:", i + 1, suite->count);
        const pn_status status = prepare_row(suite, i);
        if (status != PN_OK) {
            return status;
        }
    }
    return PN_OK;
}

/* Of the second stage at least so many that the sign-flip test can condemn all of its rows. */
static size_t least_launches(int stage, size_t count)
{
    size_t least = LEAST_LAUNCHES;
    while (stage == 2 && least < SECOND_LAUNCHES &&
           ldexp((double)count, -(int)least) > VERDICT_FAMILY_ALPHA) {
        least++;
    }
    return least;
}

static void swap(size_t *chosen, size_t i, size_t j)
{
    const size_t swapped = chosen[i];
    chosen[i] = chosen[j];
    chosen[j] = swapped;
}

static void shuffle(struct session *session, size_t *chosen, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        swap(chosen, i, session_random(session, i + 1));
    }
}

/* Whether a suspect needs more launches. */
static bool is_open(const struct suite *suite, const struct ab_row *row)
{
    return !is_wrong(row) && !evidence_settled(&row->recording, 2, suite->margin);
}

/* Moves suspects that are not open behind the others; how many are. */
static size_t set_aside(const struct suite *suite, size_t *chosen, size_t count)
{
    size_t open = 0;
    for (size_t i = 0; i < count; i++) {
        if (is_open(suite, &suite->rows[chosen[i]].row)) {
            swap(chosen, i, open++);
        }
    }
    return open;
}

/* One launch of so many rows in a random order. Each gets its part of the time until `end`, with
 * `later` launches still to come. */
static pn_status measure_launch(struct suite *suite, int stage, size_t *chosen, size_t count,
                                size_t later, double end)
{
    const double before = measure_now();
    pn_status status = session_launch(suite->session);
    const double launching = (measure_now() - before) * (double)later;
    size_t left = (later + 1) * count;
    shuffle(suite->session, chosen, count);
    for (size_t i = 0; status == PN_OK && i < count; i++, left--) {
        struct ab_row *row = &suite->rows[chosen[i]].row;
        if (is_wrong(row)) {
            continue;
        }
        status = session_measure(suite->session, row, stage,
                                 (end - measure_now() - launching) / (double)left, LEAST_BLOCKS,
                                 MOST_BLOCKS);
        status = survive(suite, row, status == PN_OK ? interrupt_check() : status);
    }
    return status;
}

/* Measures the chosen rows, the suspects of stage 2 until they are cleared. */
static pn_status measure_stage(struct suite *suite, int stage, size_t *chosen, size_t count,
                               size_t launches, double end)
{
    const size_t least = least_launches(stage, count);
    for (size_t launch = 0; launch < launches && count > 0; launch++) {
        if (launch >= least && measure_now() > end) {
            break;
        }
        tell(suite, stage == 1 ? "launches:" : "launches of suspects:", launch + 1, launches);
        const pn_status status =
            measure_launch(suite, stage, chosen, count, launches - launch - 1, end);
        if (status != PN_OK) {
            return status;
        }
        if (stage == 2 && launch + 1 >= LEAST_LAUNCHES_TO_CLEAR) {
            count = set_aside(suite, chosen, count);
        }
    }
    return PN_OK;
}

/* --- judging -----------------------------------------------------------------------------------
 */

/* What the placebo shows where nothing changed: a figure of how noisy the machine is. */
static pn_status find_noise(struct suite *suite)
{
    double *placebos = malloc((suite->count + 1) * sizeof *placebos);
    if (placebos == NULL) {
        return error_memory(suite->count * sizeof *placebos, "the suite");
    }
    size_t count = 0;
    for (size_t i = 0; i < suite->count; i++) {
        if (suite->rows[i].judged) {
            placebos[count++] = fabs(suite->rows[i].evidence.placebo);
        }
    }
    suite->noise = count > 0 ? stats_quantile(placebos, count, 0.99) : 0;
    free(placebos);
    return PN_OK;
}

/* Judges by the first stage; *chosen receives the rows to measure again. */
static size_t judge_first(struct suite *suite, size_t *chosen)
{
    size_t count = 0;
    for (size_t i = 0; i < suite->count; i++) {
        struct suite_row *row = &suite->rows[i];
        row->judged = !row->left_out && !is_wrong(&row->row) &&
                      evidence_of(&row->row.recording, 1, suite->margin, &row->evidence);
        if (!row->judged) {
            continue;
        }
        row->stage = 1;
        const bool suspicious = evidence_suspicious(&row->evidence, suite->margin);
        row->verdict = suspicious ? VERDICT_INCONCLUSIVE : VERDICT_OK;
        if (suspicious) {
            chosen[count++] = i;
        }
    }
    return count;
}

static pn_status judge_second(struct suite *suite, const size_t *chosen, size_t count)
{
    double *p = malloc((4 * count + 1) * sizeof *p);
    if (p == NULL) {
        return error_memory(4 * count * sizeof *p, "p values");
    }
    double *faster = p + count, *p_adjusted = faster + count, *faster_adjusted = p_adjusted + count;
    for (size_t i = 0; i < count; i++) {
        struct suite_row *row = &suite->rows[chosen[i]];
        struct evidence evidence;
        const bool enough = evidence_of(&row->row.recording, 2, suite->margin, &evidence);
        if (enough) {
            row->evidence = evidence;
            row->stage = 2;
        }
        p[i] = enough ? evidence.p : 1;
        faster[i] = enough ? evidence.p_faster : 1;
    }
    stats_holm(p, count, p_adjusted);
    stats_holm(faster, count, faster_adjusted);
    for (size_t i = 0; i < count; i++) {
        struct suite_row *row = &suite->rows[chosen[i]];
        row->p_adjusted = p_adjusted[i];
        if (row->stage == 2) {
            row->verdict =
                evidence_verdict(&row->evidence, suite->margin, p_adjusted[i], faster_adjusted[i]);
        }
    }
    free(p);
    return PN_OK;
}

static pn_status judge_suite(struct suite *suite, bool complete)
{
    const struct recording **recordings = malloc((suite->count + 1) * sizeof *recordings);
    if (recordings == NULL) {
        return error_memory(suite->count * sizeof *recordings, "the suite");
    }
    size_t judged = 0, slower = 0;
    for (size_t i = 0; i < suite->count; i++) {
        struct suite_row *row = &suite->rows[i];
        suite->wrong += is_wrong(&row->row);
        suite->left_out += row->left_out && !is_wrong(&row->row);
        row->judged = row->judged && !is_wrong(&row->row);
        if (row->judged) {
            recordings[judged++] = &row->row.recording;
            slower += row->verdict == VERDICT_INCONCLUSIVE &&
                      evidence_seems_slower(&row->evidence, suite->margin);
            suite->verdicts[row->verdict]++;
        }
    }
    const double margin = SUITE_MARGIN_SHARE * suite->margin;
    const bool whole = evidence_of_suite(recordings, judged, 1, margin, &suite->all);
    free(recordings);
    suite->mean_known = whole;
    const bool many = whole && judged >= MEAN_LEAST_ROWS;
    const enum verdict mean = many
                                  ? evidence_verdict(&suite->all, margin, MEAN_TESTS * suite->all.p,
                                                     MEAN_TESTS * suite->all.p_faster)
                                  : VERDICT_INCONCLUSIVE;
    suite->mean = mean;
    const double open = (double)suite->verdicts[VERDICT_INCONCLUSIVE];
    if (suite->wrong > 0 || suite->verdicts[VERDICT_REGRESSED] > 0 || mean == VERDICT_REGRESSED) {
        suite->verdict = VERDICT_REGRESSED;
    } else if (!whole || !complete || slower > 0 || open > INCONCLUSIVE_SHARE * (double)judged) {
        suite->verdict = VERDICT_INCONCLUSIVE;
    } else if (suite->verdicts[VERDICT_IMPROVED] > 0 || mean == VERDICT_IMPROVED) {
        suite->verdict = VERDICT_IMPROVED;
    } else {
        suite->verdict = VERDICT_OK;
    }
    return PN_OK;
}

/* Both stages; what was interrupted is judged all the same. */
static pn_status measure_suite(struct suite *suite, double start, size_t *chosen, size_t *again)
{
    const double budget = suite->options->budget_s * 1e9;
    size_t count = 0;
    for (size_t i = 0; i < suite->count; i++) {
        if (!suite->rows[i].left_out && !is_wrong(&suite->rows[i].row)) {
            chosen[count++] = i;
        }
    }
    double end = fmax(start + FIRST_SHARE * budget, measure_now() + budget / 3);
    pn_status status = measure_stage(suite, 1, chosen, count, FIRST_LAUNCHES, end);
    if (status != PN_OK && status != PN_ERROR_INTERRUPTED) {
        return status;
    }
    *again = judge_first(suite, chosen);
    const pn_status noise = find_noise(suite);
    if (noise != PN_OK) {
        return noise;
    }
    if (status == PN_OK) {
        end = fmax(start + budget, measure_now() + budget / 4);
        status = measure_stage(suite, 2, chosen, *again, SECOND_LAUNCHES, end);
    }
    return status;
}

pn_status suite_run(struct suite *suite)
{
    const double start = measure_now();
    size_t *chosen = malloc((suite->count + 1) * sizeof *chosen), again = 0;
    if (chosen == NULL) {
        return error_memory(suite->count * sizeof *chosen, "the suite");
    }
    pn_status status = prepare_rows(suite);
    if (status == PN_OK) {
        status = measure_suite(suite, start, chosen, &again);
    }
    if (status == PN_OK || status == PN_ERROR_INTERRUPTED) {
        const pn_status judged = judge_second(suite, chosen, again);
        status = judged == PN_OK ? status : judged;
    }
    if (status == PN_OK || status == PN_ERROR_INTERRUPTED) {
        const pn_status judged = judge_suite(suite, status == PN_OK);
        status = judged == PN_OK ? status : judged;
    }
    free(chosen);
    return status;
}
