#include "bench/command/filter.h"

#include <stdio.h>

#include "engine/base/error.h"

pn_status filter_compile(const char *filter, regex_t *regex)
{
    const int error = regcomp(regex, filter == NULL ? "" : filter, REG_EXTENDED | REG_NOSUB);
    if (error == 0) {
        return PN_OK;
    }
    char why[128];
    regerror(error, regex, why, sizeof why);
    return error_set(PN_ERROR_USAGE, "--filter '%s': %s; give a POSIX extended regular expression",
                     filter, why);
}

bool filter_matches(const regex_t *regex, const char *name, const char *shape)
{
    char both[256];
    snprintf(both, sizeof both, "%s %s", name, shape);
    return regexec(regex, both, 0, NULL, 0) == 0;
}
