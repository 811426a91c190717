#include "tools/program/writing.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stddef.h>
#include <unistd.h>

bool standard_files_open(void)
{
    for (int number = STDIN_FILENO; number <= STDERR_FILENO; number++) {
        const int unusable = number == STDIN_FILENO ? O_WRONLY : O_RDONLY;
        if (fcntl(number, F_GETFD) < 0 && open("/dev/null", unusable) != number) {
            return false;
        }
    }
    return true;
}

static void let_write_fail(int number)
{
    (void)number;
}

/* A handler, as unlike SIG_IGN it does not last across exec. */
static void handle(int number)
{
    struct sigaction before;
    if (sigaction(number, NULL, &before) != 0 || before.sa_handler != SIG_DFL) {
        return;
    }
    struct sigaction action = {.sa_handler = let_write_fail, .sa_flags = SA_RESTART};
    sigemptyset(&action.sa_mask);
    sigaction(number, &action, NULL);
}

void write_signals_to_errors(void)
{
    handle(SIGPIPE);
    handle(SIGXFSZ);
}
