#include "tools/pinion/options.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "engine/base/number.h"
#include "tools/pinion/say.h"

/* Whether `word` is one of "a|b|c". */
static bool word_in_list(const char *word, const char *list)
{
    const size_t length = strlen(word);
    while (*list) {
        const size_t item = strcspn(list, "|");
        if (item == length && memcmp(word, list, item) == 0) {
            return true;
        }
        list += item + (list[item] == '|');
    }
    return false;
}

static bool read_whole(const char *text, uint64_t *value)
{
    if (*text == '\0' || strspn(text, "0123456789") != strlen(text)) {
        return false;
    }
    errno = 0;
    *value = strtoull(text, NULL, 10);
    return errno == 0;
}

/* Stores a value; false after one line that says what is allowed. */
static bool store(const char *command, const struct option *option, const char *text,
                  struct settings *settings)
{
    void *place = (char *)settings + option->offset;
    switch (option->kind) {
    case KIND_FLAG:
        *(bool *)place = true;
        return true;
    case KIND_TEXT:
        if (*text == '\0') {
            say_usage(command, "--%s wants %s, not nothing", option->name, option->argument);
            return false;
        }
        *(const char **)place = text;
        return true;
    case KIND_WORD:
        if (!word_in_list(text, option->words)) {
            say_usage(command, "--%s %s: must be one of %s", option->name, text, option->words);
            return false;
        }
        *(const char **)place = text;
        return true;
    case KIND_WHOLE: {
        uint64_t value = 0;
        const bool is_word = option->words && strcmp(text, option->words) == 0;
        if (!is_word && (!read_whole(text, &value) || (double)value < option->minimum ||
                         (double)value > option->maximum)) {
            say_usage(command, "--%s %s: must be a whole number from %.0f to %.0f%s%s",
                      option->name, text, option->minimum, option->maximum,
                      option->words ? " or " : "", option->words ? option->words : "");
            return false;
        }
        *(uint64_t *)place = value;
        return true;
    }
    case KIND_REAL: {
        double value;
        if (!number_read_real(text, &value)) {
            say_usage(command, "--%s %s: is not a number", option->name, text);
            return false;
        }
        if (value < option->minimum || value > option->maximum ||
            (option->open && value >= option->maximum)) {
            say_usage(command, "--%s %s: must be from %g %s %g", option->name, text,
                      option->minimum, option->open ? "to below" : "to", option->maximum);
            return false;
        }
        *(double *)place = value;
        return true;
    }
    }
    return false;
}

static const struct option *find_option(const char *name, size_t length, unsigned bit)
{
    for (size_t i = 0; i < OPTION_COUNT; i++) {
        const struct option *option = &option_table[i];
        if (option->commands & bit && strlen(option->name) == length &&
            memcmp(option->name, name, length) == 0) {
            return option;
        }
    }
    return NULL;
}

static void say_unknown(const char *command, unsigned bit, const char *word, size_t length)
{
    const char *names[OPTION_COUNT + 1] = {"help"};
    size_t count = 1;
    for (size_t i = 0; i < OPTION_COUNT; i++) {
        if (option_table[i].commands & bit) {
            names[count++] = option_table[i].name;
        }
    }
    char name[64];
    snprintf(name, sizeof name, "%.*s", (int)(length < 63 ? length : 63), word);
    const char *near = nearest_word(name, names, count);
    if (near) {
        say_usage(command, "unknown option --%s, did you mean --%s?", name, near);
    } else {
        say_usage(command, "unknown option --%s", name);
    }
}

enum parse_result options_parse(const char *command, unsigned bit, bool wants_model, int count,
                                char **words, struct settings *settings)
{
    bool only_arguments = false;
    for (int i = 0; i < count; i++) {
        const char *word = words[i];
        if (!only_arguments && strcmp(word, "--") == 0) {
            only_arguments = true;
            continue;
        }
        if (only_arguments || word[0] != '-' || word[1] == '\0') {
            if (!wants_model || settings->model) {
                say_usage(command, "unexpected argument '%s'", word);
                return PARSE_ERROR;
            }
            settings->model = word;
            continue;
        }
        if (strcmp(word, "-h") == 0 || strcmp(word, "--help") == 0) {
            return PARSE_HELP;
        }
        if (word[1] != '-') {
            say_usage(command, "unknown option %s: options are written --name", word);
            return PARSE_ERROR;
        }
        const char *name = word + 2;
        const size_t length = strcspn(name, "=");
        const struct option *option = find_option(name, length, bit);
        if (!option) {
            say_unknown(command, bit, name, length);
            return PARSE_ERROR;
        }
        const char *value = name[length] == '=' ? name + length + 1 : NULL;
        if (option->kind == KIND_FLAG && value) {
            say_usage(command, "--%s takes no value", option->name);
            return PARSE_ERROR;
        }
        if (option->kind != KIND_FLAG && !value) {
            if (i + 1 == count || strncmp(words[i + 1], "--", 2) == 0) {
                say_usage(command, "--%s wants a value: --%s %s", option->name, option->name,
                          option->argument);
                return PARSE_ERROR;
            }
            value = words[++i];
        }
        if (!store(command, option, value, settings)) {
            return PARSE_ERROR;
        }
        settings->given |= (uint64_t)1 << (option - option_table);
    }
    if (wants_model && !settings->model) {
        say_usage(command, "wants a model file: pinion %s MODEL", command);
        return PARSE_ERROR;
    }
    return PARSE_OK;
}

void options_print_help(FILE *out, unsigned bit)
{
    enum { INDENT = 28 };
    for (size_t i = 0; i < OPTION_COUNT; i++) {
        const struct option *option = &option_table[i];
        if (!(option->commands & bit)) {
            continue;
        }
        const int used = fprintf(out, "  --%s%s%s", option->name, option->argument ? " " : "",
                                 option->argument ? option->argument : "");
        fprintf(out, "%*s", used < INDENT ? INDENT - used : 1, "");
        for (const char *line = option->help; *line;) {
            const size_t length = strcspn(line, "\n");
            fprintf(out, "%*s%.*s\n", line == option->help ? 0 : INDENT, "", (int)length, line);
            line += length + (line[length] == '\n');
        }
    }
    fprintf(out, "  %-26s%s\n", "-h, --help", "this text");
}

/* Edit distance with swaps of neighbours (optimal string alignment); both under 64 characters. */
static size_t edit_distance(const char *a, const char *b)
{
    enum { MOST = 64 };
    const size_t n = strnlen(a, MOST - 1), m = strnlen(b, MOST - 1);
    size_t rows[3][MOST]; /* rows i - 2, i - 1, i of the table, by i % 3 */
    for (size_t j = 0; j <= m; j++) {
        rows[0][j] = j;
    }
    for (size_t i = 1; i <= n; i++) {
        size_t *row = rows[i % 3];
        const size_t *above = rows[(i - 1) % 3], *above2 = rows[(i + 1) % 3];
        row[0] = i;
        for (size_t j = 1; j <= m; j++) {
            size_t least = above[j - 1] + (a[i - 1] != b[j - 1]);
            least = above[j] + 1 < least ? above[j] + 1 : least;
            least = row[j - 1] + 1 < least ? row[j - 1] + 1 : least;
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] &&
                above2[j - 2] + 1 < least) {
                least = above2[j - 2] + 1;
            }
            row[j] = least;
        }
    }
    return rows[n % 3][m];
}

const char *nearest_word(const char *text, const char *const *words, size_t count)
{
    const size_t length = strlen(text);
    const char *nearest = NULL;
    size_t least = (length > 4 ? length / 2 : 2) + 1;
    for (size_t i = 0; i < count; i++) {
        /* A beginning of a name is near it, however much is missing. */
        const bool begins = length >= 2 && strncmp(text, words[i], length) == 0;
        const size_t distance = begins ? 1 : edit_distance(text, words[i]);
        if (distance < least) {
            least = distance;
            nearest = words[i];
        }
    }
    return nearest;
}
