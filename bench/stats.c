#include "bench/stats.h"

#include <stdlib.h>

static int compare(const void *left, const void *right)
{
    const double a = *(const double *)left, b = *(const double *)right;
    return (a > b) - (a < b);
}

double stats_median(double *values, size_t count)
{
    qsort(values, count, sizeof *values, compare);
    if (count % 2 == 1) {
        return values[count / 2];
    }
    return (values[count / 2 - 1] + values[count / 2]) / 2;
}

double stats_max(const double *values, size_t count)
{
    double max = values[0];
    for (size_t i = 1; i < count; i++) {
        max = values[i] > max ? values[i] : max;
    }
    return max;
}
