#include "bench/check/meter.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "bench/machine/measure.h"
#include "bench/stats/stats.h"
#include "bench/machine/taint.h"
#include "engine/base/error.h"

/* A disturbed block is measured again this often; then it counts as it is. */
enum { BLOCK_RETRIES = 2 };

/* What makes a block worthless. Stolen time is counted in ticks too long to tell whose it was. */
static const unsigned DISTURBED = TAINT_SWITCH | TAINT_FAULT | TAINT_THROTTLE;

/* A turn is cut into so many samples, of which the fastest counts: where others take the processor
 * now and then, some are whole. */
enum { TURN_SAMPLES = 4 };

/* Of a turn: what runs untimed before it, so that caches hold what the other side displaced. */
static const double WARM_SHARE = 0.15;

/* Longer samples of a yardstick would tell nothing more. */
static const double LONGEST_YARDSTICK_NS = 1e7;

pn_status meter_create(const char *library, size_t threads, double turn_ns, uint32_t seed,
                       struct meter *meter)
{
    *meter = (struct meter){.library = library,
                            .threads = threads,
                            .turn_ns = turn_ns,
                            .seed = seed,
                            .random = {seed},
                            .memory_fd = memfd_create("pinion-bench operands", 0)};
    if (meter->memory_fd < 0 || ftruncate(meter->memory_fd, PAGE_MEMORY_SIZE) != 0) {
        return error_set(PN_ERROR_FAILED, "memory for the worker: %s", strerror(errno));
    }
    return arm_create("measured", &meter->arm);
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
    if (ftruncate(meter->memory_fd, 0) != 0 ||
        ftruncate(meter->memory_fd, PAGE_MEMORY_SIZE) != 0) {
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
    return arm_start(&meter->arm, meter->library, meter->memory_fd, meter->threads, pad);
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

pn_status meter_check(struct meter *meter, struct meter_row *row)
{
    pn_status status = ask(meter, row, REQUEST_OPEN);
    if (status == PN_OK) {
        status = ask(meter, row, REQUEST_CHECK);
    }
    if (status != PN_OK && meter->arm.pid != 0) {
        snprintf(row->wrong, sizeof row->wrong, "%.*s", (int)sizeof row->wrong - 1,
                 pn_error_message());
        return PN_OK;
    }
    return status;
}

/* --- calibration ---------------------------------------------------------------------------------
 */

/* How many more it takes after a sample of `count` that took `ns` each. */
static size_t more(size_t count, double ns, double sample_ns)
{
    const double total = fmax(ns * (double)count, 1.0);
    return (size_t)ceil((double)count * fmin(fmax(1.1 * sample_ns / total, 1.25), 100.0));
}

/* Rounds of a sample, which must take long enough twice. */
static pn_status calibrate_yardstick(struct meter *meter, const struct yardstick *yardstick,
                                     double sample_ns, struct meter_turn *turn)
{
    *turn = (struct meter_turn){.calls = 1, .samples = 1};
    for (int reached = 0; reached < 2;) {
        const pn_status status = ask_yardstick(meter, yardstick, turn);
        if (status != PN_OK) {
            return status;
        }
        const double ns = meter->arm.page->reply.ns;
        const bool enough = ns * (double)turn->calls >= sample_ns;
        reached = enough ? reached + 1 : 0;
        turn->calls = enough ? turn->calls : more(turn->calls, ns, sample_ns);
    }
    return PN_OK;
}

static pn_status calibrate_kernel(struct meter *meter, struct meter_row *row, double sample_ns)
{
    struct meter_turn *turn = &row->kernel;
    *turn = (struct meter_turn){.calls = 1, .samples = 1};
    for (int reached = 0; reached < 2;) {
        const pn_status status = ask(meter, row, REQUEST_RUN);
        if (status != PN_OK) {
            return status;
        }
        row->call_ns = meter->arm.page->reply.ns;
        const bool enough = row->call_ns * (double)turn->calls >= sample_ns;
        reached = enough ? reached + 1 : 0;
        turn->calls = enough ? turn->calls : more(turn->calls, row->call_ns, sample_ns);
    }
    return PN_OK;
}

static void set_samples(struct meter_turn *turn, size_t samples)
{
    turn->samples = samples;
    turn->warm_calls = (size_t)ceil(WARM_SHARE * (double)(turn->calls * samples));
}

/* The yardstick's samples are as many and about as long as the kernel's: the fastest of many short
 * ones against a single long one would be no fair race. */
pn_status meter_calibrate(struct meter *meter, struct meter_row *row)
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
    const size_t samples = (size_t)fmin(fmax(meter->turn_ns / kernel_ns, 1), TURN_SAMPLES);
    set_samples(&row->kernel, samples);
    set_samples(&row->yardstick, samples);
    return status;
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

struct block {
    double call_ns, round_ns;
    unsigned taint;
};

static pn_status measure_block(struct meter *meter, const struct meter_row *row,
                               struct block *block)
{
    enum { TURNS = 4 };
    static const bool is_kernel[TURNS] = {false, true, true, false};
    *block = (struct block){0};
    for (int turn = 0; turn < TURNS; turn++) {
        const pn_status status = is_kernel[turn]
                                     ? ask(meter, row, REQUEST_RUN)
                                     : ask_yardstick(meter, &row->limb.yardstick, &row->yardstick);
        if (status != PN_OK) {
            return status;
        }
        const struct reply *reply = &meter->arm.page->reply;
        *(is_kernel[turn] ? &block->call_ns : &block->round_ns) += reply->ns / 2;
        block->taint |= reply->taint & DISTURBED;
    }
    return PN_OK;
}

/* A block that was disturbed is measured again, as a whole, while there is time. */
static pn_status count_block(struct meter *meter, const struct meter_row *row, double end,
                             struct block *block)
{
    int attempt = 0;
    do {
        const pn_status status = measure_block(meter, row, block);
        if (status != PN_OK) {
            return status;
        }
        meter->repeated += attempt > 0;
    } while (block->taint != 0 && attempt++ < BLOCK_RETRIES && measure_now() < end);
    meter->blocks++;
    meter->disturbed += block->taint != 0;
    return PN_OK;
}

/* Blocks of a launch: undisturbed ones from the front, others from the back. */
struct blocks {
    double *ratios, *times; /* [most] */
    size_t most, clean, disturbed;
};

static void add_block(struct blocks *blocks, const struct block *block, double rounds)
{
    const size_t at = block->taint == 0 ? blocks->clean++ : blocks->most - ++blocks->disturbed;
    blocks->ratios[at] = log(block->call_ns) - log(block->round_ns * rounds);
    blocks->times[at] = block->call_ns;
}

/* Of undisturbed blocks, if there are enough of them, else of all. */
static struct meter_value value_of(struct blocks *blocks, size_t least)
{
    size_t count = blocks->clean;
    if (count < least) {
        const size_t back = blocks->most - blocks->disturbed;
        memmove(blocks->ratios + count, blocks->ratios + back,
                blocks->disturbed * sizeof *blocks->ratios);
        memmove(blocks->times + count, blocks->times + back,
                blocks->disturbed * sizeof *blocks->times);
        count += blocks->disturbed;
    }
    return (struct meter_value){stats_median(blocks->ratios, count),
                                stats_median(blocks->times, count)};
}

pn_status meter_measure(struct meter *meter, const struct meter_row *row, double nanoseconds,
                        size_t least, size_t most, struct meter_value *value)
{
    const double end = measure_now() + nanoseconds;
    const double rounds = row->limb.work / yardstick_units(&row->limb.yardstick);
    struct blocks blocks = {.ratios = malloc(2 * most * sizeof(double)), .most = most};
    if (blocks.ratios == NULL) {
        return error_memory(2 * most * sizeof(double), "measurements");
    }
    blocks.times = blocks.ratios + most;
    pn_status status = open_row(meter, row);
    for (size_t i = 0; status == PN_OK && i < most && (i < least || measure_now() < end); i++) {
        struct block block;
        status = count_block(meter, row, end, &block);
        if (status == PN_OK) {
            add_block(&blocks, &block, rounds);
        }
    }
    if (status == PN_OK) {
        *value = value_of(&blocks, least);
    }
    free(blocks.ratios);
    return status;
}
