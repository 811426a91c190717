#include "bench/command/interrupt.h"

#include <errno.h>
#include <signal.h>
#include <stddef.h>
#include <unistd.h>

#include "engine/base/error.h"

static volatile sig_atomic_t caught;

static void on_signal(int number)
{
    if (caught) {
        signal(number, SIG_DFL);
        raise(number); /* delivered when this handler returns */
        return;
    }
    caught = number;
    pn_interrupt();
    static const char line[] = "pinion-bench: finishing the sample; once more ends at once\n";
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

void interrupt_catch(void)
{
    struct sigaction action = {.sa_handler = on_signal, .sa_flags = SA_RESTART};
    sigemptyset(&action.sa_mask);
    catch_signal(SIGINT, &action);
    catch_signal(SIGTERM, &action);
}

pn_status interrupt_check(void)
{
    if (!caught) {
        return PN_OK;
    }
    return error_set(PN_ERROR_INTERRUPTED,
                     "interrupted by %s; what was measured until then is "
                     "in the results, complete is false",
                     caught == SIGTERM ? "SIGTERM" : "SIGINT");
}
