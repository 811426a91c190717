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

/* Floats of all panels: what one sample's gradient costs, whatever the layer. */
static size_t total_work(const struct plan *plan)
{
    size_t work = 0;
    for (size_t i = 0; i < plan->weight_count; i++) {
        work += plan->weights[i].k * plan->weights[i].nr * plan->weights[i].panels;
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

pn_status plan_assign_tiles(struct plan *plan)
{
    const size_t threads = plan->threads;
    /* Each cut between two threads adds one piece at most. */
    plan->tiles = calloc(count_panels(plan) + threads, sizeof *plan->tiles);
    plan->tile_start = calloc(threads + 1, sizeof *plan->tile_start);
    if (plan->tiles == NULL || plan->tile_start == NULL) {
        return error_memory((count_panels(plan) + threads) * sizeof *plan->tiles, "the plan");
    }
    const size_t total = total_work(plan);
    size_t count = 0, done = 0, thread = 0;
    for (size_t w = 0; w < plan->weight_count; w++) {
        const struct plan_weight *weight = &plan->weights[w];
        for (size_t panel = 0; panel < weight->panels; panel++) {
            size_t row = 0;
            while (row < weight->k) {
                const size_t target = total / threads * (thread + 1);
                size_t end = thread + 1 < threads ? cut_row(weight, plan->kernels->mr, done, target)
                                                  : weight->k;
                end = end < row ? row : end;
                if (end > row) {
                    count = add_piece(plan, plan->tile_start[thread], count,
                                      (struct plan_tiles){w, panel, 1, row, end - row});
                }
                row = end;
                if (row < weight->k) {
                    plan->tile_start[++thread] = count;
                }
            }
            done += weight->k * weight->nr;
        }
    }
    while (thread < threads) {
        plan->tile_start[++thread] = count;
    }
    return PN_OK;
}
