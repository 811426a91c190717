/* pn_topology: the machine as text. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <criterion/criterion.h>

#include "engine/pinion.h"
#include "engine/team/team.h"
#include "simd/simd.h"

Test(topology, says_what_a_fit_would_use)
{
    pn_run_options options = pn_run_options_default();
    options.threads = 1;
    options.isa = "scalar";
    char *text;
    cr_assert_eq(pn_topology(&options, &text), PN_OK, "%s", pn_error_message());
    struct team *team;
    cr_assert_eq(team_create(&options, &team), PN_OK);
    cr_assert(strstr(text, team_placement_line(team)), "%s", text);
    char bound[64];
    snprintf(bound, sizeof bound, "bound to   PU %ld\n", team_pu(team, 0));
    cr_assert_eq(team_bound(team), strstr(text, bound) != NULL, "%s", text);
    team_free(team);
    cr_assert(strstr(text, "scalar (used)"), "%s", text);
    /* Every table is named, once. */
    size_t count;
    const struct simd_kernels *const *list = simd_list(&count);
    const char *names = strstr(text, "kernels");
    for (size_t i = 0; i < count; i++) {
        const char *first = strstr(names, list[i]->name);
        cr_assert(first, "%s", text);
        cr_assert_null(strstr(first + 1, list[i]->name), "%s", text);
    }
    pn_string_free(text);
}

Test(topology, the_default_is_the_best_and_unknown_kernels_are_an_error)
{
    unsetenv("PINION_ISA");
    char expected[64];
    char *text;
    snprintf(expected, sizeof expected, "%s (used)", simd_best()->name);
    cr_assert_eq(pn_topology(NULL, &text), PN_OK);
    cr_assert(strstr(text, expected), "%s", text);
    pn_string_free(text);

    pn_run_options options = pn_run_options_default();
    options.isa = "mmx";
    cr_assert_eq(pn_topology(&options, &text), PN_ERROR_USAGE);
    cr_assert_null(text);
    cr_assert(strstr(pn_error_message(), "mmx") && strstr(pn_error_message(), "scalar"));
    options = pn_run_options_default();
    options.threads = 1000000;
    cr_assert_eq(pn_topology(&options, &text), PN_ERROR_USAGE);
    cr_assert_null(text);
}
