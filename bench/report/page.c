/* report/page.c: a report as one HTML page that needs nothing but itself. */
#include <string.h>

#include "bench/report/document.h"
#include "bench/report/markup.h"
#include "bench/report/report.h"
#include "bench/report/look.h"

/* Tables of at most this many rows are open from the start. */
enum { SHORT_TABLE = 14 };

static void put(FILE *out, const char *text)
{
    markup_put(out, MARKUP_HTML, text);
}

static void put_head(FILE *out, const struct report *report)
{
    const char *processor = document_text(report->document, "processor", "");
    fputs("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
          "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
          "<meta name=\"color-scheme\" content=\"light dark\">\n<title>pinion-bench ",
          out);
    put(out, report->command);
    fputs(processor[0] == '\0' ? "" : ": ", out);
    put(out, processor);
    fprintf(out, "</title>\n<style>\n%s</style>\n</head>\n<body>\n", report_style);
    fputs("<a class=\"skip\" href=\"#results\">To the results</a>\n<header>\n<h1>pinion-bench ",
          out);
    put(out, report->command);
    fputs(processor[0] == '\0' ? "" : ": ", out);
    put(out, processor);
    fputs("</h1>\n<p class=\"sub\">", out);
    report_subtitle(out, MARKUP_HTML, report);
    fputs("</p>\n", out);
}

static void put_warnings(FILE *out, const struct report *report)
{
    if (!document_flag(report->document, "complete", true)) {
        fputs("<div class=\"box stop\" role=\"note\"><p><strong>Incomplete.</strong> " REPORT_CUT
              "</p></div>\n",
              out);
    }
    const json_t *warnings = json_object_get(report->document, "warnings");
    const size_t count = json_array_size(warnings);
    if (count == 0) {
        return;
    }
    fprintf(out, "<div class=\"box\" role=\"note\"><p><strong>%zu warning%s</strong></p><ul>\n",
            count, count == 1 ? "" : "s");
    for (size_t i = 0; i < count; i++) {
        fputs("<li>", out);
        put(out, document_text(json_array_get(warnings, i), "text", ""));
        fputs("</li>\n", out);
    }
    fputs("</ul></div>\n", out);
}

static void put_verdict(FILE *out, const struct report *report)
{
    const char *name = document_text(report->document, "verdict", NULL);
    if (name != NULL) {
        const struct verdict_look *look = &verdict_looks[look_of(name)];
        fputs("<p class=\"verdict\"><svg aria-hidden=\"true\" viewBox=\"0 0 14 14\">", out);
        char class[48];
        snprintf(class, sizeof class, "sign %s%s", look->class,
                 look->shape == SVG_DIAMOND ? " open" : " fill");
        svg_mark(out, look->shape, class, 7, 7, 5, NULL);
        fprintf(out, "</svg>VERDICT %s</p>\n", look->name);
    }
    fputs("<p>", out);
    put(out, report->summary);
    fputs("</p>\n</header>\n", out);
}

static void put_links(FILE *out, const struct report *report)
{
    for (size_t i = 0; i < report->section_count; i++) {
        fprintf(out, "<li><a href=\"#%s\">%s</a></li>\n", report->sections[i].id,
                report->sections[i].title);
    }
    for (size_t i = 0; i < report->entry_count; i++) {
        put_links(out, &report->entries[i]);
    }
}

static void put_table(FILE *out, const struct section *section)
{
    if (section->plot == NULL && section->table.row_count <= 60) {
        fprintf(out, "<div class=\"scroll %s\">", section->id);
        table_html(out, &section->table);
        fputs("</div>\n", out);
        return;
    }
    fprintf(out, "<details%s><summary>Table of %zu rows</summary><div class=\"scroll %s\">\n",
            section->table.row_count <= SHORT_TABLE ? " open" : "", section->table.row_count,
            section->id);
    table_html(out, &section->table);
    fputs("</div></details>\n", out);
}

static void put_section(FILE *out, const struct report *report, const struct section *section)
{
    fprintf(out, "<section aria-labelledby=\"%s\">\n<h2 id=\"%s\">%s</h2>\n", section->id,
            section->id, section->title);
    if (section->heading != NULL) {
        fputs("<p>", out);
        put(out, section->heading);
        fputs("</p>\n", out);
    }
    if (section->note != NULL) {
        fprintf(out, "<p class=\"note\">%s</p>\n", section->note);
    }
    if (section->plot != NULL) {
        fprintf(out, "<figure aria-labelledby=\"%s\">\n", section->id);
        section->plot(out, report);
        fputs("</figure>\n", out);
    }
    put_table(out, section);
    fputs("</section>\n", out);
}

static void put_sections(FILE *out, const struct report *report)
{
    for (size_t i = 0; i < report->section_count; i++) {
        put_section(out, report, &report->sections[i]);
    }
    for (size_t i = 0; i < report->entry_count; i++) {
        put_sections(out, &report->entries[i]);
    }
}

void report_page(FILE *out, const struct report *report)
{
    put_head(out, report);
    put_warnings(out, report);
    put_verdict(out, report);
    fputs("<nav aria-label=\"Sections\"><ul>\n", out);
    put_links(out, report);
    fputs("</ul></nav>\n<main id=\"results\">\n", out);
    put_sections(out, report);
    fprintf(out,
            "</main>\n<footer><p>Written by pinion-bench report %s.</p></footer>\n</body>\n"
            "</html>\n",
            pn_version());
}
