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

/* What was ignored when the program started stays ignored, as shells want it for background jobs.
 */
static void catch_signal(int number, const struct sigaction *action)
{
    struct sigaction before;
    if (sigaction(number, NULL, &before) == 0 && before.sa_handler != SIG_IGN) {
        sigaction(number, action, NULL);
    }
}

void stop_on_signals(void)
{
    struct sigaction action = {.sa_handler = on_signal, .sa_flags = SA_RESTART};
    sigemptyset(&action.sa_mask);
    catch_signal(SIGINT, &action);
    catch_signal(SIGTERM, &action);
}

int stop_signal(void)
{
    return stop_caught;
}
