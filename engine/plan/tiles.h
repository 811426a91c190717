/* plan/tiles.h: who owns which part of the weights. */
#ifndef PINION_PLAN_TILES_H
#define PINION_PLAN_TILES_H

#include "engine/plan/plan.h"

/* Gives each thread an even share of all panels: of weights by columns the panels that it computes,
 * of the others what is next in order of memory, cut at rows that are multiples of the tile's.
 * Whole panels of one weight that a thread has are one piece. Fills plan->tiles and
 * plan->tile_start. */
pn_status plan_assign_tiles(struct plan *plan);

#endif
