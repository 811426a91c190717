/* check/measure.c: launches, and what comes before the first that counts. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/ab/judged.h"
#include "bench/check/stages.h"
#include "bench/command/interrupt.h"
#include "bench/machine/measure.h"
#include "engine/base/error.h"

/* Blocks of a row in one launch; launches that are made even beyond the budget. */
enum { LEAST_BLOCKS = 3, MOST_BLOCKS = 40, LEAST_LAUNCHES = 3 };

static void tell(const struct check *check, const char *what, size_t done, size_t all)
{
    if (check->options->progress) {
        fprintf(stderr, "\r%s %zu of %zu%s", what, done, all, done == all ? "\n" : "");
    }
}

/* --- yardsticks ----------------------------------------------------------------------------------
 */

/* What a unit of each yardstick takes, found once. */
struct units {
    struct yardstick *yardsticks;
    double *ns;
    size_t count;
};

static pn_status unit_of(struct check *check, struct units *units,
                         const struct yardstick *yardstick, double *ns)
{
    for (size_t i = 0; i < units->count; i++) {
        if (yardstick_equals(&units->yardsticks[i], yardstick)) {
            *ns = units->ns[i];
            return PN_OK;
        }
    }
    pn_status status = meter_unit(check->meter, yardstick, ns);
    if (status == PN_OK) {
        units->yardsticks[units->count] = *yardstick;
        units->ns[units->count++] = *ns;
        status = interrupt_check();
    }
    return status;
}

static pn_status choose_yardstick(struct check *check, struct units *units, struct meter_row *row)
{
    struct limb list[LIMB_MOST];
    double unit_ns[LIMB_MOST];
    const size_t count =
        limb_list(&row->entry.about, row->entry.isa, row->cache, &check->machine, list);
    for (size_t i = 0; i < count; i++) {
        const pn_status status = unit_of(check, units, &list[i].yardstick, &unit_ns[i]);
        if (status != PN_OK) {
            return status;
        }
    }
    row->limb = list[limb_binding(list, count, unit_ns)];
    return PN_OK;
}

pn_status check_choose_yardsticks(struct check *check)
{
    const size_t most = LIMB_MOST * check->count;
    struct units units = {.yardsticks = malloc(most * sizeof *units.yardsticks),
                          .ns = malloc(most * sizeof *units.ns)};
    pn_status status = units.yardsticks == NULL || units.ns == NULL
                           ? error_memory(most * sizeof *units.yardsticks, "yardsticks")
                           : PN_OK;
    for (size_t i = 0; i < check->count && status == PN_OK; i++) {
        if (!check->rows[i].known) {
            status = choose_yardstick(check, &units, &check->rows[i].meter);
        }
    }
    free(units.yardsticks);
    free(units.ns);
    return status;
}

/* --- rows ----------------------------------------------------------------------------------------
 */

/* The row before it if that is of the same problem, in another cache; else NULL. */
static const struct meter_row *prepared_before(const struct check *check, size_t index)
{
    const struct meter_row *row = &check->rows[index].meter;
    const struct meter_row *before = index == 0 ? NULL : &check->rows[index - 1].meter;
    const bool same = before != NULL && before->entry.problem == row->entry.problem &&
                      before->entry.isa_index == row->entry.isa_index;
    return same ? before : NULL;
}

/* A wrong result or a dead worker condemns its row, not the check. */
static pn_status survive(struct check *check, struct meter_row *row, pn_status status)
{
    if (!judged_condemns(status, row->wrong)) {
        return status;
    }
    check->wrong++;
    return meter_is_whole(check->meter) ? PN_OK : meter_launch(check->meter);
}

/* On a launch that counts for nothing else. What is wrong in one cache is so in all. */
static pn_status prepare_row(struct check *check, size_t index)
{
    struct check_row *row = &check->rows[index];
    const struct meter_row *before = prepared_before(check, index);
    if (before != NULL && before->wrong[0] != '\0') {
        memcpy(row->meter.wrong, before->wrong, sizeof row->meter.wrong);
        check->wrong++;
        return PN_OK;
    }
    pn_status status = interrupt_check();
    if (status == PN_OK && !check->options->unchecked && before == NULL) {
        status = meter_check(check->meter, &row->meter);
    }
    if (status == PN_OK) {
        status = meter_call(check->meter, &row->meter);
    }
    row->left_out = status == PN_OK && check->options->longest_ns > 0 &&
                    row->meter.call_ns > check->options->longest_ns;
    check->left_out += row->left_out;
    return survive(check, &row->meter, status);
}

pn_status check_prepare(struct check *check)
{
    for (size_t i = 0; i < check->count; i++) {
        const pn_status status = prepare_row(check, i);
        tell(check, "checked rows:", i + 1, check->count);
        if (status != PN_OK) {
            return status;
        }
    }
    return PN_OK;
}

size_t check_rows_to_measure(const struct check *check, size_t *chosen)
{
    size_t count = 0;
    for (size_t i = 0; i < check->count; i++) {
        const struct check_row *row = &check->rows[i];
        if (!row->left_out && !row_is_wrong(row)) {
            chosen[count++] = i;
        }
    }
    return count;
}

/* One launch of the chosen rows in a new random order. */
static pn_status measure_launch(struct check *check, int stage, size_t *chosen, size_t count,
                                double end, size_t left)
{
    pn_status status = meter_launch(check->meter);
    for (size_t i = 0; i < count; i++) {
        const size_t j = stats_random_below(&check->meter->random, i + 1), swapped = chosen[i];
        chosen[i] = chosen[j];
        chosen[j] = swapped;
    }
    for (size_t i = 0; status == PN_OK && i < count; i++, left--) {
        struct check_row *row = &check->rows[chosen[i]];
        struct meter_value value;
        if (row_is_wrong(row)) {
            continue;
        }
        status = meter_measure(check->meter, &row->meter, (end - measure_now()) / (double)left,
                               LEAST_BLOCKS, MOST_BLOCKS, &value);
        if (status == PN_OK) {
            struct launches *launches = &row->stage[stage];
            row->ns[stage][launches->count] = value.ns;
            launches->values[launches->count++] = value.ratio;
            status = interrupt_check();
        }
        status = survive(check, &row->meter, status);
    }
    return status;
}

pn_status check_measure_stage(struct check *check, int stage, size_t *chosen, size_t count,
                              size_t launches, double end)
{
    pn_status status = PN_OK;
    for (size_t i = 0; i < launches && count > 0 && status == PN_OK; i++) {
        if (i >= LEAST_LAUNCHES && measure_now() > end) {
            break;
        }
        tell(check, stage == 0 ? "launches:" : "launches of suspects:", i + 1, launches);
        status = measure_launch(check, stage, chosen, count, end, (launches - i) * count);
    }
    return status;
}
