/* bench.c: pinion bench becomes pinion-bench. */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "tools/pinion/commands.h"
#include "tools/pinion/say.h"

static const char program[] = "pinion-bench";

int bench_exec(char **arguments)
{
    char own[PATH_MAX];
    const ssize_t length = readlink("/proc/self/exe", own, sizeof own - 1);
    char name[] = "pinion-bench";
    arguments[0] = name;
    if (length > 0) {
        own[length] = '\0';
        *strrchr(own, '/') = '\0';
        char path[PATH_MAX + sizeof program + 1];
        snprintf(path, sizeof path, "%s/%s", own, program);
        execv(path, arguments);
    }
    execvp(program, arguments);
    return say_error("bench", PN_ERROR_NOT_FOUND,
                     "pinion-bench: %s; it was not installed beside pinion nor is it in PATH",
                     strerror(errno));
}
