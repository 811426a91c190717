/*
 * report/document.h: result documents, as pinion-bench writes them with --json, read back. What has
 * been loaded has been checked: every key that is known has its type, and those that a command's
 * rows cannot do without are there. null is as good as absent.
 */
#ifndef PINION_BENCH_DOCUMENT_H
#define PINION_BENCH_DOCUMENT_H

#include <stdbool.h>
#include <stddef.h>

#include <jansson.h>

#include "engine/pinion.h"

enum { DOCUMENT_SCHEMA = 2 }; /* the newest; 1 is read as well */

/* Reads and checks a document, which the caller releases with json_decref. PN_ERROR_NOT_FOUND,
 * PN_ERROR_IO, or PN_ERROR_DATA with the line, or the row and key, that is wrong. */
pn_status document_load(const char *path, json_t **document);

/* --- keys of a checked document, with what stands for one that is absent ------------------------
 */

double document_number(const json_t *object, const char *key, double absent);
size_t document_count(const json_t *object, const char *key, size_t absent);
bool document_flag(const json_t *object, const char *key, bool absent);
const char *document_text(const json_t *object, const char *key, const char *absent);

#endif
