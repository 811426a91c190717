#include "bench/command/json_text.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const char replacement[] = "\xEF\xBF\xBD";

/* Bytes of the character that the text begins with; 0: of none. */
static size_t character_length(const char *text)
{
    enum { LONGEST = 4 };
    const size_t most = strnlen(text, LONGEST);
    for (size_t length = 1; length <= most; length++) {
        json_t *character = json_stringn(text, length);
        json_decref(character);
        if (character != NULL) {
            return length;
        }
    }
    return 0;
}

json_t *json_text(const char *text)
{
    json_t *json = json_string(text);
    char *valid = json != NULL ? NULL : malloc(strlen(text) * strlen(replacement) + 1);
    if (valid == NULL) {
        return json;
    }
    size_t used = 0;
    while (*text != '\0') {
        const size_t length = character_length(text);
        const size_t added = length > 0 ? length : strlen(replacement);
        memcpy(valid + used, length > 0 ? text : replacement, added);
        used += added;
        text += length > 0 ? length : 1;
    }
    json = json_stringn(valid, used);
    free(valid);
    return json;
}

json_t *json_texts(char *const *texts, size_t count)
{
    json_t *array = json_array();
    for (size_t i = 0; i < count; i++) {
        json_array_append_new(array, json_text(texts[i]));
    }
    return array;
}

json_t *json_number(double value)
{
    return isfinite(value) ? json_real(value) : json_null();
}
