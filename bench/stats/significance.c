#include <math.h>

#include "bench/stats/stats.h"

/* Up to this many values all flips are counted, half of the values against the other half. */
enum { EXACT_MOST = 28, HALF_SUBSETS = 1 << EXACT_MOST / 2, BINS = 1 << 16 };

/* A sum that rounding alone moved away from its equal counts as equal. */
static const double ROUNDING = 1e-12;

/* The sums of all subsets of values - margin, in ascending order; returns how many. */
static size_t subset_sums(const double *values, size_t count, double margin, double *sums)
{
    size_t subsets = 1;
    sums[0] = 0;
    for (size_t i = 0; i < count; i++) {
        for (size_t j = 0; j < subsets; j++) {
            sums[subsets + j] = sums[j] + (values[i] - margin);
        }
        subsets *= 2;
    }
    stats_sort(sums, subsets);
    return subsets;
}

/* Flipping a subset takes twice its sum away: the mean stays as large if that sum is not positive.
 */
static double share_of_all_flips(const double *values, size_t count, double margin, double zero)
{
    double left[HALF_SUBSETS], right[HALF_SUBSETS];
    const size_t half = count / 2;
    const size_t left_count = subset_sums(values, half, margin, left);
    const size_t right_count = subset_sums(values + half, count - half, margin, right);
    size_t hits = 0, reach = right_count;
    for (size_t i = 0; i < left_count; i++) {
        while (reach > 0 && left[i] + right[reach - 1] > zero) {
            reach--;
        }
        hits += reach;
    }
    return (double)hits / ((double)left_count * (double)right_count);
}

/* Of many values the sums are kept in bins, each of which holds the share of flips that come to it.
 * Flips with as large a mean turn no more than what lies below the margin already. */
static double share_of_binned_flips(const double *values, size_t count, double margin)
{
    double share[BINS] = {1}, total = 0;
    for (size_t i = 0; i < count; i++) {
        total += fabs(values[i] - margin);
    }
    const double scale = total > 0 ? (BINS - 2 * (double)count) / total : 0;
    size_t limit = count / 2; /* what rounding may add up to: p is never too small */
    for (size_t i = 0; i < count; i++) {
        limit += values[i] < margin ? (size_t)lround(scale * (margin - values[i])) : 0;
    }
    for (size_t i = 0; i < count; i++) {
        const size_t turned = (size_t)lround(scale * fabs(values[i] - margin));
        for (size_t sum = limit + 1; sum-- > 0;) {
            share[sum] = (share[sum] + (sum >= turned ? share[sum - turned] : 0)) / 2;
        }
    }
    double hits = 0;
    for (size_t sum = 0; sum <= limit; sum++) {
        hits += share[sum];
    }
    return hits;
}

double stats_sign_flip(const double *values, size_t count, double margin)
{
    if (count > EXACT_MOST) {
        return share_of_binned_flips(values, count, margin);
    }
    double zero = 0;
    for (size_t i = 0; i < count; i++) {
        zero += ROUNDING * fabs(values[i] - margin);
    }
    return share_of_all_flips(values, count, margin, zero);
}

void stats_holm(const double *p, size_t count, double *adjusted)
{
    /* Each against those that are still in question when its turn comes. */
    for (size_t i = 0; i < count; i++) {
        size_t left = 0;
        for (size_t j = 0; j < count; j++) {
            left += p[j] >= p[i];
        }
        adjusted[i] = fmin(1, p[i] * (double)left);
    }
    /* None passes before a smaller one has. A maximum that is written early changes no other: it is
     * over part of what the later ones are over. */
    for (size_t i = 0; i < count; i++) {
        for (size_t j = 0; j < count; j++) {
            if (p[j] <= p[i] && adjusted[j] > adjusted[i]) {
                adjusted[i] = adjusted[j];
            }
        }
    }
}
