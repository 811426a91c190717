/* command/shell.h: command lines that can be pasted into a shell. */
#ifndef PINION_BENCH_SHELL_H
#define PINION_BENCH_SHELL_H

#include <stdio.h>

/* The word as a shell reads it back, in quotes where it must be. */
void shell_write_word(FILE *stream, const char *word);

/* " --name value" */
void shell_write_option(FILE *stream, const char *option, const char *value);

#endif
