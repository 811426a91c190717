#include "engine/format/atomic_file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "engine/base/error.h"
#include "engine/base/file.h"

/* Where a write goes: an open folder, so that renaming the folder meanwhile does no harm, and two
 * names in it. */
struct target {
    int folder;
    char *real;       /* the path with links followed */
    const char *name; /* its last part */
    char temporary[64];
    bool named;  /* a file of the temporary name is there */
    mode_t mode; /* of the old file */
    bool exists;
};

static const char *advice(int error)
{
    switch (error) {
    case ENOSPC:
    case EDQUOT:
        return "the disk or quota is full: free space or save elsewhere";
    case EFBIG:
        return "the file would be larger than the limit (ulimit -f) or the file system allows";
    case EACCES:
    case EPERM:
        return "change the permissions or save elsewhere";
    case EROFS:
        return "the file system is read-only: save elsewhere";
    case ENOENT:
    case ENOTDIR:
        return "make the folder first";
    case ENAMETOOLONG:
        return "choose a shorter name";
    default:
        return "save elsewhere";
    }
}

static pn_status failed(const char *path, const char *action, int error)
{
    char reason[128];
    return error_set(PN_ERROR_IO, "%s: cannot %s: %s; %s", path, action,
                     strerror_r(error, reason, sizeof reason), advice(error));
}

/* The path behind symbolic links, which may lead to a file that does not exist yet. NULL with
 * errno.
 */
static char *follow_links(const char *path)
{
    enum { MOST_LINKS = 40 };
    char *real = realpath(path, NULL);
    if (real || errno == ELOOP) {
        return real;
    }
    real = strdup(path);
    for (int i = 0; real && i < MOST_LINKS; i++) {
        char link[PATH_MAX];
        const ssize_t length = readlink(real, link, sizeof link);
        if (length < 0) {
            return real; /* its end */
        }
        const char *slash = strrchr(real, '/');
        const int folder = slash && link[0] != '/' ? (int)(slash + 1 - real) : 0;
        char *next;
        if (asprintf(&next, "%.*s%.*s", folder, real, (int)length, link) < 0) {
            next = NULL;
        }
        free(real);
        real = next;
    }
    errno = real ? ELOOP : ENOMEM;
    free(real);
    return NULL;
}

static void target_close(struct target *target)
{
    if (target->folder >= 0) {
        close(target->folder);
    }
    free(target->real);
}

static pn_status target_open(struct target *target, const char *path)
{
    *target = (struct target){.folder = -1};
    const size_t length = strlen(path);
    if (length == 0 || path[length - 1] == '/') {
        return error_set(PN_ERROR_USAGE, "\"%s\" names no file; give a file name", path);
    }
    struct stat old = {0};
    target->exists = stat(path, &old) == 0;
    if (target->exists && !S_ISREG(old.st_mode)) {
        return error_set(PN_ERROR_IO, "%s: is %s, not a file; choose another name", path,
                         S_ISDIR(old.st_mode) ? "a folder" : "a device or pipe");
    }
    target->mode = old.st_mode & 07777;
    target->real = follow_links(path);
    if (!target->real) {
        return failed(path, "write", errno);
    }
    char *slash = strrchr(target->real, '/');
    target->name = slash ? slash + 1 : target->real;
    if (slash) {
        *slash = '\0';
    }
    const char *folder = !slash ? "." : slash == target->real ? "/" : target->real;
    target->folder = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (target->folder < 0) {
        return failed(path, "open its folder", errno);
    }
    return PN_OK;
}

/* Gives the nameless `file` a name that nobody else has, or makes a new file of such a name where
 * that is -1. The descriptor, or -1 with errno. */
static int temporary_name(struct target *target, int file)
{
    static atomic_uint counter;
    char descriptor[32];
    snprintf(descriptor, sizeof descriptor, "/proc/self/fd/%d", file);
    for (int attempt = 0; attempt < 1000; attempt++) {
        snprintf(target->temporary, sizeof target->temporary, ".pinion-%ld-%u.tmp", (long)getpid(),
                 atomic_fetch_add(&counter, 1));
        int named = file;
        if (file < 0) {
            named = openat(target->folder, target->temporary,
                           O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, (mode_t)0666);
        } else if (linkat(AT_FDCWD, descriptor, target->folder, target->temporary,
                          AT_SYMLINK_FOLLOW) != 0) {
            named = -1;
        }
        target->named = named >= 0;
        if (target->named || errno != EEXIST) {
            return named;
        }
    }
    return -1;
}

/* A new file: without a name, so that nothing is left of it if the process is killed, where the
 * file system has such files. The descriptor, or -1 with errno. */
static int temporary_create(struct target *target)
{
    const int file = openat(target->folder, ".", O_WRONLY | O_TMPFILE | O_CLOEXEC, (mode_t)0666);
    return file >= 0 ? file : temporary_name(target, -1);
}

/* NULL, or what failed, with errno. */
static const char *temporary_fill(const struct target *target, int file, const void *bytes,
                                  size_t size)
{
    if (!file_write_all(file, bytes, size)) {
        return "write";
    }
    if (target->exists && fchmod(file, target->mode) != 0) {
        return "keep its permissions";
    }
    /* Final: the kernel may have dropped the dirty pages, a second fsync would lie. */
    return fsync(file) != 0 ? "bring to the disk" : NULL;
}

/* Closes the file and returns `failure`, with its errno, or that of closing. */
static const char *temporary_close(int file, const char *failure)
{
    const int error = errno;
    if (close(file) != 0 && !failure) {
        return "close";
    }
    errno = error;
    return failure;
}

/* Writes a file that is whole when it gets a name, where that can be. NULL, or what failed, with
 * errno. */
static const char *temporary_write(struct target *target, const void *bytes, size_t size)
{
    static const char create[] = "make a file in its folder";
    int file = temporary_create(target);
    if (file < 0) {
        return create;
    }
    const char *failure = temporary_fill(target, file, bytes, size);
    if (!failure && !target->named && temporary_name(target, file) < 0) {
        /* No link could be made, for want of /proc maybe. */
        close(file);
        file = temporary_name(target, -1);
        if (file < 0) {
            return create;
        }
        failure = temporary_fill(target, file, bytes, size);
    }
    return temporary_close(file, failure);
}

pn_status atomic_file_write(const char *path, const void *bytes, size_t size)
{
    struct target target;
    pn_status status = target_open(&target, path);
    if (status != PN_OK) {
        target_close(&target);
        return status;
    }
    const char *failure = temporary_write(&target, bytes, size);
    if (!failure && renameat(target.folder, target.temporary, target.folder, target.name) != 0) {
        failure = "replace";
    }
    if (failure) {
        status = failed(path, failure, errno);
        if (target.named) {
            unlinkat(target.folder, target.temporary, 0);
        }
    } else if (fsync(target.folder) != 0 && errno != EINVAL && errno != ENOTSUP) {
        status = failed(path, "bring its folder to the disk", errno);
    }
    target_close(&target);
    return status;
}

pn_status atomic_file_check(const char *path)
{
    struct target target;
    pn_status status = target_open(&target, path);
    if (status == PN_OK) {
        const int file = temporary_create(&target);
        if (file < 0) {
            status = failed(path, "make a file in its folder", errno);
        } else {
            close(file);
        }
        if (target.named) {
            unlinkat(target.folder, target.temporary, 0);
        }
    }
    target_close(&target);
    return status;
}

static bool same_inode(const struct stat *one, const struct stat *other)
{
    return one->st_dev == other->st_dev && one->st_ino == other->st_ino;
}

bool atomic_file_same(const char *path, const char *other)
{
    struct stat one, two;
    const bool exists = stat(path, &one) == 0, other_exists = stat(other, &two) == 0;
    if (exists || other_exists) {
        return exists && other_exists && same_inode(&one, &two);
    }
    struct target a, b = {.folder = -1};
    const bool same = target_open(&a, path) == PN_OK && target_open(&b, other) == PN_OK &&
                      strcmp(a.name, b.name) == 0 && fstat(a.folder, &one) == 0 &&
                      fstat(b.folder, &two) == 0 && same_inode(&one, &two);
    target_close(&a);
    target_close(&b);
    return same;
}
