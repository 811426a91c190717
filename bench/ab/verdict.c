#include "bench/ab/verdict.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "bench/stats/stats.h"

/* Confidence of each bound, and power of the smallest effect. */
static const double BOUND = 0.975, POWER = 0.8;

/* Of the bounds by which a row is cleared, which are looked at after each launch: with all looks
 * they err less often than the others once. */
static const double SETTLED = 0.999;

/* A row that changed by more than this share of the margin is measured again. */
static const double SUSPICIOUS_SHARE = 0.75;

const char *verdict_name(enum verdict verdict)
{
    static const char *const names[] = {"OK", "IMPROVED", "INCONCLUSIVE", "REGRESSED"};
    return names[verdict];
}

double change_share(double change)
{
    return expm1(change);
}

/* What a launch says. */
struct launch_values {
    double change, placebo, old_ns, new_ns;
};

/* Noise only ever adds time, and often doubles it: the lower quartile sees the code, and not one
 * lucky sample either. `scratch` has room for the samples. */
static double quiet_time(const double *ns, size_t count, double *scratch)
{
    memcpy(scratch, ns, count * sizeof *ns);
    return stats_quantile(scratch, count, 0.25);
}

static struct launch_values values_of(const struct launch *launch, double *scratch)
{
    const double old = quiet_time(launch->ns[ARM_OLD], launch->samples, scratch);
    const double same = quiet_time(launch->ns[ARM_PLACEBO], launch->samples, scratch);
    const double new = quiet_time(launch->ns[ARM_NEW], launch->samples, scratch);
    return (struct launch_values){.change = log(new) - (log(old) + log(same)) / 2,
                                  .placebo = log(same) - log(old),
                                  .old_ns = sqrt(old * same),
                                  .new_ns = new};
}

static bool counts(const struct launch *launch, int stage)
{
    return (stage == 0 || launch->stage == stage) && launch->samples > 0;
}

/* The values of a stage's launches in turn; their number. NULL and 0 without memory. */
static struct launch_values *values_of_stage(const struct recording *recording, int stage,
                                             size_t *count)
{
    size_t longest = 1;
    for (size_t i = 0; i < recording->launches; i++) {
        longest = recording->list[i].samples > longest ? recording->list[i].samples : longest;
    }
    struct launch_values *values = malloc((recording->launches + 1) * sizeof *values);
    double *scratch = malloc(longest * sizeof *scratch);
    *count = 0;
    for (size_t i = 0; values != NULL && scratch != NULL && i < recording->launches; i++) {
        if (counts(&recording->list[i], stage)) {
            values[(*count)++] = values_of(&recording->list[i], scratch);
        }
    }
    free(scratch);
    return values;
}

static double standard_error(const double *values, size_t count)
{
    const double mean = stats_mean(values, count);
    double squares = 0;
    for (size_t i = 0; i < count; i++) {
        squares += (values[i] - mean) * (values[i] - mean);
    }
    return sqrt(squares / (double)(count - 1) / (double)count);
}

static double *column(const struct launch_values *values, size_t count, size_t offset)
{
    double *list = malloc((count + 1) * sizeof *list);
    for (size_t i = 0; list != NULL && i < count; i++) {
        memcpy(&list[i], (const char *)&values[i] + offset, sizeof list[i]);
    }
    return list;
}

static bool judge(const struct launch_values *values, size_t count, double margin,
                  struct evidence *evidence)
{
    if (count < 2) {
        return false;
    }
    double *change = column(values, count, offsetof(struct launch_values, change));
    double *placebo = column(values, count, offsetof(struct launch_values, placebo));
    double *old_ns = column(values, count, offsetof(struct launch_values, old_ns));
    double *new_ns = column(values, count, offsetof(struct launch_values, new_ns));
    const bool ready = change != NULL && placebo != NULL && old_ns != NULL && new_ns != NULL;
    if (ready) {
        const double bound = stats_t_quantile(BOUND, (double)(count - 1));
        *evidence = (struct evidence){.launches = count,
                                      .change = stats_mean(change, count),
                                      .placebo = stats_mean(placebo, count),
                                      .placebo_error = standard_error(placebo, count),
                                      .error = standard_error(change, count),
                                      .p = stats_sign_flip(change, count, margin),
                                      .old_ns = stats_median(old_ns, count),
                                      .new_ns = stats_median(new_ns, count)};
        evidence->low = evidence->change - bound * evidence->error;
        evidence->high = evidence->change + bound * evidence->error;
        for (size_t i = 0; i < count; i++) {
            change[i] = -change[i];
        }
        evidence->p_faster = stats_sign_flip(change, count, margin);
    }
    free(change);
    free(placebo);
    free(old_ns);
    free(new_ns);
    return ready;
}

bool evidence_of(const struct recording *recording, int stage, double margin,
                 struct evidence *evidence)
{
    size_t count;
    struct launch_values *values = values_of_stage(recording, stage, &count);
    const bool ready = judge(values, count, margin, evidence);
    free(values);
    return ready;
}

bool evidence_of_suite(const struct recording *const *recordings, size_t count, int stage,
                       double margin, struct evidence *evidence)
{
    struct launch_values *means = NULL;
    size_t launches = 0;
    for (size_t row = 0; row < count; row++) {
        size_t of_row;
        struct launch_values *values = values_of_stage(recordings[row], stage, &of_row);
        if (row == 0) {
            launches = of_row;
            means = calloc(launches + 1, sizeof *means);
        }
        launches = values == NULL || means == NULL ? 0 : of_row < launches ? of_row : launches;
        for (size_t i = 0; i < launches; i++) {
            means[i].change += values[i].change / (double)count;
            means[i].placebo += values[i].placebo / (double)count;
        }
        free(values);
    }
    const bool ready = judge(means, launches, margin, evidence);
    free(means);
    return ready;
}

static double equivalence(double margin)
{
    return fmax(log1p(VERDICT_EQUIVALENCE), margin);
}

bool evidence_seems_slower(const struct evidence *evidence, double margin)
{
    return evidence->low > margin;
}

double evidence_detectable(const struct evidence *evidence, double margin)
{
    const double df = (double)(evidence->launches - 1);
    return margin + (stats_t_quantile(1 - VERDICT_FAMILY_ALPHA, df) + stats_t_quantile(POWER, df)) *
                        evidence->error;
}

bool evidence_suspicious(const struct evidence *evidence, double margin)
{
    return fabs(evidence->change) > SUSPICIOUS_SHARE * margin ||
           evidence->high >= equivalence(margin);
}

bool evidence_settled(const struct recording *recording, int stage, double margin)
{
    size_t count;
    struct launch_values *values = values_of_stage(recording, stage, &count);
    double *change = column(values, count, offsetof(struct launch_values, change));
    bool settled = false;
    if (change != NULL && count > 1) {
        const double reach =
            stats_t_quantile(SETTLED, (double)(count - 1)) * standard_error(change, count);
        settled = fabs(stats_mean(change, count)) + reach < margin;
    }
    free(change);
    free(values);
    return settled;
}

/* Whether the placebo, where nothing changed, passes the test that condemns a new build. */
static bool placebo_moved(const struct evidence *evidence, double margin)
{
    const double bound = stats_t_quantile(BOUND, (double)(evidence->launches - 1));
    return fabs(evidence->placebo) - bound * evidence->placebo_error > margin;
}

enum verdict evidence_verdict(const struct evidence *evidence, double margin, double p_adjusted,
                              double p_faster_adjusted)
{
    const bool slower = evidence->low > margin && p_adjusted <= VERDICT_FAMILY_ALPHA;
    const bool faster = evidence->high < -margin && p_faster_adjusted <= VERDICT_FAMILY_ALPHA;
    if ((slower || faster) && placebo_moved(evidence, margin)) {
        return VERDICT_INCONCLUSIVE;
    }
    if (slower || faster) {
        return slower ? VERDICT_REGRESSED : VERDICT_IMPROVED;
    }
    return evidence->high < equivalence(margin) ? VERDICT_OK : VERDICT_INCONCLUSIVE;
}
