#include "tools/pinion/progress.h"

#include <langinfo.h>
#include <math.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include "tools/pinion/report.h"

enum { BAR_CELLS = 20, LINE_SIZE = 1024 };

static const double redraw_seconds = 0.05;

static struct {
    bool bar, color, unicode;
    size_t columns;
    size_t batches, resumed; /* of the epoch, and how many of them an earlier fit did */
    bool drawn;              /* an unfinished bar is on the terminal's last line */
    double epoch_start, first_batch_end, last_draw;
} progress;

/* A line that grows, and the columns it takes on the terminal: escapes take none, characters
 * outside ASCII take one. Columns beyond `limit` are left out. */
struct line {
    char text[LINE_SIZE];
    size_t length, columns, limit;
};

double seconds_now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + 1e-9 * (double)time.tv_nsec;
}

static void add_bytes(struct line *line, const char *bytes, size_t count)
{
    if (line->length + count < LINE_SIZE) {
        memcpy(line->text + line->length, bytes, count);
        line->length += count;
        line->text[line->length] = '\0';
    }
}

static void add_color(struct line *line, const char *escape)
{
    if (progress.color) {
        add_bytes(line, escape, strlen(escape));
    }
}

static void add_cells(struct line *line, const char *cell, size_t count)
{
    for (size_t i = 0; i < count && line->columns < line->limit; i++) {
        add_bytes(line, cell, strlen(cell));
        line->columns++;
    }
}

static void add_text(struct line *line, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static void add_text(struct line *line, const char *format, ...)
{
    char text[128];
    va_list arguments;
    va_start(arguments, format);
    const int length = vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    size_t columns = (size_t)length < sizeof text ? (size_t)length : sizeof text - 1;
    if (columns > line->limit - line->columns) {
        columns = line->limit - line->columns;
    }
    add_bytes(line, text, columns);
    line->columns += columns;
}

/* Keras's rules: seconds with hours or minutes where they are needed. */
static void add_remaining(struct line *line, double seconds)
{
    const unsigned long whole = (unsigned long)seconds;
    if (seconds > 3600) {
        add_text(line, "%lu:%02lu:%02lu", whole / 3600, whole % 3600 / 60, whole % 60);
    } else if (seconds > 60) {
        add_text(line, "%lu:%02lu", whole / 60, whole % 60);
    } else {
        add_text(line, "%lus", whole);
    }
}

static void add_step_time(struct line *line, double seconds)
{
    if (seconds >= 1 || seconds == 0) {
        add_text(line, " %.0fs/step", seconds);
    } else if (seconds >= 1e-3) {
        add_text(line, " %.0fms/step", seconds * 1e3);
    } else {
        add_text(line, " %.0fus/step", seconds * 1e6);
    }
}

static void add_value(struct line *line, const char *name, double value)
{
    if (!isnan(value) || strcmp(name, "loss") == 0 || strcmp(name, "val_loss") == 0) {
        add_text(line, fabs(value) > 1e-3 ? " - %s: %.4f" : " - %s: %.4e", name,
                 report_printable(value));
    }
}

/* Metrics in Keras 3's order; an accuracy that was not asked for is NaN and left out, as are all
 * val_ values without validation. */
static void add_values(struct line *line, const pn_epoch *epoch, bool validated)
{
    add_value(line, "accuracy", epoch->accuracy);
    add_value(line, "loss", epoch->loss);
    if (validated) {
        add_value(line, "val_accuracy", epoch->val_accuracy);
        add_value(line, "val_loss", epoch->val_loss);
    }
}

static size_t terminal_columns(void)
{
    struct winsize size;
    if (ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0) {
        return size.ws_col;
    }
    return 80;
}

static void print_rewritten(const struct line *line, bool last)
{
    fprintf(stderr, "\r%s\033[K%s", line->text, last ? "\n" : "");
    fflush(stderr);
    progress.drawn = !last;
}

static void draw_bar(const pn_epoch *epoch, size_t batch, double step_seconds, double time,
                     bool last)
{
    /* The last line keeps its whole length: nothing rewrites it, so it may wrap. */
    struct line line = {.limit = last ? LINE_SIZE / 4 : progress.columns - 1};
    const size_t filled = BAR_CELLS * batch / progress.batches;
    int digits = 1;
    for (size_t rest = progress.batches; rest >= 10; rest /= 10) {
        digits++;
    }
    add_color(&line, "\033[1m");
    add_text(&line, "%*zu/%zu", digits, batch, progress.batches);
    add_color(&line, "\033[0m");
    add_text(&line, " ");
    add_color(&line, "\033[32m");
    add_cells(&line, progress.unicode ? "━" : "=", filled);
    add_color(&line, "\033[37m");
    /* Without colour the rest must look different. */
    add_cells(&line, !progress.unicode ? "." : progress.color ? "━" : "─", BAR_CELLS - filled);
    add_color(&line, "\033[0m");
    add_text(&line, " ");
    add_color(&line, "\033[1m");
    if (last) {
        add_text(&line, "%.0fs", time);
    } else {
        add_remaining(&line, step_seconds * (double)(progress.batches - batch));
    }
    add_color(&line, "\033[0m");
    add_step_time(&line, step_seconds);
    add_values(&line, epoch, last && epoch->val_seconds > 0);
    print_rewritten(&line, last);
}

static pn_status on_epoch_begin(void *user, pn_fit_view *view)
{
    (void)user;
    progress.batches = view->batches;
    progress.resumed = view->batch;
    progress.epoch_start = seconds_now();
    progress.first_batch_end = 0;
    progress.last_draw = 0;
    if (progress.bar) {
        progress.columns = terminal_columns();
        fprintf(stderr, "Epoch %zu/%zu\n", view->epoch->epoch, view->epochs);
    }
    return PN_OK;
}

static pn_status on_batch_end(void *user, pn_fit_view *view)
{
    (void)user;
    const double time = seconds_now();
    const size_t done = view->batch - progress.resumed;
    if (done == 1) {
        progress.first_batch_end = time;
    }
    if (time - progress.last_draw < redraw_seconds) {
        return PN_OK;
    }
    progress.last_draw = time;
    const double step = done > 1 ? (time - progress.first_batch_end) / (double)(done - 1)
                                 : time - progress.epoch_start;
    draw_bar(view->epoch, view->batch, step, 0, false);
    return PN_OK;
}

static pn_status on_epoch_end(void *user, pn_fit_view *view)
{
    (void)user;
    const double seconds = seconds_now() - progress.epoch_start;
    const double step = view->epoch->seconds / (double)(view->batch - progress.resumed);
    if (progress.bar) {
        draw_bar(view->epoch, view->batch, step, seconds, true);
        return PN_OK;
    }
    struct line line = {.limit = LINE_SIZE / 4};
    add_text(&line, "Epoch %zu/%zu - %.0fs -", view->epoch->epoch, view->epochs, seconds);
    add_step_time(&line, step);
    add_values(&line, view->epoch, view->epoch->val_seconds > 0);
    fprintf(stderr, "%s\n", line.text);
    return PN_OK;
}

void progress_finish(void)
{
    if (progress.drawn) {
        fputc('\n', stderr);
        progress.drawn = false;
    }
}

void progress_clear(void)
{
    if (progress.drawn) {
        fputs("\r\033[K", stderr);
        progress.drawn = false;
    }
}

static bool is_set(const char *variable)
{
    const char *value = getenv(variable);
    return value && *value;
}

pn_callback progress_callback(void)
{
    const char *terminal = getenv("TERM");
    progress.bar = isatty(STDERR_FILENO) && terminal && strcmp(terminal, "dumb") != 0;
    progress.color = progress.bar && !is_set("NO_COLOR");
    progress.unicode = strcmp(nl_langinfo(CODESET), "UTF-8") == 0;
    return (pn_callback){.on_epoch_begin = on_epoch_begin,
                         .on_batch_end = progress.bar ? on_batch_end : NULL,
                         .on_epoch_end = on_epoch_end};
}
