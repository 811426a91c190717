/*
 * Each allocation and each call into the system fails once, and from there on: loading ends with an
 * error, never half-way, and with an intact next try. Leaks show under AddressSanitizer. The linker
 * sends the calls of the library through the __wrap_ functions below.
 */
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <libdeflate.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include "engine/data/dataset.h"
#include "tests/data/scratch.h"

enum mode { FAIL_ONCE, FAIL_FROM_THERE_ON };

static enum mode mode;
static long countdown = -1; /* calls until one fails; negative: none ever does */
static bool failed;
static bool stutter; /* reads deliver one byte, every other time a signal comes between */

static bool fails(void)
{
    if (countdown < 0) {
        return false;
    }
    if (countdown > 0) {
        countdown--;
        return false;
    }
    if (mode == FAIL_ONCE) {
        countdown = -1;
    }
    failed = true;
    return true;
}

void *__real_malloc(size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_malloc(size_t size)
{
    return fails() ? NULL : __real_malloc(size);
}

void *__real_mmap(void *address, size_t size, int protection, int flags, int file, off_t offset);
void *__wrap_mmap(void *address, size_t size, int protection, int flags, int file, off_t offset);
void *__wrap_mmap(void *address, size_t size, int protection, int flags, int file, off_t offset)
{
    return fails() ? MAP_FAILED : __real_mmap(address, size, protection, flags, file, offset);
}

int __real_open(const char *path, int flags, ...);
int __wrap_open(const char *path, int flags);
int __wrap_open(const char *path, int flags)
{
    if (fails()) {
        errno = EMFILE;
        return -1;
    }
    return __real_open(path, flags);
}

int __real_fstat(int file, struct stat *status);
int __wrap_fstat(int file, struct stat *status);
int __wrap_fstat(int file, struct stat *status)
{
    if (fails()) {
        errno = EIO;
        return -1;
    }
    return __real_fstat(file, status);
}

ssize_t __real_pread(int file, void *bytes, size_t count, off_t offset);
ssize_t __wrap_pread(int file, void *bytes, size_t count, off_t offset);
ssize_t __wrap_pread(int file, void *bytes, size_t count, off_t offset)
{
    static unsigned calls;
    if (fails()) {
        errno = EIO;
        return -1;
    }
    if (stutter && ++calls % 2 == 0) {
        errno = EINTR;
        return -1;
    }
    return __real_pread(file, bytes, stutter && count > 0 ? 1 : count, offset);
}

struct libdeflate_decompressor *__real_libdeflate_alloc_decompressor(void);
struct libdeflate_decompressor *__wrap_libdeflate_alloc_decompressor(void);
struct libdeflate_decompressor *__wrap_libdeflate_alloc_decompressor(void)
{
    return fails() ? NULL : __real_libdeflate_alloc_decompressor();
}

int __real_inflateInit2_(z_streamp stream, int bits, const char *version, int size);
int __wrap_inflateInit2_(z_streamp stream, int bits, const char *version, int size);
int __wrap_inflateInit2_(z_streamp stream, int bits, const char *version, int size)
{
    return fails() ? Z_MEM_ERROR : __real_inflateInit2_(stream, bits, version, size);
}

/* What is tried: gives two data sets or none. */
typedef pn_status (*scenario)(pn_dataset **first, pn_dataset **second);

/* Runs a scenario with its first call failing, its second, ... until none is left to fail.
 * Returns the number of calls that could fail. */
static long fail_each(scenario run)
{
    long calls = 0;
    for (int m = FAIL_ONCE; m <= FAIL_FROM_THERE_ON; m++) {
        for (calls = 0;; calls++) {
            pn_dataset *first = NULL;
            pn_dataset *second = NULL;
            mode = (enum mode)m;
            failed = false;
            countdown = calls;
            const pn_status status = run(&first, &second);
            countdown = -1;
            if (!failed) {
                cr_assert_eq(status, PN_OK, "%s", pn_error_message());
                pn_dataset_free(first);
                pn_dataset_free(second);
                break;
            }
            cr_assert(status == PN_ERROR_FAILED || status == PN_ERROR_IO, "call %ld: status %d: %s",
                      calls, status, pn_error_message());
            cr_assert_null(first);
            cr_assert_null(second);
            expect_message(status == PN_ERROR_FAILED ? "out of memory" : ":");
        }
    }
    return calls;
}

static void set_up(void)
{
    struct bytes *const bytes = bytes_create();
    struct bytes *const packed = bytes_create();
    scratch_create();
    scratch_folder("set");
    put_images(bytes);
    put_gzip(packed, bytes->data, bytes->size);
    scratch_write("set/train-images-idx3-ubyte.gz", packed->data, packed->size);
    scratch_write("set/t10k-images-idx3-ubyte", bytes->data, bytes->size);
    bytes->size = packed->size = 0;
    put_labels(bytes);
    put_gzip(packed, bytes->data, bytes->size);
    scratch_write("set/train-labels-idx1-ubyte.gz", packed->data, packed->size);
    scratch_write("set/t10k-labels-idx1-ubyte", bytes->data, bytes->size);
    free(bytes);
    free(packed);
}

TestSuite(faults, .init = set_up, .fini = scratch_remove);

static pn_status load_folder(pn_dataset **first, pn_dataset **second)
{
    return pn_dataset_load(scratch_path("set"), first, second);
}

Test(faults, loading_a_folder)
{
    cr_assert_gt(fail_each(load_folder), 20);
}

/* Explaining a damaged file may run out of memory too. */
static pn_status load_damaged(pn_dataset **first, pn_dataset **second)
{
    (void)second;
    const pn_status status = pn_dataset_load_idx(scratch_path("damaged.gz"), NULL, first);
    return status == PN_ERROR_DATA ? PN_OK : status;
}

Test(faults, refusing_a_damaged_file)
{
    struct bytes *const bytes = bytes_create();
    struct bytes *const packed = bytes_create();
    put_header(bytes, 0x00000803, 100, 1, 1, 0);
    put_zeros(bytes, 100);
    put_gzip(packed, bytes->data, bytes->size);
    packed->data[packed->size - 8] ^= 1;
    scratch_write("damaged.gz", packed->data, packed->size);
    cr_assert_gt(fail_each(load_damaged), 10);
    free(bytes);
    free(packed);
}

static pn_status copy_and_slice(pn_dataset **first, pn_dataset **second)
{
    static const float samples[6] = {1, 2, 3, 4, 5, 6};
    static const int32_t labels[3] = {0, 1, 2};
    const size_t shape[] = {2};
    pn_status status = pn_dataset_from_arrays(samples, PN_F32, 3, 1, shape, labels, first);
    if (status == PN_OK) {
        status = pn_dataset_slice(*first, 1, 2, second);
    }
    if (status != PN_OK) {
        pn_dataset_free(*first);
        *first = NULL;
    }
    return status;
}

Test(faults, copying_arrays_and_slicing)
{
    cr_assert_geq(fail_each(copy_and_slice), 4);
}

static pn_status draw(pn_dataset **first, pn_dataset **second)
{
    (void)second;
    const size_t shape[] = {4, 4};
    return pn_dataset_synthetic(10, 2, shape, 3, 1, first);
}

Test(faults, drawing)
{
    cr_assert_geq(fail_each(draw), 4);
}

Test(faults, reads_of_one_byte_and_signals_change_nothing)
{
    stutter = true;
    pn_dataset *train, *test;
    cr_assert_eq(pn_dataset_load(scratch_path("set"), &train, &test), PN_OK, "%s",
                 pn_error_message());
    stutter = false;
    cr_assert_eq(memcmp(train->samples, test->samples, 12), 0);
    cr_assert_eq(((const uint8_t *)train->samples)[11], 220);
    pn_dataset_free(train);
    pn_dataset_free(test);
}
