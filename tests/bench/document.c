/* Result documents as the commands read them: what loading leaves, and keys that a command needs.
 */
#include <criterion/criterion.h>

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "bench/report/document.h"

static char path[] = "/tmp/pinion-document-XXXXXX";

static void write_document(const char *text)
{
    const int descriptor = mkstemp(path);
    cr_assert_geq(descriptor, 0);
    FILE *file = fdopen(descriptor, "w");
    cr_assert_gt(fprintf(file, "%s", text), 0);
    cr_assert_eq(fclose(file), 0);
}

static void remove_document(void)
{
    unlink(path);
}

/* The last error names the file and has these words. */
static void said(const char *words)
{
    cr_assert_not_null(strstr(pn_error_message(), words), "%s", pn_error_message());
    cr_assert_eq(strncmp(pn_error_message(), path, strlen(path)), 0, "%s", pn_error_message());
}

TestSuite(document, .fini = remove_document);

Test(document, typed_keys)
{
    write_document("{\"schema\": 2, \"command\": \"check\", \"margin\": 0.5, \"rows\": ["
                   "{\"name\": \"a/b\", \"verdict\": \"OK\", \"change\": -1.5e-3, \"threads\": 2,"
                   " \"flag\": true, \"p\": null}]}");
    json_t *document;
    cr_assert_eq(document_load(path, &document), PN_OK, "%s", pn_error_message());
    const struct document_place whole = document_whole(path, document);
    const struct document_place row = document_row(path, document, 0);
    double number;
    size_t count;
    bool flag;
    const char *text;
    cr_assert_eq(document_get_number(&whole, "margin", &number), PN_OK);
    cr_assert_eq(number, 0.5);
    cr_assert_eq(document_get_number(&row, "change", &number), PN_OK);
    cr_assert_eq(number, -1.5e-3);
    cr_assert_eq(document_get_number(&row, "threads", &number), PN_OK);
    cr_assert_eq(number, 2);
    cr_assert_eq(document_get_count(&row, "threads", &count), PN_OK);
    cr_assert_eq(count, 2);
    cr_assert_eq(document_get_flag(&row, "flag", &flag), PN_OK);
    cr_assert(flag);
    cr_assert_eq(document_get_text(&row, "verdict", &text), PN_OK);
    cr_assert_str_eq(text, "OK");

    cr_assert_eq(document_get_count(&row, "change", &count), PN_ERROR_DATA);
    said("rows[0] \"a/b\": key \"change\": is -0.0015, not a whole number of at least 0");
    cr_assert_eq(document_get_text(&row, "change", &text), PN_ERROR_DATA);
    said("rows[0] \"a/b\": key \"change\": is -0.0015, not a text");
    cr_assert_eq(document_get_flag(&row, "name", &flag), PN_ERROR_DATA);
    said("is the text 'a/b', not true or false");
    cr_assert_eq(document_get_number(&row, "name", &number), PN_ERROR_DATA);
    said("is the text 'a/b', not a number between -1e20 and 1e20");
    cr_assert_eq(document_get_number(&row, "ratio", &number), PN_ERROR_DATA);
    said("rows[0] \"a/b\": key \"ratio\": is missing");
    cr_assert_eq(document_get_number(&row, "p", &number), PN_ERROR_DATA);
    said("key \"p\": is missing");
    cr_assert_eq(document_get_text(&whole, "processor", &text), PN_ERROR_DATA);
    said(": key \"processor\": is missing");

    cr_assert_eq(document_number(row.object, "change", 7), -1.5e-3);
    cr_assert_eq(document_number(row.object, "p", 7), 7);
    cr_assert_eq(document_number(row.object, "name", 7), 7);
    cr_assert_eq(document_number(NULL, "name", 7), 7);
    cr_assert_eq(document_count(row.object, "threads", 7), 2);
    cr_assert_eq(document_count(row.object, "change", 7), 7);
    cr_assert_eq(document_flag(row.object, "flag", false), true);
    cr_assert_eq(document_flag(row.object, "name", false), false);
    cr_assert_str_eq(document_text(row.object, "name", "none"), "a/b");
    cr_assert_str_eq(document_text(row.object, "threads", "none"), "none");
    json_decref(document);
}

Test(document, nothing_is_left_of_a_bad_one)
{
    write_document("{\"schema\": 2, \"command\": \"check\", \"rows\": [{\"verdict\": \"OK\"}]}");
    json_t *document = (json_t *)path;
    cr_assert_eq(document_load(path, &document), PN_ERROR_DATA);
    cr_assert_null(document);
    said("rows[0]: key \"name\": is missing");
    document = (json_t *)path;
    cr_assert_eq(document_load("/nowhere/at/all.json", &document), PN_ERROR_NOT_FOUND);
    cr_assert_null(document);
}
