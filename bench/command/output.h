/*
 * command/output.h: results: a document, schema 2, and while they come a table. The document is for
 * standard output in the table's place, for a file, or for nobody.
 */
#ifndef PINION_BENCH_OUTPUT_H
#define PINION_BENCH_OUTPUT_H

#include <stdbool.h>
#include <stddef.h>

#include <jansson.h>

#include "bench/formats/export.h"
#include "engine/pinion.h"

enum { OUTPUT_SCHEMA = 2 };

/* Where results go. All zero: the table on standard output. */
struct output_target {
    bool document;             /* on standard output, in the table's place */
    enum export_format format; /* of that */
    const char *out;           /* NULL: no file */
    enum export_format out_format;
};

/* A command's options for that. */
struct output_options {
    bool json;
    const char *format; /* NULL: not given */
    const char *out;    /* NULL: not given */
};

/* Lines for the help of --json and --out. */
#define OUTPUT_JSON_HELP "one JSON object on standard output"
#define OUTPUT_OUT_HELP                                                                            \
    "the JSON object to a file, which becomes whole or stays as it was;\n"                         \
    "the table stays on standard output"

/* What the results are of. */
struct output_head {
    const char *command;
    const char *isa; /* names of the tables */
    size_t threads;
    const char *placement;
    double clock_ghz;   /* 0: unknown */
    const char *titles; /* of the table's columns */
};

struct environment_run;

struct output {
    struct output_target target;
    json_t *root; /* the document; commands may add to it */
    json_t *rows, *warnings;
    struct environment_run *environment;
    char *last_line;  /* NULL: none */
    int stdout_error; /* of the first writing that failed; 0: none did */
};

/* The arguments of main(), for the documents: every command line starts one program. */
void output_remember_command_line(int count, char *const *arguments);

/* Refuses an --out (NULL: none) by which the results would replace `input`, which is `what`: "the
 * baseline". PN_ERROR_USAGE. */
pn_status output_spare(const char *out, const char *input, const char *what);

/* Starts: looks at the machine, prints the table's head. PN_ERROR_USAGE for an unknown format,
 * PN_ERROR_IO for a file that could not be written. */
pn_status output_create(const struct output_head *head, const struct output_options *options,
                        struct output *output);
pn_status output_create_for(const struct output_head *head, const struct output_target *target,
                            struct output *output);

/* Adds a row. `row` is consumed; `line` is what the table shows. */
pn_status output_row(struct output *output, json_t *row, const char *line);

/* Adds a warning, which the table shows at once. */
pn_status output_warn(struct output *output, const char *code, const char *text);

/* What the table ends with, behind warnings that only the end of the run gives. */
pn_status output_last_line(struct output *output, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/*
 * Ends what led to `status`: success, and PN_ERROR_INTERRUPTED with what there is so far, write the
 * document; other failures do not. Frees. Returns `status`, or PN_ERROR_IO if not all could be
 * written.
 */
pn_status output_end(struct output *output, pn_status status);

#endif
