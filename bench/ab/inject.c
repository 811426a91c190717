#include "bench/ab/inject.h"

#include <stdlib.h>
#include <string.h>

#include "bench/ab/listing.h"
#include "engine/base/error.h"

/* Rows that get each slow-down in one comparison. */
enum { ROWS_EACH = 2 };

/* A row drawn at random among those that have a place in the arm that will play, and nothing
 * injected yet; suite->count: there is none. */
static size_t draw_row(struct suite *suite, const size_t *injected, const bool *fits)
{
    size_t drawn = suite->count, seen = 0;
    for (size_t i = 0; i < suite->count; i++) {
        if (injected[i] == 0 && (fits == NULL || fits[i])) {
            drawn = session_random(suite->session, ++seen) == 0 ? i : drawn;
        }
    }
    return drawn;
}

/* Finds the products that the rolled build has, since what it lost are the unrolled loops of their
 * tiles; *some receives whether there are any. */
static pn_status find_rolled(struct suite *suite, bool *fits, bool *some)
{
    struct session *session = suite->session;
    struct listing *list = NULL;
    size_t count;
    char version[REPLY_MESSAGE];
    const pn_status status =
        listing_get(&session->arms[ARM_ROLLED], session->memory_fd, &list, &count, version);
    *some = false;
    for (size_t i = 0; status == PN_OK && i < suite->count; i++) {
        struct ab_row *row = &suite->rows[i].row;
        struct listing wanted = {.about = row->about};
        memcpy(wanted.isa, row->isa, sizeof wanted.isa);
        const struct listing *found = listing_find(list, count, &wanted);
        fits[i] = found != NULL && row->about.product != 0;
        if (fits[i]) {
            row->place[ARM_ROLLED].problem = found->problem;
            row->place[ARM_ROLLED].isa = found->isa_index;
            *some = true;
        }
    }
    free(list);
    return status;
}

static void inject_rounds(struct suite *suite, const struct slow_downs *slow_downs,
                          const bool *fits, size_t *injected)
{
    for (size_t next = 0; next < ROWS_EACH * slow_downs->count; next++) {
        const size_t kind = next % slow_downs->count;
        const struct injection *injection = &slow_downs->list[kind]->injection;
        const size_t row =
            draw_row(suite, injected, injection->kind == INJECT_ROLLED ? fits : NULL);
        if (row < suite->count) {
            injected[row] = kind + 1;
            suite->rows[row].row.injection = *injection;
        }
    }
}

pn_status inject(struct suite *suite, const struct slow_downs *slow_downs, size_t *injected)
{
    const char *rolled = suite->session->libraries[ARM_ROLLED];
    bool *fits = calloc(suite->count + 1, sizeof *fits), some = true;
    if (fits == NULL) {
        return error_memory(suite->count * sizeof *fits, "injections");
    }
    pn_status status = rolled == NULL ? PN_OK : find_rolled(suite, fits, &some);
    if (status == PN_OK && !some) {
        status = error_set(PN_ERROR_USAGE,
                           "--rolled %s: has none of the products that are compared; choose rows "
                           "with --filter and --isa that have some",
                           rolled);
    }
    if (status == PN_OK) {
        inject_rounds(suite, slow_downs, fits, injected);
    }
    free(fits);
    return status;
}
