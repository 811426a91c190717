/* choose.c: which rows are compared: those that both builds have and the options ask for. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/ab/listing.h"
#include "bench/ab/suite.h"
#include "bench/command/filter.h"
#include "bench/machine/machine.h"
#include "engine/base/error.h"

static pn_status add_name(char ***names, size_t *count, const char *name)
{
    char **list = realloc(*names, (*count + 1) * sizeof *list);
    if (list == NULL) {
        return error_memory((*count + 1) * sizeof *list, "names");
    }
    *names = list;
    list[*count] = strdup(name);
    return list[(*count)++] == NULL ? error_memory(strlen(name), "names") : PN_OK;
}

static pn_status add_row(struct suite *suite, const struct listing *new, const struct listing *old,
                         enum cache_state cache, size_t last_cache)
{
    struct suite_row *rows = realloc(suite->rows, (suite->count + 1) * sizeof *rows);
    if (rows == NULL) {
        return error_memory((suite->count + 1) * sizeof *rows, "rows");
    }
    suite->rows = rows;
    struct suite_row *added = &rows[suite->count++];
    *added = (struct suite_row){.p_adjusted = NAN};
    struct ab_row *row = &added->row;
    const struct row_key key = listing_key(new, cache, suite->session->threads);
    row_name(&key, row->name);
    row->about = new->about;
    memcpy(row->isa, new->isa, sizeof row->isa);
    row->cache = cache;
    row->place[ARM_NEW].problem = new->problem;
    row->place[ARM_NEW].isa = new->isa_index;
    row->place[ARM_OLD].problem = row->place[ARM_PLACEBO].problem = old->problem;
    row->place[ARM_OLD].isa = row->place[ARM_PLACEBO].isa = old->isa_index;
    row->same_layout = old->about.layout == new->about.layout &&
                       old->about.batch_bytes == new->about.batch_bytes &&
                       old->about.weight_bytes == new->about.weight_bytes;
    listing_copies(new, cache, last_cache, &row->batch_copies, &row->weight_copies);
    return PN_OK;
}

static bool wants_isa(const struct suite_options *options, const char *isa, const char *best)
{
    if (options->isa == NULL) {
        return strcmp(isa, best) == 0;
    }
    return strcmp(options->isa, "all") == 0 || strcmp(options->isa, isa) == 0;
}

struct lists {
    struct listing *old, *new;
    size_t old_count, new_count;
    const char *best; /* that both have */
    size_t last_cache;
};

/* Without --isa: what PINION_ISA names, or the first instruction set of the new build's list, of
 * those that the old one has as well. */
static pn_status choose_best(const struct suite_options *options, struct lists *lists)
{
    const char *wanted = options->isa == NULL ? listing_isa() : NULL;
    for (size_t i = 0; i < lists->new_count; i++) {
        if (listing_find(lists->old, lists->old_count, &lists->new[i]) != NULL &&
            (wanted == NULL || strcmp(wanted, lists->new[i].isa) == 0)) {
            lists->best = lists->new[i].isa;
            return PN_OK;
        }
    }
    lists->best = lists->new_count > 0 ? lists->new[0].isa : "";
    return wanted == NULL ? PN_OK : listing_lacks_isa(wanted, "one of the builds");
}

/* Whether the entry is of the best instruction set of a build, where nothing else is asked for. */
static bool is_best_of(const struct suite_options *options, const struct listing *list,
                       const struct listing *entry)
{
    return options->isa == NULL && listing_isa() == NULL && strcmp(list[0].isa, entry->isa) == 0;
}

/* Adds the rows of one side's entry that are asked for; those of the old side are only looked up. A
 * build that has lost, or won, its best instruction set has rows of it that the other lacks. */
static pn_status choose_entry(struct suite *suite, const struct lists *lists, const regex_t *regex,
                              const struct listing *entry, bool of_new)
{
    const struct listing *other = of_new ? listing_find(lists->old, lists->old_count, entry)
                                         : listing_find(lists->new, lists->new_count, entry);
    const bool lacking =
        other == NULL && is_best_of(suite->options, of_new ? lists->new : lists->old, entry);
    if (!wants_isa(suite->options, entry->isa, lists->best) && !lacking) {
        return PN_OK;
    }
    for (int cache = 0; cache < CACHE_STATES; cache++) {
        const struct row_key key =
            listing_key(entry, (enum cache_state)cache, suite->session->threads);
        const bool wanted = (suite->options->caches >> cache & 1) != 0;
        if (!wanted || !listing_has(entry, (enum cache_state)cache) || !row_matches(regex, &key)) {
            continue;
        }
        char name[ROW_NAME_SIZE];
        row_name(&key, name);
        pn_status status = PN_OK;
        if (other == NULL) {
            status = of_new ? add_name(&suite->only_new, &suite->only_new_count, name)
                            : add_name(&suite->only_old, &suite->only_old_count, name);
        } else if (of_new) {
            status = add_row(suite, entry, other, (enum cache_state)cache, lists->last_cache);
        }
        if (status != PN_OK) {
            return status;
        }
    }
    return PN_OK;
}

static pn_status choose_rows(struct suite *suite, const struct lists *lists)
{
    regex_t regex;
    pn_status status = filter_compile(suite->options->filter, &regex);
    for (size_t i = 0; status == PN_OK && i < lists->new_count; i++) {
        status = choose_entry(suite, lists, &regex, &lists->new[i], true);
    }
    for (size_t i = 0; status == PN_OK && i < lists->old_count; i++) {
        status = choose_entry(suite, lists, &regex, &lists->old[i], false);
    }
    if (status == PN_ERROR_USAGE) {
        return status;
    }
    regfree(&regex);
    if (status == PN_OK && suite->count == 0) {
        return error_set(PN_ERROR_USAGE,
                         "no row that both builds have matches the filter and instruction set; "
                         "pinion-bench list shows the names");
    }
    return status;
}

pn_status suite_create(struct session *session, const struct suite_options *options,
                       struct suite *suite)
{
    *suite = (struct suite){.options = options,
                            .session = session,
                            .margin = log1p(options->margin),
                            .mean = VERDICT_INCONCLUSIVE,
                            .verdict = VERDICT_INCONCLUSIVE};
    struct lists lists = {0};
    struct machine machine;
    pn_status status = machine_create(session->threads, &machine);
    if (status == PN_OK) {
        status = session_launch(session);
    }
    if (status == PN_OK) {
        status = listing_get(&session->arms[ARM_OLD], session->memory_fd, &lists.old,
                             &lists.old_count, suite->version[ARM_OLD]);
    }
    if (status == PN_OK) {
        status = listing_get(&session->arms[ARM_NEW], session->memory_fd, &lists.new,
                             &lists.new_count, suite->version[ARM_NEW]);
    }
    if (status == PN_OK) {
        lists.last_cache = listing_last_cache(&machine);
        status = choose_best(suite->options, &lists);
    }
    if (status == PN_OK) {
        status = choose_rows(suite, &lists);
    }
    free(lists.old);
    free(lists.new);
    return status;
}
