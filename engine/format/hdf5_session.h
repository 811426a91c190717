/* format/hdf5_session.h: using libhdf5 without a trace: one call at a time, no printing, no
 * plugins, settings as they were. */
#ifndef PINION_FORMAT_HDF5_SESSION_H
#define PINION_FORMAT_HDF5_SESSION_H

#include <stddef.h>

#include <hdf5.h>

#include "engine/pinion.h"

struct hdf5_session {
    H5E_auto2_t print;
    void *print_data;
    unsigned plugins;
};

/* Takes the lock that keeps this library's calls apart: not every libhdf5 is built thread-safe. */
void hdf5_session_begin(struct hdf5_session *session);
void hdf5_session_end(const struct hdf5_session *session);

/* What libhdf5 says about the last failure at its root, for a message. */
const char *hdf5_reason(char *text, size_t size);

#endif
