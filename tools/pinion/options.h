/*
 * options.h: the program's options. One table drives parsing, each command's --help, the completion
 * script, and the test that holds the man page to it.
 */
#ifndef PINION_TOOLS_OPTIONS_H
#define PINION_TOOLS_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/* Commands as bits, so that an option can say which of them take it. */
enum command_bit {
    COMMAND_TRAIN = 1u << 0,
    COMMAND_EVALUATE = 1u << 1,
    COMMAND_PREDICT = 1u << 2,
    COMMAND_SUMMARY = 1u << 3,
    COMMAND_CONFIG = 1u << 4,
    COMMAND_TOPOLOGY = 1u << 5,
    COMMAND_SELFTEST = 1u << 6,
    COMMAND_BENCH = 1u << 7
};

/* In the order of the help text. */
enum option_id {
    OPTION_DATA,
    OPTION_RESCALE,
    OPTION_LIMIT,
    OPTION_NET,
    OPTION_MODEL,
    OPTION_OPTIMIZER,
    OPTION_LEARNING_RATE,
    OPTION_MOMENTUM,
    OPTION_NESTEROV,
    OPTION_BETA_1,
    OPTION_BETA_2,
    OPTION_EPSILON,
    OPTION_LOSS,
    OPTION_METRICS,
    OPTION_EPOCHS,
    OPTION_BATCH_SIZE,
    OPTION_VALIDATION_SPLIT,
    OPTION_SHUFFLE,
    OPTION_SEED,
    OPTION_EARLY_STOPPING,
    OPTION_CHECKPOINT,
    OPTION_SAVE,
    OPTION_THREADS,
    OPTION_BIND,
    OPTION_ISA,
    OPTION_EXPLAIN,
    OPTION_JSON,
    OPTION_QUIET,
    OPTION_COUNT
};

/* What the command line said; fields that it left out hold the defaults of settings_default(). */
struct settings {
    const char *data;
    double rescale;
    uint64_t limit;
    const char *net;
    const char *model; /* --model, or the MODEL argument */
    const char *optimizer;
    double learning_rate, momentum;
    bool nesterov;
    double beta_1, beta_2, epsilon;
    const char *loss, *metrics;
    uint64_t epochs, batch_size;
    double validation_split;
    const char *shuffle;
    uint64_t seed;
    const char *early_stopping, *checkpoint, *save;
    uint64_t threads; /* 0: auto */
    const char *bind, *isa;
    bool explain, json, quiet;
    uint64_t given; /* bit of each option_id that the command line holds */
};

enum option_kind {
    KIND_FLAG,  /* bool, takes no value */
    KIND_TEXT,  /* const char * */
    KIND_WORD,  /* const char *, one of `words` */
    KIND_WHOLE, /* uint64_t in [minimum, maximum] */
    KIND_REAL   /* double in [minimum, maximum], or below maximum if open */
};

struct option {
    const char *name;     /* without the dashes */
    const char *argument; /* how the help names the value; NULL: none */
    const char *help;     /* lines separated by \n */
    unsigned commands;    /* command_bits that take it */
    enum option_kind kind;
    size_t offset;     /* of the value in struct settings */
    const char *words; /* KIND_WORD: "on|off"; KIND_WHOLE: a word that stands for 0, or NULL */
    double minimum, maximum;
    bool open; /* the maximum itself is excluded */
};

extern const struct option option_table[OPTION_COUNT];

struct settings settings_default(void);

static inline bool option_given(const struct settings *settings, enum option_id id)
{
    return settings->given >> id & 1;
}

enum parse_result { PARSE_OK, PARSE_HELP, PARSE_ERROR };

/*
 * Parses the words behind a command's name. `wants_model`: the command takes one MODEL argument and
 * it must be there; otherwise no argument may be. On PARSE_ERROR one line has been printed.
 */
enum parse_result options_parse(const char *command, unsigned bit, bool wants_model, int count,
                                char **words, struct settings *settings);

/* Prints the help lines of a command's options. */
void options_print_help(FILE *out, unsigned bit);

/* The word of `words` nearest to `text` by edit distance; NULL if none is near. */
const char *nearest_word(const char *text, const char *const *words, size_t count);

#endif
