/* model/json_text.h: JSON as Python reads and writes it. */
#ifndef PINION_MODEL_JSON_TEXT_H
#define PINION_MODEL_JSON_TEXT_H

#include <jansson.h>
#include <stddef.h>

#include "engine/pinion.h"

/*
 * Parses `length` bytes of JSON that nest at most 64 deep, without duplicate keys, at most 32 MiB.
 * Python's tokens NaN, Infinity and -Infinity read as null. `what` names the text in messages.
 * PN_ERROR_DATA, PN_ERROR_FAILED (memory).
 */
pn_status json_text_read(const char *text, size_t length, const char *what, json_t **value);

/* As Python's json.dumps(value, indent=indent) writes it (indent 0: one line): ASCII, floats with
 * the fewest digits that read back the same. Freed with free(). NULL: out of memory. */
char *json_text_write(const json_t *value, int indent);

/* Python's repr() of a finite double. */
enum { JSON_DOUBLE_SIZE = 40 };
void json_text_double(double value, char text[JSON_DOUBLE_SIZE]);

#endif
