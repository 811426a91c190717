#include "bench/ab/arm.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench/command/interrupt.h"
#include "engine/base/error.h"

/* No request takes so long that a machine worth measuring on would not be done. */
enum { PATIENCE_MS = 120000, LOOK_MS = 200 };

/* A copy in memory of what `file` holds; -1 with errno. */
static int copy_to_memory(int file)
{
    const int copy = memfd_create("libpinion.so", MFD_CLOEXEC);
    ssize_t sent = 1;
    for (off_t offset = 0; copy >= 0 && sent > 0;) {
        sent = sendfile(copy, file, &offset, (size_t)1 << 30);
    }
    if (copy >= 0 && sent < 0) {
        const int cause = errno;
        close(copy);
        errno = cause;
        return -1;
    }
    return copy;
}

static pn_status read_library(struct arm *arm)
{
    /* O_NONBLOCK: a FIFO must not wait for a writer before it can be refused. */
    const int file = open(arm->library, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (file < 0) {
        return error_set(PN_ERROR_NOT_FOUND, "%s build: %s: %s", arm->name, arm->library,
                         strerror(errno));
    }
    struct stat about;
    if (fstat(file, &about) == 0 && !S_ISREG(about.st_mode)) {
        close(file);
        return error_set(PN_ERROR_DATA, "%s build: %s: is %s; name the file of a libpinion.so",
                         arm->name, arm->library,
                         S_ISDIR(about.st_mode) ? "a folder" : "a device or pipe");
    }
    arm->library_fd = copy_to_memory(file);
    const int cause = errno;
    close(file);
    return arm->library_fd >= 0 ? PN_OK
                                : error_set(PN_ERROR_IO, "%s build: %s: cannot be copied: %s",
                                            arm->name, arm->library, strerror(cause));
}

pn_status arm_create(const char *name, const char *library, struct arm *arm)
{
    *arm = (struct arm){.name = name,
                        .library = library,
                        .library_fd = -1,
                        .page_fd = memfd_create("pinion-bench page", MFD_CLOEXEC)};
    if (arm->page_fd < 0 || ftruncate(arm->page_fd, sizeof *arm->page) != 0) {
        return error_set(PN_ERROR_FAILED, "memory to share with a worker: %s", strerror(errno));
    }
    arm->page = mmap(NULL, sizeof *arm->page, PROT_READ | PROT_WRITE, MAP_SHARED, arm->page_fd, 0);
    if (arm->page == MAP_FAILED) {
        arm->page = NULL;
        return error_set(PN_ERROR_FAILED, "memory to share with a worker: %s", strerror(errno));
    }
    return library[0] == '\0' ? PN_OK : read_library(arm);
}

void arm_free(struct arm *arm)
{
    arm_stop(arm);
    if (arm->page != NULL) {
        munmap(arm->page, sizeof *arm->page);
    }
    if (arm->page_fd > 0) {
        close(arm->page_fd);
    }
    if (arm->library_fd > 0) {
        close(arm->library_fd);
    }
    *arm = (struct arm){0};
}

/* Waits for the worker's answer. */
static pn_status await(struct arm *arm)
{
    for (long waited = 0; waited < PATIENCE_MS; waited += LOOK_MS) {
        if (page_wait(arm->page, TURN_CONTROLLER, LOOK_MS)) {
            return PN_OK;
        }
        const pn_status interrupted = interrupt_check();
        if (interrupted != PN_OK) {
            arm_stop(arm);
            return interrupted;
        }
        int status;
        if (waitpid(arm->pid, &status, WNOHANG) == arm->pid) {
            arm->pid = 0;
            if (WIFSIGNALED(status)) {
                return error_set(PN_ERROR_FAILED, "the worker of the %s build died: %s", arm->name,
                                 strsignal(WTERMSIG(status)));
            }
            return error_set(PN_ERROR_FAILED, "the worker of the %s build ended with exit code %d",
                             arm->name, WEXITSTATUS(status));
        }
    }
    arm_stop(arm); /* its answer to this would be taken for that to another */
    return error_set(PN_ERROR_FAILED, "the worker of the %s build did not answer for %d s",
                     arm->name, PATIENCE_MS / 1000);
}

void arm_tie_child(pid_t controller)
{
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != controller) { /* it ended before */
        _exit(1);
    }
    /* What a whole group gets, from Ctrl-C or timeout(1), is for the controller; this holds across
     * exec. */
    signal(SIGINT, SIG_IGN);
    signal(SIGTERM, SIG_IGN);
}

/* In the child: becomes the worker. Threads that are not on turn must not spin. What the library
 * prints is no part of the results. */
static void become_worker(const struct arm *arm, int library_fd, int memory_fd, size_t threads,
                          size_t pad)
{
    enum { NUMBERS = 5 };
    const size_t numbers[NUMBERS] = {library_fd < 0 ? 0 : (size_t)library_fd, (size_t)arm->page_fd,
                                     (size_t)memory_fd, threads, pad};
    /* The other arms' pages are none of its business. */
    const int inherited[] = {library_fd, arm->page_fd, memory_fd};
    for (size_t i = 0; i < sizeof inherited / sizeof inherited[0]; i++) {
        fcntl(inherited[i], F_SETFD, 0);
    }
    dup2(STDERR_FILENO, STDOUT_FILENO);
    char texts[NUMBERS][24];
    for (int i = 0; i < NUMBERS; i++) {
        snprintf(texts[i], sizeof texts[i], "%zu", numbers[i]);
    }
    setenv("OMP_WAIT_POLICY", "passive", 1);
    setenv("GOMP_SPINCOUNT", "0", 1);
    execl("/proc/self/exe", "pinion-bench", "worker", arm->library, texts[0], texts[1], texts[2],
          texts[3], texts[4], (char *)NULL);
    _exit(127);
}

pn_status arm_start(struct arm *arm, int memory_fd, size_t threads, size_t pad)
{
    arm_stop(arm);
    const int library_fd = arm->library_fd < 0 ? -1 : copy_to_memory(arm->library_fd);
    if (arm->library_fd >= 0 && library_fd < 0) {
        return error_set(PN_ERROR_FAILED, "%s build: memory for a copy: %s", arm->name,
                         strerror(errno));
    }
    atomic_store(&arm->page->turn, TURN_WORKER);
    arm->page->reply = (struct reply){0};
    const pid_t controller = getpid(), pid = fork();
    if (pid == 0) {
        arm_tie_child(controller);
        become_worker(arm, library_fd, memory_fd, threads, pad);
    }
    if (library_fd >= 0) {
        close(library_fd);
    }
    if (pid < 0) {
        return error_set(PN_ERROR_FAILED, "a worker cannot be started: %s", strerror(errno));
    }
    arm->pid = pid;
    const pn_status status = await(arm);
    if (status != PN_OK && status != PN_ERROR_INTERRUPTED && arm->pid == 0) {
        char cause[REPLY_MESSAGE];
        snprintf(cause, sizeof cause, "%.*s", (int)sizeof cause - 1, pn_error_message());
        return error_set(PN_ERROR_DATA, "%s build: %s: cannot be loaded: %s", arm->name,
                         arm->library, cause);
    }
    if (status != PN_OK) {
        return status;
    }
    if (arm->page->reply.failed) {
        return error_set(PN_ERROR_DATA, "%s build: %s", arm->name, arm->page->reply.message);
    }
    return PN_OK;
}

void arm_stop(struct arm *arm)
{
    if (arm->pid == 0) {
        return;
    }
    kill(arm->pid, SIGKILL);
    waitpid(arm->pid, NULL, 0);
    arm->pid = 0;
}

pn_status arm_ask(struct arm *arm, const struct request *request)
{
    arm->page->request = *request;
    page_give(arm->page, TURN_WORKER);
    const pn_status status = await(arm);
    if (status != PN_OK) {
        return status;
    }
    if (arm->page->reply.failed) {
        return error_set(PN_ERROR_FAILED, "%s build: %s", arm->name, arm->page->reply.message);
    }
    return PN_OK;
}
