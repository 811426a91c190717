/* main.c: pinion COMMAND. */
#include <errno.h>
#include <locale.h>
#include <stdio.h>
#include <string.h>

#include "tools/pinion/commands.h"
#include "tools/pinion/completion.h"
#include "tools/pinion/report.h"
#include "tools/pinion/say.h"
#include "tools/program/writing.h"

const struct command command_table[] = {
    {"train", COMMAND_TRAIN, false, "[OPTION...]", "trains a network and prints what it learnt",
     "  pinion train                                  the base network on Fashion-MNIST\n"
     "  pinion train --save model.hdf5                and keep it, as Keras reads it\n"
     "  pinion train --data synthetic --epochs 2      without a data set\n"
     "  pinion train --net \"dense 512 relu; dense 10 softmax\" --batch-size 480\n"
     "  pinion train --checkpoint best.hdf5,save_best_only --early-stopping val_loss,patience=2\n"
     "  pinion train --model best.hdf5 --epochs 10    goes on where the file stopped\n",
     train_run},
    {"evaluate", COMMAND_EVALUATE, true, "MODEL [OPTION...]",
     "loss and accuracy of a model on the test samples",
     "  pinion evaluate model.hdf5\n"
     "  pinion evaluate model.hdf5 --data DIR --json\n",
     evaluate_run},
    {"predict", COMMAND_PREDICT, true, "MODEL [OPTION...]",
     "class and probabilities of each test sample",
     "  pinion predict model.hdf5 --limit 5\n"
     "  pinion predict model.hdf5 --json\n",
     predict_run},
    {"summary", COMMAND_SUMMARY, true, "MODEL [OPTION...]",
     "the layers of a model, their shapes and parameters",
     "  pinion summary model.hdf5\n"
     "  pinion summary config.json\n",
     summary_run},
    {"config", COMMAND_CONFIG, true, "MODEL [OPTION...]",
     "a model's configuration as Keras writes it, in JSON",
     "  pinion config model.hdf5\n"
     "  pinion config model.hdf5 --json >config.json  on one line, for --model\n",
     config_run},
    {"topology", COMMAND_TOPOLOGY, false, "[OPTION...]",
     "which cores and instruction set a fit would use, and why",
     "  pinion topology\n"
     "  pinion topology --threads 4\n",
     topology_run},
    {"selftest", COMMAND_SELFTEST, false, "",
     "checks the kernels of each instruction set that runs here, bit by bit", "  pinion selftest\n",
     selftest_run},
    {"bench", COMMAND_BENCH, false, "[ARGUMENT...]", "measures: runs pinion-bench",
     "  pinion bench --help\n", NULL},
};
const size_t command_count = sizeof command_table / sizeof command_table[0];

static const char exit_statuses[] =
    "Exit status: 0 fine, 1 the work failed, 2 usage, 65 bad data or model, 66 no such input,\n"
    "70 internal error, 74 reading or writing failed, 130 or 143 stopped by a signal.\n";

static void print_help(void)
{
    printf("Usage: pinion COMMAND [OPTION...]\n\n"
           "Trains dense neural networks on CPU cores.\n\n"
           "Examples:\n"
           "  pinion train --save model.hdf5      trains on Fashion-MNIST, keeps the model\n"
           "  pinion evaluate model.hdf5          its loss and accuracy on the test samples\n"
           "  pinion predict model.hdf5 --limit 5\n\n"
           "Commands:\n");
    for (size_t i = 0; i < command_count; i++) {
        printf("  %-10s%s\n", command_table[i].name, command_table[i].summary);
    }
    printf("\nOptions:\n"
           "  -h, --help    this text; pinion COMMAND --help for a command's options\n"
           "  --version     version, numeric recipe\n\n"
           "%s",
           exit_statuses);
}

static void print_command_help(const struct command *command)
{
    printf("Usage: pinion %s%s%s\n\nExamples:\n%s\npinion %s: %s.\n\nOptions:\n", command->name,
           *command->usage ? " " : "", command->usage, command->examples, command->name,
           command->summary);
    options_print_help(stdout, command->bit);
    printf("\n%s", exit_statuses);
}

pn_run_options run_options(const struct settings *settings)
{
    pn_run_options options = pn_run_options_default();
    options.threads = settings->threads;
    options.bind = strcmp(settings->bind, "none") == 0 ? PN_BIND_NONE : PN_BIND_AUTO;
    options.isa = strcmp(settings->isa, "auto") == 0 ? NULL : settings->isa;
    return options;
}

pn_status limit_samples(const struct settings *settings, pn_dataset **dataset)
{
    pn_dataset *const all = *dataset;
    if (!settings->limit || settings->limit >= pn_dataset_count(all)) {
        return PN_OK;
    }
    const pn_status status = pn_dataset_slice(all, 0, settings->limit, dataset);
    pn_dataset_free(all);
    return status;
}

static const struct command *find_command(const char *name)
{
    for (size_t i = 0; i < command_count; i++) {
        if (strcmp(command_table[i].name, name) == 0) {
            return &command_table[i];
        }
    }
    return NULL;
}

static int say_unknown_command(const char *word)
{
    const char *names[16];
    for (size_t i = 0; i < command_count; i++) {
        names[i] = command_table[i].name;
    }
    const char *near = nearest_word(word, names, command_count);
    if (near) {
        say_usage(NULL, "unknown command '%s', did you mean %s?", word, near);
    } else {
        say_usage(NULL, "unknown command '%s'", word);
    }
    return PN_ERROR_USAGE;
}

static int say_unexpected(const char *word)
{
    say_usage(NULL, "unexpected argument '%s'", word);
    return PN_ERROR_USAGE;
}

static int run_command(const struct command *command, int count, char **words)
{
    struct settings settings = settings_default();
    switch (
        options_parse(command->name, command->bit, command->wants_model, count, words, &settings)) {
    case PARSE_HELP:
        print_command_help(command);
        return 0;
    case PARSE_ERROR:
        return PN_ERROR_USAGE;
    case PARSE_OK:
        break;
    }
    say_set_quiet(settings.quiet);
    pn_set_log(say_log, NULL);
    return command->run(&settings);
}

/* pinion help [COMMAND]; `words` as they come after "help". */
static int help(int count, char **words)
{
    if (count == 0) {
        print_help();
        return 0;
    }
    const struct command *command = find_command(words[0]);
    if (!command) {
        return say_unknown_command(words[0]);
    }
    if (count > 1) {
        return say_unexpected(words[1]);
    }
    if (!command->run) {
        char option[] = "--help";
        return bench_exec((char *[]){words[0], option, NULL});
    }
    print_command_help(command);
    return 0;
}

int main(int argc, char **argv)
{
    if (!standard_files_open()) {
        return say_error(NULL, PN_ERROR_IO, "/dev/null: %s", strerror(errno));
    }
    /* How bars are drawn follows the user's locale; numbers do not. */
    setlocale(LC_CTYPE, "");
    if (argc < 2) {
        say_usage(NULL, "a command is missing");
        return PN_ERROR_USAGE;
    }
    const char *word = argv[1];
    if (strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0 || strcmp(word, "help") == 0) {
        return report_end(NULL, help(argc - 2, argv + 2));
    }
    const bool version = strcmp(word, "--version") == 0;
    if (version || strcmp(word, "--completion") == 0) {
        if (argc > 2) {
            return say_unexpected(argv[2]);
        }
        if (version) {
            printf("pinion %s, recipe %d\n", pn_version(), pn_recipe());
        } else {
            completion_print();
        }
        return report_end(NULL, 0);
    }
    const struct command *command = find_command(word);
    if (!command) {
        return say_unknown_command(word);
    }
    if (!command->run) {
        return bench_exec(argv + 1);
    }
    /* A reader of the progress that leaves must not end the training, and a file-size limit is an
     * error of writing like any other. */
    write_signals_to_errors();
    return report_end(command->name, run_command(command, argc - 2, argv + 2));
}
