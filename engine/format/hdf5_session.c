#include "engine/format/hdf5_session.h"

#include <pthread.h>
#include <stdio.h>

static pthread_mutex_t hdf5_mutex = PTHREAD_MUTEX_INITIALIZER;

void hdf5_session_begin(struct hdf5_session *session)
{
    pthread_mutex_lock(&hdf5_mutex);
    *session = (struct hdf5_session){0};
    H5Eget_auto2(H5E_DEFAULT, &session->print, &session->print_data);
    H5Eset_auto2(H5E_DEFAULT, NULL, NULL);
    H5PLget_loading_state(&session->plugins);
    H5PLset_loading_state(0);
}

void hdf5_session_end(const struct hdf5_session *session)
{
    H5PLset_loading_state(session->plugins);
    H5Eset_auto2(H5E_DEFAULT, session->print, session->print_data);
    pthread_mutex_unlock(&hdf5_mutex);
}

struct reason {
    char *text;
    size_t size;
};

static herr_t reason_keep(unsigned depth, const H5E_error2_t *error, void *context)
{
    const struct reason *reason = context;
    if (depth == 0 && error->desc) {
        snprintf(reason->text, reason->size, "%s", error->desc);
    }
    return 0;
}

const char *hdf5_reason(char *text, size_t size)
{
    snprintf(text, size, "no reason given");
    struct reason reason = {text, size};
    H5Ewalk2(H5E_DEFAULT, H5E_WALK_UPWARD, reason_keep, &reason);
    return text;
}
