/* model/text.h: a string that grows. Failure is remembered and shows at the end. */
#ifndef PINION_MODEL_TEXT_H
#define PINION_MODEL_TEXT_H

#include <stdbool.h>
#include <stddef.h>

struct text {
    char *data;
    size_t length, size;
    bool failed; /* out of memory; nothing is added any more */
};

void text_add(struct text *text, const char *bytes, size_t length);
void text_fill(struct text *text, char c, size_t count);
void text_format(struct text *text, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Takes the string out; NULL if memory ran out on the way. Freed with free(). */
char *text_finish(struct text *text);

#endif
