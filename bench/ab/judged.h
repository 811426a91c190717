/* ab/judged.h: what ab and check say alike of rows with verdicts. */
#ifndef PINION_BENCH_AB_JUDGED_H
#define PINION_BENCH_AB_JUDGED_H

#include <stdbool.h>
#include <stddef.h>

#include "bench/ab/page.h"
#include "bench/ab/verdict.h"
#include "bench/command/output.h"

/* Whether a failure condemns the row that was measured, not the comparison: its result is wrong, it
 * does nothing, or a worker died of it. The message goes to `wrong`. */
bool judged_condemns(pn_status status, char wrong[REPLY_MESSAGE]);

/* What the row's document says: "WRONG", "NOT MEASURED" or the verdict. */
const char *judged_word(bool wrong, bool judged, enum verdict verdict);

/* Where the row stands in the table: the worst, wrong ones, are 0; those without evidence last. */
enum { JUDGED_RANKS = 6 };
int judged_rank(bool wrong, bool judged, enum verdict verdict);

/* A line of each name behind `what` it is. */
void judged_print_names(const char *what, char *const *names, size_t count);

/* The last line names the verdict, since make turns every exit code into 2. `of` is how many rows
 * have each. */
pn_status judged_last_line(struct output *output, enum verdict verdict, const size_t of[4],
                           size_t wrong, size_t left_out);

#endif
