#include "bench/machine/measure.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <time.h>

#include "bench/command/interrupt.h"
#include "bench/machine/calibration.h"
#include "engine/base/error.h"

/* Each thread writes its own cache lines, prefetched neighbour included. */
struct measure_span {
    _Alignas(128) double start;
    double end;
    bool preempted;
};

/* A sample in which the system took a processor away, or let a thread begin late by more than this
 * share of it, says nothing about the work. It is taken again this often, unless it is so long that
 * the next would fare no better. */
enum { RETRIES = 8 };
static const double RETRIED_NS = 3e7;
static const double LATE_SHARE = 0.05;

struct sample {
    struct measure *measure;
    measure_work work;
    void *context;
    size_t iterations;
};

struct taken {
    double span;     /* nanoseconds from the first thread's start to the last one's end */
    double shortest; /* of any thread alone */
    bool clean;
};

double measure_now(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec * 1e9 + (double)now.tv_nsec;
}

pn_status measure_create(size_t threads, struct measure *measure)
{
    pn_run_options run = pn_run_options_default();
    run.threads = threads;
    *measure = (struct measure){0};
    const pn_status status = team_create(&run, &measure->team);
    if (status != PN_OK) {
        return status;
    }
    measure->threads = team_size(measure->team);
    const size_t bytes = measure->threads * sizeof *measure->spans;
    measure->spans = aligned_alloc(_Alignof(struct measure_span), bytes);
    if (measure->spans == NULL) {
        measure_free(measure);
        return error_memory(bytes, "measuring threads");
    }
    return PN_OK;
}

void measure_create_alone(struct measure *measure)
{
    *measure = (struct measure){.threads = 1};
}

void measure_free(struct measure *measure)
{
    team_free(measure->team);
    free(measure->spans);
    *measure = (struct measure){0};
}

/* Involuntary context switches so far, of this thread or of all (RUSAGE_THREAD, RUSAGE_SELF). */
static long preemptions(int whose)
{
    struct rusage usage;
    return getrusage(whose, &usage) == 0 ? usage.ru_nivcsw : 0;
}

static void run_sample(void *context, size_t thread)
{
    const struct sample *sample = context;
    struct measure_span *span = &sample->measure->spans[thread];
    const long before = preemptions(RUSAGE_THREAD);
    team_barrier(sample->measure->team, thread);
    span->start = measure_now();
    sample->work(sample->context, thread, sample->iterations);
    span->end = measure_now();
    span->preempted = preemptions(RUSAGE_THREAD) != before;
}

static struct taken look_at_spans(const struct measure *measure)
{
    double start = INFINITY, last_start = 0, end = 0;
    struct taken taken = {.shortest = INFINITY, .clean = true};
    for (size_t t = 0; t < measure->threads; t++) {
        const struct measure_span *span = &measure->spans[t];
        start = fmin(start, span->start);
        last_start = fmax(last_start, span->start);
        end = fmax(end, span->end);
        taken.shortest = fmin(taken.shortest, span->end - span->start);
        taken.clean = taken.clean && !span->preempted;
    }
    taken.span = end - start;
    taken.clean = taken.clean && last_start - start <= LATE_SHARE * taken.span;
    return taken;
}

/* One try at a sample. */
static pn_status take_sample(struct sample *sample, struct taken *taken)
{
    if (sample->measure->team != NULL) {
        const pn_status status = team_run(sample->measure->team, run_sample, sample);
        if (status == PN_OK) {
            *taken = look_at_spans(sample->measure);
        }
        return status;
    }
    const long before = preemptions(RUSAGE_SELF);
    const double start = measure_now();
    sample->work(sample->context, 0, sample->iterations);
    taken->span = taken->shortest = measure_now() - start;
    taken->clean = preemptions(RUSAGE_SELF) == before;
    return PN_OK;
}

pn_status measure_once(struct measure *measure, measure_work work, void *context, size_t iterations,
                       double *nanoseconds, bool *clean)
{
    struct sample sample = {measure, work, context, iterations};
    struct taken taken;
    const pn_status status = take_sample(&sample, &taken);
    if (status == PN_OK) {
        *nanoseconds = taken.span;
        *clean = taken.clean;
    }
    return status;
}

/* The fastest of a few tries, or the first clean one. */
static pn_status sample_until_clean(struct sample *sample, struct taken *best)
{
    best->span = best->shortest = INFINITY;
    for (int attempt = 0; attempt <= RETRIES; attempt++) {
        struct taken taken;
        pn_status status = take_sample(sample, &taken);
        if (status == PN_OK) {
            status = interrupt_check();
        }
        if (status != PN_OK) {
            return status;
        }
        best->span = fmin(best->span, taken.span);
        best->shortest = fmin(best->shortest, taken.shortest);
        if (taken.clean || taken.span > RETRIED_NS) {
            break;
        }
    }
    return PN_OK;
}

pn_status measure_sample(struct measure *measure, measure_work work, void *context,
                         size_t iterations, double *nanoseconds)
{
    struct sample sample = {measure, work, context, iterations};
    struct taken best;
    const pn_status status = sample_until_clean(&sample, &best);
    if (status == PN_OK) {
        *nanoseconds = best.span / (double)iterations;
    }
    return status;
}

pn_status measure_calibrate(struct measure *measure, measure_work work, void *context,
                            double sample_ns, size_t *iterations)
{
    struct calibration calibration = {.sample_ns = sample_ns, .count = 1};
    struct taken best;
    do {
        struct sample sample = {measure, work, context, calibration.count};
        const pn_status status = sample_until_clean(&sample, &best);
        if (status != PN_OK) {
            return status;
        }
        /* What a thread works, without waiting for others that begin late. */
    } while (!calibration_done(&calibration, best.shortest));
    *iterations = calibration.count;
    return PN_OK;
}
