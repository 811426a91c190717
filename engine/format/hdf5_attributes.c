#include "engine/format/hdf5_attributes.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/base/error.h"
#include "engine/base/memory.h"
#include "engine/format/hdf5_session.h"
#include "engine/format/model_file.h"

/* An open attribute and what it says of itself. */
struct attribute {
    hid_t id, type, space;
    size_t count; /* elements */
};

static pn_status damaged(const char *where, const char *name, const char *what)
{
    char reason[256];
    return error_set(PN_ERROR_DATA, "attribute %s of %s %s (libhdf5: %s); take another copy", name,
                     where, what, hdf5_reason(reason, sizeof reason));
}

static pn_status unfit(const char *where, const char *name, const char *wanted)
{
    return error_set(PN_ERROR_DATA, "attribute %s of %s is not %s; take another copy", name, where,
                     wanted);
}

static void attribute_close(const struct attribute *attribute)
{
    if (attribute->space >= 0) {
        H5Sclose(attribute->space);
    }
    if (attribute->type >= 0) {
        H5Tclose(attribute->type);
    }
    if (attribute->id >= 0) {
        H5Aclose(attribute->id);
    }
}

/* Opens an attribute that is a scalar or a list. */
static pn_status attribute_open(hid_t object, const char *where, const char *name,
                                struct attribute *attribute)
{
    *attribute = (struct attribute){.type = -1, .space = -1};
    attribute->id = H5Aopen(object, name, H5P_DEFAULT);
    if (attribute->id >= 0) {
        attribute->type = H5Aget_type(attribute->id);
        attribute->space = H5Aget_space(attribute->id);
    }
    if (attribute->type < 0 || attribute->space < 0) {
        const pn_status status = damaged(where, name, "cannot be opened");
        attribute_close(attribute);
        return status;
    }
    const H5S_class_t kind = H5Sget_simple_extent_type(attribute->space);
    const int rank = H5Sget_simple_extent_ndims(attribute->space);
    const hssize_t count = H5Sget_simple_extent_npoints(attribute->space);
    if ((kind != H5S_SCALAR && kind != H5S_SIMPLE) || rank > 1 || count < 0) {
        attribute_close(attribute);
        return unfit(where, name, "a value or a list");
    }
    attribute->count = (size_t)count;
    return PN_OK;
}

static pn_status attribute_exists(hid_t object, const char *where, const char *name, bool *exists)
{
    const htri_t found = H5Aexists(object, name);
    *exists = found > 0;
    return found >= 0 ? PN_OK : damaged(where, name, "cannot be looked up");
}

/* Reads strings of variable length: libhdf5 allocates each. */
static pn_status read_variable(const struct attribute *attribute, const char *where,
                               const char *name, size_t limit, char **strings)
{
    char **read = calloc(attribute->count, sizeof *read);
    if (!read) {
        return error_memory(attribute->count * sizeof *read, name);
    }
    if (H5Aread(attribute->id, attribute->type, read) < 0) {
        free(read);
        return damaged(where, name, "cannot be read");
    }
    pn_status status = PN_OK;
    size_t total = 0;
    for (size_t i = 0; status == PN_OK && i < attribute->count; i++) {
        const char *string = read[i] ? read[i] : "";
        total += strlen(string);
        if (total > limit) {
            status = unfit(where, name, "smaller than the file");
            break;
        }
        strings[i] = strdup(string);
        if (!strings[i]) {
            status = error_memory(total, name);
        }
    }
    H5Dvlen_reclaim(attribute->type, attribute->space, H5P_DEFAULT, read);
    free(read);
    return status;
}

/* Reads strings of one fixed length, whose end is a null, the length, or where spaces begin. */
static pn_status read_fixed(const struct attribute *attribute, const char *where, const char *name,
                            size_t limit, char **strings)
{
    const size_t length = H5Tget_size(attribute->type);
    size_t bytes;
    if (length == 0 || !size_multiply(length, attribute->count, &bytes) || bytes > limit) {
        return unfit(where, name, "smaller than the file");
    }
    char *read = calloc(bytes, 1);
    if (!read) {
        return error_memory(bytes, name);
    }
    pn_status status = PN_OK;
    if (H5Aread(attribute->id, attribute->type, read) < 0) {
        status = damaged(where, name, "cannot be read");
    }
    const bool spaces = H5Tget_strpad(attribute->type) == H5T_STR_SPACEPAD;
    for (size_t i = 0; status == PN_OK && i < attribute->count; i++) {
        const char *string = read + i * length;
        size_t end = strnlen(string, length);
        while (spaces && end > 0 && string[end - 1] == ' ') {
            end--;
        }
        strings[i] = strndup(string, end);
        if (!strings[i]) {
            status = error_memory(end, name);
        }
    }
    free(read);
    return status;
}

/* Appends the strings of one attribute. */
static pn_status read_strings(hid_t object, const char *where, const char *name, size_t limit,
                              struct hdf5_names *names)
{
    struct attribute attribute;
    pn_status status = attribute_open(object, where, name, &attribute);
    if (status != PN_OK) {
        return status;
    }
    const H5T_class_t kind = H5Tget_class(attribute.type);
    const bool none = attribute.count == 0 && (kind == H5T_FLOAT || kind == H5T_STRING);
    if (none) {
        attribute_close(&attribute);
        return PN_OK;
    }
    if (kind != H5T_STRING || attribute.count > FILE_MAX_ARRAYS - names->count) {
        status = unfit(where, name, "text of a sensible length");
        attribute_close(&attribute);
        return status;
    }
    char **items = reallocarray(names->items, names->count + attribute.count, sizeof *names->items);
    if (!items) {
        attribute_close(&attribute);
        return error_memory(attribute.count * sizeof *items, name);
    }
    names->items = items;
    memset(items + names->count, 0, attribute.count * sizeof *items);
    char **strings = items + names->count;
    names->count += attribute.count;
    status = H5Tis_variable_str(attribute.type) > 0
                 ? read_variable(&attribute, where, name, limit, strings)
                 : read_fixed(&attribute, where, name, limit, strings);
    attribute_close(&attribute);
    return status;
}

void hdf5_names_free(struct hdf5_names *names)
{
    for (size_t i = 0; i < names->count; i++) {
        free(names->items[i]);
    }
    free(names->items);
    *names = (struct hdf5_names){0};
}

pn_status hdf5_read_text(hid_t object, const char *where, const char *attribute, size_t limit,
                         char **text)
{
    *text = NULL;
    bool exists;
    pn_status status = attribute_exists(object, where, attribute, &exists);
    if (status != PN_OK || !exists) {
        return status;
    }
    struct hdf5_names names = {0};
    status = read_strings(object, where, attribute, limit, &names);
    if (status == PN_OK && names.count != 1) {
        status = unfit(where, attribute, "one text");
    }
    if (status == PN_OK) {
        *text = names.items[0];
        names.items[0] = NULL;
    }
    hdf5_names_free(&names);
    return status;
}

static pn_status read_parts(hid_t object, const char *where, const char *attribute, size_t limit,
                            struct hdf5_names *names)
{
    bool exists;
    pn_status status = attribute_exists(object, where, attribute, &exists);
    if (status != PN_OK) {
        return status;
    }
    if (exists) {
        return read_strings(object, where, attribute, limit, names);
    }
    for (size_t part = 0;; part++) {
        char name[64];
        snprintf(name, sizeof name, "%s%zu", attribute, part);
        status = attribute_exists(object, where, name, &exists);
        if (status != PN_OK || !exists) {
            return status;
        }
        status = read_strings(object, where, name, limit, names);
        if (status != PN_OK) {
            return status;
        }
    }
}

pn_status hdf5_read_names(hid_t object, const char *where, const char *attribute, size_t limit,
                          struct hdf5_names *names)
{
    *names = (struct hdf5_names){0};
    pn_status status = read_parts(object, where, attribute, limit, names);
    for (size_t i = 0; status == PN_OK && i < names->count; i++) {
        if (strlen(names->items[i]) > FILE_MAX_NAME) {
            status = unfit(where, attribute, "a list of names");
        }
    }
    if (status != PN_OK) {
        hdf5_names_free(names);
    }
    return status;
}

static pn_status read_one(hid_t object, const char *where, const char *name, hid_t stored,
                          hid_t memory, void *value)
{
    struct attribute attribute;
    pn_status status = attribute_open(object, where, name, &attribute);
    if (status != PN_OK) {
        return status;
    }
    if (attribute.count != 1 || H5Tequal(attribute.type, stored) <= 0) {
        status = unfit(where, name, "a number of the right type");
    } else if (H5Aread(attribute.id, memory, value) < 0) {
        status = damaged(where, name, "cannot be read");
    }
    attribute_close(&attribute);
    return status;
}

pn_status hdf5_read_number(hid_t object, const char *where, const char *attribute, uint64_t *number)
{
    return read_one(object, where, attribute, H5T_STD_U64LE, H5T_NATIVE_UINT64, number);
}

pn_status hdf5_read_real(hid_t object, const char *where, const char *attribute, double *real)
{
    return read_one(object, where, attribute, H5T_IEEE_F64LE, H5T_NATIVE_DOUBLE, real);
}
