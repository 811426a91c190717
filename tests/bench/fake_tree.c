#include "fake_tree.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

char fake_root[PATH_MAX];

void fake_tree_open(void)
{
    snprintf(fake_root, sizeof fake_root, "%s/machine-XXXXXX", TEST_FOLDER);
    cr_assert_not_null(mkdtemp(fake_root));
}

static int remove_one(const char *path, const struct stat *info, int kind, struct FTW *ftw)
{
    (void)info, (void)kind, (void)ftw;
    return remove(path);
}

void fake_tree_close(void)
{
    nftw(fake_root, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

void fake_put(const char *path, const char *format, ...)
{
    char file[2 * PATH_MAX];
    snprintf(file, sizeof file, "%s/%s", fake_root, path);
    for (char *slash = file + strlen(fake_root) + 1; (slash = strchr(slash, '/')) != NULL;
         slash++) {
        *slash = '\0';
        mkdir(file, 0777);
        *slash = '/';
    }
    char *text;
    va_list arguments;
    va_start(arguments, format);
    const int length = vasprintf(&text, format, arguments);
    va_end(arguments);
    cr_assert_geq(length, 0);
    FILE *stream = fopen(file, "w");
    cr_assert_not_null(stream, "%s", file);
    cr_assert_geq(fputs(text, stream), 0);
    cr_assert_eq(fclose(stream), 0);
    free(text);
}

void fake_remove(const char *path)
{
    char file[2 * PATH_MAX];
    snprintf(file, sizeof file, "%s/%s", fake_root, path);
    cr_assert_eq(remove(file), 0, "%s", file);
}
