/*
 * Runs one team and prints what it sees, one "key value" a line, for the tests of environments:
 *   team_probe threads [none]
 * With PROBE_REFUSES in the environment no thread can be bound.
 */
#include <dirent.h>
#include <errno.h>
#include <omp.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "engine/team/team.h"

/* Stands before the C library's, which hwloc would call. */
__attribute__((visibility("default"))) int sched_setaffinity(pid_t thread, size_t size,
                                                             const cpu_set_t *set)
{
    if (getenv("PROBE_REFUSES")) {
        errno = EPERM;
        return -1;
    }
    return (int)syscall(SYS_sched_setaffinity, thread, size, set);
}

struct probe {
    struct team *team;
    int tasks;
};

/* The list of CPUs of /proc/<task>/status. */
static void read_mask(const char *task, char mask[64])
{
    char path[300];
    char line[512];
    snprintf(path, sizeof path, "/proc/%s/status", task);
    strcpy(mask, "?");
    FILE *stream = fopen(path, "r");
    while (stream && fgets(line, sizeof line, stream)) {
        sscanf(line, "Cpus_allowed_list: %63s", mask);
    }
    if (stream) {
        fclose(stream);
    }
}

static void body(void *context, size_t thread)
{
    struct probe *probe = context;
    char mask[64];
    for (size_t t = 0; t < team_size(probe->team); t++) {
        if (t == thread) {
            read_mask("thread-self", mask);
            printf("thread%zu %s\n", t, mask);
            printf("pu%zu %ld\n", t, team_pu(probe->team, t));
        }
        team_barrier(probe->team, thread);
    }
    if (thread == 0) {
        printf("line %s\n", team_placement_line(probe->team));
        DIR *tasks = opendir("/proc/self/task");
        for (struct dirent *entry; (entry = readdir(tasks));) {
            if (entry->d_name[0] != '.') {
                char task[280];
                snprintf(task, sizeof task, "self/task/%s", entry->d_name);
                read_mask(task, mask);
                printf("task%d %s\n", probe->tasks++, mask);
            }
        }
        closedir(tasks);
    }
    team_barrier(probe->team, thread);
}

static void say(pn_log_level level, const char *message, void *user)
{
    (void)user;
    printf("%s %s\n", level == PN_LOG_WARNING ? "warning" : "info", message);
}

int main(int argc, char **argv)
{
    pn_set_log(say, NULL);
    char mask[64];
    read_mask("self", mask);
    printf("before %s\n", mask);
    pn_run_options options = pn_run_options_default();
    options.threads = argc > 1 ? (size_t)strtoul(argv[1], NULL, 10) : 0;
    options.bind = argc > 2 && strcmp(argv[2], "none") == 0 ? PN_BIND_NONE : PN_BIND_AUTO;
    struct probe probe = {0};
    pn_status status = team_create(&options, &probe.team);
    if (status == PN_OK) {
        printf("size %zu\nrequested %zu\n", team_size(probe.team), team_requested(probe.team));
        printf("planned %s\n", team_placement_line(probe.team));
        status = team_run(probe.team, body, &probe);
    }
    if (status != PN_OK) {
        printf("error %s\n", pn_error_message());
        return (int)status;
    }
    printf("tasks %d\n", probe.tasks);
    printf("bound %d\n", team_bound(probe.team));
    printf("dynamic %d\nlevels %d\n", omp_get_dynamic(), omp_get_max_active_levels());
    read_mask("self", mask);
    printf("after %s\n", mask);
    team_free(probe.team);
    return 0;
}
