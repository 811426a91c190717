#include "bench/stats/stats.h"

#include <math.h>
#include <stdlib.h>

static int compare(const void *left, const void *right)
{
    const double a = *(const double *)left, b = *(const double *)right;
    return (a > b) - (a < b);
}

void stats_sort(double *values, size_t count)
{
    qsort(values, count, sizeof *values, compare);
}

static double middle(const double *sorted, size_t count)
{
    if (count % 2 == 1) {
        return sorted[count / 2];
    }
    return (sorted[count / 2 - 1] + sorted[count / 2]) / 2;
}

double stats_mean(const double *values, size_t count)
{
    double sum = 0;
    for (size_t i = 0; i < count; i++) {
        sum += values[i];
    }
    return sum / (double)count;
}

double stats_median(double *values, size_t count)
{
    stats_sort(values, count);
    return middle(values, count);
}

double stats_max(const double *values, size_t count)
{
    double max = values[0];
    for (size_t i = 1; i < count; i++) {
        max = values[i] > max ? values[i] : max;
    }
    return max;
}

double stats_quantile(double *values, size_t count, double p)
{
    stats_sort(values, count);
    const double position = p * (double)(count - 1);
    const size_t below = (size_t)position;
    if (below + 1 >= count) {
        return values[count - 1];
    }
    return values[below] + (position - (double)below) * (values[below + 1] - values[below]);
}

/* In sorted values the distances from the median grow to both sides: they are met in order by going
 * outwards from the middle, always to the nearer side. */
double stats_mad(double *values, size_t count)
{
    const double median = stats_median(values, count);
    size_t left = (count + 1) / 2, right = left; /* next are left - 1 and right */
    double previous = 0, distance = 0;
    for (size_t met = 0; met <= count / 2; met++) {
        previous = distance;
        const double to_left = left > 0 ? median - values[left - 1] : INFINITY;
        const double to_right = right < count ? values[right] - median : INFINITY;
        if (to_left <= to_right) {
            distance = to_left;
            left--;
        } else {
            distance = to_right;
            right++;
        }
    }
    return count % 2 == 1 ? distance : (previous + distance) / 2;
}

/* The median is below the value of rank r only if fewer than r values are below the median, which
 * is as likely as fewer than r heads in `count` tosses of a coin; so it is at the other end. */
void stats_median_interval(double *values, size_t count, double confidence, double *low,
                           double *high)
{
    stats_sort(values, count);
    const double n = (double)count;
    double log_share = -n * log(2), tail = exp(log_share);
    size_t rank = 0; /* of the lower bound, from 1; 0: none is low enough */
    while (2 * tail <= 1 - confidence) {
        rank++;
        log_share += log((n - (double)rank + 1) / (double)rank);
        tail += exp(log_share);
    }
    const size_t left_out = rank > 0 ? rank - 1 : 0;
    *low = values[left_out];
    *high = values[count - 1 - left_out];
}
