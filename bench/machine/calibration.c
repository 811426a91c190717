#include "bench/machine/calibration.h"

#include <math.h>

bool calibration_done(struct calibration *calibration, double taken_ns)
{
    const double taken = fmax(taken_ns, 1);
    if (taken >= calibration->sample_ns) {
        return ++calibration->reached == 2;
    }
    calibration->reached = 0;
    const double factor = fmin(fmax(1.1 * calibration->sample_ns / taken, 1.25), 100);
    calibration->count = (size_t)ceil((double)calibration->count * factor);
    return false;
}
