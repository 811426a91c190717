#include "tools/pinion/say.h"

#include <stdarg.h>
#include <stdio.h>

static bool say_quiet;
static void (*say_before)(void);

void say_set_quiet(bool quiet)
{
    say_quiet = quiet;
}

void say_set_before(void (*before)(void))
{
    say_before = before;
}

static void clear_way(void)
{
    if (say_before) {
        say_before();
    }
}

static void print_line(const char *command, const char *format, va_list arguments)
{
    clear_way();
    fputs("pinion", stderr);
    if (command) {
        fprintf(stderr, " %s", command);
    }
    fputs(": ", stderr);
    vfprintf(stderr, format, arguments);
}

void say_usage(const char *command, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    print_line(command, format, arguments);
    va_end(arguments);
    fprintf(stderr, " (see pinion %s%s--help)\n", command ? command : "", command ? " " : "");
}

int say_error(const char *command, int status, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    print_line(command, format, arguments);
    va_end(arguments);
    fputc('\n', stderr);
    return status;
}

int say_failed(const char *command, pn_status status)
{
    return say_error(command, status, "%s", pn_error_message());
}

void say_info(const char *format, ...)
{
    if (say_quiet) {
        return;
    }
    clear_way();
    va_list arguments;
    va_start(arguments, format);
    vfprintf(stderr, format, arguments);
    va_end(arguments);
    fputc('\n', stderr);
}

void say_log(pn_log_level level, const char *message, void *user)
{
    (void)user;
    if (level == PN_LOG_WARNING) {
        clear_way();
        fprintf(stderr, "pinion: warning: %s\n", message);
    } else {
        say_info("%s", message);
    }
}
