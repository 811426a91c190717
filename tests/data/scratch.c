#include "tests/data/scratch.h"

#include <criterion/criterion.h>
#include <dirent.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

static char scratch_root[] = SCRATCH_DIR "/data-XXXXXX";

struct bytes *bytes_create(void)
{
    struct bytes *const bytes = malloc(sizeof *bytes);
    cr_assert_not_null(bytes);
    bytes->size = 0;
    return bytes;
}

void put(struct bytes *bytes, const void *data, size_t size)
{
    cr_assert_leq(size, SCRATCH_MAX - bytes->size);
    memcpy(bytes->data + bytes->size, data, size);
    bytes->size += size;
}

void put_u32(struct bytes *bytes, uint32_t value)
{
    const uint8_t big[] = {(uint8_t)(value >> 24), (uint8_t)(value >> 16), (uint8_t)(value >> 8),
                           (uint8_t)value};
    put(bytes, big, sizeof big);
}

void put_zeros(struct bytes *bytes, size_t count)
{
    cr_assert_leq(count, SCRATCH_MAX - bytes->size);
    memset(bytes->data + bytes->size, 0, count);
    bytes->size += count;
}

void put_header(struct bytes *bytes, uint32_t magic, ...)
{
    put_u32(bytes, magic);
    va_list sizes;
    va_start(sizes, magic);
    for (uint32_t size; (size = va_arg(sizes, uint32_t)) != 0;) {
        put_u32(bytes, size);
    }
    va_end(sizes);
}

void put_gzip(struct bytes *bytes, const void *data, size_t size)
{
    z_stream stream = {0};
    cr_assert_eq(deflateInit2(&stream, 9, Z_DEFLATED, 15 + 16, 9, Z_DEFAULT_STRATEGY), Z_OK);
    stream.next_in = (z_const Bytef *)data;
    stream.avail_in = (uInt)size;
    stream.next_out = bytes->data + bytes->size;
    stream.avail_out = (uInt)(SCRATCH_MAX - bytes->size);
    cr_assert_eq(deflate(&stream, Z_FINISH), Z_STREAM_END);
    bytes->size += stream.total_out;
    deflateEnd(&stream);
}

void put_images(struct bytes *bytes)
{
    put_header(bytes, 0x00000803, 3, 2, 2, 0);
    for (int i = 0; i < 12; i++) {
        const uint8_t pixel = (uint8_t)(20 * i);
        put(bytes, &pixel, 1);
    }
}

void put_labels(struct bytes *bytes)
{
    put_header(bytes, 0x00000801, 3, 0);
    put(bytes, "\2\0\1", 3);
}

void scratch_create(void)
{
    cr_assert_not_null(mkdtemp(scratch_root));
}

static void remove_folder(const char *folder)
{
    DIR *const entries = opendir(folder);
    if (!entries) {
        return;
    }
    for (struct dirent *entry; (entry = readdir(entries));) {
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0) {
            char path[4096];
            snprintf(path, sizeof path, "%s/%s", folder, entry->d_name);
            if (remove(path) != 0) {
                remove_folder(path);
            }
        }
    }
    closedir(entries);
    rmdir(folder);
}

void scratch_remove(void)
{
    remove_folder(scratch_root);
}

const char *scratch_path(const char *name)
{
    static char paths[16][4096];
    static size_t next;
    char *const path = paths[next++ % 16];
    snprintf(path, sizeof paths[0], "%s/%s", scratch_root, name);
    return path;
}

const char *scratch_write(const char *name, const void *data, size_t size)
{
    const char *const path = scratch_path(name);
    FILE *const file = fopen(path, "wb");
    cr_assert_not_null(file, "%s", path);
    cr_assert_eq(fwrite(data, 1, size, file), size);
    cr_assert_eq(fclose(file), 0);
    return path;
}

const char *scratch_folder(const char *name)
{
    const char *const path = scratch_path(name);
    cr_assert_eq(mkdir(path, 0700), 0);
    return path;
}

void expect_message(const char *words)
{
    const char *const message = pn_error_message();
    cr_assert_str_not_empty(message);
    cr_assert_null(strchr(message, '\n'), "more than one line: %s", message);
    cr_assert_not_null(strstr(message, words), "\"%s\" is not in \"%s\"", words, message);
}

void expect_error(pn_status status, const char *images, const char *labels, ...)
{
    pn_dataset *dataset = (pn_dataset *)&status; /* not NULL: must be reset */
    const pn_status got = pn_dataset_load_idx(images, labels, &dataset);
    cr_assert_eq(got, status, "status %d instead of %d: %s", got, status, pn_error_message());
    cr_assert_null(dataset);
    va_list list;
    va_start(list, labels);
    for (const char *words; (words = va_arg(list, const char *));) {
        expect_message(words);
    }
    va_end(list);
}
