/* The barrier by itself: who passes has all others' writes of the round, nobody passes early. */
#include "engine/team/barrier.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

#include <criterion/criterion.h>

struct stress {
    struct barrier *barrier;
    size_t threads, rounds;
    bool spin;
    size_t *count; /* [threads], plain memory: only the barrier orders it */
    atomic_size_t wrong;
};

struct stress_thread {
    struct stress *stress;
    size_t thread;
};

static void *stress_run(void *argument)
{
    const struct stress_thread *self = argument;
    struct stress *stress = self->stress;
    for (size_t round = 1; round <= stress->rounds; round++) {
        stress->count[self->thread] = round;
        barrier_wait(stress->barrier, self->thread, stress->spin);
        for (size_t t = 0; t < stress->threads; t++) {
            if (stress->count[t] != round) {
                atomic_fetch_add(&stress->wrong, 1);
            }
        }
        barrier_wait(stress->barrier, self->thread, stress->spin);
    }
    return NULL;
}

static void stress(size_t threads, const size_t *group, size_t rounds, bool spin)
{
    struct stress stress = {.threads = threads, .rounds = rounds, .spin = spin};
    struct stress_thread *arguments = calloc(threads, sizeof *arguments);
    pthread_t *handles = calloc(threads, sizeof *handles);
    stress.count = calloc(threads, sizeof *stress.count);
    cr_assert(arguments && handles && stress.count);
    cr_assert_eq(barrier_create(threads, group, &stress.barrier), PN_OK);
    for (size_t t = 0; t < threads; t++) {
        arguments[t] = (struct stress_thread){&stress, t};
        cr_assert_eq(pthread_create(&handles[t], NULL, stress_run, &arguments[t]), 0);
    }
    for (size_t t = 0; t < threads; t++) {
        pthread_join(handles[t], NULL);
    }
    cr_assert_eq(stress.wrong, 0, "%zu threads: %zu stale values", threads, stress.wrong);
    for (size_t t = 0; t < threads; t++) {
        cr_assert_eq(stress.count[t], rounds);
    }
    barrier_free(stress.barrier);
    free(stress.count);
    free(handles);
    free(arguments);
}

Test(barrier, threads_that_sleep)
{
    stress(1, NULL, 20000, false);
    stress(2, NULL, 5000, false);
    stress(3, NULL, 3000, false);
    stress(7, NULL, 1000, false);
    stress(64, NULL, 100, false);
}

Test(barrier, threads_that_spin)
{
    stress(1, NULL, 20000, true);
    stress(2, NULL, 20000, true);
    stress(3, NULL, 300, true);
    stress(7, NULL, 100, true);
}

/* Groups of several sizes, in turn and interleaved; one larger than a node holds. */
Test(barrier, threads_in_groups)
{
    size_t group[64];
    for (size_t t = 0; t < 64; t++) {
        group[t] = t / 8;
    }
    stress(64, group, 50, false);
    stress(9, group, 500, false);
    stress(12, group, 20, true);
    for (size_t t = 0; t < 64; t++) {
        group[t] = t % 5;
    }
    stress(64, group, 50, false);
    stress(13, group, 500, false);
    for (size_t t = 0; t < 64; t++) {
        group[t] = t < 40 ? 0 : t < 41 ? 1 : 2;
    }
    stress(64, group, 50, false);
}
