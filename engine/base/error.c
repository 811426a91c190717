#include "engine/base/error.h"

#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>

enum { ERROR_LINE_SIZE = 4096 + 1024 }; /* a longest path and what is said about it */

static _Thread_local char error_line[ERROR_LINE_SIZE];
static _Thread_local size_t error_lines;

static struct {
    pthread_mutex_t mutex;
    pn_log_fn call;
    void *user;
} log_callback = {.mutex = PTHREAD_MUTEX_INITIALIZER};

/* Formats into `line`. Control characters, which arrive in file and layer names, become '?': a
 * message is one line and steers no terminal. */
static void line_format(char line[ERROR_LINE_SIZE], const char *format, va_list arguments)
{
    if (vsnprintf(line, ERROR_LINE_SIZE, format, arguments) < 0) {
        snprintf(line, ERROR_LINE_SIZE, "a message that could not be formatted: %s", format);
    }
    for (char *c = line; *c; c++) {
        if ((unsigned char)*c < 0x20 || *c == 0x7f) {
            *c = '?';
        }
    }
}

pn_status error_set(pn_status status, const char *format, ...)
{
    /* Arguments may point into the old line. */
    char line[ERROR_LINE_SIZE];
    va_list arguments;
    va_start(arguments, format);
    line_format(line, format, arguments);
    va_end(arguments);
    snprintf(error_line, sizeof error_line, "%s", line);
    error_lines++;
    return status;
}

size_t error_count(void)
{
    return error_lines;
}

pn_status error_memory(size_t bytes, const char *what)
{
    return error_set(PN_ERROR_FAILED,
                     "out of memory: %zu bytes for %s; free memory or ask for less", bytes, what);
}

pn_status check_struct_size(size_t given, size_t known, const char *what)
{
    if (given == known) {
        return PN_OK;
    }
    return error_set(
        PN_ERROR_USAGE,
        "struct_size of %s is %zu, but this library knows %zu; get the struct from its "
        "_default() function and compile against this version's pinion.h",
        what, given, known);
}

const char *pn_error_message(void)
{
    return error_line;
}

void pn_set_log(pn_log_fn log, void *user)
{
    pthread_mutex_lock(&log_callback.mutex);
    log_callback.call = log;
    log_callback.user = user;
    pthread_mutex_unlock(&log_callback.mutex);
}

void log_say(pn_log_level level, const char *format, ...)
{
    /* Called outside the lock, so that a callback may set another. */
    pthread_mutex_lock(&log_callback.mutex);
    const pn_log_fn call = log_callback.call;
    void *const user = log_callback.user;
    pthread_mutex_unlock(&log_callback.mutex);
    if (!call) {
        return;
    }
    char line[ERROR_LINE_SIZE];
    va_list arguments;
    va_start(arguments, format);
    line_format(line, format, arguments);
    va_end(arguments);
    call(level, line, user);
}
