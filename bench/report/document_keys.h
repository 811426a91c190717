/* report/document_keys.h: which keys result documents have and of which types: the schema as
 * tables. */
#ifndef PINION_BENCH_DOCUMENT_KEYS_H
#define PINION_BENCH_DOCUMENT_KEYS_H

#include <stdbool.h>
#include <stddef.h>

enum document_type {
    DOCUMENT_TEXT,
    DOCUMENT_NUMBER,
    DOCUMENT_AMOUNT, /* a number of at least 0 */
    DOCUMENT_COUNT,  /* a whole number of at least 0 */
    DOCUMENT_FLAG,
    DOCUMENT_VERDICT,
    DOCUMENT_OBJECT, /* its keys are of `keys` */
    DOCUMENT_MAP,    /* an object of any keys, each value of `element` */
    DOCUMENT_LIST    /* each element of `element` */
};

struct document_key {
    const char *name; /* NULL ends a table */
    enum document_type type;
    bool required;
    const struct document_key *keys;    /* of an object; NULL: any */
    const struct document_key *element; /* of a map or list */
};

/* Of the document itself, but for its rows. */
extern const struct document_key document_top_keys[];

/* Of a file in which selftest sums its rows up. */
extern const struct document_key document_scorecard_keys[];

/* Of a row, whose command is `command`; `kind` is its "kind" or NULL. NULL: no such command. */
const struct document_key *document_row_keys(const char *command, const char *kind);

/* "run, ab, ...", for messages. */
extern const char document_commands[];

#endif
