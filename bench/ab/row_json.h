/* ab/row_json.h: what a result document holds of one compared row, all samples included. */
#ifndef PINION_BENCH_AB_ROW_JSON_H
#define PINION_BENCH_AB_ROW_JSON_H

#include <jansson.h>

#include "bench/ab/suite.h"

/* NULL without memory. */
json_t *suite_row_json(const struct suite *suite, const struct suite_row *row);

#endif
