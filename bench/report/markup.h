/*
 * report/markup.h: text and numbers as HTML, Markdown and terminals want them. Text comes from
 * files, so control and direction characters never pass: they become the replacement character.
 */
#ifndef PINION_BENCH_MARKUP_H
#define PINION_BENCH_MARKUP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

enum markup { MARKUP_HTML, MARKUP_TERMINAL, MARKUP_MARKDOWN };

void markup_put(FILE *out, enum markup markup, const char *text);
/* At most `bytes` bytes of it. */
void markup_put_part(FILE *out, enum markup markup, const char *text, size_t bytes);

/* For a terminal: lines of at most `width` characters, broken at spaces; those after the first
 * start with `indent`. Ends the last one. */
void markup_paragraph(FILE *out, const char *text, const char *indent, size_t width);

/* Characters, each of which takes a place on a terminal. */
size_t markup_width(const char *text);
/* Bytes of the first `width` characters. */
size_t markup_bytes(const char *text, size_t width);

enum { MARKUP_NUMBER_SIZE = 48 };

/* "1,234.5"; "-" where the value is not finite. */
void markup_number(char text[MARKUP_NUMBER_SIZE], double value, int decimals);
/* "1.23 µs". */
void markup_time(char text[MARKUP_NUMBER_SIZE], double nanoseconds);
/* "32 KiB". */
void markup_size(char text[MARKUP_NUMBER_SIZE], double bytes);
/* "+1.23". */
void markup_signed(char text[MARKUP_NUMBER_SIZE], double value);
/* "+1.23 %" of 0.0123. */
void markup_change(char text[MARKUP_NUMBER_SIZE], double change);

#endif
