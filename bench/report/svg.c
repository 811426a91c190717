#include "bench/report/svg.h"

#include <math.h>
#include <stdarg.h>
#include <stdlib.h>

#include "bench/report/markup.h"

/* Width of a character of the monospaced font, which is set at 11 pixels. */
static const double NAME_ADVANCE = 6.65;

void svg_begin(FILE *out, const char *id, const char *title, const char *description, double height)
{
    fprintf(out,
            "<svg id=\"%s\" role=\"img\" aria-labelledby=\"%s-t %s-d\" viewBox=\"0 0 %d %.0f\" "
            "width=\"%d\" height=\"%.0f\" xmlns=\"http://www.w3.org/2000/svg\">\n<title "
            "id=\"%s-t\">",
            id, id, id, SVG_WIDTH, height, SVG_WIDTH, height, id);
    markup_put(out, MARKUP_HTML, title);
    fprintf(out, "</title><desc id=\"%s-d\">", id);
    markup_put(out, MARKUP_HTML, description);
    fputs("</desc>\n", out);
}

void svg_end(FILE *out)
{
    fputs("</svg>\n", out);
}

void svg_line(FILE *out, const char *class, double x1, double y1, double x2, double y2)
{
    fprintf(out, "<line class=\"%s\" x1=\"%.1f\" y1=\"%.1f\" x2=\"%.1f\" y2=\"%.1f\"/>\n", class,
            x1, y1, x2, y2);
}

static void close_with_tip(FILE *out, const char *element, const char *tip)
{
    if (tip == NULL) {
        fputs("/>\n", out);
        return;
    }
    fputs("><title>", out);
    markup_put(out, MARKUP_HTML, tip);
    fprintf(out, "</title></%s>\n", element);
}

void svg_box(FILE *out, const char *class, double x, double y, double width, double height,
             const char *tip)
{
    fprintf(out, "<rect class=\"%s\" x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\"", class,
            x, y, fmax(width, 0), height);
    close_with_tip(out, "rect", tip);
}

void svg_mark(FILE *out, enum svg_shape shape, const char *class, double x, double y, double size,
              const char *tip)
{
    const double s = size;
    if (shape == SVG_CIRCLE) {
        fprintf(out, "<circle class=\"%s\" cx=\"%.1f\" cy=\"%.1f\" r=\"%.1f\"", class, x, y, s);
        close_with_tip(out, "circle", tip);
        return;
    }
    fprintf(out, "<path class=\"%s\" d=\"", class);
    switch (shape) {
    case SVG_SQUARE:
        fprintf(out, "M%.1f %.1fh%.1fv%.1fh%.1fz", x - 0.9 * s, y - 0.9 * s, 1.8 * s, 1.8 * s,
                -1.8 * s);
        break;
    case SVG_DIAMOND:
        fprintf(out, "M%.1f %.1fl%.1f %.1f %.1f %.1f %.1f %.1fz", x, y - 1.25 * s, 1.25 * s,
                1.25 * s, -1.25 * s, 1.25 * s, -1.25 * s, -1.25 * s);
        break;
    case SVG_LEFT:
        fprintf(out, "M%.1f %.1fl%.1f %.1fv%.1fz", x - 1.2 * s, y, 2.2 * s, -1.2 * s, 2.4 * s);
        break;
    case SVG_RIGHT:
        fprintf(out, "M%.1f %.1fl%.1f %.1fv%.1fz", x + 1.2 * s, y, -2.2 * s, -1.2 * s, 2.4 * s);
        break;
    case SVG_UP:
        fprintf(out, "M%.1f %.1fl%.1f %.1fh%.1fz", x, y - 1.2 * s, 1.2 * s, 2.2 * s, -2.4 * s);
        break;
    default:
        fprintf(out, "M%.1f %.1fl%.1f %.1fm0 %.1fl%.1f %.1f", x - s, y - s, 2 * s, 2 * s, -2 * s,
                -2 * s, 2 * s);
        break;
    }
    fputc('"', out);
    close_with_tip(out, "path", tip);
}

static const char *anchor_attribute(enum svg_anchor anchor)
{
    static const char *const attributes[] = {"", " text-anchor=\"middle\"", " text-anchor=\"end\""};
    return attributes[anchor];
}

void svg_text(FILE *out, const char *class, enum svg_anchor anchor, double x, double y,
              const char *format, ...)
{
    char *text;
    va_list arguments;
    va_start(arguments, format);
    const int length = vasprintf(&text, format, arguments);
    va_end(arguments);
    if (length <= 0) {
        free(length < 0 ? NULL : text);
        return;
    }
    fprintf(out, "<text class=\"%s\" x=\"%.1f\" y=\"%.1f\"%s>", class, x, y,
            anchor_attribute(anchor));
    markup_put(out, MARKUP_HTML, text);
    fputs("</text>\n", out);
    free(text);
}

double svg_name_width(const char *text)
{
    return NAME_ADVANCE * (double)markup_width(text);
}

void svg_name(FILE *out, const char *class, enum svg_anchor anchor, double x, double y,
              double width, const char *text)
{
    const size_t characters = markup_width(text);
    const size_t room = (size_t)fmax(width / NAME_ADVANCE, 3);
    fprintf(out, "<text class=\"m %s\" x=\"%.1f\" y=\"%.1f\"%s>", class, x, y,
            anchor_attribute(anchor));
    if (characters <= room) {
        markup_put(out, MARKUP_HTML, text);
    } else {
        const size_t tail = (room - 1) / 3;
        markup_put_part(out, MARKUP_HTML, text, markup_bytes(text, room - 1 - tail));
        fputs("…", out);
        markup_put(out, MARKUP_HTML, text + markup_bytes(text, characters - tail));
    }
    fputs("</text>\n", out);
}

/* --- scales --------------------------------------------------------------------------------------
 */

double svg_at(const struct svg_scale *scale, double value)
{
    const double part = scale->log ? log(value / scale->low) / log(scale->high / scale->low)
                                   : (value - scale->low) / (scale->high - scale->low);
    /* Beside the plot, wherever numbers beyond reason would lead. */
    const double kept = isfinite(part) ? fmin(fmax(part, -10), 10) : 0;
    return scale->from + kept * (scale->to - scale->from);
}

double svg_round_up(double value)
{
    static const double steps[] = {1, 2, 2.5, 5, 10};
    const double power = pow(10, floor(log10(value)));
    for (size_t i = 0; i < sizeof steps / sizeof steps[0]; i++) {
        if (steps[i] * power >= value * (1 - 1e-9)) {
            return steps[i] * power;
        }
    }
    return 10 * power;
}

static size_t log_ticks(const struct svg_scale *scale, size_t wanted, double ticks[SVG_TICKS])
{
    static const double parts[] = {1, 2, 5};
    const double decades = log10(scale->high / scale->low);
    const bool whole = decades * 3 > (double)wanted + 2;
    const int first = (int)floor(log10(scale->low)), last = (int)ceil(log10(scale->high));
    size_t count = 0;
    for (int power = first; power <= last; power++) {
        for (size_t i = 0; i < (whole ? 1 : 3) && count < SVG_TICKS; i++) {
            const double value = parts[i] * pow(10, power);
            if (value >= scale->low * (1 - 1e-9) && value <= scale->high * (1 + 1e-9)) {
                ticks[count++] = value;
            }
        }
    }
    return count;
}

size_t svg_ticks(const struct svg_scale *scale, size_t wanted, double ticks[SVG_TICKS])
{
    if (!(scale->high > scale->low)) {
        return 0;
    }
    if (scale->log) {
        return log_ticks(scale, wanted, ticks);
    }
    const double step = svg_round_up((scale->high - scale->low) / (double)wanted);
    const double first = ceil(scale->low / step - 1e-9);
    size_t count = 0;
    while (count < SVG_TICKS && (first + (double)count) * step <= scale->high + 1e-9 * step) {
        ticks[count] = (first + (double)count) * step;
        count++;
    }
    return count;
}
