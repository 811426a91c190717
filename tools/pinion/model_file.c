#include "tools/pinion/model_file.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "tools/pinion/say.h"

enum { CONFIG_MAX_BYTES = 16 << 20 };

/* Whether the file begins like JSON. Files that cannot be read are left to who opens them next. */
static bool begins_like_json(const char *file)
{
    struct stat status;
    if (stat(file, &status) != 0 || !S_ISREG(status.st_mode)) {
        return false; /* opening a pipe would wait or swallow what comes */
    }
    FILE *stream = fopen(file, "rb");
    if (!stream) {
        return false;
    }
    int c;
    do {
        c = fgetc(stream);
    } while (c == ' ' || c == '\t' || c == '\n' || c == '\r');
    fclose(stream);
    return c == '{' || c == '[' || c == '"';
}

/* The whole text of a config file; NULL after saying why not. */
static char *read_config(const char *command, const char *file, int *status)
{
    char *text = NULL;
    FILE *stream = fopen(file, "rb");
    if (!stream) {
        *status = say_error(command, PN_ERROR_IO, "%s: %s", file, strerror(errno));
        return NULL;
    }
    text = malloc(CONFIG_MAX_BYTES + 1);
    const size_t length = text ? fread(text, 1, CONFIG_MAX_BYTES + 1, stream) : 0;
    if (!text) {
        *status = say_error(command, PN_ERROR_FAILED, "%s: out of memory", file);
    } else if (ferror(stream)) {
        *status = say_error(command, PN_ERROR_IO, "%s: reading failed: %s", file, strerror(errno));
    } else if (length > CONFIG_MAX_BYTES) {
        *status = say_error(command, PN_ERROR_DATA,
                            "%s: a model config of more than %d MiB is not plausible", file,
                            CONFIG_MAX_BYTES >> 20);
    } else if (memchr(text, '\0', length)) {
        *status = say_error(command, PN_ERROR_DATA, "%s: a byte 0 has no place in JSON", file);
    } else {
        text[length] = '\0';
        fclose(stream);
        return text;
    }
    free(text);
    fclose(stream);
    return NULL;
}

int model_file_open(const char *command, const char *file, uint32_t seed, bool *from_config,
                    pn_model **model)
{
    *from_config = begins_like_json(file);
    if (!*from_config) {
        const pn_status status = pn_model_load(file, model);
        return status == PN_OK ? 0 : say_failed(command, status);
    }
    int status = 0;
    char *text = read_config(command, file, &status);
    if (!text) {
        return status;
    }
    const pn_status parsed = pn_model_from_json(text, seed, model);
    if (parsed != PN_OK) {
        status = say_error(command, (int)parsed, "%s: %s", file, pn_error_message());
    }
    free(text);
    return status;
}
