#include "engine/base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "engine/base/error.h"

pn_status file_open(const char *path, struct file *file)
{
    /* O_NONBLOCK: a FIFO must not wait for a writer before it can be refused. */
    const int descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (descriptor < 0) {
        if (errno == ENOENT || errno == ENOTDIR) {
            return error_set(PN_ERROR_NOT_FOUND, "%s: no such file; check the path", path);
        }
        return error_set(PN_ERROR_IO, "%s: cannot be opened: %s; check path and permissions", path,
                         strerror(errno));
    }
    struct stat status;
    if (fstat(descriptor, &status) != 0) {
        const int reason = errno;
        close(descriptor);
        return error_set(PN_ERROR_IO, "%s: cannot be examined: %s; check the file system", path,
                         strerror(reason));
    }
    if (!S_ISREG(status.st_mode)) {
        close(descriptor);
        return error_set(PN_ERROR_IO, "%s: %s, not a file; give the path of a file", path,
                         S_ISDIR(status.st_mode) ? "a folder" : "a device or pipe");
    }
    *file = (struct file){path, descriptor, (size_t)status.st_size};
    return PN_OK;
}

pn_status file_read(const struct file *file, size_t offset, void *bytes, size_t count)
{
    char *next = bytes;
    while (count > 0) {
        const ssize_t got = pread(file->descriptor, next, count, (off_t)offset);
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got < 0) {
            return error_set(PN_ERROR_IO, "%s: reading at byte %zu failed: %s; check the disk",
                             file->path, offset, strerror(errno));
        }
        if (got == 0) {
            return error_set(PN_ERROR_IO,
                             "%s: became shorter while it was read, now ends at byte %zu; wait "
                             "until nothing writes to it",
                             file->path, offset);
        }
        next += got;
        offset += (size_t)got;
        count -= (size_t)got;
    }
    return PN_OK;
}

void file_close(struct file *file)
{
    close(file->descriptor);
    file->descriptor = -1;
}

bool file_write_all(int descriptor, const void *bytes, size_t size)
{
    const char *next = bytes;
    while (size > 0) {
        const ssize_t written = write(descriptor, next, size);
        if (written < 0 && errno == EINTR) {
            continue;
        }
        if (written <= 0) {
            errno = written == 0 ? EIO : errno;
            return false;
        }
        next += written;
        size -= (size_t)written;
    }
    return true;
}
