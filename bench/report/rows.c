/* report/rows.c: what rows are called. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "bench/report/document.h"
#include "bench/report/report.h"

static const char *const field_keys[] = {"kernel", "shape", "dtype", "isa", "cache"};

/* Part `index` of "gemm_nn/32x256x784/f32/avx512/hot/threads:1". */
static void name_part(const char *name, size_t index, char text[REPORT_TEXT])
{
    while (index > 0 && name != NULL) {
        name = strchr(name, '/');
        name = name == NULL ? NULL : name + 1;
        index--;
    }
    text[0] = '\0';
    if (name != NULL) {
        snprintf(text, REPORT_TEXT, "%.*s", (int)strcspn(name, "/"), name);
    }
}

void report_field(const json_t *row, enum row_field field, char text[REPORT_TEXT])
{
    const char *name = document_text(row, "name", NULL);
    if (field == ROW_THREADS) {
        const size_t threads = document_count(row, "threads", 0);
        name_part(name, field, text);
        if (threads > 0) {
            snprintf(text, REPORT_TEXT, "%zu", threads);
        } else if (strncmp(text, "threads:", 8) == 0) {
            memmove(text, text + 8, strlen(text + 8) + 1);
        }
        return;
    }
    const char *value = document_text(row, field_keys[field], NULL);
    if (value != NULL) {
        snprintf(text, REPORT_TEXT, "%s", value);
    } else {
        name_part(name, field, text);
    }
}

void report_add_varying(const struct report *report, const json_t *row, char text[REPORT_TEXT])
{
    for (int field = ROW_DTYPE; field < ROW_FIELDS; field++) {
        char value[REPORT_TEXT];
        report_field(row, (enum row_field)field, value);
        const size_t length = strlen(text);
        if (report->varies[field] && value[0] != '\0') {
            snprintf(text + length, REPORT_TEXT - length, "%s%s%s", length > 0 ? " " : "", value,
                     field == ROW_THREADS ? "T" : "");
        }
    }
}

void report_detail(const struct report *report, const json_t *row, char text[REPORT_TEXT])
{
    report_field(row, ROW_SHAPE, text);
    report_add_varying(report, row, text);
}

void report_name_cells(struct table *table, const json_t *row)
{
    for (int field = ROW_KERNEL; field < ROW_FIELDS; field++) {
        char text[REPORT_TEXT];
        report_field(row, (enum row_field)field, text);
        table_cell(table, text);
    }
}

void report_percent_cell(struct table *table, double part)
{
    if (isfinite(part)) {
        table_format(table, "%.2f %%", 100 * part);
    } else {
        table_cell(table, "-");
    }
}

const char *report_limit_class(const char *limit)
{
    static const struct {
        const char *limit, *class;
    } classes[] = {{"fma", "k-fma"}, {"divide", "k-div"}, {"sqrt", "k-sqrt"}, {"L1", "k-l1"},
                   {"L2", "k-l2"},   {"L3", "k-l3"},      {"DRAM", "k-dram"}};
    for (size_t i = 0; i < sizeof classes / sizeof classes[0]; i++) {
        if (strcmp(classes[i].limit, limit) == 0) {
            return classes[i].class;
        }
    }
    return "k-other";
}
