#include "bench/run/run.h"

#include "engine/base/error.h"

static pn_status run_one(struct run_team *team, const struct row *row, struct run_tally *tally,
                         struct output *output)
{
    struct run_result result;
    pn_status status = run_row(team, row, &result);
    if (status != PN_OK) {
        return status;
    }
    tally->rows++;
    if (!result.correct && tally->wrong++ == 0) {
        row_name(&row->key, tally->first_wrong);
        snprintf(tally->first_message, sizeof tally->first_message, "%s", result.message);
    }
    status = run_report(row, &result, team->options->verbose, output);
    run_result_free(&result);
    return status;
}

/* Rows of one number of threads, on one team. */
static pn_status run_group(const struct run_options *options, const struct row *rows, size_t count,
                           struct run_tally *tally, struct output *output)
{
    struct run_team team = {.options = options};
    pn_status status = measure_create(rows[0].key.threads, &team.measure);
    if (status != PN_OK) {
        return status;
    }
    status = machine_create(team.measure.threads, &team.machine);
    enum memory_level deepest = LEVEL_L1;
    for (size_t i = 0; i < count && status == PN_OK; i++) {
        const enum memory_level level = run_row_depth(&team.machine, &rows[i]);
        deepest = level > deepest ? level : deepest;
    }
    if (status == PN_OK) {
        status = probe_buffers_create(&team.measure, &team.machine, deepest, &team.probes);
    }
    for (size_t i = 0; i < count && status == PN_OK; i++) {
        status = run_one(&team, &rows[i], tally, output);
    }
    probe_buffers_free(&team.probes);
    measure_free(&team.measure);
    return status;
}

pn_status run_rows(const struct run_options *options, const struct choice *choice,
                   struct output *output, struct run_tally *tally)
{
    *tally = (struct run_tally){0};
    pn_status status = PN_OK;
    for (size_t first = 0, end; first < choice->count && status == PN_OK; first = end) {
        const struct row *rows = &choice->rows[first];
        end = first + 1;
        while (end < choice->count && choice->rows[end].key.threads == rows[0].key.threads) {
            end++;
        }
        status = run_group(options, rows, end - first, tally, output);
    }
    return status;
}

pn_status run_verdict(const struct run_tally *tally)
{
    if (tally->wrong == 0) {
        return PN_OK;
    }
    return error_set(PN_ERROR_FAILED,
                     "%zu of %zu rows are WRONG, first %s: %s; pinion selftest tells more",
                     tally->wrong, tally->rows, tally->first_wrong, tally->first_message);
}
