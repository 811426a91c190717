#include "bench/check/limb.h"

#include <stdio.h>

static const struct simd_kernels *table_for(const char *isa)
{
    const struct simd_kernels *kernels = simd_find(isa);
    return kernels != NULL && simd_runs(kernels) && kernels->lanes > 1 ? kernels : simd_best();
}

static struct limb computing(const struct simd_kernels *kernels, enum probe_kind kind, double work)
{
    struct limb limb = {.yardstick = {.kind = kind, .level = LEVEL_L1}, .work = work};
    snprintf(limb.yardstick.table, sizeof limb.yardstick.table, "%s", kernels->name);
    return limb;
}

/* The probe whose share of writing is nearest: none, a third, a half or more. */
static enum probe_kind kind_of_traffic(double read, double written)
{
    const double share = written / (read + written);
    return share < 1.0 / 6 ? PROBE_READ : share < 5.0 / 12 ? PROBE_TRIAD : PROBE_COPY;
}

static struct limb moving(const struct simd_kernels *kernels, enum memory_level level,
                          size_t walk_bytes, enum probe_kind kind, double bytes)
{
    struct limb limb = computing(kernels, kind, bytes);
    limb.yardstick.level = level;
    limb.yardstick.bytes = walk_bytes < YARDSTICK_MOST_BYTES ? walk_bytes : YARDSTICK_MOST_BYTES;
    return limb;
}

/*
 * A walk that is as large as the row's working set, so that what others leave of a shared cache
 * means the same to both. In L1, which nobody shares, it is as large as the limits' walk: shorter
 * ones would show what it costs to start.
 */
static struct limb moving_set(const struct simd_kernels *kernels, const struct machine *machine,
                              double set, enum probe_kind kind, double bytes)
{
    const size_t page = 4096;
    const enum memory_level level = machine_level(machine, (size_t)set);
    const size_t walk_bytes =
        level == LEVEL_L1 ? machine->probe[LEVEL_L1] : ((size_t)set + page - 1) / page * page;
    return moving(kernels, level, walk_bytes, kind, bytes);
}

/* Of a level's bytes the table of problems knows how many there are, but not how often each is read
 * and written; what moves is split in proportion. */
static size_t list_levels(const struct bench_abi_problem *about, const struct simd_kernels *kernels,
                          enum cache_state cache, const struct machine *machine,
                          struct limb list[2])
{
    const double bytes = about->read + about->written;
    const enum probe_kind kind = kind_of_traffic(about->read, about->written);
    const double set = bytes - about->in_place;
    const size_t memory = machine->probe[LEVEL_DRAM];
    if (cache == CACHE_COLD) {
        list[0] = moving(kernels, LEVEL_DRAM, memory, kind, bytes);
        return 1;
    }
    if (cache == CACHE_HOT || about->weight_bytes == 0) {
        list[0] = moving_set(kernels, machine, set, kind, bytes);
        return 1;
    }
    const double weights = (double)about->weight_bytes, batch = (double)about->batch_bytes;
    const double share = weights / (weights + batch);
    list[0] = moving(kernels, LEVEL_DRAM, memory, kind, share * bytes);
    if (batch == 0) {
        return 1;
    }
    list[1] = moving_set(kernels, machine, (1 - share) * set, kind, (1 - share) * bytes);
    return 2;
}

size_t limb_list(const struct bench_abi_problem *about, const char *isa, enum cache_state cache,
                 const struct machine *machine, struct limb list[LIMB_MOST])
{
    const struct simd_kernels *kernels = table_for(isa);
    size_t count = 0;
    if (about->flops > 0) {
        list[count++] = computing(kernels, PROBE_FMA, about->flops);
    }
    if (about->divisions > 0) {
        list[count++] = computing(kernels, PROBE_DIVIDE, about->divisions);
    }
    if (about->roots > 0) {
        list[count++] = computing(kernels, PROBE_SQRT, about->roots);
    }
    if (about->read + about->written > 0) {
        count += list_levels(about, kernels, cache, machine, &list[count]);
    }
    if (count == 0) {
        list[count++] = computing(kernels, PROBE_FMA, 1); /* work that nobody counted */
    }
    return count;
}

static bool divides(const struct limb *limb)
{
    return limb->yardstick.kind == PROBE_DIVIDE || limb->yardstick.kind == PROBE_SQRT;
}

size_t limb_binding(const struct limb *list, size_t count, const double *unit_ns)
{
    double divider = 0;
    for (size_t i = 0; i < count; i++) {
        divider += divides(&list[i]) ? list[i].work * unit_ns[i] : 0;
    }
    size_t best = 0;
    double best_whole = -1, best_own = -1;
    for (size_t i = 0; i < count; i++) {
        const double own = list[i].work * unit_ns[i], whole = divides(&list[i]) ? divider : own;
        if (whole > best_whole || (whole == best_whole && own > best_own)) {
            best = i;
            best_whole = whole;
            best_own = own;
        }
    }
    return best;
}

bool limb_equals(const struct limb *a, const struct limb *b)
{
    return yardstick_equals(&a->yardstick, &b->yardstick) && a->work == b->work;
}
