/* main.c: pinion-bench: which command its arguments start. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/ab/worker.h"
#include "bench/command/commands.h"
#include "bench/formats/google_flags.h"
#include "bench/command/interrupt.h"
#include "bench/command/output.h"
#include "engine/base/error.h"
#include "tools/program/writing.h"

/* In the order of the help. */
static const struct command *const commands[] = {
    &command_limits, &command_list,  &command_run,      &command_ab,     &command_check,
    &command_peers,  &command_train, &command_selftest, &command_report,
};
enum { COMMANDS = sizeof commands / sizeof commands[0] };

static const char exit_statuses[] =
    "Exit status: 0 fine, 1 wrong results, a regression or the work failed, 2 usage, 65 bad data,\n"
    "66 no such input, 74 reading or writing failed, 77 could not decide, 130 interrupted.\n";

static void print_help(void)
{
    printf("Examples\n"
           "  pinion-bench limits                  what this machine can do at most\n"
           "  pinion-bench run                     every kernel on every shape, best ISA, one "
           "thread\n"
           "  pinion-bench run --filter 'gemm.*512' --isa all --threads auto\n"
           "  pinion-bench run --out run.json      the table here, all samples in the file\n"
           "  pinion-bench train                   whole training steps\n\n"
           "Commands\n");
    for (size_t i = 0; i < COMMANDS; i++) {
        printf("  %-10s%s\n", commands[i]->name, commands[i]->summary);
    }
    printf("\n"
           "  pinion-bench COMMAND --help   its options\n"
           "  pinion-bench --version\n"
           "  pinion-bench --benchmark_...  runs in the manner of Google Benchmark's programs, so\n"
           "                                that its compare.py works: compare.py benchmarks "
           "OLD NEW\n\n"
           "%s",
           exit_statuses);
}

static void print_command_help(const struct command *command)
{
    printf("Usage: pinion-bench %s%s%s [OPTION...]\n\nExamples\n%s\n%s\nOptions\n", command->name,
           command->words[0] == '\0' ? "" : " ", command->words, command->examples,
           command->details);
    options_print(command->options);
    printf("\n%s", exit_statuses);
}

static pn_status run_command(const struct command *command, int count, char **arguments)
{
    void *options = malloc(command->size);
    if (options == NULL) {
        return error_memory(command->size, "options");
    }
    memcpy(options, command->defaults, command->size);
    struct option_words words;
    pn_status status = PN_OK;
    switch (options_parse(command->name, command->options, command->words, count, arguments,
                          options, &words)) {
    case OPTIONS_HELP:
        print_command_help(command);
        break;
    case OPTIONS_FAILED:
        status = PN_ERROR_USAGE;
        break;
    case OPTIONS_PARSED:
        status = command->run(options, &words);
        break;
    }
    free(options);
    return status;
}

static const struct command *find_command(const char *name)
{
    for (size_t i = 0; i < COMMANDS; i++) {
        const char *other = commands[i]->other_name;
        if (strcmp(name, commands[i]->name) == 0 || (other != NULL && strcmp(name, other) == 0)) {
            return commands[i];
        }
    }
    return NULL;
}

/* "limits, list, run, ..." */
static const char *command_names(void)
{
    static char names[256];
    size_t length = 0;
    for (size_t i = 0; i < COMMANDS && length < sizeof names; i++) {
        const int more = snprintf(names + length, sizeof names - length, "%s%s", i == 0 ? "" : ", ",
                                  commands[i]->name);
        length += (size_t)more;
    }
    return names;
}

static pn_status run(int count, char **arguments)
{
    if (google_flags_are(count, arguments)) {
        return run_as_google(count, arguments);
    }
    if (count < 2) {
        return error_set(PN_ERROR_USAGE, "no command; %s? see pinion-bench --help",
                         command_names());
    }
    const char *word = arguments[1];
    if (strcmp(word, "worker") == 0) {
        return worker_main(count - 2, arguments + 2);
    }
    if (strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0) {
        print_help();
        return PN_OK;
    }
    if (strcmp(word, "--version") == 0) {
        printf("pinion-bench %s\n", pn_version());
        return PN_OK;
    }
    const struct command *command = find_command(word);
    if (command == NULL) {
        return error_set(PN_ERROR_USAGE,
                         word[0] == '-' ? "%s: a command comes first; %s? see pinion-bench --help"
                                        : "%s: unknown command; %s? see pinion-bench --help",
                         word, command_names());
    }
    return run_command(command, count - 2, arguments + 2);
}

/* Commands write their results out themselves; help and names may still be on their way. */
static pn_status delivered(pn_status status)
{
    const int flushed = fflush(stdout);
    if (status == PN_OK && (flushed != 0 || ferror(stdout))) {
        return error_set(PN_ERROR_IO, "standard output: %s",
                         flushed != 0 ? strerror(errno) : "writing failed");
    }
    return status;
}

int main(int count, char **arguments)
{
    if (!standard_files_open()) {
        fprintf(stderr, "pinion-bench: /dev/null: %s\n", strerror(errno));
        return PN_ERROR_IO;
    }
    write_signals_to_errors();
    output_remember_command_line(count, arguments);
    interrupt_catch();
    signal(SIGCHLD, SIG_DFL); /* children cannot be waited for where the parent had it ignored */
    const pn_status status = delivered(run(count, arguments));
    if (status != PN_OK) {
        fprintf(stderr, "pinion-bench: %s\n", pn_error_message());
    }
    return (int)status;
}
