#include "bench/check/judge.h"

#include <math.h>

#include "bench/stats/stats.h"

/* Confidence of each bound; the level of the family of rows that were measured again. */
static const double BOUND = 0.975, FAMILY_ALPHA = 0.01;

/* A row that changed by more than this share of the margin is measured again. */
static const double SUSPICIOUS_SHARE = 0.75;

static const double LEAST_MARGIN = 0.05;

/* Of a normal distribution: the 97.5 % point over the median of the distance from 0. */
static const double SPREAD_OF_MEDIAN = 1.959963984540054 / 0.6744897501960817;

/* The reference is the middle one of so many. */
enum { REFERENCES = 3 };

double launches_mean(const struct launches *launches)
{
    return stats_mean(launches->values, launches->count);
}

size_t judge_reference(const double *means, size_t count)
{
    const size_t considered = count < REFERENCES ? count : REFERENCES;
    for (size_t i = 0; i < considered; i++) {
        size_t slower = 0, faster = 0;
        for (size_t j = 0; j < considered; j++) {
            slower += means[j] > means[i] || (means[j] == means[i] && j > i);
            faster += means[j] < means[i] || (means[j] == means[i] && j < i);
        }
        if (slower == faster || (considered == 2 && slower == 0)) {
            return i;
        }
    }
    return 0;
}

double judge_margin(const double *means, size_t count)
{
    double distances[JUDGE_RUNS];
    size_t pairs = 0;
    for (size_t i = 1; i < count && pairs < JUDGE_RUNS; i++) {
        distances[pairs++] = fabs(means[i] - means[i - 1]);
    }
    const double spread = pairs > 0 ? SPREAD_OF_MEDIAN * stats_median(distances, pairs) : 0;
    return fmax(log1p(LEAST_MARGIN), spread);
}

double launches_error(const struct launches *launches)
{
    const double mean = launches_mean(launches), count = (double)launches->count;
    double squares = 0;
    for (size_t i = 0; i < launches->count; i++) {
        squares += (launches->values[i] - mean) * (launches->values[i] - mean);
    }
    return sqrt(squares / (count - 1) / count);
}

/* P of a difference at least as large, were the true one `margin`. */
static double p_beyond(double change, double margin, double error, double df)
{
    if (!(error > 0)) {
        return change > margin ? 0 : 1;
    }
    return stats_t_upper_tail((change - margin) / error, df);
}

bool judge_change(const struct launches *now, const struct launches *then, double margin,
                  struct change *change)
{
    if (now->count < 2 || then->count < 2) {
        return false;
    }
    const double a = pow(launches_error(now), 2), b = pow(launches_error(then), 2);
    const double error = sqrt(a + b);
    /* Satterthwaite's degrees of freedom. */
    const double below = a * a / (double)(now->count - 1) + b * b / (double)(then->count - 1);
    const double df = below > 0 ? (a + b) * (a + b) / below : 1;
    const double difference = launches_mean(now) - launches_mean(then);
    const double reach = error > 0 ? stats_t_quantile(BOUND, df) * error : 0;
    *change = (struct change){.change = difference,
                              .low = difference - reach,
                              .high = difference + reach,
                              .p = p_beyond(difference, margin, error, df),
                              .p_faster = p_beyond(-difference, margin, error, df)};
    return true;
}

bool judge_suspicious(const struct change *change, double margin)
{
    return fabs(change->change) > SUSPICIOUS_SHARE * margin ||
           change->high >= log1p(JUDGE_EQUIVALENCE);
}

enum verdict judge_verdict(const struct change *change, double margin, double p_adjusted,
                           double p_faster_adjusted)
{
    if (change->low > margin && p_adjusted <= FAMILY_ALPHA) {
        return VERDICT_REGRESSED;
    }
    if (change->high < -margin && p_faster_adjusted <= FAMILY_ALPHA) {
        return VERDICT_IMPROVED;
    }
    return change->high < log1p(JUDGE_EQUIVALENCE) ? VERDICT_OK : VERDICT_INCONCLUSIVE;
}
