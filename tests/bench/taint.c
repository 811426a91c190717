/* Disturbances: real ones on this machine against other counters of the kernel, and what needs a
 * host or a quota from files written here. */
#include "bench/machine/taint.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "fake_tree.h"

static struct taint_files *files;

static void open_here(void)
{
    cr_assert_eq(taint_open("", &files), PN_OK);
}

static void close_here(void)
{
    taint_close(files);
}

TestSuite(here, .init = open_here, .fini = close_here);

/* Processors of the mask; `list` receives the first of them. */
static int usable(int list[], int most)
{
    cpu_set_t mask;
    cr_assert_eq(sched_getaffinity(0, sizeof mask, &mask), 0);
    int count = 0;
    for (int p = 0; p < CPU_SETSIZE && count < most; p++) {
        if (CPU_ISSET(p, &mask)) {
            list[count++] = p;
        }
    }
    return count;
}

static void pin(int processor)
{
    cpu_set_t mask;
    CPU_ZERO(&mask);
    CPU_SET(processor, &mask);
    cr_assert_eq(sched_setaffinity(0, sizeof mask, &mask), 0);
}

static double seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

static void spin(double duration)
{
    for (const double end = seconds() + duration; seconds() < end;) {
    }
}

/* Involuntary switches of this thread by another account than rusage. */
static long status_switches(void)
{
    FILE *stream = fopen("/proc/thread-self/status", "r");
    cr_assert_not_null(stream);
    char line[256];
    long count = -1;
    while (fgets(line, sizeof line, stream) != NULL) {
        sscanf(line, "nonvoluntary_ctxt_switches: %ld", &count);
    }
    fclose(stream);
    cr_assert_geq(count, 0);
    return count;
}

/* Major faults of this thread, the 12th field of its stat. */
static long stat_faults(void)
{
    FILE *stream = fopen("/proc/thread-self/stat", "r");
    cr_assert_not_null(stream);
    char line[1024];
    cr_assert_not_null(fgets(line, sizeof line, stream));
    fclose(stream);
    long faults = -1;
    cr_assert_eq(
        sscanf(strrchr(line, ')') + 1, " %*c %*d %*d %*d %*d %*d %*u %*u %*u %ld", &faults), 1);
    return faults;
}

Test(here, a_busy_neighbour_switches_this_thread_out)
{
    int processor;
    cr_assert_eq(usable(&processor, 1), 1);
    pin(processor);
    const pid_t neighbour = fork(); /* pinned as we are */
    cr_assert_geq(neighbour, 0);
    if (neighbour == 0) {
        spin(30);
        _exit(0);
    }
    unsigned bits = 0;
    for (const double end = seconds() + 20; (bits & TAINT_SWITCH) == 0 && seconds() < end;) {
        struct taint_snapshot before, after;
        taint_take(files, &before);
        spin(0.02);
        taint_take(files, &after);
        bits = taint_since(&before, &after);
        cr_expect_eq(bits & TAINT_MIGRATION, 0);
    }
    kill(neighbour, SIGKILL);
    waitpid(neighbour, NULL, 0);
    cr_expect(bits & TAINT_SWITCH);
}

/* Both readings of the other account inside the block: if it rose there, so must the bit; both
 * outside: if it did not rise, the bit must not be set. */
Test(here, switches_agree_with_the_status_file)
{
    int processor, disturbed = 0, quiet = 0;
    cr_assert_eq(usable(&processor, 1), 1);
    pin(processor);
    for (int i = 0; i < 200; i++) {
        struct taint_snapshot before, after;
        const long outer = status_switches();
        taint_take(files, &before);
        const long inner = status_switches();
        spin(0.0005);
        const bool inside = status_switches() > inner;
        taint_take(files, &after);
        const bool outside = status_switches() > outer;
        const bool found = (taint_since(&before, &after) & TAINT_SWITCH) != 0;
        cr_assert(!inside || found, "block %d: switched out, but not found", i);
        cr_assert(outside || !found, "block %d: found what did not happen", i);
        disturbed += inside;
        quiet += !outside;
    }
    cr_assert_gt(disturbed + quiet, 0);
}

Test(here, moving_to_another_processor_is_a_migration)
{
    int processors[2];
    if (usable(processors, 2) < 2) {
        cr_skip("one processor only");
    }
    struct taint_snapshot before, moved, back;
    pin(processors[0]);
    taint_take(files, &before);
    pin(processors[1]);
    taint_take(files, &moved);
    cr_expect(taint_since(&before, &moved) & TAINT_MIGRATION);
    cr_expect_eq(taint_since(&moved, &moved) & TAINT_MIGRATION, 0);
    pin(processors[0]);
    taint_take(files, &back);
    cr_expect_eq(taint_since(&before, &back) & TAINT_MIGRATION, 0);
    cr_expect(taint_since(&moved, &back) & TAINT_MIGRATION);
}

/* Reads one byte of a file that is not in memory. */
static void read_from_disk(void)
{
    enum { SIZE = 1 << 20 };
    char path[] = TEST_FOLDER "/pages-XXXXXX";
    const int descriptor = mkstemp(path);
    cr_assert_geq(descriptor, 0);
    unlink(path);
    static char bytes[SIZE];
    cr_assert_eq(write(descriptor, bytes, SIZE), SIZE);
    fsync(descriptor);
    posix_fadvise(descriptor, 0, 0, POSIX_FADV_DONTNEED);
    const volatile char *page = mmap(NULL, SIZE, PROT_READ, MAP_SHARED, descriptor, 0);
    cr_assert_neq((const void *)page, MAP_FAILED);
    (void)page[SIZE / 2];
    munmap((void *)(uintptr_t)page, SIZE);
    close(descriptor);
}

Test(here, a_page_from_the_disk_is_a_fault)
{
    struct taint_snapshot before, after;
    const long faults = stat_faults();
    taint_take(files, &before);
    read_from_disk();
    taint_take(files, &after);
    if (stat_faults() == faults) {
        cr_skip("files of the build folder are never out of memory");
    }
    cr_expect(taint_since(&before, &after) & TAINT_FAULT);
}

/* Of a fake machine, seen from the one processor that this thread is pinned to. */
static int processor;

static void open_fake(void)
{
    fake_tree_open();
    cr_assert_eq(usable(&processor, 1), 1);
    pin(processor);
}

static void close_fake(void)
{
    taint_close(files);
    fake_tree_close();
}

TestSuite(fake, .init = open_fake, .fini = close_fake);

static void put_stat(unsigned long stolen, unsigned long stolen_elsewhere)
{
    fake_put("proc/stat",
             "cpu  10 0 10 100 0 0 0 %lu 0 0\n"
             "cpu%d 5 0 5 50 0 0 0 %lu 0 0\n"
             "cpu%d 5 0 5 50 0 0 0 %lu 0 0\n"
             "intr 1 2 3\n",
             stolen + stolen_elsewhere, processor, stolen, processor + 1, stolen_elsewhere);
}

static const unsigned FROM_FILES = TAINT_STEAL | TAINT_THROTTLE;

/* What the files say about the time since `before`, which becomes now. */
static unsigned next(struct taint_snapshot *before)
{
    struct taint_snapshot now;
    taint_take(files, &now);
    const unsigned bits = taint_since(before, &now);
    *before = now;
    return bits & FROM_FILES;
}

Test(fake, steal_is_that_of_this_processor)
{
    struct taint_snapshot snapshot;
    put_stat(7, 7);
    cr_assert_eq(taint_open(fake_root, &files), PN_OK);
    taint_take(files, &snapshot);
    cr_expect_eq(next(&snapshot), 0);
    put_stat(7, 99);
    cr_expect_eq(next(&snapshot), 0);
    put_stat(8, 99);
    cr_expect_eq(next(&snapshot), TAINT_STEAL);
    cr_expect_eq(next(&snapshot), 0);
}

Test(fake, a_real_machine_has_no_steal)
{
    struct taint_snapshot snapshot;
    fake_put("proc/cpuinfo", "processor\t: 0\nflags\t\t: fpu vme sse\n");
    put_stat(7, 7);
    cr_assert_eq(taint_open(fake_root, &files), PN_OK);
    taint_take(files, &snapshot);
    put_stat(8, 8);
    cr_expect_eq(next(&snapshot), 0);
}

Test(fake, steal_that_cannot_be_read_is_none)
{
    struct taint_snapshot snapshot;
    put_stat(7, 7);
    cr_assert_eq(taint_open(fake_root, &files), PN_OK);
    taint_take(files, &snapshot);
    const char *const texts[] = {"", "cpu", "cpu  1 2\ncpu%d 1 2\n", "cpu 1\ncpu%d 1 2 x 4 5\n",
                                 "cpu 1\ncpu%d 1 2 3 4 5 6 7 9" /* cut off */};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        char text[128];
        const char *place = strstr(texts[i], "%d");
        const int start = place == NULL ? (int)strlen(texts[i]) : (int)(place - texts[i]);
        snprintf(text, sizeof text, "%.*s", start, texts[i]);
        if (place != NULL) {
            snprintf(text + start, sizeof text - (size_t)start, "%d%s", processor, place + 2);
        }
        fake_put("proc/stat", "%s", text);
        struct taint_snapshot now;
        taint_take(files, &now);
        cr_expect_eq(taint_since(&snapshot, &now) & FROM_FILES, 0, "%s", text);
    }
}

Test(fake, steal_of_two_processors_is_not_compared)
{
    const struct taint_snapshot here = {.processor = 1, .stolen = 5};
    const struct taint_snapshot there = {.processor = 2, .stolen = 50};
    cr_expect_eq(taint_since(&here, &there), TAINT_MIGRATION);
}

static void put_v2(const char *cgroup, const char *quota, unsigned throttled)
{
    char path[PATH_MAX];
    snprintf(path, sizeof path, "cgroups%s/cpu.max", cgroup);
    fake_put(path, "%s\n", quota);
    snprintf(path, sizeof path, "cgroups%s/cpu.stat", cgroup);
    fake_put(path, "usage_usec 5\nnr_periods 9\nnr_throttled %u\nthrottled_usec 8\n", throttled);
}

Test(fake, throttling_under_a_quota_of_v2)
{
    struct taint_snapshot snapshot;
    fake_put("proc/self/cgroup", "0::/pod/app\n");
    fake_put("proc/self/mountinfo", "22 1 254:1 / / rw shared:1 - ext4 /dev/vda1 rw\n"
                                    "30 22 0:26 / /cgroups rw shared:9 - cgroup2 cgroup2 rw\n");
    put_v2("/pod/app", "max 100000", 1);
    put_v2("/pod", "150000 100000", 1);
    put_v2("/other", "150000 100000", 1);
    cr_assert_eq(taint_open(fake_root, &files), PN_OK);
    taint_take(files, &snapshot);
    cr_expect_eq(next(&snapshot), 0);
    put_v2("/other", "150000 100000", 2);
    cr_expect_eq(next(&snapshot), 0);
    put_v2("/pod", "150000 100000", 2);
    cr_expect_eq(next(&snapshot), TAINT_THROTTLE);
    cr_expect_eq(next(&snapshot), 0);
    fake_put("cgroups/pod/cpu.stat", "nonsense\n");
    cr_expect_eq(next(&snapshot), 0);
}

Test(fake, throttling_under_a_quota_of_v1)
{
    struct taint_snapshot snapshot;
    fake_put("proc/self/cgroup", "4:memory:/m\n3:cpuset:/wrong\n2:cpu,cpuacct:/jobs/17\n0::/\n");
    fake_put("proc/self/mountinfo",
             "32 31 0:29 /jobs /my\\040cgroups/cpu rw - cgroup cgroup rw,cpu,cpuacct\n"
             "33 31 0:30 / /cpuset rw - cgroup cgroup rw,cpuset\n");
    fake_put("my cgroups/cpu/17/cpu.cfs_quota_us", "50000\n");
    fake_put("my cgroups/cpu/17/cpu.stat", "nr_periods 1\nnr_throttled 0\nthrottled_time 0\n");
    cr_assert_eq(taint_open(fake_root, &files), PN_OK);
    taint_take(files, &snapshot);
    fake_put("my cgroups/cpu/17/cpu.stat", "nr_periods 2\nnr_throttled 1\nthrottled_time 5\n");
    cr_expect_eq(next(&snapshot), TAINT_THROTTLE);
}

Test(fake, a_mount_of_another_namespace_shows_what_is_above)
{
    struct taint_snapshot snapshot;
    fake_put("proc/self/cgroup", "0::/../../elsewhere\n");
    fake_put("proc/self/mountinfo", "30 22 0:26 / /cgroups rw - cgroup2 cgroup2 rw\n");
    put_v2("", "150000 100000", 3);
    cr_assert_eq(taint_open(fake_root, &files), PN_OK);
    taint_take(files, &snapshot);
    put_v2("", "150000 100000", 4);
    cr_expect_eq(next(&snapshot), TAINT_THROTTLE);
}

Test(fake, without_a_quota_nothing_is_throttled)
{
    struct taint_snapshot snapshot;
    fake_put("proc/self/cgroup", "garbage\n0:\n0::/app\n");
    fake_put("proc/self/mountinfo", "garbage\n\n1 2 3\n30 22 0:26 / /cgroups rw - cgroup2\n"
                                    "30 22 0:26 / /cgroups rw - cgroup2 cgroup2 rw\n");
    put_v2("/app", "max 100000", 1);
    cr_assert_eq(taint_open(fake_root, &files), PN_OK);
    taint_take(files, &snapshot);
    put_v2("/app", "max 100000", 2);
    cr_expect_eq(next(&snapshot), 0);
}

Test(fake, an_empty_tree_is_watched_without_complaint)
{
    struct taint_snapshot snapshot;
    cr_assert_eq(taint_open(fake_root, &files), PN_OK);
    taint_take(files, &snapshot);
    cr_expect_eq(next(&snapshot), 0);
}

Test(names, are_written_in_order_and_fit)
{
    char names[TAINT_NAMES_SIZE];
    cr_expect_str_eq(taint_names(0, names), "");
    cr_expect_str_eq(taint_names(TAINT_FAULT, names), "fault");
    cr_expect_str_eq(taint_names(TAINT_STEAL | TAINT_SWITCH, names), "switch, steal");
    cr_expect_str_eq(taint_names(~0u, names), "switch, migration, fault, steal, throttle");
    cr_expect_eq(taint_names(TAINT_FAULT, names), names);
}
