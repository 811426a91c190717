#include "bench/check/meter.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "bench/ab/turn.h"
#include "bench/command/interrupt.h"
#include "bench/machine/calibration.h"
#include "bench/machine/measure.h"
#include "bench/stats/stats.h"
#include "bench/machine/taint.h"
#include "engine/base/error.h"

/* Longer samples of a yardstick would tell nothing more. */
static const double LONGEST_YARDSTICK_NS = 1e7;

pn_status meter_create(const char *library, size_t threads, double turn_ns, uint32_t seed,
                       struct meter *meter)
{
    *meter = (struct meter){.threads = threads,
                            .turn_ns = turn_ns,
                            .seed = seed,
                            .random = {seed},
                            .memory_fd = memfd_create("pinion-bench operands", 0)};
    if (meter->memory_fd < 0 || ftruncate(meter->memory_fd, PAGE_MEMORY_SIZE) != 0) {
        return error_set(PN_ERROR_FAILED, "memory for the worker: %s", strerror(errno));
    }
    return arm_create("measured", library, &meter->arm);
}

void meter_free(struct meter *meter)
{
    arm_free(&meter->arm);
    if (meter->memory_fd > 0) {
        close(meter->memory_fd);
    }
    *meter = (struct meter){0};
}

/* Gives all pages back, so that the next ones lie elsewhere: how well the pages of a run happen to
 * spread over a cache would else be the same for all of its launches, and another for the next run.
 */
static pn_status renew_memory(struct meter *meter)
{
    if (ftruncate(meter->memory_fd, 0) != 0 || ftruncate(meter->memory_fd, PAGE_MEMORY_SIZE) != 0) {
        return error_set(PN_ERROR_FAILED, "memory for the worker: %s", strerror(errno));
    }
    return PN_OK;
}

pn_status meter_launch(struct meter *meter)
{
    enum { MOST_PAD = 4096, PAD_STEP = 16 };
    arm_stop(&meter->arm);
    const pn_status status = renew_memory(meter);
    if (status != PN_OK) {
        return status;
    }
    const size_t pad = PAD_STEP * stats_random_below(&meter->random, MOST_PAD / PAD_STEP);
    return arm_start(&meter->arm, meter->memory_fd, meter->threads, pad);
}

bool meter_is_whole(const struct meter *meter)
{
    return meter->arm.pid != 0;
}

/* --- requests ------------------------------------------------------------------------------------
 */

static pn_status ask(struct meter *meter, const struct meter_row *row, enum request_kind kind)
{
    const struct request request = {.kind = kind,
                                    .seed = meter->seed,
                                    .problem = row->entry.problem,
                                    .isa = row->entry.isa_index,
                                    .batch_copies = row->batch_copies,
                                    .weight_copies = row->weight_copies,
                                    .calls = row->kernel.calls,
                                    .samples = row->kernel.samples,
                                    .warm_calls = row->kernel.warm_calls};
    return arm_ask(&meter->arm, &request);
}

static pn_status ask_yardstick(struct meter *meter, const struct yardstick *yardstick,
                               const struct meter_turn *turn)
{
    const struct request request = {.kind = REQUEST_YARDSTICK,
                                    .calls = turn->calls,
                                    .samples = turn->samples,
                                    .warm_calls = turn->warm_calls,
                                    .yardstick = *yardstick};
    return arm_ask(&meter->arm, &request);
}

static pn_status open_row(struct meter *meter, const struct meter_row *row)
{
    const pn_status status = ask(meter, row, REQUEST_OPEN);
    return status == PN_OK ? ask(meter, row, REQUEST_FILL) : status;
}

pn_status meter_check(struct meter *meter, const struct meter_row *row)
{
    struct meter_row one = *row;
    one.batch_copies = one.weight_copies = 1;
    const pn_status status = ask(meter, &one, REQUEST_OPEN);
    return status == PN_OK ? ask(meter, &one, REQUEST_CHECK) : status;
}

/* --- calibration ---------------------------------------------------------------------------------
 */

/* What is calibrated: calls of a kernel if there is a row, else rounds of a yardstick. */
struct calibrated {
    struct meter_row *row;
    const struct yardstick *yardstick;
    struct meter_turn *turn;
};

static pn_status ask_either(struct meter *meter, const struct calibrated *calibrated)
{
    return calibrated->row != NULL ? ask(meter, calibrated->row, REQUEST_RUN)
                                   : ask_yardstick(meter, calibrated->yardstick, calibrated->turn);
}

static pn_status takes_no_time(const struct meter *meter, const struct calibrated *calibrated)
{
    const size_t calls = calibrated->turn->calls;
    if (calibrated->row == NULL) {
        return error_set(PN_ERROR_INTERNAL, "%zu rounds of a yardstick take no time", calls);
    }
    return error_set(PN_ERROR_DATA, "%s build: %zu calls take no time: it does no work",
                     meter->arm.name, calls);
}

/*
 * Finds how many make a sample. Unless one takes very long it is the fastest of several: where
 * others take the processor two single ones in a row are often long, and a turn of a few rounds
 * would measure what it costs to begin.
 */
static pn_status calibrate(struct meter *meter, const struct calibrated *calibrated,
                           double sample_ns, double *each_ns)
{
    const double too_long_ns = 5e7;
    struct meter_turn *turn = calibrated->turn;
    struct calibration calibration = {.sample_ns = sample_ns, .count = 1};
    *turn = (struct meter_turn){.samples = 1};
    double taken_ns;
    do {
        if (calibration.count > TURN_MOST_CALLS) {
            return takes_no_time(meter, calibrated);
        }
        turn->calls = calibration.count;
        pn_status status = ask_either(meter, calibrated);
        if (status == PN_OK) {
            status = interrupt_check();
        }
        if (status != PN_OK) {
            return status;
        }
        *each_ns = meter->arm.page->reply.ns;
        taken_ns = *each_ns * (double)turn->calls;
        turn->samples = taken_ns > too_long_ns ? 1 : TURN_SAMPLES;
    } while (!calibration_done(&calibration, taken_ns));
    return PN_OK;
}

static pn_status calibrate_kernel(struct meter *meter, struct meter_row *row, double sample_ns)
{
    const struct calibrated calibrated = {.row = row, .turn = &row->kernel};
    return calibrate(meter, &calibrated, sample_ns, &row->call_ns);
}

static pn_status calibrate_yardstick(struct meter *meter, const struct yardstick *yardstick,
                                     double sample_ns, struct meter_turn *turn)
{
    const struct calibrated calibrated = {.yardstick = yardstick, .turn = turn};
    double round_ns;
    return calibrate(meter, &calibrated, sample_ns, &round_ns);
}

static void set_samples(struct meter_turn *turn, size_t samples)
{
    turn->samples = samples;
    turn->warm_calls = turn_warm_calls(turn->calls, samples);
}

/* The yardstick's samples are as many and about as long as the kernel's: the fastest of many short
 * ones against a single long one would be no fair race. */
static pn_status calibrate_row(struct meter *meter, struct meter_row *row)
{
    const double sample_ns = meter->turn_ns / TURN_SAMPLES;
    pn_status status = open_row(meter, row);
    if (status == PN_OK) {
        status = calibrate_kernel(meter, row, sample_ns);
    }
    const double kernel_ns = row->call_ns * (double)row->kernel.calls;
    if (status == PN_OK) {
        const double yardstick_ns = fmin(fmax(sample_ns, kernel_ns), LONGEST_YARDSTICK_NS);
        status = calibrate_yardstick(meter, &row->limb.yardstick, yardstick_ns, &row->yardstick);
    }
    const size_t samples = turn_samples(meter->turn_ns, kernel_ns);
    set_samples(&row->kernel, samples);
    set_samples(&row->yardstick, samples);
    return status;
}

pn_status meter_call(struct meter *meter, struct meter_row *row)
{
    const pn_status status = open_row(meter, row);
    return status == PN_OK ? calibrate_kernel(meter, row, meter->turn_ns / TURN_SAMPLES) : status;
}

pn_status meter_unit(struct meter *meter, const struct yardstick *yardstick, double *ns)
{
    enum { TURNS = 5 };
    double turns[TURNS];
    struct meter_turn turn;
    pn_status status = calibrate_yardstick(meter, yardstick, meter->turn_ns / TURN_SAMPLES, &turn);
    set_samples(&turn, TURN_SAMPLES);
    for (int i = 0; i < TURNS && status == PN_OK; i++) {
        status = ask_yardstick(meter, yardstick, &turn);
        turns[i] = meter->arm.page->reply.ns;
    }
    if (status == PN_OK) {
        *ns = stats_median(turns, TURNS) / yardstick_units(yardstick);
    }
    return status;
}

/* --- measuring -----------------------------------------------------------------------------------
 */

/* The turns of a launch, two of each side for each block. */
struct turns {
    double *kernel, *yardstick; /* [capacity] ns of a call, of a round */
    size_t capacity, kernels, yardsticks;
};

static pn_status measure_block(struct meter *meter, const struct meter_row *row,
                               struct turns *turns)
{
    enum { TURNS = 4 };
    static const bool is_kernel[TURNS] = {false, true, true, false};
    unsigned taint = 0;
    for (int turn = 0; turn < TURNS; turn++) {
        const pn_status status = is_kernel[turn]
                                     ? ask(meter, row, REQUEST_RUN)
                                     : ask_yardstick(meter, &row->limb.yardstick, &row->yardstick);
        if (status != PN_OK) {
            return status;
        }
        const struct reply *reply = &meter->arm.page->reply;
        if (is_kernel[turn]) {
            turns->kernel[turns->kernels++] = reply->ns;
        } else {
            turns->yardstick[turns->yardsticks++] = reply->ns;
        }
        taint |= reply->taint & TAINT_SPOILS;
    }
    meter->blocks++;
    meter->disturbed += taint != 0;
    return PN_OK;
}

/*
 * Lower quartiles of both sides: what others do only ever adds time, and to few turns of the same
 * side at once. Of launches on a busy machine these ratios scattered half as widely as medians of
 * ratios within blocks did.
 */
static struct meter_value value_of(const struct meter_row *row, const struct turns *turns)
{
    const double rounds = row->limb.work / yardstick_units(&row->limb.yardstick);
    const double call_ns = stats_quantile(turns->kernel, turns->kernels, 0.25);
    const double round_ns = stats_quantile(turns->yardstick, turns->yardsticks, 0.25);
    return (struct meter_value){.ratio = log(call_ns / (rounds * round_ns)), .ns = call_ns};
}

/* Each launch finds anew how long turns must be, so that none inherits another's mistake. */
pn_status meter_measure(struct meter *meter, struct meter_row *row, double nanoseconds,
                        size_t least, size_t most, struct meter_value *value)
{
    const double end = measure_now() + nanoseconds;
    struct turns turns = {.capacity = 2 * most};
    turns.kernel = malloc(2 * turns.capacity * sizeof *turns.kernel);
    if (turns.kernel == NULL) {
        return error_memory(2 * turns.capacity * sizeof *turns.kernel, "measurements");
    }
    turns.yardstick = turns.kernel + turns.capacity;
    pn_status status = calibrate_row(meter, row);
    for (size_t i = 0; status == PN_OK && i < most && (i < least || measure_now() < end); i++) {
        status = measure_block(meter, row, &turns);
    }
    if (status == PN_OK) {
        *value = value_of(row, &turns);
    }
    free(turns.kernel);
    return status;
}
