/*
 * IDX files, plain or gzip. Layout: two zero bytes, the element type, the rank, one big-endian
 * 32-bit size for each dimension, then the elements in row-major order.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/base/error.h"
#include "engine/base/file.h"
#include "engine/base/memory.h"
#include "engine/data/gzip.h"
#include "engine/data/storage.h"

enum {
    IDX_U8 = 0x08,
    IDX_MAX_RANK = PN_MAX_RANK + 1, /* that of a sample, and the count */
    IDX_MAX_HEADER = 4 + 4 * IDX_MAX_RANK
};

_Static_assert((int)IDX_MAX_HEADER <= (int)DATASET_MARGIN,
               "the header is unpacked into the margin");

enum idx_kind { IDX_IMAGES, IDX_LABELS };

struct idx {
    struct file file;
    struct arena arena; /* of packed: its huge pages save most page faults */
    uint8_t *packed;    /* [file.size] gzip data, or NULL for a plain file */
    size_t rank;
    size_t shape[IDX_MAX_RANK];
    size_t header; /* bytes */
    size_t size;   /* unpacked bytes, the header included */
};

static size_t read_u32(const uint8_t *bytes)
{
    return (size_t)bytes[0] << 24 | (size_t)bytes[1] << 16 | (size_t)bytes[2] << 8 | bytes[3];
}

/* Name of an IDX element type, NULL if there is none of that number. */
static const char *type_name(uint8_t type)
{
    switch (type) {
    case IDX_U8:
        return "u8";
    case 0x09:
        return "i8";
    case 0x0b:
        return "i16";
    case 0x0c:
        return "i32";
    case 0x0d:
        return "f32";
    case 0x0e:
        return "f64";
    default:
        return NULL;
    }
}

/* Checks the magic number's four bytes. */
static pn_status check_magic(const char *path, enum idx_kind kind, const uint8_t magic[4])
{
    const unsigned rank = magic[3];
    const unsigned number = (unsigned)read_u32(magic);
    if (magic[0] != 0 || magic[1] != 0 || !type_name(magic[2]) || rank == 0) {
        return error_set(PN_ERROR_DATA,
                         "%s: magic number 0x%08x at byte 0 is not that of an IDX file (%s); give "
                         "an IDX file, plain or gzip",
                         path, number,
                         kind == IDX_IMAGES ? "0x00000803 for images" : "0x00000801 for labels");
    }
    if (magic[2] != IDX_U8) {
        return error_set(PN_ERROR_DATA,
                         "%s: element type 0x%02x (%s) at byte 2, but only 0x08 (u8) can be read; "
                         "convert the file",
                         path, magic[2], type_name(magic[2]));
    }
    if (kind == IDX_LABELS && rank != 1) {
        return error_set(PN_ERROR_DATA,
                         "%s: magic number 0x%08x at byte 0 is that of images (rank %u), but "
                         "labels (0x00000801) belong here; are the two files swapped?",
                         path, number, rank);
    }
    if (kind == IDX_IMAGES && rank == 1) {
        return error_set(PN_ERROR_DATA,
                         "%s: magic number 0x%08x at byte 0 is that of labels (rank 1), but images "
                         "(0x00000803) belong here; are the two files swapped?",
                         path, number);
    }
    if (rank > IDX_MAX_RANK) {
        return error_set(PN_ERROR_DATA,
                         "%s: rank %u at byte 3 is more than the %d that can be read; give samples "
                         "of fewer dimensions",
                         path, rank, IDX_MAX_RANK);
    }
    return PN_OK;
}

/* Reads rank, shape and sizes from the first `got` unpacked bytes. */
static pn_status parse_header(struct idx *idx, enum idx_kind kind, const uint8_t *head, size_t got)
{
    const char *const path = idx->file.path;
    if (got < 4) {
        return error_set(PN_ERROR_DATA,
                         "%s: truncated: it ends at byte %zu, inside the magic number of 4 bytes; "
                         "copy or download it again",
                         path, got);
    }
    const pn_status status = check_magic(path, kind, head);
    if (status != PN_OK) {
        return status;
    }
    idx->rank = head[3];
    idx->header = 4 + 4 * idx->rank;
    if (got < idx->header) {
        return error_set(PN_ERROR_DATA,
                         "%s: truncated: it ends at byte %zu, inside the header of %zu bytes; copy "
                         "or download it again",
                         path, got, idx->header);
    }
    size_t elements = 1;
    for (size_t i = 0; i < idx->rank; i++) {
        const size_t offset = 4 + 4 * i;
        idx->shape[i] = read_u32(head + offset);
        if (idx->shape[i] == 0) {
            return error_set(PN_ERROR_DATA,
                             "%s: dimension %zu at byte %zu is 0; make or download it again", path,
                             i, offset);
        }
        if (!size_multiply(elements, idx->shape[i], &elements)) {
            return error_set(PN_ERROR_DATA,
                             "%s: dimensions up to number %zu at byte %zu multiply to more than "
                             "memory can address; make or download it again",
                             path, i, offset);
        }
    }
    if (!size_add(elements, idx->header, &idx->size)) {
        return error_set(PN_ERROR_DATA,
                         "%s: dimensions at byte 4 multiply to more than memory can address; make "
                         "or download it again",
                         path);
    }
    return PN_OK;
}

/* Nothing is allocated for data that the file cannot hold. */
static pn_status check_size(const struct idx *idx)
{
    const char *const path = idx->file.path;
    if (idx->packed) {
        if (idx->size / GZIP_MAX_RATIO > idx->file.size) {
            return error_set(PN_ERROR_DATA,
                             "%s: its header declares %zu bytes, more than %zu bytes of gzip data "
                             "can hold; make or download it again",
                             path, idx->size, idx->file.size);
        }
        return PN_OK;
    }
    if (idx->file.size < idx->size) {
        return error_set(PN_ERROR_DATA,
                         "%s: truncated: it ends at byte %zu where its header declares %zu bytes; "
                         "copy or download it again",
                         path, idx->file.size, idx->size);
    }
    if (idx->file.size > idx->size) {
        return error_set(PN_ERROR_DATA,
                         "%s: oversized: %zu bytes follow the %zu that its header declares; copy "
                         "or download it again",
                         path, idx->file.size - idx->size, idx->size);
    }
    return PN_OK;
}

static void idx_close(struct idx *idx)
{
    arena_free(&idx->arena);
    file_close(&idx->file);
}

static bool ends_in_gz(const char *path)
{
    const size_t length = strlen(path);
    return length >= 3 && strcmp(path + length - 3, ".gz") == 0;
}

/* The first bytes of the unpacked data; what a gzip file holds is read whole. */
static pn_status read_head(struct idx *idx, uint8_t head[IDX_MAX_HEADER], size_t *got)
{
    const struct file *const file = &idx->file;
    *got = file->size < IDX_MAX_HEADER ? file->size : IDX_MAX_HEADER;
    pn_status status = file_read(file, 0, head, *got);
    if (status != PN_OK) {
        return status;
    }
    if (*got == 0) {
        return error_set(PN_ERROR_DATA, "%s: empty; copy or download it again", file->path);
    }
    if (!gzip_has_magic(head, *got)) {
        if (ends_in_gz(file->path)) {
            return error_set(PN_ERROR_DATA,
                             "%s: named .gz, but byte 0 does not begin gzip data; rename it if it "
                             "is a plain IDX file, or download it again",
                             file->path);
        }
        return PN_OK;
    }
    if (!arena_reserve(&idx->arena, file->size, 1)) {
        return error_memory(file->size, file->path);
    }
    status = arena_map(&idx->arena, file->path);
    if (status != PN_OK) {
        return status;
    }
    idx->packed = arena_take(&idx->arena, file->size, 1);
    status = file_read(file, 0, idx->packed, file->size);
    if (status != PN_OK) {
        return status;
    }
    return gzip_peek(file->path, idx->packed, file->size, head, IDX_MAX_HEADER, got);
}

static pn_status idx_open(const char *path, enum idx_kind kind, struct idx *idx)
{
    *idx = (struct idx){0};
    pn_status status = file_open(path, &idx->file);
    if (status != PN_OK) {
        return status;
    }
    uint8_t head[IDX_MAX_HEADER];
    size_t got;
    status = read_head(idx, head, &got);
    if (status == PN_OK) {
        status = parse_header(idx, kind, head, got);
    }
    if (status == PN_OK) {
        status = check_size(idx);
    }
    if (status != PN_OK) {
        idx_close(idx);
    }
    return status;
}

/* Writes header and data, idx->size bytes. */
static pn_status idx_read(const struct idx *idx, uint8_t *out)
{
    if (idx->packed) {
        return gzip_unpack(idx->file.path, idx->packed, idx->file.size, out, idx->size);
    }
    return file_read(&idx->file, 0, out, idx->size);
}

static pn_status read_labels(const struct idx *idx, int32_t *labels)
{
    uint8_t *const bytes = malloc(idx->size);
    if (!bytes) {
        return error_memory(idx->size, idx->file.path);
    }
    const pn_status status = idx_read(idx, bytes);
    for (size_t i = 0; status == PN_OK && i < idx->shape[0]; i++) {
        labels[i] = bytes[idx->header + i];
    }
    free(bytes);
    return status;
}

/* `labels` NULL: none. */
static pn_status load(const struct idx *images, const struct idx *labels, pn_dataset **dataset)
{
    if (labels && labels->shape[0] != images->shape[0]) {
        return error_set(PN_ERROR_DATA,
                         "%s: %zu images, but %zu labels in %s (byte 4 of both); give files of one "
                         "set",
                         images->file.path, images->shape[0], labels->shape[0], labels->file.path);
    }
    struct dataset_content content = {.dtype = PN_U8,
                                      .count = images->shape[0],
                                      .rank = images->rank - 1,
                                      .shape = images->shape + 1,
                                      .labelled = labels != NULL,
                                      .label_file = labels ? labels->file.path : NULL};
    pn_status status = dataset_create(&content, dataset);
    if (status != PN_OK) {
        return status;
    }
    status = idx_read(images, content.samples - images->header);
    if (status == PN_OK && labels) {
        status = read_labels(labels, content.labels);
    }
    if (status != PN_OK) {
        pn_dataset_free(*dataset);
        *dataset = NULL;
        return status;
    }
    dataset_count_classes(*dataset);
    return PN_OK;
}

pn_status pn_dataset_load_idx(const char *images, const char *labels, pn_dataset **dataset)
{
    *dataset = NULL;
    struct idx image_file;
    pn_status status = idx_open(images, IDX_IMAGES, &image_file);
    if (status != PN_OK) {
        return status;
    }
    if (!labels) {
        status = load(&image_file, NULL, dataset);
        idx_close(&image_file);
        return status;
    }
    struct idx label_file;
    status = idx_open(labels, IDX_LABELS, &label_file);
    if (status == PN_OK) {
        status = load(&image_file, &label_file, dataset);
        idx_close(&label_file);
    }
    idx_close(&image_file);
    return status;
}
