/* Command lines as every command of pinion-bench reads them. */
#include <criterion/criterion.h>

#include <string.h>

#include "bench/run/choice.h"
#include "bench/command/options.h"

struct values {
    bool flag;
    const char *text;
    size_t count;
    double ns, real;
    struct option_threads threads;
    unsigned caches;
};

static const struct option_spec specs[] = {
    {"flag", NULL, "", option_flag, offsetof(struct values, flag), 0, 0},
    {"text", "T", "", option_text, offsetof(struct values, text), 0, 0},
    {"count", "N", "", option_count, offsetof(struct values, count), 2, 9},
    {"time", "MS", "", option_milliseconds, offsetof(struct values, ns), 0, 0},
    {"real", "X", "", option_real, offsetof(struct values, real), 0.5, 2},
    {"threads", "LIST", "", option_threads, offsetof(struct values, threads), 0, 0},
    {"cache", "LIST", "", option_caches, offsetof(struct values, caches), 0, 0},
    {0},
};

static enum options_result parse(const char *wanted, struct values *values,
                                 struct option_words *words, const char *const *arguments)
{
    int count = 0;
    while (arguments[count] != NULL) {
        count++;
    }
    *values = (struct values){0};
    return options_parse("test", specs, wanted, count, (char *const *)arguments, values, words);
}

#define PARSE(WANTED, VALUES, WORDS, ...)                                                          \
    parse(WANTED, VALUES, WORDS, (const char *const[]){__VA_ARGS__, NULL})

Test(options, are_stored)
{
    struct values values;
    struct option_words words;
    cr_expect_eq(PARSE("OLD NEW", &values, &words, "--flag", "a", "--text", "--flag", "--count=9",
                       "--time", "0.5", "--real=2", "--threads", "3,auto", "--cache", "hot,train",
                       "--", "--b"),
                 OPTIONS_PARSED);
    cr_expect(values.flag);
    cr_expect_str_eq(values.text, "--flag");
    cr_expect_eq(values.count, 9);
    cr_expect_eq(values.ns, 5e5);
    cr_expect_eq(values.real, 2);
    cr_expect_eq(values.threads.count, 2);
    cr_expect_eq(values.threads.list[0], 3);
    cr_expect_eq(values.threads.list[1], 0);
    cr_expect_eq(values.caches, 1u << CACHE_HOT | 1u << CACHE_TRAIN);
    cr_expect_eq(words.count, 2);
    cr_expect_str_eq(words.list[0], "a");
    cr_expect_str_eq(words.list[1], "--b");
    cr_expect_eq(PARSE("", &values, &words, "--cache", "all"), OPTIONS_PARSED);
    cr_expect_eq(values.caches, (1u << CACHE_STATES) - 1);
    cr_expect_eq(PARSE("", &values, &words, "--bogus", "-h"), OPTIONS_HELP);
}

Test(options, are_refused)
{
    struct values values;
    struct option_words words;
    cr_expect_eq(PARSE("", &values, &words, "--count", "1"), OPTIONS_FAILED);
    cr_expect_not_null(strstr(pn_error_message(), "from 2 to 9"));
    cr_expect_eq(PARSE("", &values, &words, "--count", "10"), OPTIONS_FAILED);
    cr_expect_eq(PARSE("", &values, &words, "--count", "3 "), OPTIONS_FAILED);
    cr_expect_eq(PARSE("", &values, &words, "--real", "nan"), OPTIONS_FAILED);
    cr_expect_eq(PARSE("", &values, &words, "--real", "2.1"), OPTIONS_FAILED);
    cr_expect_eq(PARSE("", &values, &words, "--time", "0"), OPTIONS_FAILED);
    cr_expect_eq(PARSE("", &values, &words, "--threads", ""), OPTIONS_FAILED);
    cr_expect_eq(PARSE("", &values, &words, "--threads", "-1"), OPTIONS_FAILED);
    cr_expect_eq(PARSE("", &values, &words, "--cache", ""), OPTIONS_FAILED);
    cr_expect_eq(PARSE("", &values, &words, "--fla"), OPTIONS_FAILED);
    cr_expect_eq(PARSE("", &values, &words, "--flags"), OPTIONS_FAILED);
    cr_expect_eq(PARSE("", &values, &words, "--flag="), OPTIONS_FAILED);
    cr_expect_eq(PARSE("", &values, &words, "--text"), OPTIONS_FAILED);
    cr_expect_eq(PARSE("", &values, &words, "word"), OPTIONS_FAILED);
    cr_expect_eq(PARSE("OLD NEW", &values, &words, "old"), OPTIONS_FAILED);
    cr_expect_not_null(strstr(pn_error_message(), "needs OLD NEW"));
    cr_expect_eq(PARSE("OLD NEW", &values, &words, "a", "b", "c"), OPTIONS_FAILED);
    cr_expect_not_null(strstr(pn_error_message(), "c: test takes no more than OLD NEW"));
}
