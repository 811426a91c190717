/* check/choose.c: the rows that the build has and the options ask for. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/ab/listing.h"
#include "bench/check/stages.h"
#include "bench/command/filter.h"
#include "engine/base/error.h"

static void names_free(struct names *names)
{
    for (size_t i = 0; i < names->count; i++) {
        free(names->list[i]);
    }
    free(names->list);
}

void check_free(struct check *check)
{
    free(check->list);
    free(check->rows);
    names_free(&check->only_old);
    names_free(&check->only_new);
    names_free(&check->not_compared);
    baseline_free(&check->baseline);
    *check = (struct check){0};
}

pn_status names_add(struct names *names, const char *name)
{
    char **list = realloc(names->list, (names->count + 1) * sizeof *list);
    if (list == NULL) {
        return error_memory((names->count + 1) * sizeof *list, "names");
    }
    names->list = list;
    list[names->count] = strdup(name);
    return list[names->count++] == NULL ? error_memory(strlen(name), "names") : PN_OK;
}

static pn_status add_row(struct check *check, const struct listing *entry, enum cache_state cache)
{
    struct check_row *rows = realloc(check->rows, (check->count + 1) * sizeof *rows);
    if (rows == NULL) {
        return error_memory((check->count + 1) * sizeof *rows, "rows");
    }
    check->rows = rows;
    struct meter_row *row = &rows[check->count].meter;
    memset(&rows[check->count++], 0, sizeof *rows);
    const struct row_key key = listing_key(entry, cache, check->meter->threads);
    row_name(&key, row->name);
    row->entry = *entry;
    row->cache = cache;
    listing_copies(entry, cache, listing_last_cache(&check->machine), &row->batch_copies,
                   &row->weight_copies);
    return PN_OK;
}

const char *check_isa(const struct check *check)
{
    const char *best = check->best_isa[0] == '\0' ? simd_best()->name : check->best_isa;
    return check->options->isa == NULL ? best : check->options->isa;
}

bool check_wants_isa(const struct check *check, const char *isa)
{
    const char *wanted = check_isa(check);
    return strcmp(wanted, "all") == 0 || strcmp(wanted, isa) == 0;
}

static pn_status choose_entry(struct check *check, const regex_t *regex,
                              const struct listing *entry)
{
    pn_status status = PN_OK;
    for (int cache = 0; cache < CACHE_STATES && check_wants_isa(check, entry->isa); cache++) {
        const struct row_key key =
            listing_key(entry, (enum cache_state)cache, check->meter->threads);
        const bool wanted = (check->options->caches >> cache & 1) != 0;
        if (status == PN_OK && wanted && listing_has(entry, (enum cache_state)cache) &&
            row_matches(regex, &key)) {
            status = add_row(check, entry, (enum cache_state)cache);
        }
    }
    return status;
}

static pn_status choose_rows(struct check *check)
{
    regex_t regex;
    pn_status status = filter_compile(check->options->filter, &regex);
    if (status != PN_OK) {
        return status;
    }
    for (size_t i = 0; status == PN_OK && i < check->list_count; i++) {
        status = choose_entry(check, &regex, &check->list[i]);
    }
    regfree(&regex);
    if (status == PN_OK && check->count == 0) {
        return error_set(PN_ERROR_USAGE,
                         "no row of the build matches the filter and instruction set; pinion-bench "
                         "list shows the names");
    }
    return status;
}

/* Without --isa: what PINION_ISA names, or the first instruction set of the build's list. */
static pn_status choose_best(struct check *check)
{
    const char *wanted = check->options->isa == NULL ? listing_isa() : NULL;
    for (size_t i = 0; i < check->list_count; i++) {
        if (wanted == NULL || strcmp(wanted, check->list[i].isa) == 0) {
            snprintf(check->best_isa, sizeof check->best_isa, "%s", check->list[i].isa);
            return PN_OK;
        }
    }
    return wanted == NULL ? PN_OK : listing_lacks_isa(wanted, "the build");
}

pn_status check_create(struct meter *meter, const struct check_options *options,
                       struct check *check)
{
    *check = (struct check){.options = options, .meter = meter, .verdict = VERDICT_INCONCLUSIVE};
    pn_status status = machine_create(meter->threads, &check->machine);
    if (status == PN_OK) {
        status = meter_launch(meter);
    }
    if (status == PN_OK) {
        status = listing_get(&meter->arm, meter->memory_fd, &check->list, &check->list_count,
                             check->version);
    }
    if (status == PN_OK) {
        status = choose_best(check);
    }
    if (status == PN_OK) {
        status = choose_rows(check);
    }
    return status;
}
