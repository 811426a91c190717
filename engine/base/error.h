/* base/error.h: how the engine reports failure and says things. */
#ifndef PINION_BASE_ERROR_H
#define PINION_BASE_ERROR_H

#include "engine/pinion.h"

/* Stores the line for pn_error_message() and returns `status`. The line reads: what is wrong, where
 * (file, field, offset), what to do. Example:
 *   return error_set(PN_ERROR_DATA, "%s: magic number 0x%08x is not that of IDX images "
 *                    "(0x00000803); is this the images file?", path, magic); */
pn_status error_set(pn_status status, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* How many lines this thread has stored: tells whether a call that failed has said why. */
size_t error_count(void);

/* error_set for a failed allocation. */
pn_status error_memory(size_t bytes, const char *what);

/* Whether an option struct comes from this version of pinion.h. PN_ERROR_USAGE. */
pn_status check_struct_size(size_t given, size_t known, const char *what);

/* Says something through the caller's log callback, if there is one. */
void log_say(pn_log_level level, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
