/* train/parts.h: a plan's training step as parts: what each must do at least, and which times of a
 * profile are its own. */
#ifndef PINION_BENCH_PARTS_H
#define PINION_BENCH_PARTS_H

#include "bench/problems/problem.h"
#include "engine/plan/plan.h"

/* The gradient of a weight and the optimizer's step on it are one kernel, but two pieces of work.
 */
enum { PART_WORKS = 2 };

struct part {
    char name[MODEL_NAME_SIZE + 32]; /* "forward dense", "wait" */
    struct work works[PART_WORKS];   /* all threads together; nothing for overhead */
};

struct parts {
    struct part *list;
    size_t count;
    size_t *of; /* [profile's parts] index in the list */
    size_t of_count;
};

/* Of a step on `rows` rows. Which parts there are does not depend on the rows. */
pn_status parts_create(const struct plan *plan, const struct pn_model *model, size_t rows,
                       struct parts *parts);
void parts_free(struct parts *parts);

#endif
