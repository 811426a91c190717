/* Result documents as the commands read them: what loading leaves, and what it refuses. */
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

Test(document, keys_and_what_stands_for_absent_ones)
{
    write_document("{\"schema\": 2, \"command\": \"check\", \"margin\": 0.5, \"rows\": ["
                   "{\"name\": \"a/b\", \"verdict\": \"OK\", \"change\": -1.5e-3, \"threads\": 2,"
                   " \"flag\": true, \"p\": null}]}");
    json_t *document;
    cr_assert_eq(document_load(path, &document), PN_OK, "%s", pn_error_message());
    cr_assert_eq(document_number(document, "margin", 7), 0.5);
    const json_t *row = json_array_get(json_object_get(document, "rows"), 0);
    cr_assert_eq(document_number(row, "change", 7), -1.5e-3);
    cr_assert_eq(document_number(row, "threads", 7), 2);
    cr_assert_eq(document_number(row, "p", 7), 7);
    cr_assert_eq(document_number(row, "name", 7), 7);
    cr_assert_eq(document_number(NULL, "name", 7), 7);
    cr_assert_eq(document_count(row, "threads", 7), 2);
    cr_assert_eq(document_count(row, "change", 7), 7);
    cr_assert_eq(document_flag(row, "flag", false), true);
    cr_assert_eq(document_flag(row, "name", false), false);
    cr_assert_str_eq(document_text(row, "name", "none"), "a/b");
    cr_assert_str_eq(document_text(row, "threads", "none"), "none");
    json_decref(document);
}

/* A document of one row with this member is refused with these words. */
static void refused(const char *member, const char *words)
{
    char text[256];
    snprintf(text, sizeof text,
             "{\"schema\": 2, \"command\": \"check\", \"rows\": [{\"name\": \"a/b\", "
             "\"verdict\": \"OK\", %s}]}",
             member);
    strcpy(path + strlen(path) - 6, "XXXXXX");
    write_document(text);
    json_t *document;
    cr_assert_eq(document_load(path, &document), PN_ERROR_DATA, "%s", member);
    said(words);
    remove_document();
}

Test(document, a_known_key_of_another_type)
{
    refused("\"threads\": -1.5e-3",
            "rows[0] \"a/b\": key \"threads\": is -0.0015, not a whole number of at least 0");
    refused("\"kernel\": -1.5e-3", "rows[0] \"a/b\": key \"kernel\": is -0.0015, not a text");
    refused("\"correct\": \"c\"", "is the text 'c', not true or false");
    refused("\"change\": \"c\"", "is the text 'c', not a number between -1e20 and 1e20");
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
