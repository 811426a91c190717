#include "engine/format/read_process.h"

#include <dlfcn.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "engine/base/error.h"

#define HELPER_NAME "pinion-read-model"

extern char **environ;

/* An executable file that nobody but root and this user may have put there. */
static bool trusted(const char *path)
{
    struct stat facts;
    return stat(path, &facts) == 0 && S_ISREG(facts.st_mode) &&
           (facts.st_uid == 0 || facts.st_uid == geteuid()) && !(facts.st_mode & S_IWOTH) &&
           access(path, X_OK) == 0;
}

static bool join(char path[PATH_MAX], const char *folder, const char *rest)
{
    const int length = snprintf(path, PATH_MAX, "%s/%s", folder, rest);
    return length > 0 && length < PATH_MAX;
}

/* Looks in the folder of `file`, then in libexec/pinion of that and the folders above: this finds
 * the helper of an installation that was moved as a whole, and of a build tree. */
static bool found_near(const char *file, char helper[PATH_MAX])
{
    char folder[PATH_MAX];
    if (!realpath(file, folder)) {
        return false;
    }
    for (int level = 0; level < 4; level++) {
        char *slash = strrchr(folder, '/');
        if (!slash) {
            return false;
        }
        *slash = '\0';
        if (level == 0 && join(helper, folder, HELPER_NAME) && trusted(helper)) {
            return true;
        }
        if (join(helper, folder, "libexec/pinion/" HELPER_NAME) && trusted(helper)) {
            return true;
        }
    }
    return false;
}

static pn_status find_helper(char helper[PATH_MAX])
{
    const char *set = secure_getenv("PINION_HELPER_DIR");
    if (set) {
        return join(helper, set, HELPER_NAME) && access(helper, X_OK) == 0
                   ? PN_OK
                   : error_set(PN_ERROR_FAILED,
                               "PINION_HELPER_DIR is \"%s\", but there is no " HELPER_NAME
                               " in it; correct or unset it",
                               set);
    }
    Dl_info library;
    static const char here; /* an address inside this library, or this program */
    if (dladdr(&here, &library) && library.dli_fname && strchr(library.dli_fname, '/') &&
        found_near(library.dli_fname, helper)) {
        return PN_OK;
    }
    if (found_near("/proc/self/exe", helper)) {
        return PN_OK;
    }
    if (join(helper, PINION_HELPER_DIR, HELPER_NAME) && trusted(helper)) {
        return PN_OK;
    }
    return error_set(PN_ERROR_FAILED,
                     "the helper " HELPER_NAME " that reads model files is neither near this "
                     "program nor in " PINION_HELPER_DIR
                     "; install pinion, or set PINION_HELPER_DIR to its folder");
}

/* The helper starts as if from a shell: signals at their defaults and not blocked. */
static int set_signals(posix_spawnattr_t *attributes)
{
    sigset_t none, all;
    sigemptyset(&none);
    sigfillset(&all);
    posix_spawnattr_setsigmask(attributes, &none);
    posix_spawnattr_setsigdefault(attributes, &all);
    return posix_spawnattr_setflags(attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
}

static int spawn(const char *helper, int source, int result, pid_t *process)
{
    posix_spawnattr_t attributes;
    posix_spawn_file_actions_t actions;
    posix_spawnattr_init(&attributes);
    posix_spawn_file_actions_init(&actions);
    int error = set_signals(&attributes);
    if (!error) {
        error = posix_spawn_file_actions_adddup2(&actions, source, STDIN_FILENO);
    }
    if (!error) {
        error = posix_spawn_file_actions_adddup2(&actions, result, STDOUT_FILENO);
    }
    if (!error) {
        error = posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
    }
    if (!error) {
        char name[] = HELPER_NAME;
        char *arguments[] = {name, NULL};
        error = posix_spawn(process, helper, &actions, &attributes, arguments, environ);
    }
    posix_spawn_file_actions_destroy(&actions);
    posix_spawnattr_destroy(&attributes);
    return error;
}

pid_t read_process_spawn(int source, int result)
{
    char helper[PATH_MAX];
    if (find_helper(helper) != PN_OK) {
        return -1;
    }
    pid_t process;
    const int error = spawn(helper, source, result, &process);
    if (error) {
        error_set(PN_ERROR_FAILED, "cannot start %s: %s", helper, strerror(error));
        return -1;
    }
    return process;
}
