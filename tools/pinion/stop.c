#include "tools/pinion/stop.h"

#include <errno.h>
#include <signal.h>
#include <unistd.h>

#include "engine/pinion.h"

static volatile sig_atomic_t stop_caught;

static void on_signal(int number)
{
    if (stop_caught) {
        signal(number, SIG_DFL);
        raise(number); /* delivered when this handler returns */
        return;
    }
    stop_caught = number;
    pn_interrupt();
    static const char line[] = "\npinion: finishing the step; once more ends at once\n";
    const int saved = errno;
    const ssize_t written = write(STDERR_FILENO, line, sizeof line - 1);
    (void)written; /* nobody to tell */
    errno = saved;
}

void stop_on_signals(void)
{
    struct sigaction action = {.sa_handler = on_signal, .sa_flags = SA_RESTART};
    sigemptyset(&action.sa_mask);
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
}

int stop_signal(void)
{
    return stop_caught;
}
