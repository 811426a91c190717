/* check/stages.h: the parts of a check. */
#ifndef PINION_BENCH_CHECK_STAGES_H
#define PINION_BENCH_CHECK_STAGES_H

#include "bench/check/check.h"

/* choose.c */

pn_status names_add(struct names *names, const char *name);
/* Whether the options ask for rows of an instruction set of the build. */
bool check_wants_isa(const struct check *check, const char *isa);

/* reference.c: what the baseline knows. */

/* Says what about the runs that are compared with may be wrong. */
pn_status check_warn(const struct check *check, struct output *output);
/* Gives rows that comparable runs of the baseline have their yardsticks, and marks them known. */
void check_keep_yardsticks(struct check *check);
/* The row as check->shown_run knows it, whatever its instruction set and threads. */
bool check_find_shown(const struct check *check, const struct check_row *row,
                      struct saved_row *found);

/* measure.c */

/* Finds the yardsticks of rows that are not known, by limits measured now. */
pn_status check_choose_yardsticks(struct check *check);
/* Compares with plain loops unless told not to, and finds calls that take too long. A failure of
 * the build condemns its row, here and when it is measured. */
pn_status check_prepare(struct check *check);
/* All rows that are to be measured; returns their number. */
size_t check_rows_to_measure(const struct check *check, size_t *chosen);
/* So many launches of the chosen rows; fewer, but three at least, if they do not fit before `end`.
 * Interrupted: PN_ERROR_INTERRUPTED, with what there is. Changes the order of `chosen`. */
pn_status check_measure_stage(struct check *check, int stage, size_t *chosen, size_t count,
                              size_t launches, double end);

/* report.c */

bool row_is_wrong(const struct check_row *row);
/* Of the stage that counts. */
const struct launches *row_launches(const struct check_row *row);
/* Time over that of the yardstick, the mean over launches. */
double launches_ratio(const struct launches *launches);
/* What every row has; those that were measured also their ratio. NULL: no memory. */
json_t *row_start_json(const struct check *check, const struct check_row *row);

/* report_foreign.c */

pn_status report_foreign(const struct check *check, struct output *output);
/* Which two machines they are. */
void report_keys(const struct check *check);

#endif
