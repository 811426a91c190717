/* check/compare.c: a build's rows against a baseline's. */
#include <math.h>
#include <stdlib.h>

#include "bench/check/stages.h"
#include "bench/machine/measure.h"
#include "bench/stats/stats.h"
#include "engine/base/error.h"

/* Share of the budget that the first stage gets, with checks and calibration. */
static const double FIRST_SHARE = 0.6;

/* Of suspects; where another machine's baseline is only shown. */
enum { SECOND_LAUNCHES = 8, FOREIGN_LAUNCHES = 3 };

/* More inconclusive rows than this share make the whole inconclusive. */
static const double INCONCLUSIVE_SHARE = 0.10;

/* Judges by the first stage; *chosen receives the rows to measure again. */
static size_t judge_first(struct check *check, size_t *chosen)
{
    size_t count = 0;
    for (size_t i = 0; i < check->count; i++) {
        struct check_row *row = &check->rows[i];
        row->p = NAN;
        row->judged = !row_is_wrong(row) &&
                      judge_change(&row->stage[0], &row->reference, row->margin, &row->change);
        if (!row->judged) {
            continue;
        }
        const bool suspicious = judge_suspicious(&row->change, row->margin);
        row->verdict = suspicious ? VERDICT_INCONCLUSIVE : VERDICT_OK;
        if (suspicious) {
            chosen[count++] = i;
        }
    }
    return count;
}

/* Judges the rows that were measured again by their fresh launches alone. */
static pn_status judge_second(struct check *check, const size_t *chosen, size_t count)
{
    double *p = malloc((4 * count + 1) * sizeof *p);
    if (p == NULL) {
        return error_memory(4 * count * sizeof *p, "p values");
    }
    double *faster = p + count, *p_adjusted = faster + count, *faster_adjusted = p_adjusted + count;
    for (size_t i = 0; i < count; i++) {
        struct check_row *row = &check->rows[chosen[i]];
        struct change change;
        const bool enough = !row_is_wrong(row) &&
                            judge_change(&row->stage[1], &row->reference, row->margin, &change);
        if (enough) {
            row->change = change;
            row->decided_by = 1;
        }
        p[i] = enough ? change.p : 1;
        faster[i] = enough ? change.p_faster : 1;
    }
    stats_holm(p, count, p_adjusted);
    stats_holm(faster, count, faster_adjusted);
    for (size_t i = 0; i < count; i++) {
        struct check_row *row = &check->rows[chosen[i]];
        if (row->decided_by == 1) {
            row->p = p_adjusted[i];
            row->verdict =
                judge_verdict(&row->change, row->margin, p_adjusted[i], faster_adjusted[i]);
        }
    }
    free(p);
    return PN_OK;
}

static void judge_all(struct check *check, bool complete)
{
    for (size_t i = 0; i < check->count; i++) {
        struct check_row *row = &check->rows[i];
        row->judged = row->judged && !row_is_wrong(row);
        check->judged += row->judged;
        check->verdicts[row->verdict] += row->judged;
    }
    const double most = INCONCLUSIVE_SHARE * (double)check->judged;
    if (check->wrong > 0 || check->verdicts[VERDICT_REGRESSED] > 0) {
        check->verdict = VERDICT_REGRESSED;
    } else if (!complete || check->judged == 0 ||
               (double)check->verdicts[VERDICT_INCONCLUSIVE] > most) {
        check->verdict = VERDICT_INCONCLUSIVE;
    } else {
        check->verdict = check->verdicts[VERDICT_IMPROVED] > 0 ? VERDICT_IMPROVED : VERDICT_OK;
    }
}

/* Both stages; what was interrupted is judged all the same. */
static pn_status measure_and_judge(struct check *check, double start, size_t *chosen)
{
    const double budget = check->options->budget_s * 1e9;
    const size_t count = check_rows_to_measure(check, chosen);
    double end = fmax(start + FIRST_SHARE * budget, measure_now() + budget / 4);
    pn_status status = check_measure_stage(check, 0, chosen, count, check->options->launches, end);
    if (status != PN_OK && status != PN_ERROR_INTERRUPTED) {
        return status;
    }
    const size_t suspects = judge_first(check, chosen);
    if (status == PN_OK) {
        end = fmax(start + budget, measure_now() + budget / 4);
        status = check_measure_stage(check, 1, chosen, suspects, SECOND_LAUNCHES, end);
    }
    if (status != PN_OK && status != PN_ERROR_INTERRUPTED) {
        return status;
    }
    const pn_status judged = judge_second(check, chosen, suspects);
    return judged == PN_OK ? status : judged;
}

/* What this machine shows, to be put beside another's. */
static pn_status measure_foreign(struct check *check, size_t *chosen)
{
    pn_status status = check_choose_yardsticks(check);
    if (status == PN_OK) {
        status = check_prepare(check);
    }
    if (status == PN_OK) {
        const double end = measure_now() + check->options->budget_s * 1e9 / 4;
        const size_t count = check_rows_to_measure(check, chosen);
        status = check_measure_stage(check, 0, chosen, count, FOREIGN_LAUNCHES, end);
    }
    return status;
}

pn_status check_compare(struct check *check, struct output *output)
{
    const double start = measure_now();
    pn_status status = check_warn(check, output);
    if (status != PN_OK || (check->refusal[0] != '\0' && !check->foreign)) {
        return status;
    }
    size_t *chosen = malloc((check->count + 1) * sizeof *chosen);
    if (chosen == NULL) {
        return error_memory(check->count * sizeof *chosen, "rows");
    }
    if (check->foreign) {
        status = measure_foreign(check, chosen);
        check->verdict = check->wrong > 0 ? VERDICT_REGRESSED : VERDICT_INCONCLUSIVE;
    } else {
        status = check_prepare(check);
        status = status == PN_OK ? measure_and_judge(check, start, chosen) : status;
        judge_all(check, status == PN_OK);
    }
    free(chosen);
    return status;
}
