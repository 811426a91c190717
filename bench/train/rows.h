/* train/rows.h: what is said of a contender that has finished a round or more, as text and as JSON.
 */
#ifndef PINION_BENCH_TRAIN_ROWS_H
#define PINION_BENCH_TRAIN_ROWS_H

#include <stdio.h>

#include <jansson.h>

#include "bench/train/step.h"

/* Medians of the rounds. */
struct train_row {
    double samples_per_second, microseconds_per_step;
    double percent_of_roofline;
    double ceiling_samples_per_second; /* if each round took as long as its roofline says */
};

/* Sorts the rounds' samples. */
struct train_row train_row_of(struct contender *contender);

extern const char train_row_titles[], train_part_titles[];

/* Without a line's end. */
void train_row_print(FILE *out, const struct contender *contender, const struct train_row *row);
/* What is not so in every row: preemptions, rounds that are missing. */
void train_notes_print(FILE *out, const struct contender *contender);
/* A line's end and a line for each part, the last without its end. */
void train_parts_print(FILE *out, const struct contender *contender);

/* `kind`: what sort of row it is. NULL: no memory. */
json_t *train_row_json(const char *kind, const struct contender *contender,
                       const struct train_row *row);

#endif
