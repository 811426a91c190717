#include "bench/ab/git.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "bench/command/interrupt.h"
#include "engine/base/error.h"

enum { COMMIT_SIZE = 65, PATH_SIZE = 4096, ARGUMENTS = 12 };

static void doze(void)
{
    nanosleep(&(struct timespec){.tv_nsec = 10000000}, NULL);
}

/* Ends a program and all that it started: what is left of a build must not write any more. */
static void end_group(pid_t group)
{
    enum { PATIENCE = 300 };
    kill(-group, SIGTERM);
    waitpid(group, NULL, 0);
    for (int i = 0; i < PATIENCE && kill(-group, 0) == 0; i++) {
        doze();
    }
    kill(-group, SIGKILL);
}

/* Runs a program with its output going to these descriptors; its exit code, 127 if it cannot be
 * started. An interruption ends it, with all that it started: they are a group of their own. */
static int run_program(const char *const *arguments, int output_fd, int error_fd)
{
    const pid_t pid = fork();
    if (pid == 0) {
        setpgid(0, 0);
        dup2(output_fd, STDOUT_FILENO);
        dup2(error_fd, STDERR_FILENO);
        execvp(arguments[0], (char *const *)arguments);
        dprintf(STDERR_FILENO, "%s: %s\n", arguments[0], strerror(errno));
        _exit(127);
    }
    if (pid < 0) {
        return 127;
    }
    setpgid(pid, pid); /* whoever comes first */
    int status;
    pid_t ended;
    while ((ended = waitpid(pid, &status, WNOHANG)) == 0) {
        if (interrupt_check() != PN_OK) {
            end_group(pid);
            return 128;
        }
        doze();
    }
    return ended == pid && WIFEXITED(status) ? WEXITSTATUS(status) : 128;
}

enum { ANSWER_SIZE = PATH_SIZE, OUTPUT_SIZE = 16 * ANSWER_SIZE };

/* What went to a file from its start, as far as there is room. */
static void read_back(int file, char *text, size_t size)
{
    const ssize_t length = pread(file, text, size - 1, 0);
    text[length > 0 ? length : 0] = '\0';
}

/* The line that says why a program failed: git's may stand among traces and advice. */
static const char *find_reason(char *errors)
{
    char *fatal = strstr(errors, "fatal: ");
    while (fatal != NULL && fatal != errors && fatal[-1] != '\n') {
        fatal = strstr(fatal + 1, "fatal: ");
    }
    char *reason = fatal != NULL ? fatal : errors;
    reason[strcspn(reason, "\n")] = '\0';
    return reason;
}

/* Runs a program; its exit code, with the first line of its standard output in *answer, or where it
 * failed the reason that it gave on standard error. */
static int ask(const char *const *arguments, char answer[ANSWER_SIZE])
{
    answer[0] = '\0';
    /* Unlike a pipe they hold whatever is said, without anyone who reads meanwhile. */
    const int output = memfd_create("output", MFD_CLOEXEC);
    const int errors = memfd_create("errors", MFD_CLOEXEC);
    int code = 127;
    if (output >= 0 && errors >= 0) {
        code = run_program(arguments, output, errors);
        char said[OUTPUT_SIZE];
        read_back(code == 0 ? output : errors, said, sizeof said);
        if (code == 0) {
            said[strcspn(said, "\n")] = '\0';
        }
        snprintf(answer, ANSWER_SIZE, "%.*s", ANSWER_SIZE - 1,
                 code == 0 ? said : find_reason(said));
    }
    if (output >= 0) {
        close(output);
    }
    if (errors >= 0) {
        close(errors);
    }
    return code;
}

/* The commit that a revision names. */
static pn_status find_commit(const char *revision, char commit[COMMIT_SIZE])
{
    char wanted[PATH_SIZE], answer[ANSWER_SIZE];
    snprintf(wanted, sizeof wanted, "%s^{commit}", revision);
    const char *const arguments[] = {"git",  "rev-parse", "--verify", "--end-of-options",
                                     wanted, NULL};
    if (ask(arguments, answer) != 0) {
        return error_set(PN_ERROR_USAGE, "--git %s: %s", revision,
                         answer[0] != '\0' ? answer : "git cannot tell which commit that is");
    }
    snprintf(commit, COMMIT_SIZE, "%.*s", COMMIT_SIZE - 1, answer);
    return PN_OK;
}

static uint64_t hash_text(uint64_t hash, const char *text)
{
    for (; *text != '\0'; text++) {
        hash = (hash ^ (unsigned char)*text) * 0x100000001B3u;
    }
    return (hash ^ 0xFF) * 0x100000001B3u;
}

/* What besides the commit decides on a build: variables that CMake, the compiler and pkg-config
 * read, and which compiler that is, whose name stays when it is upgraded. */
static uint64_t settings_hash(void)
{
    uint64_t hash = 0xCBF29CE484222325u;
    static const char *const names[] = {
        "CC",    "CFLAGS",         "LDFLAGS",      "CMAKE_TOOLCHAIN_FILE", "CMAKE_PREFIX_PATH",
        "CPATH", "C_INCLUDE_PATH", "LIBRARY_PATH", "PKG_CONFIG_PATH",
    };
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        const char *value = getenv(names[i]);
        hash = hash_text(hash, value == NULL ? "" : value);
    }
    static const char *const compiler[] = {"sh", "-c", "${CC:-cc} --version", NULL};
    char version[ANSWER_SIZE];
    ask(compiler, version);
    return hash_text(hash, version);
}

static int usable_processors(void)
{
    cpu_set_t set;
    return sched_getaffinity(0, sizeof set, &set) == 0 ? CPU_COUNT(&set) : 1;
}

/* Makes the folder of all builds and those above it. */
static pn_status cache_folder(char path[PATH_SIZE])
{
    const char *cache = getenv("XDG_CACHE_HOME"), *home = getenv("HOME");
    const bool given = cache != NULL && cache[0] == '/';
    if (!given && (home == NULL || home[0] != '/')) {
        return error_set(PN_ERROR_USAGE,
                         "--git: set HOME or XDG_CACHE_HOME to a path from /, for the builds");
    }
    snprintf(path, PATH_SIZE, "%s%s/pinion-bench", given ? cache : home, given ? "" : "/.cache");
    for (char *slash = strchr(path + 1, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        mkdir(path, 0777);
        *slash = '/';
    }
    if (mkdir(path, 0777) != 0 && errno != EEXIST) {
        return error_set(PN_ERROR_IO, "%s: %s", path, strerror(errno));
    }
    return PN_OK;
}

/* One step of a build; its output goes to the log. */
static pn_status build_step(const char *revision, const char *log, const char *const *arguments)
{
    const int output = open(log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
    if (output < 0) {
        return error_set(PN_ERROR_IO, "%s: %s", log, strerror(errno));
    }
    const int code = run_program(arguments, output, output);
    close(output);
    if (code != 0) {
        return error_set(PN_ERROR_FAILED, "--git %s: %s failed; see %s", revision, arguments[0],
                         log);
    }
    return PN_OK;
}

static int remove_entry(const char *path, const struct stat *about, int type, struct FTW *place)
{
    (void)about;
    (void)type;
    (void)place;
    return remove(path);
}

/* Builds in `folder`, which exists; the library becomes `library`. */
static pn_status build_in(const char *folder, const char *revision, const char *commit,
                          const char *log, const char *library)
{
    char archive[PATH_SIZE + 64], source[PATH_SIZE + 64], build[PATH_SIZE + 64],
        built[PATH_SIZE + 128], jobs[16];
    snprintf(archive, sizeof archive, "%s/source.tar", folder);
    snprintf(source, sizeof source, "%s/source", folder);
    snprintf(build, sizeof build, "%s/build", folder);
    snprintf(built, sizeof built, "%s/engine/libpinion.so", build);
    snprintf(jobs, sizeof jobs, "%d", usable_processors());
    if (mkdir(source, 0777) != 0) {
        return error_set(PN_ERROR_IO, "%s: %s", source, strerror(errno));
    }
    /* With the repository given, git does not mind which of its folders this one is. */
    static const char *const where[] = {"git", "rev-parse", "--absolute-git-dir", NULL};
    char repository[ANSWER_SIZE];
    if (ask(where, repository) != 0) {
        return error_set(PN_ERROR_FAILED, "--git %s: %s", revision, repository);
    }
    const char *const steps[][ARGUMENTS] = {
        {"git", "--git-dir", repository, "archive", "--format=tar", "-o", archive, commit, NULL},
        {"tar", "-xf", archive, "-C", source, NULL},
        {"cmake", "-S", source, "-B", build, "-DCMAKE_BUILD_TYPE=Release", "-DPINION_TESTS=OFF",
         NULL},
        {"cmake", "--build", build, "--target", "pinion", "--parallel", jobs, NULL},
    };
    for (size_t i = 0; i < sizeof steps / sizeof steps[0]; i++) {
        const pn_status status = build_step(revision, log, steps[i]);
        if (status != PN_OK) {
            return status;
        }
    }
    char *real = realpath(built, NULL);
    if (real == NULL || rename(real, library) != 0) {
        free(real);
        return error_set(PN_ERROR_FAILED, "--git %s: the build left no %s; see %s", revision, built,
                         log);
    }
    free(real);
    return PN_OK;
}

static pn_status build_revision(const char *revision, const char *commit, char **library)
{
    char cache[PATH_SIZE];
    pn_status status = cache_folder(cache);
    if (status != PN_OK) {
        return status;
    }
    if (asprintf(library, "%s/%s-%016llx.so", cache, commit, (unsigned long long)settings_hash()) <
        0) {
        *library = NULL;
        return error_memory(PATH_SIZE, "a path");
    }
    if (access(*library, R_OK) == 0) {
        return PN_OK;
    }
    char folder[PATH_SIZE + 16], log[PATH_SIZE + 128];
    snprintf(folder, sizeof folder, "%s/build-XXXXXX", cache);
    snprintf(log, sizeof log, "%.*s.log", (int)(strlen(*library) - strlen(".so")), *library);
    if (mkdtemp(folder) == NULL) {
        return error_set(PN_ERROR_IO, "%s: %s", folder, strerror(errno));
    }
    fprintf(stderr, "building %s (%.12s)\n", revision, commit);
    unlink(log); /* of a build that failed before */
    status = build_in(folder, revision, commit, log, *library);
    nftw(folder, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
    if (status == PN_OK || interrupt_check() != PN_OK) {
        unlink(log);
    }
    return status;
}

/* An interruption is the cause of whatever failed after it. */
static pn_status unless_interrupted(pn_status status)
{
    if (interrupt_check() == PN_OK) {
        return status;
    }
    return error_set(PN_ERROR_INTERRUPTED, "--git: interrupted, before anything was measured");
}

pn_status git_build_both(const char *first, const char *second, struct git_builds *builds)
{
    *builds = (struct git_builds){0};
    char commits[2][COMMIT_SIZE];
    pn_status status = find_commit(first, commits[0]);
    if (status == PN_OK) {
        status = find_commit(second, commits[1]);
    }
    if (status == PN_OK) {
        status = build_revision(first, commits[0], &builds->library[0]);
    }
    if (status == PN_OK) {
        status = build_revision(second, commits[1], &builds->library[1]);
    }
    return unless_interrupted(status);
}

void git_builds_free(struct git_builds *builds)
{
    free(builds->library[0]);
    free(builds->library[1]);
    *builds = (struct git_builds){0};
}
