#include "engine/team/threads.h"

#include <pthread.h>
#include <stdlib.h>

static void *threads_wait(void *gate)
{
    pthread_mutex_lock(gate);
    pthread_mutex_unlock(gate);
    return NULL;
}

bool threads_available(size_t count)
{
    pthread_t *handles = calloc(count, sizeof *handles);
    if (!handles) {
        return count == 0;
    }
    pthread_mutex_t gate = PTHREAD_MUTEX_INITIALIZER;
    pthread_mutex_lock(&gate);
    size_t started = 0;
    while (started < count && pthread_create(&handles[started], NULL, threads_wait, &gate) == 0) {
        started++;
    }
    pthread_mutex_unlock(&gate);
    for (size_t i = 0; i < started; i++) {
        pthread_join(handles[i], NULL);
    }
    pthread_mutex_destroy(&gate);
    free(handles);
    return started == count;
}
