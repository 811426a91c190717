/* command/json_text.h: values in documents that JSON may not take as they are: text from outside,
 * such as file names and arguments, and numbers that may not be finite. */
#ifndef PINION_BENCH_JSON_TEXT_H
#define PINION_BENCH_JSON_TEXT_H

#include <stddef.h>

#include <jansson.h>

/* A string; U+FFFD stands for each byte that is not part of UTF-8, which is all that JSON
 * takes. NULL: out of memory. */
json_t *json_text(const char *text);

/* An array of such strings. */
json_t *json_texts(char *const *texts, size_t count);

/* null where it is not finite. */
json_t *json_number(double value);

#endif
