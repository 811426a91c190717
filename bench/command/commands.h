/* command/commands.h: the commands of pinion-bench. A new one is a struct command in its file and a
 * line in main.c's table. */
#ifndef PINION_BENCH_COMMANDS_H
#define PINION_BENCH_COMMANDS_H

#include <stddef.h>

#include "bench/command/options.h"

/* What comparisons exit with when they cannot decide; build systems take it for a skipped test. */
enum { EXIT_UNDECIDED = 77 };

struct command {
    const char *name;
    const char *other_name; /* NULL: none */
    const char *words;      /* what it needs besides options, "OLD NEW"; "" for nothing */
    const char *summary;    /* a line for pinion-bench --help */
    const char *examples;   /* lines, indented by two */
    const char *details;    /* what it does, lines */
    const struct option_spec *options;
    const void *defaults; /* what the options' struct holds at first */
    size_t size;          /* of that struct */
    /* Prints the results; an error has been set when it fails. */
    pn_status (*run)(const void *options, const struct option_words *words);
};

extern const struct command command_ab, command_check, command_limits, command_list, command_peers,
    command_report, command_run, command_selftest, command_train;

/* run in the manner of Google Benchmark's programs, see google_flags.h. */
pn_status run_as_google(int count, char **arguments);

#endif
