#include "bench/machine/cgroup.h"

#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bench/machine/system_files.h"

/* A hierarchy as mountinfo shows it: `source` is the folder of it that is mounted at `point`. */
struct mount {
    char source[PATH_MAX], point[PATH_MAX];
    bool v2;
};

/* Whether the words of `list`, which commas separate, include "cpu". */
static bool has_cpu(const char *list)
{
    for (const char *word = list; word != NULL; word = strchr(word, ',')) {
        word += *word == ',';
        if (strncmp(word, "cpu", 3) == 0 && (word[3] == ',' || word[3] == '\0')) {
            return true;
        }
    }
    return false;
}

/* Blanks in paths are written \040, and so on. */
static void decode(const char *text, char *path)
{
    unsigned code;
    int used;
    for (; *text != '\0'; path++) {
        if (sscanf(text, "\\%3o%n", &code, &used) == 1 && used == 4) {
            *path = (char)code;
            text += used;
        } else {
            *path = *text++;
        }
    }
    *path = '\0';
}

/* A line of mountinfo; false unless it is a hierarchy that may grant CPU time. */
static bool read_mount(const char *line, struct mount *mount)
{
    char source[PATH_MAX], point[PATH_MAX], type[16], options[256];
    const char *tail = strstr(line, " - ");
    if (sscanf(line, "%*s %*s %*s %4095s %4095s", source, point) != 2 || tail == NULL ||
        sscanf(tail, " - %15s %*s %255s", type, options) != 2) {
        return false;
    }
    decode(source, mount->source);
    decode(point, mount->point);
    mount->v2 = strcmp(type, "cgroup2") == 0;
    return mount->v2 || (strcmp(type, "cgroup") == 0 && has_cpu(options));
}

/* The process's cgroup in the hierarchy; false if it is in none. */
static bool find_cgroup(const char *root, bool v2, char path[PATH_MAX])
{
    char name[PATH_MAX], line[PATH_MAX];
    snprintf(name, sizeof name, "%s/proc/self/cgroup", root);
    FILE *stream = fopen(name, "re");
    if (stream == NULL) {
        return false;
    }
    bool found = false;
    while (!found && fgets(line, sizeof line, stream) != NULL) {
        line[strcspn(line, "\n")] = '\0';
        char *rest = line;
        const char *number = strsep(&rest, ":");
        const char *controllers = strsep(&rest, ":");
        if (rest == NULL) {
            continue;
        }
        found = v2 ? strcmp(number, "0") == 0 && *controllers == '\0' : has_cpu(controllers);
        if (found) {
            memcpy(path, rest, strlen(rest) + 1);
        }
    }
    fclose(stream);
    return found;
}

static bool has_quota(const char *root, const char *folder, bool v2)
{
    char text[SYSTEM_TEXT_SIZE];
    long long quota;
    return v2 ? system_text(root, text, "%s/cpu.max", folder) && strncmp(text, "max", 3) != 0
              : system_number(root, &quota, "%s/cpu.cfs_quota_us", folder) && quota > 0;
}

static void add_folder(const char *root, const char *folder, bool v2, struct cgroup_stats *stats)
{
    char *name = NULL;
    if (stats->count == CGROUP_MOST || !has_quota(root, folder, v2) ||
        asprintf(&name, "%s%s/cpu.stat", root, folder) < 0) {
        return;
    }
    const int descriptor = open(name, O_RDONLY | O_CLOEXEC);
    free(name);
    if (descriptor >= 0) {
        stats->descriptors[stats->count++] = descriptor;
    }
}

/* The process's cgroup and those above it, up to where the hierarchy is mounted. */
static void add_hierarchy(const char *root, const struct mount *mount, const char *cgroup,
                          struct cgroup_stats *stats)
{
    /* What is mounted may be a part of the hierarchy; if that does not hold the process, all that
     * can be said is that the mounted folder is above it. */
    const size_t above = strcmp(mount->source, "/") == 0 ? 0 : strlen(mount->source);
    const char *below = "";
    if (strncmp(cgroup, mount->source, above) == 0 &&
        (cgroup[above] == '/' || cgroup[above] == '\0') && strstr(cgroup + above, "/..") == NULL) {
        below = cgroup + above;
    }
    char folder[2 * PATH_MAX];
    snprintf(folder, sizeof folder, "%s%s", mount->point, strcmp(below, "/") == 0 ? "" : below);
    const size_t shortest = strlen(mount->point);
    for (;;) {
        add_folder(root, folder, mount->v2, stats);
        char *slash = strrchr(folder, '/');
        if (slash == NULL || (size_t)(slash - folder) < shortest) {
            return;
        }
        *slash = '\0';
    }
}

void cgroup_stats_open(const char *root, struct cgroup_stats *stats)
{
    *stats = (struct cgroup_stats){0};
    char name[PATH_MAX];
    snprintf(name, sizeof name, "%s/proc/self/mountinfo", root);
    FILE *stream = fopen(name, "re");
    if (stream == NULL) {
        return;
    }
    char *line = NULL;
    size_t capacity = 0;
    while (getline(&line, &capacity, stream) > 0) {
        struct mount mount;
        char cgroup[PATH_MAX];
        if (read_mount(line, &mount) && find_cgroup(root, mount.v2, cgroup)) {
            add_hierarchy(root, &mount, cgroup, stats);
        }
    }
    free(line);
    fclose(stream);
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
