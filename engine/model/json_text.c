#include "engine/model/json_text.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/base/error.h"
#include "engine/model/text.h"

enum { JSON_MAX_BYTES = 32 << 20, JSON_MAX_DEPTH = 64, JSON_DIGITS = 17 };

/* --- reading ---------------------------------------------------------------------------------- */

/* The index just behind the string that starts at text[i]. */
static size_t json_skip_string(const char *text, size_t length, size_t i)
{
    for (i++; i < length && text[i] != '"'; i++) {
        if (text[i] == '\\') {
            i++;
        }
    }
    return i < length ? i + 1 : length;
}

/* Length of Python's token at the start of `text`, 0 if there is none. */
static size_t json_python_token(const char *text, size_t length)
{
    static const char *const tokens[] = {"NaN", "Infinity", "-Infinity"};
    for (size_t i = 0; i < sizeof tokens / sizeof *tokens; i++) {
        const size_t token = strlen(tokens[i]);
        if (length >= token && memcmp(text, tokens[i], token) == 0) {
            return token;
        }
    }
    return 0;
}

/* Copies JSON text with Python's tokens as null. `copy` has room for 4/3 of it. Returns the length,
 * or 0 where it nests too deep. */
static size_t json_prepare(const char *text, size_t length, char *copy)
{
    size_t depth = 0, written = 0, i = 0;
    while (i < length) {
        const char c = text[i];
        size_t taken = 1;
        if (c == '"') {
            taken = json_skip_string(text, length, i) - i;
        } else if (c == '[' || c == '{') {
            if (++depth > JSON_MAX_DEPTH) {
                return 0;
            }
        } else if (c == ']' || c == '}') {
            depth -= depth > 0;
        } else if (c == 'N' || c == 'I' || c == '-') {
            const size_t token = json_python_token(text + i, length - i);
            if (token > 0) {
                memcpy(copy + written, "null", 4);
                written += 4;
                i += token;
                continue;
            }
        }
        memcpy(copy + written, text + i, taken);
        written += taken;
        i += taken;
    }
    return written;
}

pn_status json_text_read(const char *text, size_t length, const char *what, json_t **value)
{
    *value = NULL;
    if (length == 0) {
        return error_set(PN_ERROR_DATA, "%s: is empty; it should be JSON", what);
    }
    if (length > JSON_MAX_BYTES) {
        return error_set(PN_ERROR_DATA, "%s: %zu bytes of JSON; the most is %d", what, length,
                         JSON_MAX_BYTES);
    }
    const size_t room = length + length / 3 + 1;
    char *const copy = malloc(room);
    if (!copy) {
        return error_memory(room, what);
    }
    const size_t prepared = json_prepare(text, length, copy);
    if (prepared == 0) {
        free(copy);
        return error_set(PN_ERROR_DATA, "%s: brackets nest more than %d deep; this is no model",
                         what, JSON_MAX_DEPTH);
    }
    json_error_t error;
    *value = json_loadb(copy, prepared, JSON_REJECT_DUPLICATES, &error);
    free(copy);
    if (*value) {
        return PN_OK;
    }
    if (!error.text[0]) { /* what jansson says of memory that ran out */
        return error_memory(length, what);
    }
    return error_set(PN_ERROR_DATA, "%s: line %d, column %d: not JSON: %s", what, error.line,
                     error.column, error.text);
}

/* --- writing ---------------------------------------------------------------------------------- */

/* The double that digits · 10^exponent reads as; no decimal point, so no locale matters. */
static double json_digits_value(const char *digits, int exponent)
{
    char text[JSON_DIGITS + 16];
    snprintf(text, sizeof text, "%se%d", digits, exponent);
    return strtod(text, NULL);
}

/* The next larger number with as many digits; false where that needs another digit. */
static bool json_digits_increment(char *digits, size_t count)
{
    for (size_t i = count; i-- > 0;) {
        if (digits[i] != '9') {
            digits[i]++;
            return true;
        }
        digits[i] = '0';
    }
    return false;
}

/*
 * The fewest significant digits of value > 0 that read back as value; returns the exponent of the
 * first digit. At powers of two the gap below is half the gap above: there the digits may have to
 * be those above the nearest.
 */
static int json_shortest(double value, char digits[JSON_DIGITS + 1])
{
    int exponent = 0;
    for (int count = 1; count <= JSON_DIGITS; count++) {
        char text[JSON_DIGITS + 16];
        snprintf(text, sizeof text, "%.*e", count - 1, value);
        digits[0] = text[0];
        if (count > 1) { /* text[1] is the locale's decimal point */
            memcpy(digits + 1, strchr(text, 'e') - (count - 1), (size_t)count - 1);
        }
        digits[count] = '\0';
        exponent = atoi(strchr(text, 'e') + 1);
        if (json_digits_value(digits, exponent - count + 1) == value) {
            break;
        }
        if (json_digits_increment(digits, (size_t)count) &&
            json_digits_value(digits, exponent - count + 1) == value) {
            break;
        }
    }
    return exponent;
}

void json_text_double(double value, char text[JSON_DOUBLE_SIZE])
{
    char *out = text;
    if (signbit(value)) {
        *out++ = '-';
        value = -value;
    }
    if (value == 0) {
        strcpy(out, "0.0");
        return;
    }
    char digits[JSON_DIGITS + 1];
    const int exponent = json_shortest(value, digits);
    const int count = (int)strlen(digits);
    if (exponent < -4 || exponent >= 16) {
        sprintf(out, "%c%s%se%+03d", digits[0], count > 1 ? "." : "", digits + 1, exponent);
    } else if (exponent < 0) {
        sprintf(out, "0.%.*s%s", -exponent - 1, "000", digits);
    } else if (count <= exponent + 1) {
        sprintf(out, "%s%.*s.0", digits, exponent + 1 - count, "0000000000000000");
    } else {
        sprintf(out, "%.*s.%s", exponent + 1, digits, digits + exponent + 1);
    }
}

/* The code point at *bytes of valid UTF-8, which is what jansson holds; moves behind it. */
static unsigned json_code_point(const unsigned char **bytes)
{
    const unsigned char *b = *bytes;
    unsigned point = *b++;
    if (point >= 0xc0) {
        int more = point >= 0xf0 ? 3 : point >= 0xe0 ? 2 : 1;
        point &= 0x3fU >> more;
        while (more-- > 0) {
            point = point << 6 | (*b++ & 0x3fU);
        }
    }
    *bytes = b;
    return point;
}

static void json_write_string(struct text *text, const char *string)
{
    static const char named[] = "\"\\\n\r\t\b\f";
    static const char letters[] = "\"\\nrtbf";
    text_add(text, "\"", 1);
    const unsigned char *bytes = (const unsigned char *)string;
    while (*bytes) {
        const unsigned point = json_code_point(&bytes);
        const char *const special = point < 0x80 ? strchr(named, (int)point) : NULL;
        if (special) {
            text_format(text, "\\%c", letters[special - named]);
        } else if (point >= 0x10000) {
            text_format(text, "\\u%04x\\u%04x", 0xd800 + ((point - 0x10000) >> 10),
                        0xdc00 + ((point - 0x10000) & 0x3ff));
        } else if (point < 0x20 || point >= 0x7f) {
            text_format(text, "\\u%04x", point);
        } else {
            text_fill(text, (char)point, 1);
        }
    }
    text_add(text, "\"", 1);
}

/* What stands between items: a comma, then a blank or a new indented line. */
static void json_write_break(struct text *text, bool first, bool last, int indent, int level)
{
    if (!first && !last) {
        text_add(text, ",", 1);
    }
    if (indent > 0) {
        text_add(text, "\n", 1);
        text_fill(text, ' ', (size_t)indent * (size_t)level);
    } else if (!first && !last) {
        text_add(text, " ", 1);
    }
}

static void json_write(struct text *text, const json_t *value, int indent, int level)
{
    char number[JSON_DOUBLE_SIZE];
    switch (json_typeof(value)) {
    case JSON_OBJECT: {
        const char *key;
        json_t *item;
        bool first = true;
        text_add(text, "{", 1);
        json_object_foreach((json_t *)value, key, item)
        {
            json_write_break(text, first, false, indent, level + 1);
            json_write_string(text, key);
            text_add(text, ": ", 2);
            json_write(text, item, indent, level + 1);
            first = false;
        }
        if (!first) {
            json_write_break(text, false, true, indent, level);
        }
        text_add(text, "}", 1);
        break;
    }
    case JSON_ARRAY: {
        const size_t count = json_array_size(value);
        text_add(text, "[", 1);
        for (size_t i = 0; i < count; i++) {
            json_write_break(text, i == 0, false, indent, level + 1);
            json_write(text, json_array_get(value, i), indent, level + 1);
        }
        if (count > 0) {
            json_write_break(text, false, true, indent, level);
        }
        text_add(text, "]", 1);
        break;
    }
    case JSON_STRING:
        json_write_string(text, json_string_value(value));
        break;
    case JSON_INTEGER:
        text_format(text, "%" JSON_INTEGER_FORMAT, json_integer_value(value));
        break;
    case JSON_REAL:
        json_text_double(json_real_value(value), number);
        text_format(text, "%s", number);
        break;
    case JSON_TRUE:
        text_format(text, "true");
        break;
    case JSON_FALSE:
        text_format(text, "false");
        break;
    case JSON_NULL:
        text_format(text, "null");
        break;
    }
}

char *json_text_write(const json_t *value, int indent)
{
    struct text text = {0};
    json_write(&text, value, indent, 0);
    return text_finish(&text);
}
