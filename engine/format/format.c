#include "engine/format/load.h"
#include "engine/format/save.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "engine/base/error.h"
#include "engine/base/file.h"
#include "engine/format/atomic_file.h"
#include "engine/format/hdf5_codec.h"
#include "engine/format/model_file.h"

static const unsigned char hdf5_signature[8] = {0x89, 'H', 'D', 'F', '\r', '\n', 0x1a, '\n'};
static const unsigned char zip_signature[4] = {'P', 'K', 3, 4};

static bool ends_with(const char *text, const char *end)
{
    const size_t n = strlen(text), m = strlen(end);
    return n > m && strcmp(text + n - m, end) == 0;
}

static pn_status check_extension(const char *path)
{
    if (ends_with(path, ".keras")) {
        return error_set(PN_ERROR_USAGE,
                         "%s: the .keras archive is not written; name the file .hdf5 or .h5, which "
                         "every Keras loads",
                         path);
    }
    if (ends_with(path, ".weights.h5")) {
        return error_set(PN_ERROR_USAGE,
                         "%s: Keras expects weights only under .weights.h5, and this is a whole "
                         "model; name the file .hdf5 or .h5",
                         path);
    }
    if (!ends_with(path, ".hdf5") && !ends_with(path, ".h5")) {
        return error_set(PN_ERROR_USAGE,
                         "%s: the extension decides the format; name the file .hdf5 or .h5", path);
    }
    return PN_OK;
}

pn_status format_check_path(const char *path)
{
    const pn_status status = check_extension(path);
    return status == PN_OK ? atomic_file_check(path) : status;
}

pn_status pn_model_save(const pn_model *model, const char *path)
{
    pn_status status = check_extension(path);
    struct model_file file;
    if (status == PN_OK) {
        model_sync(model);
        status = model_file_from_model(model, &file);
    }
    if (status != PN_OK) {
        return status;
    }
    void *image;
    size_t size;
    status = hdf5_encode(&file, &image, &size);
    model_file_free(&file);
    if (status != PN_OK) {
        return error_set(status, "%s: %s", path, pn_error_message());
    }
    status = atomic_file_write(path, image, size);
    free(image);
    return status;
}

/* By content: an HDF5 file may begin at 0, 512, 1024, 2048, ... */
static pn_status sniff(const struct file *file)
{
    unsigned char head[sizeof hdf5_signature];
    for (size_t at = 0; at <= file->size && file->size - at >= sizeof head;
         at = at ? 2 * at : 512) {
        const pn_status status = file_read(file, at, head, sizeof head);
        if (status != PN_OK || memcmp(head, hdf5_signature, sizeof head) == 0) {
            return status;
        }
        if (at == 0 && memcmp(head, zip_signature, sizeof zip_signature) == 0) {
            return error_set(PN_ERROR_DATA,
                             "%s is a .keras archive (zip), and HDF5 is read; in Keras: "
                             "model.save(\"model.h5\")",
                             file->path);
        }
    }
    return error_set(PN_ERROR_DATA,
                     "%s: no HDF5 signature in its %zu bytes; is it a model that was saved as .h5 "
                     "or .hdf5?",
                     file->path, file->size);
}

/* Reading takes the file itself and about as much again. */
static pn_status check_size(const struct file *file)
{
    const size_t half = (size_t)sysconf(_SC_PHYS_PAGES) / 2 * (size_t)sysconf(_SC_PAGESIZE);
    if (file->size > half) {
        return error_set(PN_ERROR_DATA,
                         "%s: %zu bytes are more than half of this machine's memory (%zu); use a "
                         "larger machine",
                         file->path, file->size, half);
    }
    return PN_OK;
}

static pn_status read_here(const struct file *file, struct model_file *content)
{
    void *image = malloc(file->size);
    if (!image) {
        return error_memory(file->size, file->path);
    }
    pn_status status = file_read(file, 0, image, file->size);
    if (status == PN_OK) {
        status = hdf5_decode(image, file->size, content);
        if (status != PN_OK) {
            error_set(status, "%s: %s", file->path, pn_error_message());
        }
    }
    free(image);
    return status;
}

pn_status format_load(const char *path, read_process_start start, pn_model **model)
{
    *model = NULL;
    struct file file;
    pn_status status = file_open(path, &file);
    if (status != PN_OK) {
        return status;
    }
    status = sniff(&file);
    if (status == PN_OK) {
        status = check_size(&file);
    }
    struct model_file content;
    if (status == PN_OK) {
        status = start ? read_process_run(&file, start, &content) : read_here(&file, &content);
    }
    if (status == PN_OK) {
        status = model_file_to_model(&content, path, model);
        model_file_free(&content);
    }
    file_close(&file);
    return status;
}

pn_status pn_model_load(const char *file, pn_model **model)
{
    return format_load(file, read_process_spawn, model);
}

pn_status pn_model_load_unsafe(const char *file, pn_model **model)
{
    return format_load(file, NULL, model);
}
