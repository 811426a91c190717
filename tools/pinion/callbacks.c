#include "tools/pinion/callbacks.h"

#include <stdlib.h>
#include <string.h>

#include "engine/base/number.h"
#include "tools/pinion/say.h"

static const char command[] = "train";

/* Cuts the next of "a,b=1,c" off: its name, and its value or NULL. False at the end. */
static bool next_part(char **rest, char **name, char **value)
{
    if (!*rest) {
        return false;
    }
    *name = strsep(rest, ",");
    *value = strchr(*name, '=');
    if (*value) {
        *(*value)++ = '\0';
    }
    return true;
}

static bool unknown_part(const char *option, const char *name, const char *known)
{
    say_usage(command, "--%s: '%s' is not one of %s", option, name, known);
    return false;
}

static bool read_early_stopping(char *text, pn_early_stopping_options *options)
{
    char *name, *value;
    options->monitor = strsep(&text, ",");
    while (next_part(&text, &name, &value)) {
        double number = 0;
        if (strcmp(name, "restore_best") == 0 && !value) {
            options->restore_best_weights = true;
            continue;
        }
        if (strcmp(name, "patience") != 0 && strcmp(name, "min_delta") != 0) {
            return unknown_part("early-stopping", name, "patience=N, min_delta=F, restore_best");
        }
        if (!value || !number_read_real(value, &number) || number < 0) {
            say_usage(command, "--early-stopping: %s wants a number from 0", name);
            return false;
        }
        if (strcmp(name, "min_delta") == 0) {
            options->min_delta = number;
        } else if (number <= 1e9 && number == (double)(size_t)number) {
            options->patience = (size_t)number;
        } else {
            say_usage(command, "--early-stopping: patience=%s must be a whole number", value);
            return false;
        }
    }
    return true;
}

static bool read_checkpoint(char *text, pn_checkpoint_options *options)
{
    char *name, *value;
    strsep(&text, ","); /* the file */
    while (next_part(&text, &name, &value)) {
        if (strcmp(name, "save_best_only") == 0 && !value) {
            options->save_best_only = true;
        } else if (strcmp(name, "monitor") == 0 && value) {
            options->monitor = value;
        } else {
            return unknown_part("checkpoint", name, "monitor=NAME, save_best_only");
        }
    }
    return true;
}

static int create_early_stopping(const struct settings *settings, struct callbacks *callbacks)
{
    char *text = strdup(settings->early_stopping);
    if (!text) {
        return say_error(command, PN_ERROR_FAILED, "out of memory");
    }
    pn_early_stopping_options options = pn_early_stopping_options_default();
    pn_callback *callback = &callbacks->list[callbacks->count];
    int status = PN_ERROR_USAGE;
    if (read_early_stopping(text, &options)) {
        status = (int)pn_early_stopping(&options, callback);
        if (status == PN_OK) {
            callbacks->early_stopping = callback;
            callbacks->count++;
        } else {
            say_failed(command, (pn_status)status);
        }
    }
    free(text);
    return status;
}

static int create_checkpoint(const struct settings *settings, struct callbacks *callbacks)
{
    char *text = strdup(settings->checkpoint);
    if (!text) {
        return say_error(command, PN_ERROR_FAILED, "out of memory");
    }
    callbacks->checkpoint_file = text; /* its first part: read_checkpoint ends it there */
    pn_checkpoint_options options = pn_checkpoint_options_default();
    if (!read_checkpoint(text, &options)) {
        return PN_ERROR_USAGE;
    }
    pn_callback *callback = &callbacks->list[callbacks->count];
    const pn_status status = pn_model_checkpoint(callbacks->checkpoint_file, &options, callback);
    if (status != PN_OK) {
        return say_failed(command, status);
    }
    callbacks->checkpoint = callback;
    callbacks->count++;
    return 0;
}

int callbacks_create(const struct settings *settings, struct callbacks *callbacks)
{
    *callbacks = (struct callbacks){.count = 0};
    int status = 0;
    if (settings->early_stopping) {
        status = create_early_stopping(settings, callbacks);
    }
    if (status == 0 && settings->checkpoint) {
        status = create_checkpoint(settings, callbacks);
    }
    return status;
}

void callbacks_free(struct callbacks *callbacks)
{
    for (size_t i = 0; i < callbacks->count; i++) {
        pn_callback_free(&callbacks->list[i]);
    }
    free(callbacks->checkpoint_file);
    *callbacks = (struct callbacks){.count = 0};
}
