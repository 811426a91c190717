/*
 * report/svg.h: pieces of plots as inline SVG. Colours and strokes are classes of the page's style
 * sheet, so that they follow dark mode and print. Coordinates are pixels from the upper left.
 */
#ifndef PINION_BENCH_SVG_H
#define PINION_BENCH_SVG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

enum { SVG_WIDTH = 960, SVG_TICKS = 16 };

/* `id` names it within the page; title and description are what a screen reader says. */
void svg_begin(FILE *out, const char *id, const char *title, const char *description,
               double height);
void svg_end(FILE *out);

void svg_line(FILE *out, const char *class, double x1, double y1, double x2, double y2);
/* What belongs to a mark or box is its tooltip, NULL for none. */
void svg_box(FILE *out, const char *class, double x, double y, double width, double height,
             const char *tip);

enum svg_shape {
    SVG_CIRCLE,
    SVG_SQUARE,
    SVG_DIAMOND,
    SVG_LEFT, /* triangles */
    SVG_RIGHT,
    SVG_UP,
    SVG_CROSS
};
void svg_mark(FILE *out, enum svg_shape shape, const char *class, double x, double y, double size,
              const char *tip);

enum svg_anchor { SVG_START, SVG_MIDDLE, SVG_END };
void svg_text(FILE *out, const char *class, enum svg_anchor anchor, double x, double y,
              const char *format, ...) __attribute__((format(printf, 6, 7)));
/* "Text in monospace", of which at most `width` pixels show; the middle gives way to "…". */
void svg_name(FILE *out, const char *class, enum svg_anchor anchor, double x, double y,
              double width, const char *text);
/* Pixels that svg_name would take for all of it. */
double svg_name_width(const char *text);

/* From values to pixels. */
struct svg_scale {
    double low, high; /* values */
    double from, to;  /* pixels */
    bool log;
};

double svg_at(const struct svg_scale *scale, double value);
/* Round values in [low, high], about `wanted` of them; logarithmic scales: 1, 2, 5 of decades or
 * whole decades. */
size_t svg_ticks(const struct svg_scale *scale, size_t wanted, double ticks[SVG_TICKS]);
/* The least of 1, 2, 2.5, 5 times a power of ten that is not below `value` > 0. */
double svg_round_up(double value);

#endif
