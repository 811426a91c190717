/* stop.h: Ctrl-C and kill end a fit after its step; a second one ends the program at once. */
#ifndef PINION_TOOLS_STOP_H
#define PINION_TOOLS_STOP_H

/* From here on SIGINT and SIGTERM ask the library to stop. */
void stop_on_signals(void);

/* The signal that came, or 0. */
int stop_signal(void);

#endif
