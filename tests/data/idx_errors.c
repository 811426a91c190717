/* Every bad input that issue and reference name: its status, and a line with file, field, offset.
 */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/data/scratch.h"

static struct bytes *bytes;
static struct bytes *packed;
static const char *images, *labels; /* good ones */

static void set_up(void)
{
    scratch_create();
    bytes = bytes_create();
    packed = bytes_create();
    put_images(bytes);
    images = strdup(scratch_write("images", bytes->data, bytes->size));
    bytes->size = 0;
    put_labels(bytes);
    labels = strdup(scratch_write("labels", bytes->data, bytes->size));
    bytes->size = 0;
}

static void tear_down(void)
{
    free(bytes);
    free(packed);
    free((char *)images);
    free((char *)labels);
    scratch_remove();
}

TestSuite(idx_errors, .init = set_up, .fini = tear_down);

static const char *write_bad(void)
{
    return scratch_write("bad", bytes->data, bytes->size);
}

static const char *write_bad_gzip(void)
{
    return scratch_write("bad.gz", packed->data, packed->size);
}

Test(idx_errors, missing)
{
    const char *const missing = scratch_path("nowhere");
    expect_error(PN_ERROR_NOT_FOUND, missing, labels, missing, "no such file", NULL);
    expect_error(PN_ERROR_NOT_FOUND, images, missing, missing, "no such file", NULL);
}

Test(idx_errors, folder)
{
    const char *const folder = scratch_folder("folder");
    expect_error(PN_ERROR_IO, folder, labels, folder, "a folder, not a file", NULL);
    expect_error(PN_ERROR_IO, images, folder, folder, "a folder, not a file", NULL);
}

Test(idx_errors, unreadable)
{
    const char *const loop = scratch_path("loop"); /* root may read everything but this */
    cr_assert_eq(symlink(loop, loop), 0);
    expect_error(PN_ERROR_IO, loop, labels, loop, "cannot be opened", NULL);
    expect_error(PN_ERROR_IO, images, loop, loop, "cannot be opened", NULL);
}

Test(idx_errors, empty)
{
    const char *const empty = write_bad();
    expect_error(PN_ERROR_DATA, empty, labels, empty, "empty", NULL);
    expect_error(PN_ERROR_DATA, images, empty, empty, "empty", NULL);
}

/* Cut at each byte: magic number, header, data. */
Test(idx_errors, truncated)
{
    put_images(bytes);
    const size_t whole = bytes->size;
    for (size_t size = 1; size < whole; size++) {
        bytes->size = size;
        const char *const bad = write_bad();
        char offset[32];
        snprintf(offset, sizeof offset, "byte %zu", size);
        expect_error(PN_ERROR_DATA, bad, labels, bad, "truncated", offset,
                     size < 4    ? "magic"
                     : size < 16 ? "header of 16 bytes"
                                 : "declares 28 bytes",
                     NULL);
    }
}

Test(idx_errors, truncated_labels)
{
    put_labels(bytes);
    bytes->size--;
    const char *const bad = write_bad();
    expect_error(PN_ERROR_DATA, images, bad, bad, "truncated", "byte 10", "declares 11 bytes",
                 NULL);
}

Test(idx_errors, oversized)
{
    put_images(bytes);
    put_zeros(bytes, 5);
    const char *const bad = write_bad();
    expect_error(PN_ERROR_DATA, bad, labels, bad, "oversized", "5 bytes follow the 28", NULL);
}

Test(idx_errors, wrong_magic)
{
    put(bytes, "\x89PNG\r\n\x1a\n and so on", 18);
    const char *bad = write_bad();
    expect_error(PN_ERROR_DATA, bad, labels, bad, "magic number 0x89504e47 at byte 0", "0x00000803",
                 NULL);
    expect_error(PN_ERROR_DATA, images, bad, bad, "magic number 0x89504e47 at byte 0", "0x00000801",
                 NULL);
    const uint32_t wrong[] = {0x01000803, 0x00010803, 0x00000703, 0x00000a03,
                              0x00000f03, 0x00000003, 0x00000800, 0x03080000};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        bytes->size = 0;
        put_header(bytes, wrong[i], 3, 2, 2, 0);
        put_zeros(bytes, 12);
        bad = write_bad();
        char words[64];
        snprintf(words, sizeof words, "magic number 0x%08x at byte 0", wrong[i]);
        expect_error(PN_ERROR_DATA, bad, labels, bad, words, "give an IDX file", NULL);
    }
}

Test(idx_errors, swapped)
{
    expect_error(PN_ERROR_DATA, labels, images, labels, "0x00000801", "that of labels", "swapped",
                 NULL);
    expect_error(PN_ERROR_DATA, images, images, images, "0x00000803", "that of images", "swapped",
                 NULL);
}

Test(idx_errors, wrong_element_type)
{
    static const struct {
        uint32_t magic;
        const char *words;
    } types[] = {{0x00000903, "0x09 (i8)"},
                 {0x00000b03, "0x0b (i16)"},
                 {0x00000c03, "0x0c (i32)"},
                 {0x00000d03, "0x0d (f32)"},
                 {0x00000e03, "0x0e (f64)"}};
    for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
        bytes->size = 0;
        put_header(bytes, types[i].magic, 3, 2, 2, 0);
        put_zeros(bytes, 96);
        const char *const bad = write_bad();
        expect_error(PN_ERROR_DATA, bad, labels, bad, types[i].words, "at byte 2", NULL);
    }
    bytes->size = 0;
    put_header(bytes, 0x00000c01, 3, 0);
    put_zeros(bytes, 12);
    const char *const bad = write_bad();
    expect_error(PN_ERROR_DATA, images, bad, bad, "0x0c (i32)", "at byte 2", NULL);
}

Test(idx_errors, rank_beyond_the_largest)
{
    const uint32_t ranks[] = {PN_MAX_RANK + 2, 255};
    for (size_t k = 0; k < sizeof ranks / sizeof *ranks; k++) {
        const uint32_t rank = ranks[k];
        bytes->size = 0;
        put_u32(bytes, 0x00000800 + rank);
        for (uint32_t i = 0; i < rank; i++) {
            put_u32(bytes, 1);
        }
        put_zeros(bytes, 1);
        const char *const bad = write_bad();
        char words[32];
        snprintf(words, sizeof words, "rank %u at byte 3", rank);
        expect_error(PN_ERROR_DATA, bad, labels, bad, words, NULL);
    }
}

Test(idx_errors, zero_dimension)
{
    for (uint32_t zero = 0; zero < 3; zero++) {
        bytes->size = 0;
        put_u32(bytes, 0x00000803);
        for (uint32_t i = 0; i < 3; i++) {
            put_u32(bytes, i == zero ? 0 : 2);
        }
        const char *const bad = write_bad();
        char words[64];
        snprintf(words, sizeof words, "dimension %u at byte %u is 0", zero, 4 + 4 * zero);
        expect_error(PN_ERROR_DATA, bad, labels, bad, words, NULL);
    }
    bytes->size = 0;
    put_u32(bytes, 0x00000801);
    put_u32(bytes, 0);
    const char *const bad = write_bad();
    expect_error(PN_ERROR_DATA, images, bad, bad, "dimension 0 at byte 4 is 0", NULL);
}

/* Products of 64 bits and beyond, among them some that wrap to what the file holds. */
Test(idx_errors, overflowing_dimensions)
{
    static const uint32_t shapes[][4] = {{0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff},
                                         {0x80000000, 0x80000000, 4, 1},
                                         {0x10000, 0x10000, 0x10000, 0x10000},
                                         {0x40000001, 0x10000, 0x10000, 4}};
    for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++) {
        bytes->size = packed->size = 0;
        put_u32(bytes, 0x00000804);
        for (size_t j = 0; j < 4; j++) {
            put_u32(bytes, shapes[i][j]);
        }
        put_gzip(packed, bytes->data, bytes->size);
        const char *bad = write_bad();
        expect_error(PN_ERROR_DATA, bad, labels, bad, "than memory can address", "at byte", NULL);
        bad = write_bad_gzip();
        expect_error(PN_ERROR_DATA, bad, labels, bad, "than memory can address", "at byte", NULL);
    }
    /* 2^64 - 1 elements: only with the header it overflows. */
    bytes->size = 0;
    put_header(bytes, 0x00000804, 0xffffffff, 641, 6700417, 1, 0);
    const char *const bad = write_bad();
    expect_error(PN_ERROR_DATA, bad, labels, bad, "than memory can address", "byte 4", NULL);
}

/* Large but addressable: refused before anything is allocated for it. */
Test(idx_errors, declares_more_than_the_file_holds)
{
    put_header(bytes, 0x00000803, 0xffffffff, 0xffff, 0xffff, 0);
    put_zeros(bytes, 100);
    put_gzip(packed, bytes->data, bytes->size);
    const char *bad = write_bad();
    expect_error(PN_ERROR_DATA, bad, labels, bad, "truncated", "byte 116", NULL);
    bad = write_bad_gzip();
    expect_error(PN_ERROR_DATA, bad, labels, bad, "more than", "bytes of gzip data can hold", NULL);
}

Test(idx_errors, count_mismatch)
{
    put_header(bytes, 0x00000801, 4, 0);
    put(bytes, "\0\1\2\1", 4);
    const char *const four = write_bad();
    expect_error(PN_ERROR_DATA, images, four, images, four, "3 images", "4 labels", NULL);
}

Test(idx_errors, named_gz_but_is_not)
{
    put_images(bytes);
    const char *const bad = scratch_write("bad.gz", bytes->data, bytes->size);
    expect_error(PN_ERROR_DATA, bad, labels, bad, "named .gz", "byte 0", NULL);
}

Test(idx_errors, gzip_cut_at_each_byte)
{
    put_images(bytes);
    put_gzip(packed, bytes->data, bytes->size);
    const size_t whole = packed->size;
    for (size_t size = 2; size < whole; size++) {
        packed->size = size;
        const char *const bad = write_bad_gzip();
        char offset[32];
        snprintf(offset, sizeof offset, "byte %zu", size);
        expect_error(PN_ERROR_DATA, bad, labels, bad, "truncated", offset, NULL);
    }
}

Test(idx_errors, gzip_cut_in_its_second_member)
{
    put_images(bytes);
    put_gzip(packed, bytes->data, 20);
    const size_t first = packed->size;
    put_gzip(packed, bytes->data + 20, bytes->size - 20);
    const size_t whole = packed->size;
    for (size_t size = first + 2; size < whole; size++) {
        packed->size = size;
        const char *const bad = write_bad_gzip();
        char offset[32];
        snprintf(offset, sizeof offset, "byte %zu", size);
        expect_error(PN_ERROR_DATA, bad, labels, bad, "truncated", offset, NULL);
    }
}

Test(idx_errors, gzip_with_wrong_checksum)
{
    put_images(bytes);
    put_gzip(packed, bytes->data, bytes->size);
    packed->data[packed->size - 8] ^= 1;
    const char *const bad = write_bad_gzip();
    expect_error(PN_ERROR_DATA, bad, labels, bad, "damaged", "incorrect data check", NULL);
}

Test(idx_errors, gzip_with_wrong_length)
{
    put_images(bytes);
    put_gzip(packed, bytes->data, bytes->size);
    packed->data[packed->size - 4] ^= 1;
    const char *const bad = write_bad_gzip();
    expect_error(PN_ERROR_DATA, bad, labels, bad, "damaged", "incorrect length check", NULL);
}

Test(idx_errors, gzip_with_invalid_blocks)
{
    put_images(bytes);
    put_gzip(packed, bytes->data, bytes->size);
    packed->data[10] |= 6; /* block type 3 does not exist */
    const char *const bad = write_bad_gzip();
    expect_error(PN_ERROR_DATA, bad, labels, bad, "damaged", "invalid block type", NULL);
}

Test(idx_errors, gzip_followed_by_something_else)
{
    put_images(bytes);
    put_gzip(packed, bytes->data, bytes->size);
    char offset[32];
    snprintf(offset, sizeof offset, "byte %zu", packed->size);
    put(packed, "junk", 4);
    const char *const bad = write_bad_gzip();
    expect_error(PN_ERROR_DATA, bad, labels, bad, "not gzip data", offset, NULL);
}

Test(idx_errors, gzip_of_too_little)
{
    put_images(bytes);
    put_gzip(packed, bytes->data, bytes->size - 1);
    const char *bad = write_bad_gzip();
    expect_error(PN_ERROR_DATA, bad, labels, bad, "truncated", "unpacks to 27 bytes", "declares 28",
                 NULL);
    packed->size = 0;
    put_gzip(packed, bytes->data, 7);
    bad = write_bad_gzip();
    expect_error(PN_ERROR_DATA, bad, labels, bad, "truncated", "byte 7", "header", NULL);
    packed->size = 0;
    put_gzip(packed, NULL, 0);
    bad = write_bad_gzip();
    expect_error(PN_ERROR_DATA, bad, labels, bad, "truncated", "byte 0", NULL);
}

Test(idx_errors, gzip_of_too_much)
{
    put_images(bytes);
    put_zeros(bytes, 1);
    put_gzip(packed, bytes->data, bytes->size);
    const char *bad = write_bad_gzip();
    expect_error(PN_ERROR_DATA, bad, labels, bad, "oversized", "28 bytes", NULL);
    packed->size = 0;
    put_gzip(packed, bytes->data, bytes->size - 1);
    put_gzip(packed, "x", 1); /* in a second member */
    bad = write_bad_gzip();
    expect_error(PN_ERROR_DATA, bad, labels, bad, "oversized", "28 bytes", NULL);
}

/* 400 MB of zeros in 0.4 MB behind a header that declares 28 bytes, for images and for labels. */
Test(idx_errors, gzip_bomb)
{
    enum { MEMBER = 4 << 20, MEMBERS = 100 };
    struct bytes *const zeros = bytes_create();
    put_zeros(zeros, MEMBER);
    put_images(bytes);
    put_gzip(packed, bytes->data, bytes->size);
    for (int i = 0; i < MEMBERS; i++) {
        put_gzip(packed, zeros->data, zeros->size);
    }
    cr_assert_lt(packed->size, 500000);
    const char *bad = write_bad_gzip();
    expect_error(PN_ERROR_DATA, bad, labels, bad, "oversized", "28 bytes", NULL);

    bytes->size = packed->size = 0;
    put_labels(bytes);
    put_gzip(packed, bytes->data, bytes->size);
    for (int i = 0; i < MEMBERS; i++) {
        put_gzip(packed, zeros->data, zeros->size);
    }
    bad = write_bad_gzip();
    expect_error(PN_ERROR_DATA, images, bad, bad, "oversized", "11 bytes", NULL);
    free(zeros);
}

Test(idx_errors, file_names_with_line_breaks_stay_on_one_line)
{
    expect_error(PN_ERROR_NOT_FOUND, scratch_path("no\nsuch\x1b[2J"), labels, "no?such?[2J", NULL);
}
