/*
 * report/report.h: a result document as sections, each a table with or without a plot of the same
 * numbers, which a page, a terminal or a pull request then shows.
 */
#ifndef PINION_BENCH_REPORT_H
#define PINION_BENCH_REPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include <jansson.h>

#include "bench/report/markup.h"
#include "bench/report/table.h"
#include "engine/pinion.h"

enum { REPORT_SECTIONS = 16, REPORT_TEXT = 256 };

struct report;

struct section {
    const char *id, *title;
    const char *note;    /* what to see in the plot; NULL for none */
    const char *heading; /* what it is of, which any file may say; NULL: the whole document */
    struct table table;
    /* Writes one or more <svg>; NULL: the table stands alone. */
    void (*plot)(FILE *out, const struct report *report);
    bool page_only; /* too long for a terminal, or in another table as well */
};

/* What tells rows of one kernel and shape apart. */
enum row_field { ROW_KERNEL, ROW_SHAPE, ROW_DTYPE, ROW_ISA, ROW_CACHE, ROW_THREADS, ROW_FIELDS };

struct report {
    const json_t *document;
    const char *command;
    size_t row_count;
    const json_t **rows;     /* in the order to show: of ab and check the worst first */
    bool varies[ROW_FIELDS]; /* not the same in all rows */
    char summary[REPORT_TEXT];
    struct section sections[REPORT_SECTIONS];
    size_t section_count;
    bool failed; /* out of memory */
    /* Of a scorecard: its entries, which have sections of their own. */
    struct report *entries;
    size_t entry_count;
    /* Of an entry; otherwise empty. */
    char id[32], title[32];
    char *heading;
};

/* --- the document --------------------------------------------------------------------------------
 */

/* `document` must outlive it. */
pn_status report_create(const json_t *document, struct report *report);
void report_free(struct report *report);
/* Lists the rows of the document, which may have none; false: out of memory. */
bool report_take_rows(struct report *report);

/* What commands' rows become; each adds sections. */
void report_run(struct report *report);
void report_changes(struct report *report);
void report_train(struct report *report);
void report_limits(struct report *report);
void report_peers(struct report *report);
void report_selftest(struct report *report);
void report_scorecard(struct report *report);
/* Of every document: the machine, and how each row is run again. */
void report_machine(struct report *report);
void report_commands(struct report *report);

/* A section with an empty table of these columns. */
struct section *report_section(struct report *report, const char *id, const char *title,
                               const char *caption, const struct column *columns, size_t count);
#define REPORT_COLUMNS(columns) (columns), sizeof(columns) / sizeof((columns)[0])

/* --- rows ----------------------------------------------------------------------------------------
 */

/* The key, or where it is absent the part of the row's name. */
void report_field(const json_t *row, enum row_field field, char text[REPORT_TEXT]);
/* "512x512x512 avx2 cold": the shape and what else varies. */
void report_detail(const struct report *report, const json_t *row, char text[REPORT_TEXT]);
/* Adds what varies between the report's rows, " avx2 cold". */
void report_add_varying(const struct report *report, const json_t *row, char text[REPORT_TEXT]);
/* The cells of the columns below. */
void report_name_cells(struct table *table, const json_t *row);
#define REPORT_NAME_COLUMNS                                                                        \
    {"kernel", COLUMN_NAME}, {"shape", COLUMN_NAME}, {"dtype", COLUMN_WORD | COLUMN_FOLD},         \
        {"ISA", COLUMN_WORD | COLUMN_FOLD}, {"cache", COLUMN_WORD | COLUMN_FOLD},                  \
    {                                                                                              \
        "threads", COLUMN_NUMBER | COLUMN_FOLD                                                     \
    }

/* "12.5 %" of 0.125. */
void report_percent_cell(struct table *table, double part);

/* Class of the colour of what binds; a name not known gets a neutral one. */
const char *report_limit_class(const char *limit);

/* --- sections that more than one command has, or that stand in files of their own; each is added
 * only where the document has what it shows -------------------------------------------------------
 */

void report_roofline(struct report *report);
/* GFLOP/s of square products by size. */
void report_sweep(struct report *report);
/* The launches of rows that were measured again. */
void report_strips(struct report *report);
void report_scaling(struct report *report);
void report_accuracy(struct report *report);

/* --- output --------------------------------------------------------------------------------------
 */

#define REPORT_CUT "The measurement was interrupted: the rows here are valid, others are missing."

void report_page(FILE *out, const struct report *report);
void report_text(FILE *out, const struct report *report);
void report_markdown(FILE *out, const struct report *report);
/* "ISA avx512 · 1 thread · ..." */
void report_subtitle(FILE *out, enum markup markup, const struct report *report);
extern const char report_style[];

#endif
