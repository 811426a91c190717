/* Teams under masks and OpenMP settings: each in a process of its own (probe.c). */
#include <sched.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include <criterion/criterion.h>

static char output[65536];

/* Runs a shell command and keeps what it prints. */
static int probe(const char *format, ...)
{
    char command[4096];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(command, sizeof command, format, arguments);
    va_end(arguments);
    FILE *stream = popen(command, "r");
    cr_assert(stream);
    const size_t size = fread(output, 1, sizeof output - 1, stream);
    output[size] = '\0';
    return pclose(stream);
}

/* The value printed for a key; "" if it was not. */
static const char *value(const char *key)
{
    static char text[8][1024];
    static size_t next;
    char *result = text[next++ % 8];
    const size_t length = strlen(key);
    *result = '\0';
    for (const char *line = output; *line;) {
        const size_t end = strcspn(line, "\n");
        if (strncmp(line, key, length) == 0 && line[length] == ' ') {
            snprintf(result, 1024, "%.*s", (int)(end - length - 1), line + length + 1);
        }
        line += end + (line[end] == '\n');
    }
    return result;
}

static long number(const char *key)
{
    const char *text = value(key);
    cr_assert(*text, "no %s in:\n%s", key, output);
    return strtol(text, NULL, 10);
}

/* CPUs that this test may use; lowest and highest. */
static int cpus(int *lowest, int *highest)
{
    cpu_set_t set;
    cr_assert_eq(sched_getaffinity(0, sizeof set, &set), 0);
    *lowest = -1;
    for (int cpu = 0; cpu < CPU_SETSIZE; cpu++) {
        if (CPU_ISSET(cpu, &set)) {
            *lowest = *lowest < 0 ? cpu : *lowest;
            *highest = cpu;
        }
    }
    return CPU_COUNT(&set);
}

/* Each of the T threads is allowed on its one PU, no other tasks exist, and the caller's mask is
 * what it was. */
static void expect_bound(long threads)
{
    cr_assert_eq(number("bound"), 1, "%s", output);
    cr_assert_eq(number("size"), threads, "%s", output);
    cr_assert_eq(number("tasks"), threads, "%s", output);
    for (long t = 0; t < threads; t++) {
        char key[2][32];
        snprintf(key[0], sizeof key[0], "thread%ld", t);
        snprintf(key[1], sizeof key[1], "pu%ld", t);
        cr_assert_str_eq(value(key[0]), value(key[1]), "%s", output);
        snprintf(key[0], sizeof key[0], "task%ld", t);
        cr_assert_null(strpbrk(value(key[0]), ",-"), "%s", output);
    }
    cr_assert_str_eq(value("before"), value("after"));
    cr_assert_str_eq(value("line"), value("planned"));
    cr_assert_str_empty(value("warning"));
}

Test(environment, threads_are_bound_one_to_a_core)
{
    int lowest, highest;
    const int count = cpus(&lowest, &highest);
    cr_assert_eq(probe("%s 1", TEAM_PROBE), 0);
    expect_bound(1);
    cr_assert(strstr(value("line"), "1 thread on 1 of "), "%s", output);
    cr_assert(strstr(value("line"), "affinity mask"), "%s", output);
    cr_assert(strstr(value("line"), ", bound one to a core"), "%s", output);
    if (count >= 2) {
        cr_assert_eq(probe("%s 2", TEAM_PROBE), 0);
        expect_bound(2);
        cr_assert_str_neq(value("thread0"), value("thread1"));
        cr_assert(strstr(value("line"), "2 threads on "), "%s", output);
    }
}

Test(environment, a_mask_is_not_escaped)
{
    int lowest, highest;
    cpus(&lowest, &highest);
    cr_assert_eq(probe("taskset -c %d %s 0", highest, TEAM_PROBE), 0);
    expect_bound(1);
    cr_assert_eq(number("thread0"), highest, "%s", output);
    cr_assert(strstr(value("line"), "1 thread on 1 of 1 core (affinity mask"), "%s", output);

    cr_assert_eq(probe("taskset -c %d %s 3", highest, TEAM_PROBE), 0);
    cr_assert_eq(number("size"), 3);
    cr_assert_eq(number("bound"), 0);
    cr_assert_eq(number("thread2"), highest, "%s", output);
    cr_assert(strstr(value("line"), "3 threads on 1 of 1 core"), "%s", output);
    cr_assert(strstr(value("line"), "not bound: more threads than"), "%s", output);
}

Test(environment, binding_can_be_switched_off)
{
    cr_assert_eq(probe("%s 1 none", TEAM_PROBE), 0);
    cr_assert_eq(number("bound"), 0);
    cr_assert_eq(number("pu0"), -1);
    cr_assert_str_eq(value("thread0"), value("before"));
    cr_assert(strstr(value("line"), "not bound: binding is switched off"), "%s", output);
}

Test(environment, a_failure_to_bind_is_said_and_not_fatal)
{
    cr_assert_eq(probe("PROBE_REFUSES=1 %s 1", TEAM_PROBE), 0);
    cr_assert(strstr(value("planned"), "bound one to a core"), "%s", output);
    cr_assert_eq(number("bound"), 0, "%s", output);
    cr_assert_eq(number("pu0"), -1);
    cr_assert(strstr(value("line"), "not bound: 1 of 1 threads could not be bound"), "%s", output);
    cr_assert_str_eq(value("warning"), value("line"));
}

Test(environment, openmp_places_are_kept)
{
    int lowest, highest;
    const int count = cpus(&lowest, &highest);
    cr_assert_eq(probe("OMP_PLACES='{%d}' %s 0", highest, TEAM_PROBE), 0);
    cr_assert_eq(number("size"), 1);
    cr_assert_eq(number("bound"), 0);
    cr_assert_eq(number("thread0"), highest, "%s", output);
    cr_assert(strstr(value("line"), "1 thread on 1 of 1 core (OpenMP places"), "%s", output);
    cr_assert(strstr(value("line"), "not bound: OMP_PLACES is set"), "%s", output);
    if (count < 2) {
        return;
    }
    /* OpenMP has bound the first thread to one core before pinion asks: still two cores. */
    cr_assert_eq(
        probe("OMP_PLACES='{%d},{%d}' OMP_PROC_BIND=close %s 2", highest, lowest, TEAM_PROBE), 0);
    cr_assert_eq(number("thread0"), highest, "%s", output);
    cr_assert_eq(number("thread1"), lowest, "%s", output);
    cr_assert(strstr(value("line"), "2 threads on 2 of 2 cores (OpenMP places"), "%s", output);
}

Test(environment, openmp_binding_is_kept)
{
    int lowest, highest;
    const int count = cpus(&lowest, &highest);
    cr_assert_eq(probe("OMP_PROC_BIND=true %s 0", TEAM_PROBE), 0);
    cr_assert_eq(number("bound"), 0);
    cr_assert(strstr(value("line"), "not bound: OMP_PROC_BIND is set"), "%s", output);
    const long size = number("size");
    cr_assert_eq(probe("%s 0", TEAM_PROBE), 0);
    cr_assert_eq(number("size"), size, "%d CPUs, %s", count, output);
    /* false: OpenMP does not bind, so pinion does. */
    cr_assert_eq(probe("OMP_PROC_BIND=false %s 1", TEAM_PROBE), 0);
    expect_bound(1);
}

Test(environment, gomp_cpu_affinity_is_kept)
{
    int lowest, highest;
    cpus(&lowest, &highest);
    cr_assert_eq(probe("GOMP_CPU_AFFINITY=%d %s 0", highest, TEAM_PROBE), 0);
    cr_assert_eq(number("size"), 1);
    cr_assert_eq(number("bound"), 0);
    cr_assert_eq(number("thread0"), highest, "%s", output);
    cr_assert(strstr(value("line"), "not bound: GOMP_CPU_AFFINITY is set"), "%s", output);
}

Test(environment, openmp_thread_settings)
{
    /* Dynamic adjustment may give fewer threads than asked for; it is off for the region only. */
    cr_assert_eq(probe("OMP_DYNAMIC=true %s 5", TEAM_PROBE), 0);
    cr_assert_eq(number("size"), 5);
    cr_assert_eq(number("tasks"), 5, "%s", output);
    cr_assert_eq(number("dynamic"), 1);
    cr_assert_eq(number("levels"), 1);
    cr_assert_eq(probe("OMP_NUM_THREADS=1 %s 3", TEAM_PROBE), 0);
    cr_assert_eq(number("tasks"), 3, "%s", output);
    cr_assert_eq(probe("OMP_THREAD_LIMIT=2 %s 5", TEAM_PROBE), 0);
    cr_assert_eq(number("requested"), 5);
    cr_assert_eq(number("size"), 2);
    cr_assert_eq(number("tasks"), 2, "%s", output);
    cr_assert(strstr(value("line"), ", OMP_THREAD_LIMIT of 2; "), "%s", output);
    cr_assert_eq(probe("OMP_THREAD_LIMIT=2 %s 1", TEAM_PROBE), 0);
    cr_assert_null(strstr(value("line"), "OMP_THREAD_LIMIT"), "%s", output);
}

Test(environment, another_machine_s_topology_binds_nothing)
{
    cr_assert_eq(
        probe("HWLOC_SYNTHETIC='pack:2 core:4 pu:2' HWLOC_COMPONENTS=synthetic %s 0", TEAM_PROBE),
        0);
    cr_assert_eq(number("size"), 8);
    cr_assert_eq(number("bound"), 0);
    cr_assert_str_eq(value("thread7"), value("before"), "%s", output);
    cr_assert(strstr(value("line"), "8 threads on 8 of 8 cores (hwloc's environment"), "%s",
              output);
}

/* AddressSanitizer itself needs more address space than that. */
#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define ADDRESS_SANITIZER
#endif
#endif
#if !defined(ADDRESS_SANITIZER) && !defined(__SANITIZE_ADDRESS__)
Test(environment, more_threads_than_the_system_gives_is_an_error)
{
    const int status = probe("ulimit -v 4000000; %s 2000", TEAM_PROBE);
    cr_assert(WIFEXITED(status) && WEXITSTATUS(status) == 1, "%d: %s", status, output);
    cr_assert(strstr(value("error"), "does not start 2000 threads"), "%s", output);
}
#endif
