#include "tools/program/stop.h"

#include <errno.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "engine/pinion.h"

static const int64_t REPEAT_NS = 1000000000;

static volatile sig_atomic_t stop_caught;
static _Atomic int64_t caught_at; /* ns; 0: none came */
static const char *stop_line;

static int64_t now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (int64_t)time.tv_sec * 1000000000 + time.tv_nsec + 1; /* never 0 */
}

static void on_signal(int number)
{
    const int saved = errno;
    const int64_t time = now();
    int64_t first = 0;
    if (!atomic_compare_exchange_strong(&caught_at, &first, time)) {
        if (time - first >= REPEAT_NS) {
            signal(number, SIG_DFL);
            raise(number); /* delivered when this handler returns */
        }
        errno = saved;
        return;
    }
    stop_caught = number;
    pn_interrupt();
    const ssize_t written = write(STDERR_FILENO, stop_line, strlen(stop_line));
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

void stop_on_signals(const char *line)
{
    stop_line = line;
    struct sigaction action = {.sa_handler = on_signal, .sa_flags = SA_RESTART};
    sigemptyset(&action.sa_mask);
    catch_signal(SIGINT, &action);
    catch_signal(SIGTERM, &action);
}

int stop_signal(void)
{
    return stop_caught;
}
