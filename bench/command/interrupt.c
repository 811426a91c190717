#include "bench/command/interrupt.h"

#include <signal.h>

#include "engine/base/error.h"
#include "tools/program/stop.h"

void interrupt_catch(void)
{
    stop_on_signals("pinion-bench: finishing the sample; once more ends at once\n");
}

pn_status interrupt_check(void)
{
    if (stop_signal() == 0) {
        return PN_OK;
    }
    return error_set(PN_ERROR_INTERRUPTED,
                     "interrupted by %s; what was measured until then is "
                     "in the results, complete is false",
                     stop_signal() == SIGTERM ? "SIGTERM" : "SIGINT");
}
