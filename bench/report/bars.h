/* report/bars.h: horizontal bars, in panels that fit a page. */
#ifndef PINION_BENCH_REPORT_BARS_H
#define PINION_BENCH_REPORT_BARS_H

#include <stddef.h>
#include <stdio.h>

#include "bench/report/report.h"

enum { PANEL_ROWS = 44, BAR_LEGENDS = 8 };

/* Pixels that names and details need, and where details begin: shared with other row plots. */
struct label_room {
    double name, detail;
};
struct bar {
    char name[REPORT_TEXT], detail[REPORT_TEXT]; /* to the left; a repeated name shows once */
    double value;
    const char *class;
    char number[48], text[48]; /* in columns to the right: set to the right, and to the left */
    char tip[2 * REPORT_TEXT];
};

struct bars {
    const char *id, *title, *description, *axis;
    const struct bar *list;
    size_t count;
    double reference; /* a line across, 0: none */
    const char *unit; /* behind the numbers of the axis */
    struct {
        const char *class, *label;
    } legend[BAR_LEGENDS];
    size_t legend_count;
    struct label_room room; /* the least, for figures that start at the same place */
};

void bars_draw(FILE *out, const struct bars *bars);

static inline double label_room_end(const struct label_room *room)
{
    return room->name + room->detail + 24;
}
void label_room_add(struct label_room *room, const char *name, const char *detail);
void label_room_limit(struct label_room *room, double most);
void label_draw(FILE *out, const struct label_room *room, double y, const char *name,
                const char *detail);

/* Grid lines at round values and their numbers under them. */
struct svg_scale;
void axis_below(FILE *out, const struct svg_scale *scale, size_t wanted, double top, double bottom,
                const char *unit);
/* To the left, for vertical scales. */
void axis_beside(FILE *out, const struct svg_scale *scale, size_t wanted, double left,
                 double right);

#endif
