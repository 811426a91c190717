/* topology.c: pinion topology. */
#include <stdio.h>

#include "tools/pinion/commands.h"
#include "tools/pinion/say.h"

int topology_run(const struct settings *settings)
{
    const pn_run_options options = run_options(settings);
    char *text;
    const pn_status status = pn_topology(&options, &text);
    if (status != PN_OK) {
        return say_failed("topology", status);
    }
    fputs(text, stdout);
    pn_string_free(text);
    return 0;
}
