/* report/verdict.h: what the verdicts look like. */
#ifndef PINION_BENCH_REPORT_VERDICT_H
#define PINION_BENCH_REPORT_VERDICT_H

#include "bench/report/svg.h"
#include "bench/report/table.h"

/* In the order of concern. */
enum verdict {
    VERDICT_WRONG,
    VERDICT_REGRESSED,
    VERDICT_INCONCLUSIVE,
    VERDICT_UNMEASURED,
    VERDICT_IMPROVED,
    VERDICT_OK,
    VERDICTS
};

struct verdict_look {
    const char *name, *class;
    enum svg_shape shape;
    enum tone tone;
};

extern const struct verdict_look verdict_looks[VERDICTS];

/* VERDICT_OK for a name that is none. */
enum verdict verdict_of(const char *name);
/* Of a row: VERDICT_WRONG where its results are, whatever it says. */
enum verdict verdict_of_row(const json_t *row);

/* A mark of an axis of changes. */
void report_change_tick(FILE *out, double x, double y, double change);

#endif
