#include "engine/format/read_process.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "engine/base/error.h"
#include "engine/format/flat.h"

enum { EXIT_CANNOT_EXECUTE = 127 };

/* What the end of the process says; PN_OK if it ended as it should. */
static pn_status judge(int ending)
{
    if (WIFSIGNALED(ending)) {
        const int number = WTERMSIG(ending);
        if (number == SIGXCPU || number == SIGALRM) {
            return error_set(PN_ERROR_DATA,
                             "the model file is damaged (reading it did not end); take another "
                             "copy");
        }
        if (number == SIGXFSZ) {
            return error_set(PN_ERROR_IO, "the limit on file sizes (ulimit -f) is too small for "
                                          "what the file holds; raise it");
        }
        const char *name = sigabbrev_np(number);
        return error_set(PN_ERROR_DATA,
                         "the model file is damaged (the reader stopped on signal %d, SIG%s); take "
                         "another copy",
                         number, name ? name : "?");
    }
    if (WEXITSTATUS(ending) == EXIT_CANNOT_EXECUTE) {
        return error_set(PN_ERROR_FAILED, "the helper pinion-read-model does not start; install "
                                          "pinion again, or set PINION_HELPER_DIR to its folder");
    }
    if (WEXITSTATUS(ending) != 0) {
        return error_set(PN_ERROR_DATA,
                         "the model file is damaged (the reader stopped with code %d); take "
                         "another copy",
                         WEXITSTATUS(ending));
    }
    return PN_OK;
}

static pn_status await(pid_t process)
{
    int ending;
    while (waitpid(process, &ending, 0) < 0) {
        if (errno == ECHILD) {
            /* The program ignores SIGCHLD, so the kernel kept no record: it has ended, and the
             * bytes tell how. */
            return PN_OK;
        }
        if (errno != EINTR) {
            return error_set(PN_ERROR_FAILED, "cannot wait for the helper: %s", strerror(errno));
        }
    }
    return judge(ending);
}

/* A descriptor above the standard ones, which are then free to be replaced. */
static int move_up(int descriptor)
{
    const int moved = fcntl(descriptor, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
    close(descriptor);
    return moved;
}

static pn_status run(const struct file *file, read_process_start start, int memory,
                     struct model_file *result)
{
    const int source = fcntl(file->descriptor, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
    if (source < 0) {
        return error_set(PN_ERROR_FAILED, "too many open files: %s; close some", strerror(errno));
    }
    const pid_t process = start(source, memory);
    close(source);
    if (process < 0) {
        return PN_ERROR_FAILED;
    }
    const pn_status status = await(process);
    if (status != PN_OK) {
        return status;
    }
    fcntl(memory, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE);
    return flat_read(memory, result);
}

pn_status read_process_run(const struct file *file, read_process_start start,
                           struct model_file *result)
{
    *result = (struct model_file){0};
    const int memory = memfd_create("pinion-model", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    if (memory < 0) {
        return error_set(PN_ERROR_FAILED, "%s: no memory file to read it into: %s", file->path,
                         strerror(errno));
    }
    const int moved = move_up(memory);
    const pn_status status = run(file, start, moved, result);
    close(moved);
    return status == PN_OK ? PN_OK : error_set(status, "%s: %s", file->path, pn_error_message());
}
