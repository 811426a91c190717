/* say.h: messages on standard error, one line each. */
#ifndef PINION_TOOLS_SAY_H
#define PINION_TOOLS_SAY_H

#include <stdbool.h>

#include "engine/pinion.h"

/* "pinion COMMAND: what (see pinion COMMAND --help)". `command` NULL: of the program itself. */
void say_usage(const char *command, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* "pinion COMMAND: what"; returns `status` for the caller to pass on. */
int say_error(const char *command, int status, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* say_error with the library's message. */
int say_failed(const char *command, pn_status status);

/* A line of information; silent when quiet. */
void say_info(const char *format, ...) __attribute__((format(printf, 1, 2)));
void say_set_quiet(bool quiet);

/* A line that a progress bar may be in the way of: called before anything is said. */
void say_set_before(void (*before)(void));

/* The library's log callback: information and warnings become lines here. */
void say_log(pn_log_level level, const char *message, void *user);

#endif
