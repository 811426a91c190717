/* program/writing.h: what main() begins with, so that writing fails with an error or not at all. */
#ifndef PINION_PROGRAM_WRITING_H
#define PINION_PROGRAM_WRITING_H

#include <stdbool.h>

/* Descriptors 0 to 2 that are closed become open, so that no other file gets their numbers and with
 * them what is printed. Reading and writing them fails as before. False with errno. */
bool standard_files_open(void);

/* A reader that has left (SIGPIPE) and a file that grows too large (SIGXFSZ) end no program:
 * writing fails. Programs started later have the signals as they were. */
void write_signals_to_errors(void);

#endif
