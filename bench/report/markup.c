#include "bench/report/markup.h"

#include <math.h>
#include <stdint.h>
#include <string.h>

/* Bytes of the character that `text` starts with; 1 for what is no UTF-8. */
static size_t character(const char *text, uint32_t *code)
{
    const unsigned char *bytes = (const unsigned char *)text;
    const size_t length = bytes[0] < 0x80             ? 1
                          : (bytes[0] & 0xe0) == 0xc0 ? 2
                          : (bytes[0] & 0xf0) == 0xe0 ? 3
                          : (bytes[0] & 0xf8) == 0xf0 ? 4
                                                      : 0;
    *code = length == 1 ? bytes[0] : bytes[0] & (0x7fu >> length);
    for (size_t i = 1; i < length; i++) {
        if ((bytes[i] & 0xc0) != 0x80) {
            *code = 0xfffd;
            return 1;
        }
        *code = *code << 6 | (bytes[i] & 0x3f);
    }
    if (length == 0) {
        *code = 0xfffd;
        return 1;
    }
    return length;
}

/* What steers terminals or turns the direction of text. */
static bool is_control(uint32_t code)
{
    return code < 0x20 || (code >= 0x7f && code < 0xa0) || code == 0x200e || code == 0x200f ||
           (code >= 0x2028 && code <= 0x202e) || (code >= 0x2066 && code <= 0x2069) ||
           code == 0xfeff || code == 0xfffd;
}

static const char *html_escape(char c)
{
    switch (c) {
    case '<':
        return "&lt;";
    case '>':
        return "&gt;";
    case '&':
        return "&amp;";
    case '"':
        return "&quot;";
    case '\'':
        return "&#39;";
    default:
        return NULL;
    }
}

static bool is_word(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* Underscores inside words, of which kernels' names are full, mean nothing to Markdown. */
static const char *markdown_escape(char before, char c, char after)
{
    switch (c) {
    case '<':
        return "&lt;";
    case '>':
        return "&gt;";
    case '&':
        return "&amp;";
    case '@':
        return "&#64;";
    case '|':
        return "\\|";
    case '`':
        return "\\`";
    case '\\':
        return "\\\\";
    case '*':
        return "\\*";
    case '[':
        return "\\[";
    case ']':
        return "\\]";
    case '~':
        return "\\~";
    case '#':
        return "\\#";
    case '$':
        return "\\$";
    case '_':
        return is_word(before) && is_word(after) ? NULL : "\\_";
    default:
        return NULL;
    }
}

void markup_put_part(FILE *out, enum markup markup, const char *text, size_t bytes)
{
    char before = ' ';
    for (size_t i = 0; i < bytes && text[i] != '\0';) {
        uint32_t code;
        const size_t length = character(text + i, &code);
        const char *escape = NULL;
        if (is_control(code)) {
            escape = code == '\n' || code == '\t' ? " " : "\xef\xbf\xbd";
        } else if (markup == MARKUP_HTML) {
            escape = html_escape(text[i]);
        } else if (markup == MARKUP_MARKDOWN) {
            escape = markdown_escape(before, text[i], text[i + 1]);
        }
        if (escape != NULL) {
            fputs(escape, out);
        } else {
            fwrite(text + i, 1, length, out);
        }
        before = text[i];
        i += length;
    }
}

void markup_put(FILE *out, enum markup markup, const char *text)
{
    markup_put_part(out, markup, text, strlen(text));
}

size_t markup_width(const char *text)
{
    size_t width = 0;
    uint32_t code;
    for (; *text != '\0'; text += character(text, &code)) {
        width++;
    }
    return width;
}

size_t markup_bytes(const char *text, size_t width)
{
    size_t bytes = 0;
    uint32_t code;
    for (; width > 0 && text[bytes] != '\0'; width--) {
        bytes += character(text + bytes, &code);
    }
    return bytes;
}

void markup_paragraph(FILE *out, const char *text, const char *indent, size_t width)
{
    const size_t margin = markup_width(indent);
    size_t column = 0;
    bool first = true;
    while (*text != '\0') {
        const size_t spaces = strspn(text, " ");
        const char *word = text + spaces;
        /* Words longer than a line go on on the next. */
        const size_t most = markup_bytes(word, width - margin);
        size_t length = strcspn(word, " ");
        length = length < most ? length : most;
        size_t word_width = 0;
        while (markup_bytes(word, word_width) < length) {
            word_width++;
        }
        if (!first && column + spaces + word_width > width) {
            fprintf(out, "\n%s", indent);
            column = margin;
        } else {
            fprintf(out, "%*s", (int)spaces, "");
            column += spaces;
        }
        markup_put_part(out, MARKUP_TERMINAL, word, length);
        column += word_width;
        first = false;
        text = word + length;
    }
    fputc('\n', out);
}

/* --- numbers -------------------------------------------------------------------------------------
 */

void markup_number(char text[MARKUP_NUMBER_SIZE], double value, int decimals)
{
    if (!isfinite(value) || fabs(value) >= 1e15) {
        snprintf(text, MARKUP_NUMBER_SIZE, isfinite(value) ? "%.3e" : "-", value);
        return;
    }
    char plain[MARKUP_NUMBER_SIZE];
    snprintf(plain, sizeof plain, "%.*f", decimals, value);
    size_t digits = strcspn(plain, ".");
    const size_t sign = plain[0] == '-';
    digits -= sign;
    size_t length = 0;
    for (size_t i = 0; plain[i] != '\0' && length + 2 < MARKUP_NUMBER_SIZE; i++) {
        const size_t left = sign + digits > i ? sign + digits - i : 0;
        if (i > sign && left > 0 && left % 3 == 0) {
            text[length++] = ',';
        }
        text[length++] = plain[i];
    }
    text[length] = '\0';
}

void markup_time(char text[MARKUP_NUMBER_SIZE], double nanoseconds)
{
    static const struct {
        double size;
        const char *unit;
    } units[] = {{1e9, "s"}, {1e6, "ms"}, {1e3, "µs"}, {1, "ns"}};
    size_t i = 0;
    while (i < 3 && !(fabs(nanoseconds) >= units[i].size)) {
        i++;
    }
    const double value = nanoseconds / units[i].size;
    if (!isfinite(value)) {
        snprintf(text, MARKUP_NUMBER_SIZE, "-");
        return;
    }
    snprintf(text, MARKUP_NUMBER_SIZE, "%.*f %s", value >= 100 ? 1 : 2, value, units[i].unit);
}

void markup_size(char text[MARKUP_NUMBER_SIZE], double bytes)
{
    static const char *const units[] = {"B", "KiB", "MiB", "GiB", "TiB"};
    size_t i = 0;
    while (i < 4 && bytes >= 1024) {
        bytes /= 1024;
        i++;
    }
    snprintf(text, MARKUP_NUMBER_SIZE, "%.4g %s", bytes, units[i]);
}

void markup_signed(char text[MARKUP_NUMBER_SIZE], double value)
{
    if (!isfinite(value)) {
        snprintf(text, MARKUP_NUMBER_SIZE, "-");
        return;
    }
    /* No sign before what rounds to nothing. */
    snprintf(text, MARKUP_NUMBER_SIZE, fabs(value) < 0.005 ? "%.2f" : "%+.2f",
             fabs(value) < 0.005 ? 0.0 : value);
}

void markup_change(char text[MARKUP_NUMBER_SIZE], double change)
{
    char number[MARKUP_NUMBER_SIZE];
    markup_signed(number, 100 * change);
    snprintf(text, MARKUP_NUMBER_SIZE, "%.40s%s", number, isfinite(change) ? " %" : "");
}
