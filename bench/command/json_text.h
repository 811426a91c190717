/* command/json_text.h: text from outside, file names and arguments, in documents. */
#ifndef PINION_BENCH_JSON_TEXT_H
#define PINION_BENCH_JSON_TEXT_H

#include <jansson.h>

/* A new string; U+FFFD stands for each byte that is not part of UTF-8, which is all that JSON
 * takes. NULL: out of memory. */
json_t *json_text(const char *text);

#endif
