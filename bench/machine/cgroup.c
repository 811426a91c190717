#include "bench/machine/cgroup.h"

#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bench/machine/system_files.h"
#include "engine/team/cgroup.h"

static bool has_quota(const struct cgroup *cgroup)
{
    char text[SYSTEM_TEXT_SIZE];
    long long quota;
    return cgroup->v2
               ? system_text(cgroup->root, text, "%s/cpu.max", cgroup->folder) &&
                     strncmp(text, "max", 3) != 0
               : system_number(cgroup->root, &quota, "%s/cpu.cfs_quota_us", cgroup->folder) &&
                     quota > 0;
}

static void add_cgroup(const struct cgroup *cgroup, void *context)
{
    struct cgroup_stats *stats = context;
    char *name = NULL;
    if (stats->count == CGROUP_MOST || !has_quota(cgroup) ||
        asprintf(&name, "%s%s/cpu.stat", cgroup->root, cgroup->folder) < 0) {
        return;
    }
    const int descriptor = open(name, O_RDONLY | O_CLOEXEC);
    free(name);
    if (descriptor >= 0) {
        stats->descriptors[stats->count++] = descriptor;
    }
}

void cgroup_stats_open(const char *root, struct cgroup_stats *stats)
{
    *stats = (struct cgroup_stats){0};
    cgroup_visit_all(root, add_cgroup, stats);
}

void cgroup_stats_close(struct cgroup_stats *stats)
{
    for (size_t i = 0; i < stats->count; i++) {
        close(stats->descriptors[i]);
    }
    *stats = (struct cgroup_stats){0};
}

uint64_t cgroup_stats_throttled(const struct cgroup_stats *stats)
{
    uint64_t sum = 0;
    for (size_t i = 0; i < stats->count; i++) {
        char text[1024];
        const ssize_t length = pread(stats->descriptors[i], text, sizeof text - 1, 0);
        if (length <= 0) {
            continue;
        }
        text[length] = '\0';
        const char *found = strstr(text, "nr_throttled ");
        sum += found == NULL ? 0 : strtoull(found + strlen("nr_throttled "), NULL, 10);
    }
    return sum;
}
