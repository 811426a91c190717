#include "engine/team/cgroup.h"

#include <stdlib.h>
#include <string.h>

/* Where the process is: its path in the v2 hierarchy and in v1's that has the cpu controller. */
struct cgroup_paths {
    char *v2;
    char *v1;
};

/* Opens root + folder + "/" + name. */
static FILE *cgroup_open_in(const char *root, const char *folder, const char *name)
{
    char *file = NULL;
    if (asprintf(&file, "%s%s/%s", root, folder, name) < 0) {
        return NULL;
    }
    FILE *stream = fopen(file, "re");
    free(file);
    return stream;
}

FILE *cgroup_open(const struct cgroup *cgroup, const char *name)
{
    return cgroup_open_in(cgroup->root, cgroup->folder, name);
}

/* Whether a comma-separated list holds `word`. */
static bool cgroup_list_has(const char *list, const char *word)
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
static struct cgroup_paths cgroup_read_paths(const char *root)
{
    struct cgroup_paths paths = {0};
    FILE *stream = cgroup_open_in(root, "/proc/self", "cgroup");
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
        } else if (cgroup_list_has(controllers, "cpu") && !paths.v1) {
            paths.v1 = strdup(path);
        }
    }
    free(line);
    fclose(stream);
    return paths;
}

/* mountinfo writes space, tab, newline and backslash as \ooo. */
static void cgroup_unescape(char *text)
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

/* `path` below `mount_root`, or "" if the mount does not show the process's own cgroup (a mount
 * made in another cgroup namespace): then what it shows is an ancestor. */
static const char *cgroup_below(const char *path, const char *mount_root)
{
    const size_t length = strcmp(mount_root, "/") == 0 ? 0 : strlen(mount_root);
    if (strncmp(path, mount_root, length) != 0 || (path[length] && path[length] != '/') ||
        strstr(path + length, "/..")) {
        return "";
    }
    return path + length;
}

/* Who visits what. */
struct cgroup_walk {
    const char *root;
    cgroup_visitor visit;
    void *context;
};

/* From the cgroup at mount_point + below up to the mount point. */
static void cgroup_climb(const struct cgroup_walk *walk, const char *mount_point, const char *below,
                         bool v2)
{
    char *folder = NULL;
    if (asprintf(&folder, "%s%s", mount_point, below) < 0) {
        return;
    }
    const struct cgroup cgroup = {.root = walk->root, .folder = folder, .v2 = v2};
    const size_t stop = strlen(mount_point);
    for (;;) {
        size_t length = strlen(folder);
        while (length > stop && folder[length - 1] == '/') {
            folder[--length] = '\0';
        }
        walk->visit(&cgroup, walk->context);
        if (length <= stop) {
            break;
        }
        *strrchr(folder, '/') = '\0';
    }
    free(folder);
}

/* One line of mountinfo: "id parent major:minor root mount_point options [optional ...] - type
 * source super_options" (proc(5)). */
static void cgroup_visit_mount(const struct cgroup_walk *walk, char *line,
                               const struct cgroup_paths *paths)
{
    char *fields[5];
    char *rest = line;
    for (size_t i = 0; i < 5; i++) {
        fields[i] = strsep(&rest, " ");
        if (!rest) {
            return;
        }
    }
    char *separator = strstr(rest, " - ");
    if (!separator) {
        return;
    }
    char *tail = separator + 3;
    const char *type = strsep(&tail, " ");
    const char *source = strsep(&tail, " ");
    const bool v2 = strcmp(type, "cgroup2") == 0 && paths->v2;
    const bool v1 =
        strcmp(type, "cgroup") == 0 && source && tail && paths->v1 && cgroup_list_has(tail, "cpu");
    if (!v2 && !v1) {
        return;
    }
    cgroup_unescape(fields[3]);
    cgroup_unescape(fields[4]);
    const char *path = v2 ? paths->v2 : paths->v1;
    cgroup_climb(walk, fields[4], cgroup_below(path, fields[3]), v2);
}

void cgroup_visit_all(const char *root, cgroup_visitor visit, void *context)
{
    FILE *stream = cgroup_open_in(root, "/proc/self", "mountinfo");
    if (!stream) {
        return;
    }
    const struct cgroup_walk walk = {.root = root, .visit = visit, .context = context};
    const struct cgroup_paths paths = cgroup_read_paths(root);
    char *line = NULL;
    size_t capacity = 0;
    while (getline(&line, &capacity, stream) > 0) {
        line[strcspn(line, "\n")] = '\0';
        cgroup_visit_mount(&walk, line, &paths);
    }
    free(line);
    free(paths.v1);
    free(paths.v2);
    fclose(stream);
}
