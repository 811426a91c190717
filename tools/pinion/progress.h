/* progress.h: what a fit shows on standard error: Keras's bar on a terminal, else one line for each
 * epoch. */
#ifndef PINION_TOOLS_PROGRESS_H
#define PINION_TOOLS_PROGRESS_H

#include "engine/pinion.h"

/* A callback that shows a fit. One at a time: a terminal has one last line. */
pn_callback progress_callback(void);

/* Takes an unfinished bar off the terminal's last line, so that a message can go there. */
void progress_clear(void);

/* Leaves an unfinished bar where it is and ends its line. */
void progress_finish(void);

/* Seconds of the monotonic clock. */
double seconds_now(void);

#endif
