/* check/save.c: a build's rows as a new run of a baseline. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "bench/check/stages.h"
#include "bench/machine/measure.h"
#include "bench/stats/stats.h"
#include "engine/base/error.h"

/* A row whose mean has a larger standard error, in ln, is measured in more launches. */
static const double SURE_ERROR = 0.01;

/* Share of the budget that the launches of all rows get. */
static const double FIRST_SHARE = 0.7;

static pn_status add_row(json_t *run, const struct check_row *row)
{
    double times[JUDGE_LAUNCHES];
    const struct launches *launches = &row->stage[0];
    memcpy(times, row->ns[0], launches->count * sizeof *times);
    const struct saved_row saved = {
        .limb = row->meter.limb, .ratios = *launches, .ns = stats_median(times, launches->count)};
    return saved_add_row(run, row->meter.name, &saved);
}

/* The rows of one instruction set, which are a run of one key. Rows stand together by it. */
static pn_status add_run(struct check *check, size_t first, size_t end)
{
    json_t *run = saved_start(check->version, check->meter->turn_ns);
    size_t added = 0;
    for (size_t i = first; i < end; i++) {
        if (check->rows[i].left_out) {
            continue;
        }
        const pn_status status = add_row(run, &check->rows[i]);
        if (status != PN_OK) {
            json_decref(run);
            return status;
        }
        added++;
    }
    if (added == 0) {
        json_decref(run);
        return PN_OK;
    }
    const struct baseline_key key =
        baseline_key_here(check->rows[first].meter.entry.isa, check->meter->threads);
    return baseline_add(&check->baseline, &key, run);
}

static pn_status load_or_start(struct check *check)
{
    baseline_free(&check->baseline);
    const pn_status status = baseline_load(check->options->path, &check->baseline);
    return status == PN_ERROR_NOT_FOUND ? baseline_start(check->options->path, &check->baseline)
                                        : status;
}

/* Into the file as it is now: another save may have come between. */
static pn_status write_runs(struct check *check)
{
    pn_status status = load_or_start(check);
    for (size_t first = 0, end; first < check->count && status == PN_OK; first = end) {
        const char *isa = check->rows[first].meter.entry.isa;
        end = first + 1;
        while (end < check->count && strcmp(check->rows[end].meter.entry.isa, isa) == 0) {
            end++;
        }
        status = add_run(check, first, end);
    }
    if (status == PN_OK) {
        status = baseline_write(&check->baseline);
    }
    check->saved = status == PN_OK;
    return status;
}

/* Of the rows those whose mean is not known well enough to be compared with. */
static size_t choose_unsure(const struct check *check, size_t *chosen, size_t count)
{
    size_t unsure = 0;
    for (size_t i = 0; i < count; i++) {
        if (launches_error(&check->rows[chosen[i]].stage[0]) > SURE_ERROR) {
            chosen[unsure++] = chosen[i];
        }
    }
    return unsure;
}

/* Rows that are unsure after all launches get as many more, if there is time. */
static pn_status measure(struct check *check, double start)
{
    const double budget = check->options->budget_s * 1e9;
    const double end = fmax(start + budget, measure_now() + budget / 4);
    const double first_end = start + FIRST_SHARE * (end - start);
    size_t *chosen = malloc((check->count + 1) * sizeof *chosen);
    if (chosen == NULL) {
        return error_memory(check->count * sizeof *chosen, "rows");
    }
    size_t count = check_rows_to_measure(check, chosen);
    const size_t launches = check->options->launches;
    pn_status status = check_measure_stage(check, 0, chosen, count, launches, first_end);
    if (status == PN_OK && measure_now() < end) {
        count = choose_unsure(check, chosen, count);
        status = check_measure_stage(check, 0, chosen, count, launches, end);
    }
    free(chosen);
    return status;
}

pn_status check_save(struct check *check)
{
    const double start = measure_now();
    check_keep_yardsticks(check);
    pn_status status = check_choose_yardsticks(check);
    if (status == PN_OK) {
        status = check_prepare(check);
    }
    if (status == PN_OK && check->left_out == check->count) {
        return error_set(PN_ERROR_USAGE,
                         "no row is left: with --quick all %zu are left out, whose calls take too "
                         "long; nothing was saved",
                         check->count);
    }
    if (status == PN_OK && check->wrong == 0) {
        status = measure(check, start);
    }
    check->verdict = check->wrong > 0 ? VERDICT_REGRESSED : VERDICT_INCONCLUSIVE;
    return status == PN_OK && check->wrong == 0 ? write_runs(check) : status;
}
