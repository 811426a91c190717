/* The machine card against what other programs say of this machine, and each warning against
 * machines made up of files. */
#include "bench/machine/environment.h"

#include <criterion/criterion.h>
#include <math.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fake_tree.h"
#include "simd/simd.h"

#define CPU "sys/devices/system/cpu/"

/* The first line that a command prints; false if it fails or prints nothing. */
static bool ask(const char *command, char *line, int size)
{
    FILE *pipe = popen(command, "r");
    cr_assert_not_null(pipe);
    const bool found = fgets(line, size, pipe) != NULL;
    char rest[4096];
    while (fread(rest, 1, sizeof rest, pipe) > 0) {
    }
    line[found ? strcspn(line, "\n") : 0] = '\0';
    return pclose(pipe) == 0 && found;
}

static long long ask_number(const char *command)
{
    char line[128], *end;
    if (!ask(command, line, sizeof line)) {
        cr_skip("%s does not work here", command);
    }
    const long long number = strtoll(line, &end, 10);
    cr_assert(end != line && *end == '\0', "%s: %s", command, line);
    return number;
}

static json_t *card(void)
{
    json_t *result;
    cr_assert_eq(environment_card(&result), PN_OK, "%s", pn_error_message());
    return result;
}

static long long number_of(const json_t *object, const char *key)
{
    const json_t *value = json_object_get(object, key);
    cr_assert(json_is_integer(value), "%s", key);
    return json_integer_value(value);
}

static const char *text_of(const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));
    cr_assert_not_null(text, "%s", key);
    return text;
}

Test(card, has_the_right_types_and_survives_as_text)
{
    json_t *machine = card();
    const char *const texts[] = {"processor", "kernel", "compiler", "build", "host_name"};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        cr_expect_gt(strlen(text_of(machine, texts[i])), 0);
    }
    const char *const numbers[] = {"cores", "processors", "processors_online", "numa_nodes",
                                   "memory_bytes"};
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        cr_expect_gt(number_of(machine, numbers[i]), 0);
    }
    const char *const answers[] = {"assertions", "sanitizers"};
    for (size_t i = 0; i < sizeof answers / sizeof *answers; i++) {
        cr_expect(json_is_boolean(json_object_get(machine, answers[i])), "%s", answers[i]);
    }
    const char *const maybe_text[] = {"governor", "clocksource", "transparent_huge_pages"};
    for (size_t i = 0; i < sizeof maybe_text / sizeof *maybe_text; i++) {
        const json_t *value = json_object_get(machine, maybe_text[i]);
        cr_expect(value == NULL || json_string_length(value) > 0, "%s", maybe_text[i]);
    }
    const char *const maybe_answer[] = {"boost", "aslr", "virtual_machine"};
    for (size_t i = 0; i < sizeof maybe_answer / sizeof *maybe_answer; i++) {
        const json_t *value = json_object_get(machine, maybe_answer[i]);
        cr_expect(value == NULL || json_is_boolean(value), "%s", maybe_answer[i]);
    }
    const json_t *mhz = json_object_get(machine, "mhz");
    cr_expect(mhz == NULL || json_integer_value(mhz) > 0);

    char *text = json_dumps(machine, 0);
    json_t *again = json_loads(text, 0, NULL);
    cr_expect(json_equal(machine, again), "%s", text);
    free(text);
    json_decref(again);
    json_decref(machine);
}

Test(card, counts_as_other_programs_do)
{
    json_t *machine = card();
    cr_expect_eq(number_of(machine, "processors_online"), ask_number("getconf _NPROCESSORS_ONLN"));
    cr_expect_eq(number_of(machine, "processors"),
                 ask_number("env -u OMP_NUM_THREADS -u OMP_THREAD_LIMIT nproc"));
    cr_expect_eq(number_of(machine, "cores"),
                 ask_number("lscpu -p=CORE,SOCKET | grep -v '^#' | sort -u | wc -l"));
    cr_expect_eq(number_of(machine, "memory_bytes"),
                 ask_number("getconf _PHYS_PAGES") * ask_number("getconf PAGE_SIZE"));
    cr_expect_eq(number_of(machine, "numa_nodes"),
                 ask_number("ls -d /sys/devices/system/node/node[0-9]* | wc -l"));
    json_decref(machine);
}

Test(card, names_as_other_programs_do)
{
    json_t *machine = card();
    char line[256];
    cr_assert(ask("uname -sr", line, sizeof line));
    cr_expect_str_eq(text_of(machine, "kernel"), line);
    cr_assert(ask("uname -n", line, sizeof line));
    cr_expect_str_eq(text_of(machine, "host_name"), line);
    if (ask("cat /sys/devices/system/clocksource/clocksource0/current_clocksource", line,
            sizeof line)) {
        cr_expect_str_eq(text_of(machine, "clocksource"), strtok(line, " "));
    }
    if (ask("grep -o -m1 '^model name.*' /proc/cpuinfo", line, sizeof line)) {
        const char *processor = text_of(machine, "processor");
        cr_expect_not_null(strstr(line, processor), "%s is not %s", processor, line);
    }
    /* What lscpu calls a hypervisor. */
    if (ask("LC_ALL=C lscpu | grep '^Hypervisor vendor'", line, sizeof line)) {
        cr_expect(json_is_true(json_object_get(machine, "virtual_machine")));
    } else {
        cr_expect_not(json_is_true(json_object_get(machine, "virtual_machine")));
    }
    const json_t *load = json_object_get(machine, "load_average");
    cr_expect_eq(json_array_size(load), 3);
    cr_expect_geq(json_real_value(json_array_get(load, 0)), 0);
    json_decref(machine);
}

Test(card, lists_the_tables_that_run_here)
{
    json_t *machine = card();
    const json_t *isas = json_object_get(machine, "isas");
    bool scalar = false;
    size_t index;
    json_t *name;
    json_array_foreach(isas, index, name)
    {
        const struct simd_kernels *kernels = simd_find(json_string_value(name));
        cr_expect_not_null(kernels);
        cr_expect(simd_runs(kernels));
        scalar = scalar || strcmp(json_string_value(name), "scalar") == 0;
    }
    cr_expect(scalar);
    char line[64];
    if (ask("grep -m1 -ow avx2 /proc/cpuinfo", line, sizeof line)) {
        cr_expect_gt(json_array_size(isas), 1);
    }
    json_decref(machine);
}

Test(card, has_the_caches_that_lscpu_has)
{
    json_t *machine = card();
    const json_t *caches = json_object_get(machine, "caches");
    FILE *pipe = popen("LC_ALL=C lscpu -B -C=LEVEL,TYPE,ONE-SIZE,ALL-SIZE 2>/dev/null", "r");
    cr_assert_not_null(pipe);
    char line[256], type[32];
    size_t rows = 0;
    while (fgets(line, sizeof line, pipe) != NULL) {
        long long level, one, all;
        if (sscanf(line, "%lld %31s %lld %lld", &level, type, &one, &all) != 4) {
            continue; /* titles */
        }
        rows++;
        bool found = false;
        size_t index;
        json_t *cache;
        json_array_foreach(caches, index, cache)
        {
            if (number_of(cache, "level") == level && number_of(cache, "size") == one &&
                strcmp(text_of(cache, "type"), type) == 0) {
                const long long sharing = number_of(cache, "num_sharing");
                cr_expect_eq(number_of(machine, "processors_online") / sharing, all / one);
                found = true;
            }
        }
        cr_expect(found, "%s", line);
    }
    pclose(pipe);
    if (rows == 0) {
        cr_skip("lscpu lists no caches here");
    }
    json_decref(machine);
}

/* The entry with this code, or NULL. */
static const char *find(const json_t *warnings, const char *code)
{
    size_t index;
    json_t *warning;
    json_array_foreach(warnings, index, warning)
    {
        if (strcmp(text_of(warning, "code"), code) == 0) {
            return text_of(warning, "text");
        }
    }
    return NULL;
}

/* What a process of its own says that may use only its first processor: a test is never alone in
 * its process. */
static json_t *probe(int threads)
{
    cpu_set_t mask;
    cr_assert_eq(sched_getaffinity(0, sizeof mask, &mask), 0);
    int first = 0;
    while (!CPU_ISSET(first, &mask)) {
        first++;
    }
    char command[PATH_MAX];
    snprintf(command, sizeof command, "taskset -c %d " ENVIRONMENT_PROBE " %d", first, threads);
    FILE *pipe = popen(command, "r");
    cr_assert_not_null(pipe);
    json_t *said = json_loadf(pipe, 0, NULL);
    cr_assert_eq(pclose(pipe), 0);
    cr_assert_not_null(said);
    return said;
}

Test(here, a_mask_of_one_processor)
{
    for (int threads = 0; threads <= 2; threads++) {
        json_t *said = probe(threads);
        const char *text = find(json_object_get(said, "warnings"), "affinity");
        cr_expect_eq(text != NULL, threads == 2, "%d threads", threads);
        cr_expect_eq(number_of(json_object_get(said, "machine"), "processors"), 1);
        json_decref(said);
    }
}

Test(here, more_threads_than_there_can_be_are_refused)
{
    json_t *warnings;
    struct environment_run *run;
    cr_expect_eq(environment_warnings(1000000, "", &warnings), PN_ERROR_USAGE);
    cr_expect_null(warnings);
    cr_expect_eq(environment_begin(1000000, "", &run), PN_ERROR_USAGE);
    cr_expect_null(run);
}

Test(here, a_run_begins_and_ends)
{
    struct environment_run *run;
    json_t *warnings = json_array();
    cr_assert_eq(environment_begin(1, "", &run), PN_OK);
    cr_assert_eq(environment_end(run, warnings), PN_OK);
    size_t index;
    json_t *warning;
    json_array_foreach(warnings, index, warning)
    {
        cr_expect_gt(strlen(text_of(warning, "text")), 0);
    }
    json_decref(warnings);
    cr_assert_eq(environment_begin(0, "", &run), PN_OK);
    cr_expect_eq(environment_end(run, NULL), PN_OK);
    cr_expect_eq(environment_end(NULL, NULL), PN_OK);
}

/* A quiet machine of four equal cores, of which one processor each. */
static void put_machine(void)
{
    fake_tree_open();
    fake_put("proc/cpuinfo", "processor\t: 0\nflags\t\t: fpu vme avx2\n");
    fake_put("proc/loadavg", "0.05 0.70 0.90 1/200 4711\n");
    fake_put("proc/self/status", "Name:\tx\nCpus_allowed:\tf\nCpus_allowed_list:\t0-3\n");
    fake_put("proc/self/cgroup", "0::/app\n");
    fake_put("proc/self/mountinfo", "30 22 0:26 / /cgroups rw - cgroup2 cgroup2 rw\n");
    fake_put("cgroups/app/cpu.max", "max 100000\n");
    fake_put(CPU "online", "0-3\n");
    fake_put(CPU "cpufreq/boost", "0\n");
    fake_put("sys/devices/system/clocksource/clocksource0/current_clocksource", "tsc\n");
    fake_put("sys/class/power_supply/BAT0/type", "Battery\n");
    fake_put("sys/class/power_supply/BAT0/status", "Full\n");
    for (int p = 0; p < 4; p++) {
        char path[PATH_MAX];
        snprintf(path, sizeof path, CPU "cpu%d/topology/thread_siblings_list", p);
        fake_put(path, "%d\n", p);
        snprintf(path, sizeof path, CPU "cpu%d/cpufreq/scaling_governor", p);
        fake_put(path, "performance\n");
        snprintf(path, sizeof path, CPU "cpu%d/cpufreq/cpuinfo_max_freq", p);
        fake_put(path, "3000000\n");
        snprintf(path, sizeof path, CPU "cpu%d/cpu_capacity", p);
        fake_put(path, "1024\n");
    }
}

TestSuite(warnings, .init = put_machine, .fini = fake_tree_close);

/* That a team of `threads` gets exactly the warnings of `codes`, separated by blanks, but for those
 * about how this test was compiled. Returns the text of the first. */
static const char *expect(size_t threads, const char *codes)
{
    static char first[1024];
    json_t *warnings;
    char found[512] = "";
    cr_assert_eq(environment_warnings(threads, fake_root, &warnings), PN_OK);
    size_t index;
    json_t *warning;
    json_array_foreach(warnings, index, warning)
    {
        const char *code = text_of(warning, "code");
        if (strcmp(code, "debug_build") == 0) {
            continue;
        }
        if (*found == '\0') {
            snprintf(first, sizeof first, "%s", text_of(warning, "text"));
        }
        cr_assert_eq(json_object_size(warning), 2);
        strcat(strcat(found, *found == '\0' ? "" : " "), code);
    }
    cr_expect_str_eq(found, codes);
    json_decref(warnings);
    return first;
}

static void expect_text(const char *text, const char *part)
{
    cr_expect_not_null(strstr(text, part), "'%s' is not in: %s", part, text);
}

Test(warnings, a_quiet_machine_has_none)
{
    expect(4, "");
    expect(0, "");
    expect(1, "");
}

Test(warnings, an_empty_tree_has_none)
{
    fake_tree_close();
    fake_tree_open();
    expect(4, "");
    expect(0, "");
    struct environment_run *run;
    json_t *warnings = json_array();
    cr_assert_eq(environment_begin(2, fake_root, &run), PN_OK);
    cr_assert_eq(environment_end(run, warnings), PN_OK);
    cr_expect_null(find(warnings, "steal_time"));
    cr_expect_null(find(warnings, "smt_busy"));
    json_decref(warnings);
}

Test(warnings, files_that_make_no_sense_say_nothing)
{
    char huge[6000];
    memset(huge, '1', sizeof huge - 1);
    huge[sizeof huge - 1] = '\0';
    /* Other words are also governors and clock sources; nonsense there is what has no word. */
    static const struct {
        const char *path;
        bool takes_words;
    } files[] = {{"proc/cpuinfo", false},
                 {"proc/loadavg", false},
                 {"proc/self/status", false},
                 {"proc/self/cgroup", false},
                 {"proc/self/mountinfo", false},
                 {"proc/stat", false},
                 {"cgroups/app/cpu.max", false},
                 {CPU "online", false},
                 {CPU "cpufreq/boost", false},
                 {CPU "intel_pstate/no_turbo", false},
                 {CPU "cpu1/topology/thread_siblings_list", false},
                 {CPU "cpu1/cpu_capacity", false},
                 {CPU "cpu1/cpufreq/cpuinfo_max_freq", false},
                 {CPU "cpu1/cpufreq/scaling_governor", true},
                 {"sys/devices/cpu_core/cpus", false},
                 {"sys/devices/cpu_atom/cpus", false},
                 {"sys/class/power_supply/BAT0/type", false},
                 {"sys/class/power_supply/BAT0/status", false},
                 {"sys/devices/system/clocksource/clocksource0/current_clocksource", true}};
    const char *const texts[] = {
        "",      "\n",   "nan nan nan\n",  "-1\n", "99999999999999999999\n", "0-\n", "3-1\n",
        "0x1\n", ",,\n", "\xff\xfe\x01\n", huge,   "cpu0 a b c d\n"};
    for (size_t f = 0; f < sizeof files / sizeof *files; f++) {
        for (size_t t = 0; t < sizeof texts / sizeof *texts; t++) {
            const bool word = texts[t][0] >= ' ' && texts[t][0] <= '~' && texts[t] != huge;
            if (!files[f].takes_words || !word) {
                fake_put(files[f].path, "%s", texts[t]);
                expect(3, "");
            }
        }
        fake_tree_close();
        put_machine();
    }
}

Test(warnings, governor)
{
    fake_put(CPU "cpu1/cpufreq/scaling_governor", "powersave\n");
    fake_put(CPU "cpu2/cpufreq/scaling_governor", "powersave\n");
    const char *text = expect(4, "governor");
    expect_text(text, "processors 1-2");
    expect_text(text, "'powersave'");
    expect_text(expect(2, "governor"), "processor 1:");
    expect(1, ""); /* runs on processor 0 */
    fake_remove(CPU "cpu1/cpufreq/scaling_governor");
    expect(2, "");
}

Test(warnings, boost)
{
    fake_put(CPU "cpufreq/boost", "1\n");
    expect(1, "boost");
    fake_remove(CPU "cpufreq/boost");
    expect(1, "");
    /* Intel's own driver says the opposite. */
    fake_put(CPU "intel_pstate/no_turbo", "0\n");
    expect(1, "boost");
    fake_put(CPU "intel_pstate/no_turbo", "1\n");
    expect(1, "");
}

Test(warnings, battery)
{
    fake_put("sys/class/power_supply/BAT0/status", "Discharging\n");
    expect(1, "battery");
    fake_put("sys/class/power_supply/BAT1/type", "Battery\n");
    fake_put("sys/class/power_supply/BAT1/status", "Full\n");
    expect(1, "battery");
    fake_put("sys/class/power_supply/BAT0/scope", "Device\n"); /* a mouse's */
    expect(1, "");
    fake_put("sys/class/power_supply/BAT0/scope", "System\n");
    expect(1, "battery");
    fake_put("sys/class/power_supply/BAT0/type", "UPS\n");
    expect(1, "");
}

Test(warnings, clocksource)
{
    const char *file = "sys/devices/system/clocksource/clocksource0/current_clocksource";
    fake_put(file, "hpet\n");
    expect_text(expect(1, "clocksource"), "'hpet'");
    fake_put(file, "tsc \n");
    expect(1, "");
    fake_put(file, "arch_sys_counter\n");
    expect(1, "");
    fake_put(file, "tsc-early\n");
    expect(1, "clocksource");
}

Test(warnings, load_average)
{
    fake_put("proc/loadavg", "0.50 9.00 9.00 1/200 1\n");
    expect(1, "");
    fake_put("proc/loadavg", "1.25 0.00 0.00 1/200 1\n");
    expect_text(expect(1, "load_average"), "1.25");
    /* What is a lot for four is little for many. */
    fake_put("proc/self/status", "Cpus_allowed_list:\t0-63\n");
    expect(1, "");
    fake_put("proc/loadavg", "3.30 0.00 0.00 1/200 1\n");
    expect(1, "load_average");
}

Test(warnings, virtual_machine)
{
    fake_put("proc/cpuinfo", "model name\t: x\nflags\t\t: fpu hypervisor avx2\n");
    expect(1, "virtual_machine");
    fake_put("proc/cpuinfo", "model name\t: hypervisor\nflags\t\t: fpu hypervisors avx2\n");
    expect(1, "");
    /* Where the processor has no such flag: AArch64. */
    fake_put("proc/cpuinfo", "processor\t: 0\nFeatures\t: fp asimd\n");
    expect(1, "");
    fake_put("sys/class/dmi/id/sys_vendor", "Amazon EC2\n");
    fake_put("sys/class/dmi/id/product_name", "m7g.metal\n");
    expect(1, "");
    fake_put("sys/class/dmi/id/product_name", "m7g.large\n");
    expect(1, "virtual_machine");
    fake_put("sys/class/dmi/id/sys_vendor", "Microsoft Corporation\n");
    fake_put("sys/class/dmi/id/product_name", "Surface\n");
    expect(1, "");
    fake_put("sys/class/dmi/id/product_name", "Virtual Machine\n");
    expect(1, "virtual_machine");
    fake_remove("sys/class/dmi/id/sys_vendor");
    expect(1, "");
    fake_put("sys/hypervisor/type", "xen\n");
    expect(1, "virtual_machine");
}

Test(warnings, affinity)
{
    fake_put("proc/self/status", "Cpus_allowed_list:\t1,3\n");
    expect(2, "");
    expect(0, "");
    const char *text = expect(4, "affinity");
    expect_text(text, "4 threads may run on 2 processors");
    expect_text(text, "1,3");
    /* Without a mask, all that is online. */
    fake_remove("proc/self/status");
    expect(4, "");
    expect(5, "affinity");
}

Test(warnings, cgroup_quota)
{
    fake_put("cgroups/app/cpu.max", "250000 100000\n");
    expect(2, "");
    expect_text(expect(3, "cgroup_quota"), "2.5 CPUs to 3 threads");
    fake_put("cgroups/app/cpu.max", "300000 100000\n");
    expect(3, "");
    fake_put("cgroups/cpu.max", "50000 100000\n"); /* of the parent */
    expect_text(expect(1, "cgroup_quota"), "0.5 CPUs to 1 thread,");
    fake_put("proc/self/cgroup", "5:cpu,cpuacct:/job\n");
    fake_put("proc/self/mountinfo", "32 31 0:29 / /v1 rw - cgroup cgroup rw,cpu,cpuacct\n");
    expect(4, "");
    fake_put("v1/job/cpu.cfs_quota_us", "150000\n");
    fake_put("v1/job/cpu.cfs_period_us", "100000\n");
    expect(1, "");
    expect(2, "cgroup_quota");
}

/* Two cores: 0 with 2, 1 with 3. */
static void put_siblings(void)
{
    for (int p = 0; p < 4; p++) {
        char path[PATH_MAX];
        snprintf(path, sizeof path, CPU "cpu%d/topology/thread_siblings_list", p);
        fake_put(path, "%d,%d\n", p % 2, p % 2 + 2);
    }
}

Test(warnings, smt_siblings)
{
    put_siblings();
    expect_text(expect(1, "smt_siblings"), "processor 2:");
    expect_text(expect(2, "smt_siblings"), "processors 2-3");
    expect_text(expect(0, "smt_siblings"), "processors 2-3");
    /* The third thread goes to the sibling of the first. */
    const char *text = expect(3, "smt_shared smt_siblings");
    expect_text(text, "processors 0,2");
    expect_text(text, "--threads 2");
    expect_text(expect(4, "smt_shared"), "processors 0-3");
    fake_put("proc/self/status", "Cpus_allowed_list:\t0,1\n");
    expect_text(expect(2, "smt_siblings"), "processors 2-3");
}

Test(warnings, core_kinds)
{
    fake_put(CPU "cpu2/cpu_capacity", "512\n");
    fake_put(CPU "cpu3/cpu_capacity", "512\n");
    expect(2, "");
    const char *text = expect(4, "core_kinds");
    expect_text(text, "processors 2-3");
    expect_text(text, "--threads 2");
    fake_put(CPU "cpu2/cpu_capacity", "1000\n"); /* turbo bins, not another kind */
    fake_put(CPU "cpu3/cpu_capacity", "1000\n");
    expect(4, "");
    fake_put(CPU "cpu3/cpufreq/cpuinfo_max_freq", "2400000\n");
    expect_text(expect(4, "core_kinds"), "processor 3:");
    fake_put(CPU "cpu3/cpufreq/cpuinfo_max_freq", "2500000\n");
    expect(4, "");
    fake_put("sys/devices/cpu_core/cpus", "0-1\n");
    fake_put("sys/devices/cpu_atom/cpus", "2-7\n");
    expect(2, "");
    expect_text(expect(3, "core_kinds"), "processor 2:");
    fake_put("proc/self/status", "Cpus_allowed_list:\t2-3\n");
    expect(2, ""); /* all of the slower kind */
}

/* Ticks of processors 0 to 3: busy, idle, stolen. */
static void put_stat_at(const char *path, const unsigned long ticks[4][3])
{
    char text[512];
    int length = snprintf(text, sizeof text, "cpu  1 2 3 4 5 6 7 8 9 10\n");
    for (int p = 0; p < 4; p++) {
        /* A third of what is busy in each of three columns, half of idle in each of two. */
        length +=
            snprintf(text + length, sizeof text - (size_t)length,
                     "cpu%d %lu 0 %lu %lu %lu 0 %lu %lu 0 0\n", p, ticks[p][0] / 3, ticks[p][0] / 3,
                     ticks[p][1] / 2, ticks[p][1] / 2, ticks[p][0] / 3, ticks[p][2]);
    }
    fake_put(path, "%sintr 1 2\n", text);
}

static void put_stat(const unsigned long ticks[4][3])
{
    put_stat_at("proc/stat", ticks);
}

/* The warnings of a run of `threads` that begins and ends with the ticks given. */
static json_t *run(size_t threads, const unsigned long before[4][3],
                   const unsigned long after[4][3])
{
    struct environment_run *watched;
    json_t *warnings = json_array();
    put_stat(before);
    cr_assert_eq(environment_begin(threads, fake_root, &watched), PN_OK);
    put_stat(after);
    cr_assert_eq(environment_end(watched, warnings), PN_OK);
    return warnings;
}

Test(warnings, steal_time_of_a_run)
{
    const unsigned long before[4][3] = {{300, 400, 5}, {300, 400, 5}, {0, 0, 0}, {0, 0, 900}};
    const unsigned long little[4][3] = {{600, 498, 6}, {600, 498, 6}, {0, 0, 99}, {0, 9, 999}};
    const unsigned long much[4][3] = {{600, 400, 25}, {600, 400, 65}, {0, 0, 0}, {0, 0, 900}};
    json_t *warnings = run(2, before, little);
    cr_expect_null(find(warnings, "steal_time"));
    json_decref(warnings);
    warnings = run(2, before, much); /* 80 of 680 ticks */
    const char *text = find(warnings, "steal_time");
    cr_assert_not_null(text);
    expect_text(text, "processors 0-1");
    expect_text(text, "11.8 %");
    json_decref(warnings);
    warnings = run(2, much, before); /* counters that fall are no counters */
    cr_expect_null(find(warnings, "steal_time"));
    json_decref(warnings);
}

Test(warnings, siblings_that_were_busy_during_a_run)
{
    const unsigned long before[4][3] = {{300, 400, 0}, {300, 400, 0}, {30, 40, 0}, {30, 40, 0}};
    const unsigned long idle[4][3] = {{900, 400, 0}, {900, 400, 0}, {60, 600, 0}, {60, 600, 0}};
    const unsigned long busy[4][3] = {{900, 400, 0}, {900, 400, 0}, {60, 600, 0}, {330, 340, 0}};
    json_t *warnings = run(2, before, busy);
    cr_expect_null(find(warnings, "smt_busy")); /* not siblings yet */
    json_decref(warnings);
    put_siblings();
    warnings = run(2, before, idle);
    cr_expect_null(find(warnings, "smt_busy"));
    json_decref(warnings);
    warnings = run(2, before, busy);
    const char *text = find(warnings, "smt_busy");
    cr_assert_not_null(text);
    expect_text(text, "processor 3:");
    expect_text(text, "50 %");
    json_decref(warnings);
    warnings = run(1, before, busy); /* of processor 0 it is 2 */
    cr_expect_null(find(warnings, "smt_busy"));
    json_decref(warnings);
    warnings = run(4, before, busy); /* busy with the run itself */
    cr_expect_null(find(warnings, "smt_busy"));
    json_decref(warnings);
}

Test(warnings, of_a_run_take_the_place_of_those_before_it)
{
    struct environment_run *watched;
    json_t *warnings = json_pack("[{s:s, s:s}, {s:s, s:s}]", "code", "steal_time", "text", "old",
                                 "code", "boost", "text", "kept");
    put_stat((const unsigned long[4][3]){{0}});
    cr_assert_eq(environment_begin(4, fake_root, &watched), PN_OK);
    put_stat((const unsigned long[4][3]){{300, 0, 300}});
    cr_assert_eq(environment_end(watched, warnings), PN_OK);
    cr_expect_str_neq(find(warnings, "steal_time"), "old");
    cr_expect_str_eq(find(warnings, "boost"), "kept");
    cr_expect_str_eq(text_of(json_array_get(warnings, 0), "code"), "steal_time");
    json_decref(warnings);
}

static atomic_bool stop;

/* A machine whose processors 2 and 3 are always busy, and which a host robs. Its files are replaced
 * whole, so that no reader meets half of one. */
static void *tick(void *unused)
{
    char new[PATH_MAX + 32], old[PATH_MAX + 32];
    snprintf(new, sizeof new, "%s/proc/stat.new", fake_root);
    snprintf(old, sizeof old, "%s/proc/stat", fake_root);
    for (unsigned long n = 0; !atomic_load(&stop); n++) {
        put_stat_at("proc/stat.new",
                    (const unsigned long[4][3]){
                        {0, 10 * n, n}, {0, 10 * n, n}, {9 * n, 0, 0}, {9 * n, 0, 0}});
        cr_assert_eq(rename(new, old), 0);
    }
    return unused;
}

Test(warnings, what_goes_on_before_a_run)
{
    put_siblings();
    put_stat((const unsigned long[4][3]){{0}});
    expect(2, "smt_siblings");
    pthread_t thread;
    cr_assert_eq(pthread_create(&thread, NULL, tick, NULL), 0);
    /* Again where the other thread did not come to write in time. */
    bool busy = false, stolen = false;
    for (int i = 0; i < 100 && !(busy && stolen); i++) {
        json_t *warnings;
        cr_assert_eq(environment_warnings(2, fake_root, &warnings), PN_OK);
        busy = find(warnings, "smt_busy") != NULL;
        stolen = find(warnings, "steal_time") != NULL;
        json_decref(warnings);
    }
    atomic_store(&stop, true);
    pthread_join(thread, NULL);
    cr_expect(busy);
    cr_expect(stolen);
}

Test(warnings, cgroup_throttled)
{
    struct environment_run *watched;
    json_t *warnings = json_array();
    fake_put("cgroups/app/cpu.max", "100000 100000\n");
    fake_put("cgroups/app/cpu.stat", "nr_periods 5\nnr_throttled 3\n");
    cr_assert_eq(environment_begin(1, fake_root, &watched), PN_OK);
    cr_assert_eq(environment_end(watched, warnings), PN_OK);
    cr_expect_null(find(warnings, "cgroup_throttled"));
    cr_assert_eq(environment_begin(1, fake_root, &watched), PN_OK);
    fake_put("cgroups/app/cpu.stat", "nr_periods 99\nnr_throttled 15\n");
    cr_assert_eq(environment_end(watched, warnings), PN_OK);
    cr_assert_not_null(find(warnings, "cgroup_throttled"));
    expect_text(find(warnings, "cgroup_throttled"), "in 12 periods");
    json_decref(warnings);
}

Test(warnings, thermal_throttled)
{
    struct environment_run *watched;
    json_t *warnings = json_array();
    fake_put(CPU "cpu0/thermal_throttle/core_throttle_count", "7\n");
    fake_put(CPU "cpu3/thermal_throttle/core_throttle_count", "7\n");
    cr_assert_eq(environment_begin(1, fake_root, &watched), PN_OK);
    fake_put(CPU "cpu3/thermal_throttle/core_throttle_count", "9\n"); /* not used */
    cr_assert_eq(environment_end(watched, warnings), PN_OK);
    cr_expect_null(find(warnings, "thermal_throttled"));
    cr_assert_eq(environment_begin(1, fake_root, &watched), PN_OK);
    fake_put(CPU "cpu0/thermal_throttle/core_throttle_count", "9\n");
    cr_assert_eq(environment_end(watched, warnings), PN_OK);
    cr_assert_not_null(find(warnings, "thermal_throttled"));
    expect_text(find(warnings, "thermal_throttled"), "2 times");
    json_decref(warnings);
}

Test(warnings, clock_drift)
{
    static const struct {
        double before, after;
        bool warned;
    } cases[] = {{4, 4, false},   {4, 4.07, false}, {4, 4.09, true}, {4, 3.93, false},
                 {4, 3.91, true}, {0, 4, false},    {4, 0, false},   {0, 0, false}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        json_t *warnings = json_array();
        cr_assert_eq(environment_warn_drift(cases[i].before, cases[i].after, warnings), PN_OK);
        cr_expect_eq(find(warnings, "clock_drift") != NULL, cases[i].warned, "%g to %g",
                     cases[i].before, cases[i].after);
        json_decref(warnings);
    }
}

/* bench/machine/build_kind.c compiled in several ways, see CMakeLists.txt. */
struct build_kind build_kind_release(void), build_kind_unoptimized(void), build_kind_asserts(void),
    build_kind_sanitized(void);

static void expect_build(const struct build_kind *build, const char *part)
{
    json_t *warnings = json_array();
    cr_assert_eq(environment_warn_build(build, warnings), PN_OK);
    const char *text = find(warnings, "debug_build");
    if (part == NULL) {
        cr_expect_null(text);
    } else {
        cr_assert_not_null(text, "no warning that it is %s", part);
        expect_text(text, part);
    }
    json_decref(warnings);
}

Test(build, is_known_from_how_it_was_compiled)
{
    const struct build_kind release = build_kind_release(), slow = build_kind_unoptimized(),
                            asserts = build_kind_asserts(), sanitized = build_kind_sanitized();
    cr_expect(release.optimized && !release.asserts && !release.sanitized);
    cr_expect_str_eq(release.type, "Release");
    cr_expect(!slow.optimized && !slow.asserts && !slow.sanitized);
    cr_expect(asserts.optimized && asserts.asserts && !asserts.sanitized);
    cr_expect(sanitized.optimized && !sanitized.asserts && sanitized.sanitized);
    expect_build(&release, NULL);
    expect_build(&slow, "without optimization");
    expect_build(&asserts, "with assertions");
    expect_build(&sanitized, "with sanitizers");
    cr_expect_str_eq(release.compiler, COMPILER_NAME);
}

/* The program's own kind and the card agree, and so does the warning. */
Test(build, of_this_program_is_on_the_card)
{
    const struct build_kind build = build_kind();
    json_t *machine = card();
    cr_expect_str_eq(text_of(machine, "compiler"), COMPILER_NAME);
    cr_expect_str_eq(text_of(machine, "build"), BUILD_TYPE);
    cr_expect_eq(json_is_true(json_object_get(machine, "assertions")), build.asserts);
    cr_expect_eq(json_is_true(json_object_get(machine, "sanitizers")), build.sanitized);
    json_decref(machine);
}
