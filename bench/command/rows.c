#include "bench/command/rows.h"

#include <stdio.h>
#include <string.h>

#include "bench/command/filter.h"

const char *cache_name(enum cache_state cache)
{
    static const char *const names[CACHE_STATES] = {"hot", "cold", "train"};
    return names[cache];
}

void row_name(const struct row_key *key, char name[ROW_NAME_SIZE])
{
    snprintf(name, ROW_NAME_SIZE, "%s/%s/%s/%s/%s/threads:%zu", key->kernel, key->shape, key->dtype,
             key->isa, cache_name(key->cache), key->threads);
}

bool row_parse(const char *name, char text[ROW_NAME_SIZE], struct row_key *key)
{
    enum { KERNEL, SHAPE, DTYPE, ISA, CACHE, THREADS, PARTS };
    char *parts[PARTS], *rest = text;
    snprintf(text, ROW_NAME_SIZE, "%s", name);
    for (int i = 0; i < PARTS; i++) {
        parts[i] = strsep(&rest, "/");
        if (parts[i] == NULL) {
            return false;
        }
    }
    int cache = 0;
    while (cache < CACHE_STATES && strcmp(parts[CACHE], cache_name((enum cache_state)cache)) != 0) {
        cache++;
    }
    *key = (struct row_key){.kernel = parts[KERNEL],
                            .shape = parts[SHAPE],
                            .dtype = parts[DTYPE],
                            .isa = parts[ISA],
                            .cache = (enum cache_state)cache};
    return rest == NULL && cache < CACHE_STATES &&
           sscanf(parts[THREADS], "threads:%zu", &key->threads) == 1;
}

bool row_matches(const regex_t *filter, const struct row_key *key)
{
    char name[ROW_NAME_SIZE];
    row_name(key, name);
    return regexec(filter, name, 0, NULL, 0) == 0 ||
           filter_matches(filter, key->kernel, key->shape);
}

void row_pattern(const char *name, char pattern[ROW_PATTERN_SIZE])
{
    size_t length = 0;
    pattern[length++] = '^';
    for (; *name != '\0' && length < ROW_PATTERN_SIZE - 3; name++) {
        if (strchr("\\^$.[|()*+?{", *name) != NULL) {
            pattern[length++] = '\\';
        }
        pattern[length++] = *name;
    }
    pattern[length++] = '$';
    pattern[length] = '\0';
}
