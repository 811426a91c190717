/* report/plain.c: a report for terminals and for pull requests. */
#include <stdlib.h>
#include <string.h>

#include "bench/report/document.h"
#include "bench/report/markup.h"
#include "bench/report/report.h"

static void put_part(FILE *out, enum markup markup, bool *first, const char *text)
{
    if (text[0] != '\0') {
        fputs(*first ? "" : " · ", out);
        markup_put(out, markup, text);
        *first = false;
    }
}

void report_subtitle(FILE *out, enum markup markup, const struct report *report)
{
    const json_t *document = report->document;
    const size_t threads = document_count(document, "threads", 0);
    const double clock = document_number(document, "clock_ghz", 0);
    char text[64];
    bool first = true;
    const char *isa = document_text(document, "isa", "");
    if (isa[0] != '\0') {
        snprintf(text, sizeof text, "ISA %.50s", isa);
        put_part(out, markup, &first, text);
    }
    if (threads > 0) {
        snprintf(text, sizeof text, "%zu thread%s", threads, threads == 1 ? "" : "s");
        put_part(out, markup, &first, text);
    }
    if (clock > 0) {
        snprintf(text, sizeof text, "%.2f GHz measured", clock);
        put_part(out, markup, &first, text);
    }
    put_part(out, markup, &first, document_text(document, "date", ""));
    snprintf(text, sizeof text, "pinion %.40s", document_text(document, "version", ""));
    put_part(out, markup, &first, text[7] == '\0' ? "" : text);
}

static void put_lines(FILE *out, const char *lead, const char *text)
{
    char *line = NULL;
    if (asprintf(&line, "%s%s", lead, text) >= 0) {
        markup_paragraph(out, line, "  ", TABLE_TEXT_WIDTH);
    }
    free(line);
}

/* --- terminals -----------------------------------------------------------------------------------
 */

/* A command on lines that a shell puts together again. */
static void put_command(FILE *out, const char *command)
{
    size_t column = 2;
    fputs("  ", out);
    while (*command != '\0') {
        const size_t spaces = strspn(command, " ");
        /* A quoted filter may hold spaces, which must stay as they are. */
        size_t length = spaces;
        bool quoted = false;
        while (command[length] != '\0' && (quoted || command[length] != ' ')) {
            quoted = quoted != (command[length] == '\'');
            length++;
        }
        if (column > 6 && column + length + 2 > TABLE_TEXT_WIDTH) {
            fputs(" \\\n    ", out);
            markup_put_part(out, MARKUP_TERMINAL, command + spaces, length - spaces);
            column = 4 + length - spaces;
        } else {
            markup_put_part(out, MARKUP_TERMINAL, command, length);
            column += length;
        }
        command += length;
    }
    fputc('\n', out);
}

/* The rows that stand out, again. */
static const struct table *bad_commands(const struct report *report)
{
    for (size_t i = 0; i < report->section_count; i++) {
        const struct section *section = &report->sections[i];
        if (strcmp(section->id, "again") == 0 && table_count(&section->table, true) > 0) {
            return &section->table;
        }
    }
    return NULL;
}

/* Of a scorecard, the entries say it. */
static const char *processor_of(const struct report *report)
{
    return document_text(report->document, "processor",
                         report->entries != NULL ? "sums over selftests" : "processor unknown");
}

static void text_sections(FILE *out, const struct report *report)
{
    for (size_t i = 0; i < report->section_count; i++) {
        const struct section *section = &report->sections[i];
        if (section->page_only) {
            continue;
        }
        fputc('\n', out);
        if (section->heading != NULL) {
            fprintf(out, "%s\n", section->title);
            put_lines(out, "", section->heading);
        }
        table_text(out, &section->table);
    }
    for (size_t i = 0; i < report->entry_count; i++) {
        text_sections(out, &report->entries[i]);
    }
}

void report_text(FILE *out, const struct report *report)
{
    const json_t *document = report->document;
    fprintf(out, "pinion-bench %s · ", report->command);
    markup_put(out, MARKUP_TERMINAL, processor_of(report));
    fputc('\n', out);
    report_subtitle(out, MARKUP_TERMINAL, report);
    fputs("\n\n", out);
    if (!document_flag(document, "complete", true)) {
        put_lines(out, "INCOMPLETE: ", REPORT_CUT);
    }
    const json_t *warnings = json_object_get(document, "warnings");
    for (size_t i = 0; i < json_array_size(warnings); i++) {
        put_lines(out, "Warning: ", document_text(json_array_get(warnings, i), "text", ""));
    }
    put_lines(out, "", report->summary);
    text_sections(out, report);
    const struct table *again = bad_commands(report);
    for (size_t row = 0; again != NULL && row < again->row_count; row++) {
        if (again->tones[row] == TONE_BAD) {
            fputc('\n', out);
            put_lines(out, "Again: ", again->cells[row * again->column_count]);
            put_command(out, again->cells[row * again->column_count + 1]);
        }
    }
    const char *verdict = document_text(document, "verdict", NULL);
    if (verdict != NULL) {
        fprintf(out, "\nVERDICT %s\n", verdict);
    }
}

/* --- pull requests -------------------------------------------------------------------------------
 */

/* A fence longer than any in the text. */
static size_t fence_length(const struct table *again)
{
    size_t longest = 2, run = 0;
    for (size_t row = 0; row < again->row_count; row++) {
        for (const char *c = again->cells[row * again->column_count + 1]; *c != '\0'; c++) {
            run = *c == '`' ? run + 1 : 0;
            longest = run > longest ? run : longest;
        }
    }
    return longest + 1;
}

static void put_fence(FILE *out, size_t length)
{
    while (length-- > 0) {
        fputc('`', out);
    }
}

static void markdown_commands(FILE *out, const struct table *again)
{
    const size_t fence = fence_length(again);
    fputs("Again:\n\n", out);
    put_fence(out, fence);
    fputs("sh\n", out);
    for (size_t row = 0; row < again->row_count; row++) {
        if (again->tones[row] == TONE_BAD) {
            markup_put(out, MARKUP_TERMINAL, again->cells[row * again->column_count + 1]);
            fputc('\n', out);
        }
    }
    put_fence(out, fence);
    fputs("\n\n", out);
}

static void markdown_section(FILE *out, const struct section *section)
{
    const struct table *table = &section->table;
    const size_t rest = table_count(table, false);
    if (section->heading != NULL) {
        fprintf(out, "%s: ", section->title);
        markup_put(out, MARKUP_MARKDOWN, section->heading);
        fputs("\n\n", out);
    }
    if (table_count(table, true) > 0) {
        fprintf(out, "### %s\n\n", section->title);
        table_markdown(out, table, true);
        fputc('\n', out);
    }
    if (rest > 0) {
        fprintf(out, "<details><summary>%s: %zu%s row%s</summary>\n\n", section->title, rest,
                rest < table->row_count ? " other" : "", rest == 1 ? "" : "s");
        table_markdown(out, table, false);
        fputs("\n</details>\n\n", out);
    }
}

static void markdown_sections(FILE *out, const struct report *report)
{
    for (size_t i = 0; i < report->section_count; i++) {
        if (!report->sections[i].page_only) {
            markdown_section(out, &report->sections[i]);
        }
    }
    for (size_t i = 0; i < report->entry_count; i++) {
        markdown_sections(out, &report->entries[i]);
    }
}

void report_markdown(FILE *out, const struct report *report)
{
    const json_t *document = report->document;
    const char *verdict = document_text(document, "verdict", NULL);
    if (verdict != NULL) {
        fprintf(out, "**VERDICT %s** · ", verdict);
    }
    markup_put(out, MARKUP_MARKDOWN, report->summary);
    fprintf(out, "\n\npinion-bench %s · ", report->command);
    markup_put(out, MARKUP_MARKDOWN, processor_of(report));
    fputs(" · ", out);
    report_subtitle(out, MARKUP_MARKDOWN, report);
    fputs("\n\n", out);
    if (!document_flag(document, "complete", true)) {
        fputs("> **Incomplete.** " REPORT_CUT "\n\n", out);
    }
    const json_t *warnings = json_object_get(document, "warnings");
    for (size_t i = 0; i < json_array_size(warnings); i++) {
        fputs("> **Warning:** ", out);
        markup_put(out, MARKUP_MARKDOWN, document_text(json_array_get(warnings, i), "text", ""));
        fputs("\n\n", out);
    }
    markdown_sections(out, report);
    const struct table *again = bad_commands(report);
    if (again != NULL) {
        markdown_commands(out, again);
    }
}
