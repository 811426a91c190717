#include "engine/plan/tiles.h"

#include <stdlib.h>

#include "engine/base/error.h"

static size_t count_panels(const struct plan *plan)
{
    size_t panels = 0;
    for (size_t i = 0; i < plan->weight_count; i++) {
        panels += plan->weights[i].panels;
    }
    return panels;
}

/* Floats of a weight's panels: what one sample's gradient costs, whatever the layer. */
static size_t work_of(const struct plan_weight *weight, size_t panels)
{
    return weight->k * weight->nr * panels;
}

static size_t total_work(const struct plan *plan)
{
    size_t work = 0;
    for (size_t i = 0; i < plan->weight_count; i++) {
        work += work_of(&plan->weights[i], plan->weights[i].panels);
    }
    return work;
}

static size_t own_panels(const struct plan *plan, const struct plan_weight *weight, size_t thread)
{
    return plan_first_panel(weight, plan->threads, thread + 1) -
           plan_first_panel(weight, plan->threads, thread);
}

/* What a thread has of the weights by columns. */
static size_t work_by_columns(const struct plan *plan, size_t thread)
{
    size_t work = 0;
    for (size_t i = 0; i < plan->weight_count; i++) {
        const struct plan_weight *weight = &plan->weights[i];
        work += weight->by_columns ? work_of(weight, own_panels(plan, weight, thread)) : 0;
    }
    return work;
}

/* The row of this panel where the work done so far reaches `target`, at a tile's edge. */
static size_t cut_row(const struct plan_weight *weight, size_t mr, size_t done, size_t target)
{
    if (target <= done) {
        return 0;
    }
    const size_t rows = ((target - done) / weight->nr + mr / 2) / mr * mr;
    return rows < weight->k ? rows : weight->k;
}

/* Behind the pieces [first, count) of the same thread; returns their new end. */
static size_t add_piece(struct plan *plan, size_t first, size_t count, struct plan_tiles piece)
{
    struct plan_tiles *last = count > first ? &plan->tiles[count - 1] : NULL;
    if (last != NULL && last->weight == piece.weight && last->first_row == piece.first_row &&
        last->rows == piece.rows) {
        last->panels++;
        return count;
    }
    plan->tiles[count] = piece;
    return count + 1;
}

/* The thread's panels of the weights by columns; returns the new number of pieces. */
static size_t take_columns(struct plan *plan, size_t thread, size_t count)
{
    for (size_t w = 0; w < plan->weight_count; w++) {
        const struct plan_weight *weight = &plan->weights[w];
        const size_t panels = own_panels(plan, weight, thread);
        if (weight->by_columns && panels > 0) {
            plan->tiles[count++] = (struct plan_tiles){
                w, plan_first_panel(weight, plan->threads, thread), panels, 0, weight->k};
        }
    }
    return count;
}

/* A row of a panel of the other weights, and their work before the panel. */
struct cursor {
    size_t weight, panel, row;
    size_t done;
};

/* Pieces from the cursor on, behind the thread's first, up to the row where the work done reaches
 * `target`; returns the new number of pieces. */
static size_t take_until(struct plan *plan, struct cursor *at, size_t target, size_t first,
                         size_t count)
{
    while (at->weight < plan->weight_count) {
        const struct plan_weight *weight = &plan->weights[at->weight];
        if (weight->by_columns || at->panel == weight->panels) {
            *at = (struct cursor){.weight = at->weight + 1, .done = at->done};
            continue;
        }
        const size_t cut = cut_row(weight, plan->kernels->mr, at->done, target);
        const size_t end = cut < at->row ? at->row : cut;
        if (end > at->row) {
            count =
                add_piece(plan, first, count,
                          (struct plan_tiles){at->weight, at->panel, 1, at->row, end - at->row});
        }
        if (end < weight->k) {
            at->row = end;
            return count;
        }
        at->panel++;
        at->row = 0;
        at->done += work_of(weight, 1);
    }
    return count;
}

pn_status plan_assign_tiles(struct plan *plan)
{
    const size_t threads = plan->threads;
    /* Each cut between two threads adds one piece at most. */
    plan->tiles = calloc(count_panels(plan) + threads, sizeof *plan->tiles);
    plan->tile_start = calloc(threads + 1, sizeof *plan->tile_start);
    if (plan->tiles == NULL || plan->tile_start == NULL) {
        return error_memory((count_panels(plan) + threads) * sizeof *plan->tiles, "the plan");
    }
    const size_t share = total_work(plan) / threads;
    struct cursor at = {0};
    size_t count = 0, target = 0;
    for (size_t t = 0; t < threads; t++) {
        const size_t by_columns = work_by_columns(plan, t);
        const size_t first = count;
        target += share > by_columns ? share - by_columns : 0;
        count = take_columns(plan, t, count);
        count = take_until(plan, &at, t + 1 < threads ? target : SIZE_MAX, first, count);
        plan->tile_start[t + 1] = count;
    }
    return PN_OK;
}
