/* output.h: results on standard output, as a table while they come or as one JSON object. */
#ifndef PINION_BENCH_OUTPUT_H
#define PINION_BENCH_OUTPUT_H

#include <stdbool.h>
#include <stddef.h>

#include <jansson.h>

#include "engine/pinion.h"

struct output {
    bool json;
    json_t *root; /* with `rows`; NULL unless json */
    json_t *rows;
};

/* Starts: command, version, processor, tables, threads, clock in GHz (0: unknown). Text: prints the
 * head and, under it, the column titles. */
pn_status output_create(const char *command, bool json, const char *isa, size_t threads,
                        const char *placement, double clock_ghz, const char *titles,
                        struct output *output);

/* Adds a row. `row` is consumed; `line` is what text shows. */
pn_status output_row(struct output *output, json_t *row, const char *line);

/* Prints what is left and checks that all of it was written: PN_ERROR_IO if not. Frees. */
pn_status output_finish(struct output *output);

/* Frees without printing. */
void output_discard(struct output *output);

#endif
