/* plan/tiles.h: who owns which part of the weights. */
#ifndef PINION_PLAN_TILES_H
#define PINION_PLAN_TILES_H

#include "engine/plan/plan.h"

/* Cuts all panels, in order of memory, into one contiguous and even share for each thread, at rows
 * that are multiples of the tile's. Whole panels of one weight that a thread has are one piece.
 * Fills plan->tiles and plan->tile_start. */
pn_status plan_assign_tiles(struct plan *plan);

#endif
