#include "engine/team/quota.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Where the process is: its path in the v2 hierarchy and in v1's that has the cpu controller. */
struct quota_paths {
    char *v2;
    char *v1;
};

/* Opens root + path + "/" + name. */
static FILE *quota_open(const char *root, const char *path, const char *name)
{
    char *file = NULL;
    if (asprintf(&file, "%s%s/%s", root, path, name) < 0) {
        return NULL;
    }
    FILE *stream = fopen(file, "re");
    free(file);
    return stream;
}

/* Whether a comma-separated list holds `word`. */
static bool quota_list_has(const char *list, const char *word)
{
    const size_t length = strlen(word);
    for (const char *item = list; *item;) {
        const size_t item_length = strcspn(item, ",");
        if (item_length == length && strncmp(item, word, length) == 0) {
            return true;
        }
        item += item_length;
        item += *item == ',';
    }
    return false;
}

/* proc/self/cgroup: lines "id:controllers:path"; v2 has id 0 and no controllers (cgroups(7)). */
static struct quota_paths quota_read_paths(const char *root)
{
    struct quota_paths paths = {0};
    FILE *stream = quota_open(root, "/proc/self", "cgroup");
    if (!stream) {
        return paths;
    }
    char *line = NULL;
    size_t capacity = 0;
    while (getline(&line, &capacity, stream) > 0) {
        line[strcspn(line, "\n")] = '\0';
        char *controllers = strchr(line, ':');
        char *path = controllers ? strchr(controllers + 1, ':') : NULL;
        if (!path) {
            continue;
        }
        *controllers++ = '\0';
        *path++ = '\0';
        if (strcmp(line, "0") == 0 && !*controllers && !paths.v2) {
            paths.v2 = strdup(path);
        } else if (quota_list_has(controllers, "cpu") && !paths.v1) {
            paths.v1 = strdup(path);
        }
    }
    free(line);
    fclose(stream);
    return paths;
}

/* mountinfo writes space, tab, newline and backslash as \ooo. */
static void quota_unescape(char *text)
{
    char *out = text;
    for (const char *in = text; *in; out++) {
        if (in[0] == '\\' && in[1] >= '0' && in[1] <= '3' && in[2] >= '0' && in[2] <= '7' &&
            in[3] >= '0' && in[3] <= '7') {
            *out = (char)((in[1] - '0') << 6 | (in[2] - '0') << 3 | (in[3] - '0'));
            in += 4;
        } else {
            *out = *in++;
        }
    }
    *out = '\0';
}

/* quota / period where both are positive, else 0. */
static double quota_ratio(double quota, double period)
{
    return quota > 0 && period > 0 ? quota / period : 0;
}

static double quota_read_v2(const char *root, const char *folder)
{
    FILE *stream = quota_open(root, folder, "cpu.max");
    if (!stream) {
        return 0;
    }
    long long quota = 0;
    long long period = 0;
    const int fields = fscanf(stream, "%lld %lld", &quota, &period); /* "max 100000": none match */
    fclose(stream);
    return fields == 2 ? quota_ratio((double)quota, (double)period) : 0;
}

static long long quota_read_number(const char *root, const char *folder, const char *name)
{
    FILE *stream = quota_open(root, folder, name);
    if (!stream) {
        return 0;
    }
    long long number = 0;
    const int fields = fscanf(stream, "%lld", &number);
    fclose(stream);
    return fields == 1 ? number : 0;
}

static double quota_read_v1(const char *root, const char *folder)
{
    /* Without a limit the quota is -1. */
    return quota_ratio((double)quota_read_number(root, folder, "cpu.cfs_quota_us"),
                       (double)quota_read_number(root, folder, "cpu.cfs_period_us"));
}

static double quota_least(double a, double b)
{
    return a <= 0 ? b : b <= 0 ? a : a < b ? a : b;
}

/* `path` below `mount_root`, or "" if the mount does not show the process's own cgroup (a mount
 * made in another cgroup namespace): then what it shows is an ancestor. */
static const char *quota_below(const char *path, const char *mount_root)
{
    const size_t length = strcmp(mount_root, "/") == 0 ? 0 : strlen(mount_root);
    if (strncmp(path, mount_root, length) != 0 || (path[length] && path[length] != '/') ||
        strstr(path + length, "/..")) {
        return "";
    }
    return path + length;
}

/* The least quota from the cgroup at mount_point + below up to the mount point. */
static double quota_walk(const char *root, const char *mount_point, const char *below,
                         double (*read)(const char *root, const char *folder))
{
    char *folder = NULL;
    if (asprintf(&folder, "%s%s", mount_point, below) < 0) {
        return 0;
    }
    const size_t stop = strlen(mount_point);
    double least = 0;
    for (;;) {
        size_t length = strlen(folder);
        while (length > stop && folder[length - 1] == '/') {
            folder[--length] = '\0';
        }
        least = quota_least(least, read(root, folder));
        if (length <= stop) {
            break;
        }
        *strrchr(folder, '/') = '\0';
    }
    free(folder);
    return least;
}

/* One line of mountinfo: "id parent major:minor root mount_point options [optional ...] - type
 * source super_options" (proc(5)). */
static double quota_read_mount(const char *root, char *line, const struct quota_paths *paths)
{
    char *fields[5];
    char *rest = line;
    for (size_t i = 0; i < 5; i++) {
        fields[i] = strsep(&rest, " ");
        if (!rest) {
            return 0;
        }
    }
    char *separator = strstr(rest, " - ");
    if (!separator) {
        return 0;
    }
    char *tail = separator + 3;
    const char *type = strsep(&tail, " ");
    const char *source = strsep(&tail, " ");
    const bool v2 = strcmp(type, "cgroup2") == 0 && paths->v2;
    const bool v1 =
        strcmp(type, "cgroup") == 0 && source && tail && paths->v1 && quota_list_has(tail, "cpu");
    if (!v2 && !v1) {
        return 0;
    }
    quota_unescape(fields[3]);
    quota_unescape(fields[4]);
    return v2 ? quota_walk(root, fields[4], quota_below(paths->v2, fields[3]), quota_read_v2)
              : quota_walk(root, fields[4], quota_below(paths->v1, fields[3]), quota_read_v1);
}

double quota_cpus(const char *root)
{
    FILE *stream = quota_open(root, "/proc/self", "mountinfo");
    if (!stream) {
        return 0;
    }
    const struct quota_paths paths = quota_read_paths(root);
    double least = 0;
    char *line = NULL;
    size_t capacity = 0;
    while (getline(&line, &capacity, stream) > 0) {
        line[strcspn(line, "\n")] = '\0';
        least = quota_least(least, quota_read_mount(root, line, &paths));
    }
    free(line);
    free(paths.v1);
    free(paths.v2);
    fclose(stream);
    return least;
}
