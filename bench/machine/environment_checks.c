#include "bench/machine/environment_checks.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "engine/base/error.h"

static const double SIBLING_BUSY = 0.1; /* of its time, from where on it counts */
static const double STEAL_MOST = 0.01;  /* of the used processors' time */

pn_status checks_status(const struct checks *checks)
{
    return checks->failed ? error_memory(0, "warnings about the machine") : PN_OK;
}

void checks_warn(struct checks *checks, const char *code, const char *format, ...)
{
    char text[1024];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    json_t *warning = json_pack("{s:s, s:s}", "code", code, "text", text), *old;
    size_t index;
    json_array_foreach(checks->warnings, index, old)
    {
        const char *known = json_string_value(json_object_get(old, "code"));
        if (known != NULL && strcmp(known, code) == 0) {
            checks->failed |= json_array_set_new(checks->warnings, index, warning) != 0;
            return;
        }
    }
    checks->failed |= json_array_append_new(checks->warnings, warning) != 0;
}

bool checks_sets_create(struct checks *checks, hwloc_bitmap_t *sets, size_t count)
{
    bool all = true;
    for (size_t i = 0; i < count; i++) {
        sets[i] = hwloc_bitmap_alloc();
        all = all && sets[i] != NULL;
    }
    if (!all) {
        checks->failed = true;
        checks_sets_free(sets, count);
    }
    return all;
}

void checks_sets_free(hwloc_bitmap_t *sets, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        hwloc_bitmap_free(sets[i]);
    }
}

const char *checks_processors(hwloc_const_bitmap_t set, char text[CHECKS_LIST_SIZE])
{
    const bool one = hwloc_bitmap_weight(set) == 1;
    const int start = snprintf(text, CHECKS_LIST_SIZE, one ? "processor " : "processors ");
    hwloc_bitmap_list_snprintf(text + start, (size_t)(CHECKS_LIST_SIZE - start), set);
    return text;
}

/* What a set of processors did between two readings, in ticks. */
struct spent {
    double busy, idle, stolen;
};

/* Counters of waiting may step back. */
static double risen(uint64_t before, uint64_t after)
{
    return after > before ? (double)(after - before) : 0;
}

static struct spent add_up(hwloc_const_bitmap_t set, const struct system_ticks *before,
                           const struct system_ticks *after)
{
    struct spent spent = {0};
    for (size_t p = 0; p < before->count && p < after->count; p++) {
        const struct system_processor_ticks *a = &before->of[p], *b = &after->of[p];
        if (a->known && b->known && hwloc_bitmap_isset(set, (unsigned)p)) {
            spent.busy += risen(a->busy, b->busy);
            spent.idle += risen(a->idle, b->idle);
            spent.stolen += risen(a->stolen, b->stolen);
        }
    }
    return spent;
}

/* Siblings of the used processors that are not used themselves, if they did something. */
static void check_siblings(struct checks *checks, const struct system_ticks *before,
                           const struct system_ticks *after)
{
    hwloc_const_bitmap_t used = checks->footprint->used;
    enum { CORE, ONE, BUSY, SETS };
    hwloc_bitmap_t sets[SETS];
    if (!checks_sets_create(checks, sets, SETS)) {
        return;
    }
    hwloc_bitmap_t core = sets[CORE], one = sets[ONE], busy = sets[BUSY];
    double most = 0;
    for (int p = hwloc_bitmap_first(used); p >= 0; p = hwloc_bitmap_next(used, p)) {
        footprint_core(checks->root, (unsigned)p, core);
        hwloc_bitmap_andnot(core, core, used);
        for (int q = hwloc_bitmap_first(core); q >= 0; q = hwloc_bitmap_next(core, q)) {
            hwloc_bitmap_only(one, (unsigned)q);
            const struct spent spent = add_up(one, before, after);
            const double share = spent.busy / (spent.busy + spent.idle + spent.stolen);
            if (share > SIBLING_BUSY) { /* false where no tick has passed */
                hwloc_bitmap_set(busy, (unsigned)q);
                most = share > most ? share : most;
            }
        }
    }
    if (!hwloc_bitmap_iszero(busy)) {
        char list[CHECKS_LIST_SIZE];
        checks_warn(checks, "smt_busy",
                    "%s: SMT siblings of those measured on, and up to %.0f %% busy with something "
                    "else, which takes a part of each core away; stop what runs there",
                    checks_processors(busy, list), 100 * most);
    }
    checks_sets_free(sets, SETS);
}

void checks_ticks(struct checks *checks, const struct system_ticks *before,
                  const struct system_ticks *after)
{
    hwloc_const_bitmap_t used = checks->footprint->used;
    const struct spent spent = add_up(used, before, after);
    const double all = spent.busy + spent.idle + spent.stolen;
    if (spent.stolen > STEAL_MOST * all) {
        char list[CHECKS_LIST_SIZE];
        checks_warn(checks, "steal_time",
                    "%s: the host took %.1f %% of the time (%.2f s) for other virtual machines; "
                    "measure when it is quieter, or on a host of your own",
                    checks_processors(used, list), 100 * spent.stolen / all,
                    spent.stolen / (double)sysconf(_SC_CLK_TCK));
    }
    check_siblings(checks, before, after);
}
