/* command/interrupt.h: Ctrl-C and kill end a measurement after the sample at hand; a second one,
 * a second later or more, ends the program at once. */
#ifndef PINION_BENCH_INTERRUPT_H
#define PINION_BENCH_INTERRUPT_H

#include "engine/pinion.h"

/* From here on SIGINT and SIGTERM are remembered, and end a fit after its step. */
void interrupt_catch(void);

/* PN_ERROR_INTERRUPTED, with a line, once one came. */
pn_status interrupt_check(void);

#endif
