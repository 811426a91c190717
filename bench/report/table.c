#include "bench/report/table.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "bench/report/markup.h"

void table_create(const char *caption, const struct column *columns, size_t count,
                  struct table *table)
{
    *table = (struct table){.caption = caption,
                            .column_count = count < TABLE_COLUMNS ? count : TABLE_COLUMNS};
    for (size_t i = 0; i < table->column_count; i++) {
        table->columns[i] = columns[i];
    }
}

void table_free(struct table *table)
{
    for (size_t i = 0; i < table->row_count * table->column_count; i++) {
        free(table->cells[i]);
    }
    free(table->cells);
    free(table->tones);
    *table = (struct table){0};
}

void table_row(struct table *table, enum tone tone)
{
    if (table->row_count == table->capacity) {
        const size_t capacity = table->capacity == 0 ? 64 : 2 * table->capacity;
        char **cells = realloc(table->cells, capacity * table->column_count * sizeof *table->cells);
        table->cells = cells == NULL ? table->cells : cells;
        enum tone *tones = realloc(table->tones, capacity * sizeof *table->tones);
        table->tones = tones == NULL ? table->tones : tones;
        if (cells == NULL || tones == NULL) {
            table->failed = true;
            return;
        }
        table->capacity = capacity;
    }
    for (size_t i = 0; i < table->column_count; i++) {
        table->cells[table->row_count * table->column_count + i] = NULL;
    }
    table->tones[table->row_count] = tone;
    table->cell_count = table->row_count * table->column_count;
    table->row_count++;
}

/* Takes `text`, which may be NULL. */
static void add_cell(struct table *table, char *text)
{
    if (text == NULL || table->failed ||
        table->cell_count == table->row_count * table->column_count) {
        table->failed = true;
        free(text);
        return;
    }
    table->cells[table->cell_count++] = text;
}

void table_cell(struct table *table, const char *text)
{
    add_cell(table, strdup(text));
}

void table_format(struct table *table, const char *format, ...)
{
    char *text;
    va_list arguments;
    va_start(arguments, format);
    if (vasprintf(&text, format, arguments) < 0) {
        text = NULL;
    }
    va_end(arguments);
    add_cell(table, text);
}

void table_number(struct table *table, double value, int decimals)
{
    char text[MARKUP_NUMBER_SIZE];
    markup_number(text, value, decimals);
    table_cell(table, text);
}

void table_time(struct table *table, double nanoseconds)
{
    char text[MARKUP_NUMBER_SIZE];
    markup_time(text, nanoseconds);
    table_cell(table, text);
}

void table_change(struct table *table, double change)
{
    char text[MARKUP_NUMBER_SIZE];
    markup_change(text, change);
    table_cell(table, text);
}

/* --- which columns show --------------------------------------------------------------------------
 */

static const char *cell(const struct table *table, size_t row, size_t column)
{
    const char *text = table->cells[row * table->column_count + column];
    return text == NULL ? "" : text;
}

static bool same_in_all(const struct table *table, size_t column)
{
    for (size_t row = 1; row < table->row_count; row++) {
        if (strcmp(cell(table, row, column), cell(table, 0, column)) != 0) {
            return false;
        }
    }
    return table->row_count > 0;
}

/* Left out in this markup, whatever the cells hold. */
static bool is_elsewhere(const struct table *table, size_t column, bool html)
{
    return (table->columns[column].kind & (html ? COLUMN_NARROW : COLUMN_WIDE)) != 0;
}

static bool is_folded(const struct table *table, size_t column)
{
    return (table->columns[column].kind & COLUMN_FOLD) != 0 && same_in_all(table, column);
}

struct view {
    size_t columns[TABLE_COLUMNS];
    size_t count;
};

static struct view visible(const struct table *table, bool html)
{
    struct view view = {.count = 0};
    for (size_t i = 0; i < table->column_count && view.count < TABLE_COLUMNS; i++) {
        if (!is_elsewhere(table, i, html) && !is_folded(table, i)) {
            view.columns[view.count++] = i;
        }
    }
    return view;
}

static void put_caption(FILE *out, const struct table *table, enum markup markup)
{
    markup_put(out, markup, table->caption);
    for (size_t i = 0; i < table->column_count; i++) {
        if (!is_elsewhere(table, i, markup == MARKUP_HTML) && is_folded(table, i) &&
            cell(table, 0, i)[0] != '\0') {
            fputs(" · ", out);
            markup_put(out, markup, table->columns[i].title);
            fputc(' ', out);
            markup_put(out, markup, cell(table, 0, i));
        }
    }
}

static bool is_number(const struct table *table, size_t column)
{
    return (table->columns[column].kind & COLUMN_NUMBER) != 0;
}

/* --- HTML ----------------------------------------------------------------------------------------
 */

static void html_row(FILE *out, const struct table *table, const struct view *view, size_t row)
{
    static const char *const classes[] = {"", " class=bad", " class=good", " class=unsure"};
    fprintf(out, "<tr%s>", classes[table->tones[row]]);
    for (size_t i = 0; i < view->count; i++) {
        const size_t column = view->columns[i];
        const bool name = (table->columns[column].kind & COLUMN_NAME) != 0;
        fputs(name ? "<th scope=row>" : is_number(table, column) ? "<td>" : "<td class=w>", out);
        markup_put(out, MARKUP_HTML, cell(table, row, column));
        fputs(name ? "</th>" : "</td>", out);
    }
    fputs("</tr>\n", out);
}

void table_html(FILE *out, const struct table *table)
{
    const struct view view = visible(table, true);
    fputs("<table><caption>", out);
    put_caption(out, table, MARKUP_HTML);
    fputs("</caption>\n<thead><tr>", out);
    for (size_t i = 0; i < view.count; i++) {
        fputs(is_number(table, view.columns[i]) ? "<th scope=col>" : "<th scope=col class=w>", out);
        markup_put(out, MARKUP_HTML, table->columns[view.columns[i]].title);
        fputs("</th>", out);
    }
    fputs("</tr></thead>\n<tbody>\n", out);
    for (size_t row = 0; row < table->row_count; row++) {
        html_row(out, table, &view, row);
    }
    fputs("</tbody></table>\n", out);
}

/* --- Markdown ------------------------------------------------------------------------------------
 */

size_t table_count(const struct table *table, bool bad)
{
    size_t count = 0;
    for (size_t row = 0; row < table->row_count; row++) {
        count += (table->tones[row] == TONE_BAD) == bad;
    }
    return count;
}

void table_markdown(FILE *out, const struct table *table, bool bad)
{
    const struct view view = visible(table, false);
    put_caption(out, table, MARKUP_MARKDOWN);
    fputs("\n\n|", out);
    for (size_t i = 0; i < view.count; i++) {
        fputc(' ', out);
        markup_put(out, MARKUP_MARKDOWN, table->columns[view.columns[i]].title);
        fputs(" |", out);
    }
    fputs("\n|", out);
    for (size_t i = 0; i < view.count; i++) {
        fputs(is_number(table, view.columns[i]) ? "---:|" : "---|", out);
    }
    fputc('\n', out);
    for (size_t row = 0; row < table->row_count; row++) {
        if ((table->tones[row] == TONE_BAD) != bad) {
            continue;
        }
        fputc('|', out);
        for (size_t i = 0; i < view.count; i++) {
            fputc(' ', out);
            markup_put(out, MARKUP_MARKDOWN, cell(table, row, view.columns[i]));
            fputs(" |", out);
        }
        fputc('\n', out);
    }
}

/* --- terminals -----------------------------------------------------------------------------------
 */

/* Bytes of the next line of a cell that is `width` characters wide: up to a good place to break if
 * there is one in its second half. Titles (`words`) break at every space. */
static size_t line_bytes(const char *text, size_t width, bool words)
{
    const size_t whole = markup_bytes(text, width);
    if (text[whole] == '\0' && !words) {
        return whole;
    }
    size_t best = text[whole] == '\0' ? whole : 0;
    for (size_t i = 0; i < whole && best == 0; i++) {
        const size_t end = whole - i;
        const char last = text[end - 1], next = text[end];
        if (next == ' ' || next == '\0' || (!words && strchr("/:+,;", last) != NULL)) {
            best = end;
        }
    }
    return best > whole / 3 || (words && best > 0) ? best : whole;
}

static size_t longest_word(const char *text)
{
    size_t longest = 0;
    while (*text != '\0') {
        const size_t length = strcspn(text, " ");
        char word[64];
        snprintf(word, sizeof word, "%.*s", (int)(length < 60 ? length : 60), text);
        const size_t width = markup_width(word);
        longest = width > longest ? width : longest;
        text += length + (text[length] == ' ');
    }
    return longest;
}

static void choose_widths(const struct table *table, const struct view *view,
                          size_t widths[TABLE_COLUMNS])
{
    enum { LEAST = 8, GAP = 2 };
    size_t total = 0;
    for (size_t i = 0; i < view->count; i++) {
        widths[i] = longest_word(table->columns[view->columns[i]].title);
        for (size_t row = 0; row < table->row_count; row++) {
            const size_t width = markup_width(cell(table, row, view->columns[i]));
            widths[i] = width > widths[i] ? width : widths[i];
        }
        total += widths[i] + (i > 0 ? GAP : 0);
    }
    while (total > TABLE_TEXT_WIDTH) {
        size_t widest = view->count;
        for (size_t i = 0; i < view->count; i++) {
            if (!is_number(table, view->columns[i]) && widths[i] > LEAST &&
                (widest == view->count || widths[i] > widths[widest])) {
                widest = i;
            }
        }
        if (widest == view->count) {
            return;
        }
        widths[widest]--;
        total--;
    }
}

static void put_spaces(FILE *out, size_t count)
{
    fprintf(out, "%*s", (int)count, "");
}

/* A row of cells, or the titles (`row` SIZE_MAX), on as many lines as the cells need. */
static void text_row(FILE *out, const struct table *table, const struct view *view,
                     const size_t widths[TABLE_COLUMNS], size_t row)
{
    const bool titles = row == (size_t)-1;
    const char *rest[TABLE_COLUMNS];
    bool more = true;
    for (size_t i = 0; i < view->count; i++) {
        const size_t column = view->columns[i];
        rest[i] = titles ? table->columns[column].title : cell(table, row, column);
    }
    while (more) {
        more = false;
        size_t pending = 0; /* spaces, written only before text */
        for (size_t i = 0; i < view->count; i++) {
            const size_t bytes = line_bytes(rest[i], widths[i], titles);
            char *line = strndup(rest[i], bytes);
            const size_t width = line == NULL ? 0 : markup_width(line);
            const size_t blank = widths[i] > width ? widths[i] - width : 0;
            const bool right = is_number(table, view->columns[i]);
            if (width > 0) {
                put_spaces(out, pending + (right ? blank : 0));
                markup_put_part(out, MARKUP_TERMINAL, rest[i], bytes);
                pending = 2 + (right ? 0 : blank);
            } else {
                pending += widths[i] + 2;
            }
            free(line);
            rest[i] += bytes + (rest[i][bytes] == ' ');
            more = more || rest[i][0] != '\0';
        }
        fputc('\n', out);
    }
}

static void put_wrapped_caption(FILE *out, const struct table *table)
{
    char *caption = NULL;
    size_t size;
    FILE *memory = open_memstream(&caption, &size);
    if (memory != NULL) {
        put_caption(memory, table, MARKUP_TERMINAL);
        fclose(memory);
        markup_paragraph(out, caption == NULL ? "" : caption, "", TABLE_TEXT_WIDTH);
    }
    free(caption);
}

void table_text(FILE *out, const struct table *table)
{
    const struct view view = visible(table, false);
    size_t widths[TABLE_COLUMNS] = {0};
    choose_widths(table, &view, widths);
    put_wrapped_caption(out, table);
    fputc('\n', out);
    text_row(out, table, &view, widths, (size_t)-1);
    for (size_t row = 0; row < table->row_count; row++) {
        text_row(out, table, &view, widths, row);
    }
}
