/* command/tables.c: which tables of kernels --isa names. */
#include <string.h>

#include "bench/command/bench.h"
#include "bench/command/options.h"
#include "engine/base/error.h"
#include "engine/base/kernels.h"

struct tables {
    const struct simd_kernels **list;
    size_t capacity, count;
    pn_status status;
};

static void add_table(struct tables *tables, const struct simd_kernels *kernels)
{
    for (size_t i = 0; i < tables->count; i++) {
        if (tables->list[i] == kernels) {
            return;
        }
    }
    if (tables->count < tables->capacity) {
        tables->list[tables->count++] = kernels;
    }
}

static void add_all(struct tables *tables)
{
    size_t known;
    const struct simd_kernels *const *list = simd_list(&known);
    for (size_t i = 0; i < known; i++) {
        /* Two tables may share a name, the better one first. */
        if (simd_runs(list[i]) && simd_find(list[i]->name) == list[i]) {
            add_table(tables, list[i]);
        }
    }
}

static void add_named(struct tables *tables, const char *name)
{
    const struct simd_kernels *kernels;
    tables->status = kernels_select(name, &kernels);
    if (tables->status == PN_OK) {
        add_table(tables, kernels);
    }
}

static bool take_name(const char *part, void *context)
{
    struct tables *tables = context;
    if (strcmp(part, "all") == 0) {
        add_all(tables);
    } else if (part[0] == '\0') {
        tables->status = error_set(PN_ERROR_USAGE, "--isa: a name is missing; give scalar, avx2, "
                                                   "avx512, neon, all, or several with commas");
    } else {
        add_named(tables, part);
    }
    return tables->status == PN_OK;
}

pn_status bench_tables(const char *isa, const struct simd_kernels **list, size_t capacity,
                       size_t *count)
{
    struct tables tables = {.list = list, .capacity = capacity};
    if (isa == NULL) {
        add_named(&tables, NULL);
    } else if (!option_split(isa, take_name, &tables) && tables.status == PN_OK) {
        tables.status = error_memory(strlen(isa), "an option");
    }
    *count = tables.count;
    return tables.status;
}
