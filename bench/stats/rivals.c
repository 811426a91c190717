#include "bench/stats/rivals.h"

#include <math.h>

#include "bench/stats/stats.h"
#include "bench/stats/random.h"

/* What is added up of a sample, or of one drawn from it, to get its mean and variance: differences
 * from one value near all of them, so that nothing cancels. */
struct sums {
    double count, sum, squares;
};

static double median_change(double *old, size_t old_count, double *new, size_t new_count)
{
    return stats_median(new, new_count) / stats_median(old, old_count) - 1;
}

bool rival_threshold(double *old, size_t old_count, double *new, size_t new_count, double threshold)
{
    return median_change(old, old_count, new, new_count) > threshold;
}

bool rival_google(double *old, size_t old_count, double *new, size_t new_count)
{
    if (old_count < 2 || new_count < 2) {
        return false;
    }
    return stats_mann_whitney(old, old_count, new, new_count) < .05 &&
           median_change(old, old_count, new, new_count) > .05;
}

static void add(struct sums *sums, double difference)
{
    sums->count++;
    sums->sum += difference;
    sums->squares += difference * difference;
}

static struct sums sum_all(const double *values, size_t count, double origin)
{
    struct sums sums = {0};
    for (size_t i = 0; i < count; i++) {
        add(&sums, values[i] - origin);
    }
    return sums;
}

static double squared_error_of_mean(const struct sums *sums)
{
    const double squares = sums->squares - sums->sum * sums->sum / sums->count;
    return fmax(squares, 0) / (sums->count - 1) / sums->count;
}

static double mean_of(const struct sums *sums)
{
    return sums->sum / sums->count;
}

static double t_statistic(const struct sums *old, const struct sums *new)
{
    const double error = sqrt(squared_error_of_mean(old) + squared_error_of_mean(new));
    return (mean_of(new) - mean_of(old)) / error;
}

/* What is drawn from: two arrays as if they were one. */
struct pool {
    const double *first, *second;
    size_t first_count, second_count;
};

static struct sums draw(struct stats_random *random, const struct pool *pool, size_t count,
                        double origin)
{
    struct sums sums = {0};
    for (size_t i = 0; i < count; i++) {
        const size_t index = stats_random_below(random, pool->first_count + pool->second_count);
        const double value = index < pool->first_count ? pool->first[index]
                                                       : pool->second[index - pool->first_count];
        add(&sums, value - origin);
    }
    return sums;
}

bool rival_criterion(double *old, size_t old_count, double *new, size_t new_count, uint64_t seed)
{
    enum { RESAMPLES = 10000 };
    if (old_count < 2 || new_count < 2) {
        return false;
    }
    struct stats_random random = {seed};
    const double origin = stats_median(old, old_count);
    const struct sums old_sums = sum_all(old, old_count, origin);
    const struct sums new_sums = sum_all(new, new_count, origin);
    const double t = t_statistic(&old_sums, &new_sums);
    const struct pool both = {old, new, old_count, new_count};
    const struct pool only_old = {old, new, old_count, 0}, only_new = {new, old, new_count, 0};
    double changes[RESAMPLES];
    size_t finite = 0, less = 0;
    for (size_t i = 0; i < RESAMPLES; i++) {
        struct sums a = draw(&random, &both, old_count, origin);
        struct sums b = draw(&random, &both, new_count, origin);
        const double drawn = t_statistic(&a, &b);
        finite += isfinite(drawn) != 0;
        less += isfinite(drawn) && drawn < t;

        a = draw(&random, &only_old, old_count, origin);
        b = draw(&random, &only_new, new_count, origin);
        changes[i] = (origin + mean_of(&b)) / (origin + mean_of(&a)) - 1;
    }
    const size_t beyond = less < finite - less ? less : finite - less;
    return 2 * (double)beyond < .05 * (double)finite &&
           stats_quantile(changes, RESAMPLES, .025) > .01;
}

/* Pairs in which old is greater: of the numbers that ties leave open, the one nearest to half of
 * all pairs; counted from the end that is nearer. */
static size_t least_telling_pairs(const struct stats_pairs *pairs, size_t all)
{
    const size_t low = pairs->greater, high = pairs->greater + pairs->equal;
    if (low <= all / 2 && high >= all / 2) {
        return all / 2;
    }
    return high < all / 2 ? high : all - low;
}

static double asv_p(double *old, size_t old_count, double *new, size_t new_count)
{
    enum { EXACT_MOST = 20 };
    const struct stats_pairs pairs = stats_count_pairs(old, old_count, new, new_count);
    const double m = (double)old_count, n = (double)new_count;
    const size_t u = least_telling_pairs(&pairs, old_count * new_count);
    if (old_count > EXACT_MOST || new_count > EXACT_MOST) {
        const double deviation = sqrt(m * n * (m + n + 1) / 12);
        return erfc((m * n / 2 - (double)u) / deviation / sqrt(2));
    }
    return fmin(1, 2 * stats_pairs_lower_tail(old_count, new_count, u));
}

bool rival_asv(double *old, size_t old_count, double *new, size_t new_count)
{
    const bool slower = stats_median(old, old_count) < stats_median(new, new_count) / 1.1;
    const bool alone = old_count == 1 || new_count == 1;
    return slower && (alone || asv_p(old, old_count, new, new_count) < .002);
}
