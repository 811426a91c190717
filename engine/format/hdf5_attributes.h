/* format/hdf5_attributes.h: attributes of a file that may be hostile. `where` is the object's path
 * for messages; `limit` the most bytes a value may have, usually the size of the file. */
#ifndef PINION_FORMAT_HDF5_ATTRIBUTES_H
#define PINION_FORMAT_HDF5_ATTRIBUTES_H

#include <stddef.h>
#include <stdint.h>

#include <hdf5.h>

#include "engine/pinion.h"

struct hdf5_names {
    char **items;
    size_t count;
};

/* One string, of variable or fixed length, in any padding. *text NULL: there is no such attribute.
 */
pn_status hdf5_read_text(hid_t object, const char *where, const char *attribute, size_t limit,
                         char **text);

/* A list of strings as Keras writes them: NAME, or its parts NAME0, NAME1, ...; an empty list may
 * be an array of no doubles, or not be there. */
pn_status hdf5_read_names(hid_t object, const char *where, const char *attribute, size_t limit,
                          struct hdf5_names *names);
void hdf5_names_free(struct hdf5_names *names);

/* One number that must be there. */
pn_status hdf5_read_number(hid_t object, const char *where, const char *attribute,
                           uint64_t *number);
pn_status hdf5_read_real(hid_t object, const char *where, const char *attribute, double *real);

#endif
