/* report/table.h: one table of text cells, written as HTML, for a terminal, or as Markdown. */
#ifndef PINION_BENCH_TABLE_H
#define PINION_BENCH_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

enum { TABLE_COLUMNS = 32, TABLE_TEXT_WIDTH = 100 };

/* What a column is, and where it is left out. */
enum column_kind {
    COLUMN_NAME = 1,   /* names the row */
    COLUMN_WORD = 2,   /* text */
    COLUMN_NUMBER = 4, /* set to the right */
    COLUMN_FOLD = 8,   /* said in the caption instead where all rows have the same */
    COLUMN_WIDE = 16,  /* HTML only */
    COLUMN_NARROW = 32 /* not in HTML */
};

struct column {
    const char *title;
    unsigned kind;
};

/* How a row stands out. */
enum tone { TONE_PLAIN, TONE_BAD, TONE_GOOD, TONE_UNSURE };

struct table {
    const char *caption;
    struct column columns[TABLE_COLUMNS];
    size_t column_count;
    char **cells; /* [row_count][column_count] */
    enum tone *tones;
    size_t row_count, cell_count, capacity; /* capacity in rows */
    bool failed;                            /* out of memory: the rest was not added */
};

/* `caption` and the columns' titles are the caller's; at most TABLE_COLUMNS count. */
void table_create(const char *caption, const struct column *columns, size_t count,
                  struct table *table);
void table_free(struct table *table);

/* Starts a row, whose cells follow in order; those that are not given stay empty. */
void table_row(struct table *table, enum tone tone);
void table_cell(struct table *table, const char *text);
void table_format(struct table *table, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* NAN: a dash, as in the functions below. */
void table_number(struct table *table, double value, int decimals);
void table_time(struct table *table, double nanoseconds);
void table_change(struct table *table, double change);

void table_html(FILE *out, const struct table *table);
void table_text(FILE *out, const struct table *table);
/* Rows of a bad tone, or the others. */
void table_markdown(FILE *out, const struct table *table, bool bad);
size_t table_count(const struct table *table, bool bad);

#endif
