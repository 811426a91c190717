#include "bench/ab/recording.h"

#include <stdlib.h>

struct launch *recording_start(struct recording *recording, int stage, size_t capacity)
{
    struct launch *list =
        realloc(recording->list, (recording->launches + 1) * sizeof *recording->list);
    if (list == NULL) {
        return NULL;
    }
    recording->list = list;
    double *memory = malloc(ARM_COUNT * capacity * sizeof *memory);
    if (memory == NULL) {
        return NULL;
    }
    struct launch *launch = &list[recording->launches++];
    *launch = (struct launch){.stage = stage, .capacity = capacity};
    for (int i = 0; i < ARM_COUNT; i++) {
        launch->ns[i] = memory + (size_t)i * capacity;
    }
    return launch;
}

void launch_add(struct launch *launch, const double ns[ARM_COUNT])
{
    for (int i = 0; i < ARM_COUNT; i++) {
        launch->ns[i][launch->samples] = ns[i];
    }
    launch->samples++;
}

void recording_free(struct recording *recording)
{
    for (size_t i = 0; i < recording->launches; i++) {
        free(recording->list[i].ns[0]);
    }
    free(recording->list);
    *recording = (struct recording){0};
}

static json_t *times_json(const double *ns, size_t count)
{
    json_t *array = json_array();
    for (size_t i = 0; i < count; i++) {
        if (json_array_append_new(array, json_real(ns[i])) != 0) {
            json_decref(array);
            return NULL;
        }
    }
    return array;
}

json_t *recording_json(const struct recording *recording)
{
    json_t *array = json_array();
    for (size_t i = 0; i < recording->launches; i++) {
        const struct launch *launch = &recording->list[i];
        json_t *object = json_pack("{s:i, s:o, s:o, s:o}", "stage", launch->stage, "old",
                                   times_json(launch->ns[ARM_OLD], launch->samples), "placebo",
                                   times_json(launch->ns[ARM_PLACEBO], launch->samples), "new",
                                   times_json(launch->ns[ARM_NEW], launch->samples));
        if (json_array_append_new(array, object) != 0) {
            json_decref(array);
            return NULL;
        }
    }
    return array;
}
