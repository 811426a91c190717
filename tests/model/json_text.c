#include "engine/model/json_text.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "support.h"

/* doubles.txt: bits of doubles and what Python's json.dumps writes for them. */
Test(json_text, writes_doubles_as_python_does)
{
    char *const lines = sample("doubles.txt");
    size_t count = 0;
    for (char *line = strtok(lines, "\n"); line; line = strtok(NULL, "\n"), count++) {
        char text[JSON_DOUBLE_SIZE];
        double value;
        const uint64_t bits = strtoull(line, NULL, 16);
        memcpy(&value, &bits, sizeof value);
        json_text_double(value, text);
        cr_assert_str_eq(text, line + 17, "%s is not %s", text, line + 17);
    }
    cr_assert_gt(count, 600);
    free(lines);
}

static json_t *read_json(const char *text)
{
    json_t *value;
    must(json_text_read(text, strlen(text), "text", &value));
    return value;
}

static void rewrites(const char *text, int indent, const char *expected)
{
    json_t *const value = read_json(text);
    char *const written = json_text_write(value, indent);
    cr_assert_str_eq(written, expected);
    free(written);
    json_decref(value);
}

/* Expected: Python's json.dumps of the same. */
Test(json_text, writes_as_python_does)
{
    rewrites("{\"b\": 1, \"a\": [true, false, null, -2.50, {}, []], \"\": \"x\"}", 0,
             "{\"b\": 1, \"a\": [true, false, null, -2.5, {}, []], \"\": \"x\"}");
    rewrites("{\"b\":[1,{\"c\":2}],\"d\":[],\"e\":{}}", 2,
             "{\n  \"b\": [\n    1,\n    {\n      \"c\": 2\n    }\n  ],\n  \"d\": [],\n  \"e\": "
             "{}\n}");
    rewrites("[\"\\u00e9\\ud83d\\ude00\\u20ac\\n\\t\\\"\\\\/\\b\\f\\r\\u0001\\u007f~\"]", 0,
             "[\"\\u00e9\\ud83d\\ude00\\u20ac\\n\\t\\\"\\\\/\\b\\f\\r\\u0001\\u007f~\"]");
}

Test(json_text, reads_python_s_tokens_as_null)
{
    rewrites("[NaN, Infinity, -Infinity, \"NaN\", \"\\\"Infinity\", -1]", 0,
             "[null, null, null, \"NaN\", \"\\\"Infinity\", -1]");
}

static void refused(const char *text, size_t length, const char *words)
{
    json_t *value = NULL;
    refuses(json_text_read(text, length, "text", &value), PN_ERROR_DATA, words);
    says("text: ");
    cr_assert_null(value);
}

Test(json_text, refuses_what_is_no_json)
{
    refused("", 0, "empty");
    refused("{\"a\": 1", 7, "line 1, column 7: not JSON");
    refused("{\"a\": 1, \"a\": 2}", 16, "duplicate");
    refused("[1] x", 5, "not JSON");
    refused("[1]\0", 4, "not JSON");
    refused("[NaNN]", 6, "not JSON");
    refused("[-Infinit]", 10, "not JSON");
    refused("\"\\", 2, "not JSON");
    refused("\"abc", 4, "not JSON");
    refused("[\"\xff\"]", 5, "not JSON");
    refused("[123456789012345678901]", 23, "not JSON");
    refused("[1e999]", 7, "not JSON");
}

Test(json_text, bounds_depth_and_size)
{
    char text[200];
    memset(text, '[', 64);
    memset(text + 64, ']', 64);
    json_t *value;
    must(json_text_read(text, 128, "text", &value));
    json_decref(value);
    memset(text, '[', 65);
    memset(text + 65, ']', 65);
    refused(text, 130, "nest more than 64 deep");
    static char large[(32 << 20) + 1];
    memset(large, ' ', sizeof large);
    refused(large, sizeof large, "33554433 bytes");
}
