#include <criterion/criterion.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "engine/base/error.h"

Test(error, is_empty_before_the_first)
{
    cr_assert_str_empty(pn_error_message());
}

Test(error, keeps_status_and_line)
{
    cr_assert_eq(error_set(PN_ERROR_DATA, "%s: byte %d", "file", 7), PN_ERROR_DATA);
    cr_assert_str_eq(pn_error_message(), "file: byte 7");
}

Test(error, may_quote_the_last_line)
{
    error_set(PN_ERROR_IO, "disk full");
    error_set(PN_ERROR_IO, "checkpoint: %s", pn_error_message());
    cr_assert_str_eq(pn_error_message(), "checkpoint: disk full");
}

Test(error, stays_one_line_without_control_characters)
{
    error_set(PN_ERROR_DATA, "layer \"%s\"", "a\nb\x1b[31m\x7f\xc3\xa9");
    cr_assert_str_eq(pn_error_message(), "layer \"a?b?[31m?\xc3\xa9\"");
}

Test(error, is_cut_where_it_is_too_long)
{
    char name[20000];
    memset(name, 'x', sizeof name);
    name[sizeof name - 1] = 0;
    cr_assert_eq(error_set(PN_ERROR_DATA, "%s", name), PN_ERROR_DATA);
    const size_t length = strlen(pn_error_message());
    cr_assert_gt(length, 4096);
    cr_assert_lt(length, sizeof name - 1);
    cr_assert_eq(strspn(pn_error_message(), "x"), length);
}

Test(error, of_memory_names_bytes_and_purpose)
{
    cr_assert_eq(error_memory(12345, "weights"), PN_ERROR_FAILED);
    cr_assert_not_null(strstr(pn_error_message(), "12345 bytes"));
    cr_assert_not_null(strstr(pn_error_message(), "weights"));
}

static void *fail_elsewhere(void *seen)
{
    strcpy(seen, pn_error_message());
    error_set(PN_ERROR_USAGE, "there");
    return NULL;
}

Test(error, belongs_to_its_thread)
{
    char seen[64] = "unset";
    error_set(PN_ERROR_USAGE, "here");
    pthread_t thread;
    cr_assert_eq(pthread_create(&thread, NULL, fail_elsewhere, seen), 0);
    pthread_join(thread, NULL);
    cr_assert_str_empty(seen);
    cr_assert_str_eq(pn_error_message(), "here");
}

struct record {
    int calls;
    pn_log_level level;
    char text[256];
};

static void keep(pn_log_level level, const char *message, void *user)
{
    struct record *const record = user;
    record->calls++;
    record->level = level;
    snprintf(record->text, sizeof record->text, "%s", message);
}

static void replace_itself(pn_log_level level, const char *message, void *user)
{
    keep(level, message, user);
    pn_set_log(NULL, NULL);
}

Test(log, reaches_the_callback_with_its_user)
{
    struct record record = {0};
    pn_set_log(keep, &record);
    log_say(PN_LOG_WARNING, "loss is %s", "nan\n");
    cr_assert_eq(record.calls, 1);
    cr_assert_eq(record.level, PN_LOG_WARNING);
    cr_assert_str_eq(record.text, "loss is nan?");
}

Test(log, leaves_the_error_alone)
{
    struct record record = {0};
    pn_set_log(keep, &record);
    error_set(PN_ERROR_DATA, "bad");
    log_say(PN_LOG_INFO, "fine");
    cr_assert_str_eq(pn_error_message(), "bad");
}

Test(log, is_silent_without_a_callback)
{
    struct record record = {0};
    log_say(PN_LOG_INFO, "nobody hears");
    pn_set_log(keep, &record);
    pn_set_log(NULL, NULL);
    log_say(PN_LOG_INFO, "nobody hears");
    cr_assert_eq(record.calls, 0);
}

Test(log, callback_may_set_another)
{
    struct record record = {0};
    pn_set_log(replace_itself, &record);
    log_say(PN_LOG_INFO, "first");
    log_say(PN_LOG_INFO, "second");
    cr_assert_eq(record.calls, 1);
    cr_assert_str_eq(record.text, "first");
}

Test(version, is_that_of_the_project)
{
    cr_assert_str_eq(pn_version(), PROJECT_VERSION);
    cr_assert_eq(pn_recipe(), 1);
}
