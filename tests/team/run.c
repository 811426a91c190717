/* Teams in this process: size, barrier, affinity and floating-point control, several at once. */
#include "engine/team/team.h"

#include <fenv.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <criterion/criterion.h>

/* libomp 14 keeps what it allocated for teams of threads that have ended; LeakSanitizer asks here.
 */
#define FOR_SANITIZER __attribute__((visibility("default")))
FOR_SANITIZER const char *__lsan_default_suppressions(void);
FOR_SANITIZER const char *__lsan_default_options(void);

const char *__lsan_default_suppressions(void)
{
    return "leak:libomp.so";
}

const char *__lsan_default_options(void)
{
    return "print_suppressions=0";
}

static struct team *create(size_t threads)
{
    pn_run_options options = pn_run_options_default();
    options.threads = threads;
    struct team *team;
    cr_assert_eq(team_create(&options, &team), PN_OK, "%s", pn_error_message());
    return team;
}

static size_t cores(void)
{
    struct team *team = create(0);
    const size_t count = team_size(team);
    team_free(team);
    return count;
}

/* --- every thread once, barriers ------------------------------------------------------------- */

struct rounds {
    struct team *team;
    size_t rounds;
    size_t count[256]; /* only the barrier orders it */
    atomic_size_t bodies, wrong;
};

static void run_rounds(void *context, size_t thread)
{
    struct rounds *rounds = context;
    atomic_fetch_add(&rounds->bodies, 1);
    for (size_t round = 1; round <= rounds->rounds; round++) {
        rounds->count[thread]++;
        team_barrier(rounds->team, thread);
        for (size_t t = 0; t < team_size(rounds->team); t++) {
            if (rounds->count[t] != round) {
                atomic_fetch_add(&rounds->wrong, 1);
            }
        }
        team_barrier(rounds->team, thread);
    }
}

static void expect_rounds(struct team *team, size_t count)
{
    struct rounds rounds = {.team = team, .rounds = count};
    cr_assert_eq(team_run(team, run_rounds, &rounds), PN_OK, "%s", pn_error_message());
    cr_assert_eq(rounds.bodies, team_size(team));
    cr_assert_eq(rounds.wrong, 0);
    for (size_t t = 0; t < team_size(team); t++) {
        cr_assert_eq(rounds.count[t], count);
    }
}

Test(team, barriers_hold_on_any_number_of_threads)
{
    const size_t sizes[] = {1, 2, 3, 7, 64, 2, 7};
    const size_t counts[] = {10000, 10000, 1000, 500, 50, 100, 100};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        struct team *team = create(sizes[i]);
        cr_assert_eq(team_size(team), sizes[i]);
        cr_assert_eq(team_requested(team), sizes[i]);
        expect_rounds(team, counts[i]);
        expect_rounds(team, 10); /* the same team again */
        team_free(team);
    }
}

Test(team, shrinks_to_a_prefix)
{
    struct team *team = create(64);
    cr_assert_eq(team_shrink(team, 100), PN_OK);
    cr_assert_eq(team_shrink(team, 0), PN_OK);
    cr_assert_eq(team_size(team), 64);
    cr_assert_eq(team_shrink(team, 5), PN_OK);
    cr_assert_eq(team_size(team), 5);
    cr_assert_eq(team_requested(team), 64);
    cr_assert_eq(strncmp(team_placement_line(team), "5 threads on ", 13), 0);
    expect_rounds(team, 100);
    team_free(team);

    team = create(0);
    cr_assert_eq(team_requested(team), 0);
    const long first = team_pu(team, 0);
    cr_assert_eq(team_shrink(team, 1), PN_OK);
    cr_assert_eq(team_size(team), 1);
    cr_assert_eq(team_pu(team, 0), first);
    expect_rounds(team, 100);
    team_free(team);
}

Test(team, refuses_options_that_make_no_sense)
{
    struct team *team;
    pn_run_options options = pn_run_options_default();
    options.threads = TEAM_MAX_THREADS + 1;
    cr_assert_eq(team_create(&options, &team), PN_ERROR_USAGE);
    cr_assert_null(team);
    cr_assert(strstr(pn_error_message(), "threads: 4097"));
    options = (pn_run_options){.threads = 1};
    cr_assert_eq(team_create(&options, &team), PN_ERROR_USAGE);
    cr_assert(strstr(pn_error_message(), "struct_size"));
    cr_assert_eq(team_create(NULL, &team), PN_OK);
    team_free(team);
    team_free(NULL);
}

/* --- affinity -------------------------------------------------------------------------------- */

static void expect_bound_inside(void *context, size_t thread)
{
    struct rounds *rounds = context;
    cpu_set_t now;
    sched_getaffinity(0, sizeof now, &now);
    const long pu = team_pu(rounds->team, thread);
    if (team_bound(rounds->team) ? CPU_COUNT(&now) != 1 || !CPU_ISSET((int)pu, &now) : pu != -1) {
        atomic_fetch_add(&rounds->wrong, 1);
    }
}

static void expect_same_mask(void *context, size_t thread)
{
    (void)thread;
    cpu_set_t now;
    sched_getaffinity(0, sizeof now, &now);
    if (!CPU_EQUAL(&now, (cpu_set_t *)context)) {
        abort();
    }
}

Test(team, gives_affinity_back)
{
    cpu_set_t before, after;
    sched_getaffinity(0, sizeof before, &before);
    const size_t sizes[] = {cores(), 1, 2, 1, 3};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        struct team *team = create(sizes[i]);
        struct rounds rounds = {.team = team};
        cr_assert_eq(team_run(team, expect_bound_inside, &rounds), PN_OK);
        cr_assert_eq(rounds.wrong, 0);
        team_free(team);
        sched_getaffinity(0, sizeof after, &after);
        cr_assert(CPU_EQUAL(&before, &after));
    }
    /* OpenMP's threads, too: an unbound team gets the same ones. */
    pn_run_options options = pn_run_options_default();
    options.threads = cores();
    options.bind = PN_BIND_NONE;
    struct team *team;
    cr_assert_eq(team_create(&options, &team), PN_OK);
    cr_assert(!team_bound(team));
    cr_assert_eq(team_run(team, expect_same_mask, &before), PN_OK);
    team_free(team);
}

/* The process's cores are remembered, not those of a thread that is bound later. */
Test(team, a_bound_caller_does_not_narrow_the_team)
{
    const size_t count = cores();
    cpu_set_t before, one, after;
    sched_getaffinity(0, sizeof before, &before);
    CPU_ZERO(&one);
    CPU_SET(sched_getcpu(), &one);
    sched_setaffinity(0, sizeof one, &one);
    cr_assert_eq(cores(), count);
    struct team *team = create(0);
    struct rounds rounds = {.team = team};
    cr_assert_eq(team_run(team, expect_bound_inside, &rounds), PN_OK);
    cr_assert_eq(rounds.wrong, 0);
    team_free(team);
    sched_getaffinity(0, sizeof after, &after);
    cr_assert(CPU_EQUAL(&one, &after));
}

/* --- floating-point control ------------------------------------------------------------------ */

static unsigned long float_control(void)
{
#if defined(__x86_64__)
    return __builtin_ia32_stmxcsr();
#elif defined(__aarch64__)
    unsigned long value;
    __asm__ volatile("mrs %0, fpcr" : "=r"(value));
    return value;
#endif
}

static void set_float_control(unsigned long value)
{
#if defined(__x86_64__)
    __builtin_ia32_ldmxcsr((unsigned)value);
#elif defined(__aarch64__)
    __asm__ volatile("msr fpcr, %0" ::"r"(value));
#endif
}

#if defined(__x86_64__)
/* Flush to zero, round up, subnormals are zero; and in the default state: exceptions masked. */
static const unsigned long float_odd = 0x8000 | 0x4000 | 0x0040;
static const unsigned long float_plain = 0x1f80;
static const unsigned long float_control_mask = 0xffc0;
#elif defined(__aarch64__)
static const unsigned long float_odd = 1ul << 24 | 1ul << 22;
static const unsigned long float_plain = 0;
static const unsigned long float_control_mask = 1ul << 24 | 3ul << 22;
#endif

struct floats {
    struct team *team;
    unsigned long before[8], inside[8];
    float half_of_smallest_normal[8], third[8];
};

static void set_odd(void *context, size_t thread)
{
    (void)context, (void)thread;
    set_float_control(float_plain | float_odd);
}

static void look_inside(void *context, size_t thread)
{
    struct floats *floats = context;
    volatile float smallest = 0x1p-126f, one = 1, three = 3;
    floats->inside[thread] = float_control();
    floats->half_of_smallest_normal[thread] = smallest * 0.5f;
    floats->third[thread] = one / three;
    feraiseexcept(FE_OVERFLOW);
}

Test(team, floating_point_control_is_plain_inside_and_given_back)
{
    enum { THREADS = 3 };
    struct floats floats = {0};
    /* OpenMP's threads keep what a region leaves in them. */
    set_float_control(float_plain | float_odd);
#pragma omp parallel num_threads(THREADS)
    set_odd(NULL, 0);
    const unsigned long before = float_control();
    struct team *team = create(THREADS);
    cr_assert_eq(team_run(team, look_inside, &floats), PN_OK);
    const unsigned long after = float_control();
    const int overflow = fetestexcept(FE_OVERFLOW);
    unsigned long others[THREADS];
#pragma omp parallel num_threads(THREADS)
    {
#pragma omp for schedule(static, 1)
        for (int t = 0; t < THREADS; t++) {
            others[t] = float_control();
        }
    }
    set_float_control(float_plain);
    team_free(team);
    cr_assert_eq(before & float_control_mask, after & float_control_mask, "%lx became %lx", before,
                 after);
    cr_assert_eq(overflow, 0);
    for (size_t t = 0; t < THREADS; t++) {
        cr_assert_eq(floats.inside[t] & float_control_mask, float_plain);
        cr_assert_eq(floats.half_of_smallest_normal[t], 0x1p-127f);
        cr_assert_eq(floats.third[t], 0x1.555556p-2f);
        cr_assert_eq(others[t] & float_control_mask, (float_plain | float_odd) & float_control_mask,
                     "thread %zu: %lx", t, others[t]);
    }
}

/* --- several at once, and within OpenMP regions ---------------------------------------------- */

static char last_warning[1024];

static void keep_warning(pn_log_level level, const char *message, void *user)
{
    (void)user;
    if (level == PN_LOG_WARNING) {
        snprintf(last_warning, sizeof last_warning, "%s", message);
    }
}

struct pair {
    struct team *first, *second;
    atomic_int second_done;
    cpu_set_t mask;
    atomic_size_t wrong;
};

static void second_body(void *context, size_t thread)
{
    struct pair *pair = context;
    cpu_set_t now;
    sched_getaffinity(0, sizeof now, &now);
    if (!CPU_EQUAL(&now, &pair->mask) || team_pu(pair->second, thread) != -1) {
        atomic_fetch_add(&pair->wrong, 1);
    }
    for (int i = 0; i < 100; i++) {
        team_barrier(pair->second, thread);
    }
}

static void *second_run(void *context)
{
    struct pair *pair = context;
    cpu_set_t before, after;
    sched_getaffinity(0, sizeof before, &before);
    pair->second = create(2);
    if (team_run(pair->second, second_body, pair) != PN_OK) {
        atomic_fetch_add(&pair->wrong, 1);
    }
    sched_getaffinity(0, sizeof after, &after);
    if (!CPU_EQUAL(&before, &after)) {
        atomic_fetch_add(&pair->wrong, 1);
    }
    return NULL;
}

/* The second team is started by the first's bound first thread: it must not inherit its core. */
static void first_body(void *context, size_t thread)
{
    struct pair *pair = context;
    if (thread == 0) {
        pthread_t handle;
        pthread_create(&handle, NULL, second_run, pair);
        pthread_join(handle, NULL);
    }
    team_barrier(pair->first, thread);
}

Test(team, a_second_one_at_the_same_time_runs_unbound)
{
    struct pair pair = {0};
    sched_getaffinity(0, sizeof pair.mask, &pair.mask);
    pn_set_log(keep_warning, NULL);
    pair.first = create(2);
    const bool bound = team_bound(pair.first);
    cr_assert_eq(team_run(pair.first, first_body, &pair), PN_OK);
    cr_assert_eq(pair.wrong, 0);
    cr_assert_eq(team_bound(pair.first), bound);
    cr_assert(!team_bound(pair.second));
    if (bound) {
        cr_assert(strstr(team_placement_line(pair.second), "not bound: another fit runs"), "%s",
                  team_placement_line(pair.second));
        cr_assert_str_eq(last_warning, team_placement_line(pair.second));
        /* Alone, it is bound again. */
        struct rounds rounds = {.team = pair.second};
        cr_assert_eq(team_run(pair.second, expect_bound_inside, &rounds), PN_OK);
        cr_assert_eq(rounds.wrong, 0);
        cr_assert(team_bound(pair.second));
        cr_assert_null(strstr(team_placement_line(pair.second), "not bound"));
    }
    team_free(pair.first);
    team_free(pair.second);
}

/* An evaluation from a callback, say: a team on the first thread of a running one. */
static void outer_body(void *context, size_t thread)
{
    struct rounds *rounds = context;
    if (thread == 0) {
        struct team *inner = create(2);
        struct rounds inside = {.team = inner, .rounds = 50};
        if (team_run(inner, run_rounds, &inside) != PN_OK || inside.wrong || inside.bodies != 2) {
            atomic_fetch_add(&rounds->wrong, 1);
        }
        team_free(inner);
    }
    team_barrier(rounds->team, thread);
}

Test(team, within_a_running_team)
{
    struct team *team = create(2);
    struct rounds rounds = {.team = team};
    cr_assert_eq(team_run(team, outer_body, &rounds), PN_OK);
    cr_assert_eq(rounds.wrong, 0);
    team_free(team);
}

Test(team, within_the_callers_openmp_region)
{
    atomic_int failed = 0;
#pragma omp parallel num_threads(2)
    {
        struct team *team = create(3);
        struct rounds rounds = {.team = team, .rounds = 50};
        if (team_run(team, run_rounds, &rounds) != PN_OK || rounds.wrong || rounds.bodies != 3) {
            atomic_fetch_add(&failed, 1);
        }
        team_free(team);
    }
    cr_assert_eq(failed, 0);
}
