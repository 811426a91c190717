/*
 * command/rows.h: the names of what is measured: KERNEL/SHAPE/DTYPE/ISA/CACHE/threads:N. They are
 * the same in every command and every build, so that results can be put side by side.
 */
#ifndef PINION_BENCH_ROWS_H
#define PINION_BENCH_ROWS_H

#include <regex.h>
#include <stdbool.h>
#include <stddef.h>

/* Where a call finds its operands. */
enum cache_state {
    CACHE_HOT,   /* where the call before left them */
    CACHE_COLD,  /* in memory */
    CACHE_TRAIN, /* what belongs to a layer in memory, what belongs to a batch where it was left */
    CACHE_STATES
};

/* "hot", "cold", "train". */
const char *cache_name(enum cache_state cache);

struct row_key {
    const char *kernel, *shape, *dtype, *isa;
    enum cache_state cache;
    size_t threads;
};

enum { ROW_NAME_SIZE = 256, ROW_PATTERN_SIZE = 2 * ROW_NAME_SIZE + 3 };

void row_name(const struct row_key *key, char name[ROW_NAME_SIZE]);

/* Takes a name apart: the key's texts are parts of `text`. False: it is no row's name. */
bool row_parse(const char *name, char text[ROW_NAME_SIZE], struct row_key *key);

/* Whether a filter selects the row: by its name, or as before there were names by "kernel shape".
 */
bool row_matches(const regex_t *filter, const struct row_key *key);

/* An extended regular expression that matches this name alone. It needs no quotes but single ones.
 */
void row_pattern(const char *name, char pattern[ROW_PATTERN_SIZE]);

#endif
