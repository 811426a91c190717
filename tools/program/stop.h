/* program/stop.h: Ctrl-C and kill end the work after its step; a second one ends the program at
 * once. */
#ifndef PINION_PROGRAM_STOP_H
#define PINION_PROGRAM_STOP_H

/* From here on SIGINT and SIGTERM ask the library to stop. The first says `line`, a constant, on
 * standard error. What repeats it within a second is no second wish: timeout(1) signals a program
 * and then its group. */
void stop_on_signals(const char *line);

/* The signal that came, or 0. */
int stop_signal(void);

#endif
