/* report/look.h: what the verdicts look like. */
#ifndef PINION_BENCH_REPORT_LOOK_H
#define PINION_BENCH_REPORT_LOOK_H

#include "bench/report/svg.h"
#include "bench/report/table.h"

/* In the order of concern. */
enum look {
    LOOK_WRONG,
    LOOK_REGRESSED,
    LOOK_INCONCLUSIVE,
    LOOK_UNMEASURED,
    LOOK_IMPROVED,
    LOOK_OK,
    LOOKS
};

struct verdict_look {
    const char *name, *class;
    enum svg_shape shape;
    enum tone tone;
};

extern const struct verdict_look verdict_looks[LOOKS];

/* LOOK_OK for a name that is none. */
enum look look_of(const char *name);
/* Of a row: LOOK_WRONG where its results are, whatever it says. */
enum look look_of_row(const json_t *row);

/* A mark of an axis of changes. */
void report_change_tick(FILE *out, double x, double y, double change);

#endif
