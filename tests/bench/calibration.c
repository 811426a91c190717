/* How much work fills a sample, of work whose duration is made up here. */
#include "bench/machine/calibration.h"

#include <criterion/criterion.h>

/* Every piece takes as long; returns how many samples it took. */
static int calibrate(struct calibration *calibration, double piece_ns)
{
    int samples = 1;
    while (!calibration_done(calibration, piece_ns * (double)calibration->count)) {
        cr_assert_lt(samples++, 100);
    }
    return samples;
}

Test(calibration, is_long_enough_and_little_more)
{
    const double pieces[] = {0.3, 1, 7, 999, 250e3, 999999, 1e6, 3e9};
    for (size_t i = 0; i < sizeof pieces / sizeof *pieces; i++) {
        struct calibration calibration = {.sample_ns = 1e6, .count = 1};
        const int samples = calibrate(&calibration, pieces[i]);
        const double taken = pieces[i] * (double)calibration.count;
        cr_expect_geq(taken, 1e6, "%g", pieces[i]);
        cr_expect_leq(taken, 1.25 * 1e6 + pieces[i], "%g", pieces[i]);
        cr_expect_leq(samples, 7, "%g: %d samples", pieces[i], samples);
    }
}

Test(calibration, one_preemption_is_not_believed)
{
    struct calibration calibration = {.sample_ns = 1e6, .count = 1};
    cr_expect_not(calibration_done(&calibration, 5e6));
    cr_expect_eq(calibration.count, 1);
    cr_expect_not(calibration_done(&calibration, 1e3));
    cr_expect_not(calibration_done(&calibration, 2e6)); /* the first in a row again */
    cr_expect(calibration_done(&calibration, 2e6));
}

Test(calibration, a_single_sample_does_not_grow_it_without_bounds)
{
    struct calibration calibration = {.sample_ns = 1e6, .count = 3};
    cr_expect_not(calibration_done(&calibration, 0));
    cr_expect_eq(calibration.count, 300);
    cr_expect_not(calibration_done(&calibration, 999999));
    cr_expect_eq(calibration.count, 375);
}
