#include "bench/command/options.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/base/error.h"

const struct option_spec *options_find(const struct option_spec *options, const char *name,
                                       size_t length)
{
    for (; options->name != NULL; options++) {
        if (strlen(options->name) == length && memcmp(options->name, name, length) == 0) {
            return options;
        }
    }
    return NULL;
}

/* --- the words of a command ----------------------------------------------------------------------
 */

struct parser {
    const char *command;
    const struct option_spec *options;
    int count, next;
    char *const *arguments;
    void *values;
};

/* The option of a letter that is the whole text. */
static const struct option_spec *find_letter(const struct option_spec *options, const char *text)
{
    for (; options->name != NULL; options++) {
        if (options->letter != 0 && options->letter == text[0] && text[1] == '\0') {
            return options;
        }
    }
    return NULL;
}

/* One option, whose word is the one before parser->next. */
static pn_status parse_option(struct parser *parser, const char *word)
{
    const char *name = word + 1 + (word[1] == '-');
    const size_t length = strcspn(name, "=");
    const struct option_spec *option = word[1] == '-' ? options_find(parser->options, name, length)
                                                      : find_letter(parser->options, word + 1);
    if (option == NULL) {
        return error_set(PN_ERROR_USAGE, "%s: unknown option of %s; see pinion-bench %s --help",
                         word, parser->command, parser->command);
    }
    const char *value = name[length] == '=' ? name + length + 1 : NULL;
    if (option->argument == NULL && value != NULL) {
        return error_set(PN_ERROR_USAGE, "--%s: takes no value", option->name);
    }
    if (option->argument != NULL && value == NULL) {
        if (parser->next == parser->count) {
            return error_set(PN_ERROR_USAGE, "--%s: needs a value, %s; see pinion-bench %s --help",
                             option->name, option->argument, parser->command);
        }
        value = parser->arguments[parser->next++];
    }
    return option->parse(option, value, (char *)parser->values + option->offset);
}

static size_t count_words(const char *text)
{
    size_t count = 0;
    while (*text != '\0') {
        text += strspn(text, " ");
        count += *text != '\0';
        text += strcspn(text, " ");
    }
    return count;
}

static pn_status add_word(const struct parser *parser, const char *wanted, const char *word,
                          struct option_words *words)
{
    if (words->count == count_words(wanted)) {
        return *wanted == '\0'
                   ? error_set(PN_ERROR_USAGE,
                               "%s: %s takes options only; see pinion-bench %s --help", word,
                               parser->command, parser->command)
                   : error_set(PN_ERROR_USAGE, "%s: %s takes no more than %s; see --help", word,
                               parser->command, wanted);
    }
    words->list[words->count++] = word;
    return PN_OK;
}

enum options_result options_parse(const char *command, const struct option_spec *options,
                                  const char *wanted, int count, char *const *arguments,
                                  void *values, struct option_words *words)
{
    struct parser parser = {command, options, count, 0, arguments, values};
    bool only_words = false;
    *words = (struct option_words){0};
    for (int i = 0; i < count && strcmp(arguments[i], "--") != 0; i++) {
        if (strcmp(arguments[i], "--help") == 0 || strcmp(arguments[i], "-h") == 0) {
            return OPTIONS_HELP;
        }
    }
    while (parser.next < count) {
        const char *word = arguments[parser.next++];
        if (!only_words && strcmp(word, "--") == 0) {
            only_words = true;
            continue;
        }
        const bool option = !only_words && word[0] == '-' && word[1] != '\0';
        const pn_status status =
            option ? parse_option(&parser, word) : add_word(&parser, wanted, word, words);
        if (status != PN_OK) {
            return OPTIONS_FAILED;
        }
    }
    if (words->count < count_words(wanted)) {
        error_set(PN_ERROR_USAGE, "%s: needs %s; see pinion-bench %s --help", command, wanted,
                  command);
        return OPTIONS_FAILED;
    }
    return OPTIONS_PARSED;
}

void options_print(const struct option_spec *options)
{
    enum { COLUMN = 22 };
    for (; options->name != NULL; options++) {
        const char *argument = options->argument == NULL ? "" : options->argument;
        const int length =
            printf("  --%s%s%s", options->name, argument[0] == '\0' ? "" : " ", argument);
        int column = length;
        const char *line = options->help;
        if (length > COLUMN - 2) {
            putchar('\n');
            column = 0;
        }
        while (*line != '\0') {
            const int width = (int)strcspn(line, "\n");
            printf("%*s%.*s\n", COLUMN - column, "", width, line);
            line += width + (line[width] == '\n');
            column = 0;
        }
    }
    printf("  %-*s%s\n", COLUMN - 2, "--help", "this text");
}

/* --- parsers -------------------------------------------------------------------------------------
 */

/* A whole number within bounds, or false. */
static bool read_number(const char *text, double least, double most, size_t *value)
{
    char *end;
    errno = 0;
    const long long number = strtoll(text, &end, 10);
    if (errno != 0 || end == text || *end != '\0' || (double)number < least ||
        (double)number > most) {
        return false;
    }
    *value = (size_t)number;
    return true;
}

bool option_read_count(const char *text, size_t *value)
{
    return read_number(text, 1, 1e6, value);
}

pn_status option_flag(const struct option_spec *option, const char *text, void *place)
{
    (void)option;
    (void)text;
    *(bool *)place = true;
    return PN_OK;
}

pn_status option_text(const struct option_spec *option, const char *text, void *place)
{
    (void)option;
    *(const char **)place = text;
    return PN_OK;
}

pn_status option_count(const struct option_spec *option, const char *text, void *place)
{
    size_t value;
    if (!read_number(text, option->least, option->most, &value)) {
        return error_set(PN_ERROR_USAGE, "--%s '%s': give a number from %.0f to %.0f", option->name,
                         text, option->least, option->most);
    }
    *(size_t *)place = value;
    return PN_OK;
}

static bool read_real(const char *text, double *value)
{
    char *end;
    *value = strtod(text, &end);
    return end != text && *end == '\0';
}

pn_status option_real(const struct option_spec *option, const char *text, void *place)
{
    double value;
    if (!read_real(text, &value) || !(value >= option->least && value <= option->most)) {
        return error_set(PN_ERROR_USAGE, "--%s '%s': give a number from %g to %g", option->name,
                         text, option->least, option->most);
    }
    *(double *)place = value;
    return PN_OK;
}

pn_status option_milliseconds(const struct option_spec *option, const char *text, void *place)
{
    double value;
    if (!read_real(text, &value) || !(value > 0 && value <= 10000)) {
        return error_set(PN_ERROR_USAGE, "--%s '%s': give milliseconds, above 0 and at most 10000",
                         option->name, text);
    }
    *(double *)place = value * 1e6;
    return PN_OK;
}

bool option_split(const char *text, bool (*take)(const char *part, void *context), void *context)
{
    char *parts = strdup(text), *rest = parts;
    bool fine = parts != NULL;
    while (fine && rest != NULL) {
        fine = take(strsep(&rest, ","), context);
    }
    free(parts);
    return fine;
}

static bool take_threads(const char *part, void *context)
{
    struct option_threads *threads = context;
    size_t value = 0;
    if (threads->count == OPTION_THREADS ||
        !(strcmp(part, "auto") == 0 || option_read_count(part, &value))) {
        return false;
    }
    threads->list[threads->count++] = value;
    return true;
}

pn_status option_threads(const struct option_spec *option, const char *text, void *place)
{
    struct option_threads threads = {0};
    if (!option_split(text, take_threads, &threads)) {
        return error_set(PN_ERROR_USAGE,
                         "--%s '%s': give a number from 1 up, or auto, or up to %d of them "
                         "separated by commas",
                         option->name, text, OPTION_THREADS);
    }
    *(struct option_threads *)place = threads;
    return PN_OK;
}

pn_status option_one_team(const char *command, const struct option_threads *threads, size_t *count)
{
    *count = threads->count == 1 ? threads->list[0] : 1;
    return threads->count <= 1
               ? PN_OK
               : error_set(PN_ERROR_USAGE, "--threads: %s takes one number of threads at a time",
                           command);
}
