/* bench.c: pinion bench becomes pinion-bench. */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "tools/pinion/commands.h"
#include "tools/pinion/say.h"

static const char program[] = "pinion-bench";

/* Becomes the program in `folder`, relative to that of this program if it is not absolute. Returns
 * if there is none. */
static void exec_in(const char *own_folder, const char *folder, char **arguments)
{
    char path[2 * PATH_MAX];
    const bool absolute = folder[0] == '/';
    snprintf(path, sizeof path, "%s%s%s/%s", absolute ? "" : own_folder, absolute ? "" : "/",
             folder, program);
    execv(path, arguments);
}

int bench_exec(char **arguments)
{
    char own[PATH_MAX];
    const ssize_t length = readlink("/proc/self/exe", own, sizeof own - 1);
    char name[] = "pinion-bench";
    arguments[0] = name;
    if (length > 0) {
        own[length] = '\0';
        *strrchr(own, '/') = '\0';
        exec_in(own, ".", arguments);
        exec_in(own, PINION_LIBEXEC_FROM_BIN, arguments);
    }
    execvp(program, arguments);
    return say_error("bench", PN_ERROR_NOT_FOUND,
                     "pinion-bench: %s; it was not installed beside pinion nor is it in PATH",
                     strerror(errno));
}
