#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "engine/base/file.h"

static char path[] = SCRATCH_DIR "/file-XXXXXX";

/* A temporary file with this text; `path` is its name. */
static void make_file(const char *text)
{
    const int descriptor = mkstemp(path);
    cr_assert_geq(descriptor, 0);
    cr_assert_eq(write(descriptor, text, strlen(text)), (ssize_t)strlen(text));
    close(descriptor);
}

static void expect_error(const char *name, pn_status status, const char *words)
{
    struct file file;
    cr_assert_eq(file_open(name, &file), status);
    cr_assert_not_null(strstr(pn_error_message(), name));
    cr_assert_not_null(strstr(pn_error_message(), words), "\"%s\" is not in \"%s\"", words,
                       pn_error_message());
}

Test(file, is_read_at_offsets)
{
    make_file("0123456789");
    struct file file;
    cr_assert_eq(file_open(path, &file), PN_OK);
    cr_assert_eq(file.size, 10);
    char bytes[11] = {0};
    cr_assert_eq(file_read(&file, 0, bytes, 10), PN_OK);
    cr_assert_str_eq(bytes, "0123456789");
    cr_assert_eq(file_read(&file, 7, bytes, 2), PN_OK);
    cr_assert_eq(memcmp(bytes, "78", 2), 0);
    file_close(&file);
    remove(path);
}

Test(file, that_shrinks_while_it_is_read_is_an_error)
{
    make_file("0123456789");
    struct file file;
    cr_assert_eq(file_open(path, &file), PN_OK);
    cr_assert_eq(truncate(path, 4), 0);
    char bytes[10];
    cr_assert_eq(file_read(&file, 0, bytes, 10), PN_ERROR_IO);
    cr_assert_not_null(strstr(pn_error_message(), "shorter"));
    cr_assert_not_null(strstr(pn_error_message(), "byte 4"));
    file_close(&file);
    remove(path);
}

Test(file, missing)
{
    expect_error(SCRATCH_DIR "/no-such-file", PN_ERROR_NOT_FOUND, "no such file");
}

Test(file, below_a_file)
{
    make_file("x");
    char below[sizeof path + 8];
    snprintf(below, sizeof below, "%s/x", path);
    expect_error(below, PN_ERROR_NOT_FOUND, "no such file");
    remove(path);
}

Test(file, folder)
{
    expect_error(SCRATCH_DIR, PN_ERROR_IO, "a folder, not a file");
}

Test(file, pipe_without_a_writer_does_not_wait)
{
    make_file("");
    remove(path);
    cr_assert_eq(mkfifo(path, 0600), 0);
    expect_error(path, PN_ERROR_IO, "a device or pipe, not a file");
    remove(path);
}

Test(file, loop_of_links)
{
    make_file("");
    remove(path);
    cr_assert_eq(symlink(path, path), 0);
    expect_error(path, PN_ERROR_IO, "cannot be opened");
    remove(path);
}

Test(file, unreadable)
{
    if (geteuid() == 0) {
        cr_skip("root may read everything");
    }
    make_file("secret");
    chmod(path, 0);
    expect_error(path, PN_ERROR_IO, "ermission");
    remove(path);
}

Test(file, without_descriptors_left)
{
    make_file("x");
    struct rlimit limit;
    getrlimit(RLIMIT_NOFILE, &limit);
    const struct rlimit none = {0, limit.rlim_max};
    setrlimit(RLIMIT_NOFILE, &none);
    struct file file;
    const pn_status status = file_open(path, &file);
    setrlimit(RLIMIT_NOFILE, &limit);
    cr_assert_eq(status, PN_ERROR_IO);
    remove(path);
}
