/* Prints the machine card and the warnings for the number of threads given: tests start it under
 * other masks. */
#include <stdio.h>
#include <stdlib.h>

#include "bench/machine/environment.h"

int main(int count, char **arguments)
{
    json_t *card, *warnings;
    const size_t threads = count > 1 ? strtoul(arguments[1], NULL, 10) : 0;
    if (environment_card(&card) != PN_OK || environment_warnings(threads, "", &warnings) != PN_OK) {
        fprintf(stderr, "%s\n", pn_error_message());
        return EXIT_FAILURE;
    }
    json_t *both = json_pack("{s:o, s:o}", "machine", card, "warnings", warnings);
    const int failed = json_dumpf(both, stdout, JSON_INDENT(1));
    json_decref(both);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
