#include "engine/model/text.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Room for `length` more bytes and the terminator; NULL if there is none. */
static char *text_room(struct text *text, size_t length)
{
    if (text->failed) {
        return NULL;
    }
    if (length >= text->size - text->length || !text->data) {
        size_t size = 0;
        char *data = NULL;
        if (!__builtin_add_overflow(text->length, length, &size) && size < SIZE_MAX / 2 - 64) {
            size = 2 * size + 64;
            data = realloc(text->data, size);
        }
        if (!data) {
            text->failed = true;
            return NULL;
        }
        text->data = data;
        text->size = size;
    }
    return text->data + text->length;
}

void text_add(struct text *text, const char *bytes, size_t length)
{
    char *const room = text_room(text, length);
    if (!room) {
        return;
    }
    memcpy(room, bytes, length);
    room[length] = '\0';
    text->length += length;
}

void text_fill(struct text *text, char c, size_t count)
{
    char *const room = text_room(text, count);
    if (!room) {
        return;
    }
    memset(room, c, count);
    room[count] = '\0';
    text->length += count;
}

void text_format(struct text *text, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    const int length = vsnprintf(NULL, 0, format, arguments);
    va_end(arguments);
    char *const room = length < 0 ? NULL : text_room(text, (size_t)length);
    if (!room) {
        text->failed = true;
        return;
    }
    va_start(arguments, format);
    vsnprintf(room, (size_t)length + 1, format, arguments);
    va_end(arguments);
    text->length += (size_t)length;
}

char *text_finish(struct text *text)
{
    text_add(text, "", 0);
    if (text->failed) {
        free(text->data);
        text->data = NULL;
    }
    char *const data = text->data;
    *text = (struct text){0};
    return data;
}
