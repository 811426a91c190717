#include "engine/model/net.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/base/number.h"

enum { MAX_WORDS = 4 };

/* The words of one layer. */
struct words {
    const char *text[MAX_WORDS];
    size_t position[MAX_WORDS]; /* from 1 */
    size_t count;
};

struct parser {
    char *text; /* cut in place */
    size_t next;
    char *error;
    size_t error_size;
};

static bool fail(struct parser *parser, size_t position, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static bool fail(struct parser *parser, size_t position, const char *format, ...)
{
    const int used = snprintf(parser->error, parser->error_size, "at character %zu: ", position);
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(parser->error + used, parser->error_size - (size_t)used, format, arguments);
    va_end(arguments);
    return false;
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\n';
}

/* Cuts the next layer's words off. */
static bool next_words(struct parser *parser, struct words *words)
{
    *words = (struct words){.count = 0};
    char *text = parser->text;
    size_t i = parser->next;
    for (;;) {
        while (is_blank(text[i])) {
            i++;
        }
        if (text[i] == '\0' || text[i] == ';') {
            break;
        }
        if (words->count == MAX_WORDS) {
            return fail(parser, i + 1, "too much for one layer; layers are separated by ';'");
        }
        words->text[words->count] = text + i;
        words->position[words->count++] = i + 1;
        while (text[i] && text[i] != ';' && !is_blank(text[i])) {
            i++;
        }
        if (is_blank(text[i])) {
            text[i++] = '\0';
        }
    }
    parser->next = text[i] == ';' ? i + 1 : i;
    if (words->count == 0) {
        return fail(parser, i + 1, "a layer is missing");
    }
    text[i] = '\0';
    return true;
}

static bool expect(struct parser *parser, const struct words *words, size_t least, size_t most,
                   const char *form)
{
    if (words->count < least) {
        return fail(parser, words->position[0], "%s is incomplete: %s", words->text[0], form);
    }
    if (words->count > most) {
        return fail(parser, words->position[most], "'%s' is too much: %s", words->text[most], form);
    }
    return true;
}

static bool read_number(struct parser *parser, const struct words *words, size_t index,
                        double *value)
{
    return number_read_real(words->text[index], value) ||
           fail(parser, words->position[index], "'%s' is not a number", words->text[index]);
}

static bool read_dense(struct parser *parser, const struct words *words, pn_layer *layer)
{
    double units;
    if (!expect(parser, words, 2, 3, "dense UNITS [ACTIVATION]") ||
        !read_number(parser, words, 1, &units)) {
        return false;
    }
    if (!(units >= 1 && units <= 1e9 && units == (double)(size_t)units)) {
        return fail(parser, words->position[1], "units must be a whole number from 1, not %s",
                    words->text[1]);
    }
    *layer = pn_dense((size_t)units, words->text[2]);
    return true;
}

static bool read_dropout(struct parser *parser, const struct words *words, pn_layer *layer)
{
    double rate;
    if (!expect(parser, words, 2, 2, "dropout RATE") || !read_number(parser, words, 1, &rate)) {
        return false;
    }
    if (!(rate >= 0 && rate < 1)) {
        return fail(parser, words->position[1], "a dropout rate is from 0 to below 1, not %s",
                    words->text[1]);
    }
    *layer = pn_dropout(rate);
    return true;
}

static bool read_activation(struct parser *parser, const struct words *words, pn_layer *layer)
{
    if (!expect(parser, words, 2, 2, "activation NAME")) {
        return false;
    }
    *layer = pn_activation(words->text[1]);
    return true;
}

static bool read_rescaling(struct parser *parser, const struct words *words, pn_layer *layer)
{
    double scale, offset = 0;
    if (!expect(parser, words, 2, 3, "rescaling SCALE [OFFSET]") ||
        !read_number(parser, words, 1, &scale) ||
        (words->count == 3 && !read_number(parser, words, 2, &offset))) {
        return false;
    }
    *layer = pn_rescaling(scale, offset);
    return true;
}

static const struct {
    const char *name;
    bool (*read)(struct parser *parser, const struct words *words, pn_layer *layer);
} net_kinds[] = {{"dense", read_dense},
                 {"dropout", read_dropout},
                 {"activation", read_activation},
                 {"rescaling", read_rescaling}};

enum { KIND_COUNT = sizeof net_kinds / sizeof net_kinds[0] };

static bool read_layer(struct parser *parser, const struct words *words, pn_layer *layer)
{
    for (size_t i = 0; i < KIND_COUNT; i++) {
        if (strcmp(words->text[0], net_kinds[i].name) == 0) {
            return net_kinds[i].read(parser, words, layer);
        }
    }
    return fail(parser, words->position[0],
                "'%s' is no layer; known are dense, dropout, activation, rescaling",
                words->text[0]);
}

bool net_parse(const char *text, struct net *net, char *error, size_t error_size)
{
    *net = (struct net){.words = strdup(text)};
    size_t room = 1;
    for (const char *c = text; *c; c++) {
        room += *c == ';';
    }
    net->layers = calloc(room, sizeof *net->layers);
    if (!net->words || !net->layers) {
        snprintf(error, error_size, "out of memory");
        return false;
    }
    struct parser parser = {net->words, 0, error, error_size};
    const size_t length = strlen(text);
    /* A ';' behind the last layer is allowed. */
    do {
        struct words words;
        struct net_layer *added = &net->layers[net->count];
        if (!next_words(&parser, &words) || !read_layer(&parser, &words, &added->layer)) {
            return false;
        }
        added->position = words.position[0];
        net->count++;
    } while (parser.next + strspn(text + parser.next, " \t\n") < length);
    return true;
}

void net_free(struct net *net)
{
    free(net->layers);
    free(net->words);
    *net = (struct net){.layers = NULL};
}
