#include "bench/machine/taint.h"

#include <fcntl.h>
#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "bench/machine/cgroup.h"
#include "bench/machine/system_files.h"
#include "engine/base/error.h"

/* Read at once, since the kernel writes /proc/stat anew for each offset; 400 processors fit. */
enum { STAT_SIZE = 32768 };

struct taint_files {
    int stat; /* -1: not watched */
    struct cgroup_stats cgroups;
};

pn_status taint_open(const char *root, struct taint_files **result)
{
    *result = NULL;
    struct taint_files *files = calloc(1, sizeof *files);
    char *name = NULL;
    if (files == NULL || asprintf(&name, "%s/proc/stat", root) < 0) {
        free(files);
        return error_memory(sizeof *files, "watching for disturbances");
    }
    files->stat = -1;
    if (system_virtual_machine(root) != SYSTEM_NO) {
        files->stat = open(name, O_RDONLY | O_CLOEXEC);
    }
    free(name);
    cgroup_stats_open(root, &files->cgroups);
    *result = files;
    return PN_OK;
}

void taint_close(struct taint_files *files)
{
    if (files == NULL) {
        return;
    }
    if (files->stat >= 0) {
        close(files->stat);
    }
    cgroup_stats_close(&files->cgroups);
    free(files);
}

/* Ticks stolen from the processor; 0 where its line does not say. */
static uint64_t read_stolen(int stat, int processor)
{
    char text[STAT_SIZE], start[24];
    const ssize_t length = pread(stat, text, sizeof text - 1, 0);
    if (length <= 0) {
        return 0;
    }
    text[length] = '\0';
    snprintf(start, sizeof start, "\ncpu%d ", processor);
    const char *line = strstr(text, start);
    unsigned number;
    struct system_processor_ticks ticks;
    const bool whole = line != NULL && strchr(line + 1, '\n') != NULL;
    return whole && system_ticks_parse(line + 1, &number, &ticks) ? ticks.stolen : 0;
}

void taint_take(const struct taint_files *files, struct taint_snapshot *snapshot)
{
    struct rusage usage;
    *snapshot = (struct taint_snapshot){.processor = sched_getcpu()};
    if (getrusage(RUSAGE_THREAD, &usage) == 0) {
        snapshot->switches = usage.ru_nivcsw;
        snapshot->faults = usage.ru_majflt;
    }
    if (files->stat >= 0 && snapshot->processor >= 0) {
        snapshot->stolen = read_stolen(files->stat, snapshot->processor);
    }
    snapshot->throttled = cgroup_stats_throttled(&files->cgroups);
}

unsigned taint_since(const struct taint_snapshot *before, const struct taint_snapshot *after)
{
    const bool moved = before->processor != after->processor;
    unsigned bits = moved ? TAINT_MIGRATION : 0;
    bits |= after->switches > before->switches ? TAINT_SWITCH : 0;
    bits |= after->faults > before->faults ? TAINT_FAULT : 0;
    /* Ticks of two processors have nothing to do with each other. */
    bits |= !moved && after->stolen > before->stolen ? TAINT_STEAL : 0;
    bits |= after->throttled > before->throttled ? TAINT_THROTTLE : 0;
    return bits;
}

const char *taint_names(unsigned bits, char names[TAINT_NAMES_SIZE])
{
    static const char *const words[] = {"switch", "migration", "fault", "steal", "throttle"};
    size_t length = 0;
    names[0] = '\0';
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        if (bits & 1u << i) {
            length += (size_t)snprintf(names + length, TAINT_NAMES_SIZE - length, "%s%s",
                                       length > 0 ? ", " : "", words[i]);
        }
    }
    return names;
}
