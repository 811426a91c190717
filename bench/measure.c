#include "bench/measure.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <time.h>

#include "bench/interrupt.h"
#include "engine/base/error.h"

/* Each thread writes its own cache lines, prefetched neighbour included. */
struct measure_span {
    _Alignas(128) double start;
    double end;
    bool preempted;
};

/* A sample in which the system took a processor away says nothing about the work. It is taken again
 * this often, unless it is so long that the next would fare no better. */
enum { RETRIES = 8 };
static const double RETRIED_NS = 3e7;

struct sample {
    struct measure *measure;
    measure_work work;
    void *context;
    size_t iterations;
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

/* From the first thread's start to the last one's end; false if a thread was preempted. */
static bool span_of_all(const struct measure *measure, double *nanoseconds)
{
    double start = INFINITY, end = 0;
    bool clean = true;
    for (size_t t = 0; t < measure->threads; t++) {
        start = fmin(start, measure->spans[t].start);
        end = fmax(end, measure->spans[t].end);
        clean = clean && !measure->spans[t].preempted;
    }
    *nanoseconds = end - start;
    return clean;
}

/* One try at a sample; false in *clean if a thread was preempted. */
static pn_status take_sample(struct sample *sample, double *nanoseconds, bool *clean)
{
    if (sample->measure->team != NULL) {
        const pn_status status = team_run(sample->measure->team, run_sample, sample);
        *clean = status == PN_OK && span_of_all(sample->measure, nanoseconds);
        return status;
    }
    const long before = preemptions(RUSAGE_SELF);
    const double start = measure_now();
    sample->work(sample->context, 0, sample->iterations);
    *nanoseconds = measure_now() - start;
    *clean = preemptions(RUSAGE_SELF) == before;
    return PN_OK;
}

pn_status measure_sample(struct measure *measure, measure_work work, void *context,
                         size_t iterations, double *nanoseconds)
{
    struct sample sample = {measure, work, context, iterations};
    double best = INFINITY;
    for (int attempt = 0; attempt <= RETRIES; attempt++) {
        double span;
        bool clean;
        const pn_status status = take_sample(&sample, &span, &clean);
        if (status != PN_OK) {
            return status;
        }
        const pn_status stop = interrupt_check();
        if (stop != PN_OK) {
            return stop;
        }
        best = fmin(best, span);
        if (clean || span > RETRIED_NS) {
            break;
        }
    }
    *nanoseconds = best / (double)iterations;
    return PN_OK;
}

pn_status measure_calibrate(struct measure *measure, measure_work work, void *context,
                            double sample_ns, size_t *iterations)
{
    size_t count = 1;
    int reached = 0;
    while (reached < 2) {
        double each;
        const pn_status status = measure_sample(measure, work, context, count, &each);
        if (status != PN_OK) {
            return status;
        }
        const double total = fmax(each * (double)count, 1.0);
        if (total >= sample_ns) {
            reached++;
            continue;
        }
        reached = 0;
        const double factor = fmin(fmax(1.1 * sample_ns / total, 1.25), 100.0);
        count = (size_t)ceil((double)count * factor);
    }
    *iterations = count;
    return PN_OK;
}
