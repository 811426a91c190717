/*
 * command/options.h: command lines. Each command has a table of options, which parses, fills a
 * struct of the command's own, and prints the help.
 */
#ifndef PINION_BENCH_OPTIONS_H
#define PINION_BENCH_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>

#include "engine/pinion.h"

struct option_spec;

/* Stores the value at `place`. `text` is NULL for an option without a value. PN_ERROR_USAGE. */
typedef pn_status (*option_parser)(const struct option_spec *option, const char *text, void *place);

struct option_spec {
    const char *name;     /* without the dashes; NULL ends a table */
    const char *argument; /* how the help names the value; NULL: takes none */
    const char *help;     /* lines separated by \n */
    option_parser parse;
    size_t offset;      /* of the value in the command's struct */
    double least, most; /* of numbers */
    char letter;        /* -x is the same; 0: none */
};

/* Words that are no options. */
enum { OPTION_WORDS = 4 };
struct option_words {
    const char *list[OPTION_WORDS];
    size_t count;
};

enum options_result { OPTIONS_PARSED, OPTIONS_HELP, OPTIONS_FAILED };

/*
 * Fills `values` by the words behind the command's name: --name value, --name=value, -- before
 * words that begin with dashes. `wanted` names the words that the command takes ("OLD NEW"), "" for
 * none. OPTIONS_HELP for --help, whatever else is there. `command` is for the messages.
 */
enum options_result options_parse(const char *command, const struct option_spec *options,
                                  const char *wanted, int count, char *const *arguments,
                                  void *values, struct option_words *words);

/* The option of that name, of which `length` characters count; NULL: the table has none. */
const struct option_spec *options_find(const struct option_spec *options, const char *name,
                                       size_t length);

/* A line or more for each option. */
void options_print(const struct option_spec *options);

/* Parsers. What each stores stands in front of it. */

/* bool */
pn_status option_flag(const struct option_spec *option, const char *text, void *place);
/* const char * */
pn_status option_text(const struct option_spec *option, const char *text, void *place);
/* size_t from least to most */
pn_status option_count(const struct option_spec *option, const char *text, void *place);
/* double from least to most */
pn_status option_real(const struct option_spec *option, const char *text, void *place);
/* double: nanoseconds, given as milliseconds above 0 and at most 10000 */
pn_status option_milliseconds(const struct option_spec *option, const char *text, void *place);

/* Numbers of threads: "1", "auto", "1,2,auto". */
enum { OPTION_THREADS = 16 };
struct option_threads {
    size_t list[OPTION_THREADS]; /* 0: one for each usable core */
    size_t count;                /* 0: the command's default */
};
/* struct option_threads */
pn_status option_threads(const struct option_spec *option, const char *text, void *place);

/* The number that was given, 1 without one, for a `command` that takes no list. PN_ERROR_USAGE. */
pn_status option_one_team(const char *command, const struct option_threads *threads, size_t *count);

/* Calls `take` with each part of a list separated by commas; false as soon as it says so, or
 * without memory. A part may be empty. */
bool option_split(const char *text, bool (*take)(const char *part, void *context), void *context);

/* A whole number from 1 to a million, or false. */
bool option_read_count(const char *text, size_t *value);

#endif
