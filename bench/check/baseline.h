/*
 * check/baseline.h: the file that check compares with: a document, schema 2, command "check", with
 *
 *   "baselines": [{"processor", "family", "model" (where known), "isa", "threads", "runs": [
 *     {"date", "version" of the library, "compiler" and "build" of the program with the yardsticks,
 *      "revision" and "fingerprint" of these, "turn_ns", "rows": {NAME: {
 *        "yardstick": {"table", "probe", "level" and "bytes" of walks}, "work" of a call in its
 *        units, "ratios": [time over that of the yardstick, launch by launch], "ns" of a call}}}]}]
 *
 * One entry for each key, runs from the oldest to the newest. What a file holds besides is kept.
 */
#ifndef PINION_BENCH_CHECK_BASELINE_H
#define PINION_BENCH_CHECK_BASELINE_H

#include <jansson.h>

#include "bench/check/judge.h"
#include "bench/check/limb.h"
#include "simd/cpu.h"

struct baseline {
    const char *path; /* the caller's string */
    json_t *root;
};

/* On which machine, and on which of its tables. */
struct baseline_key {
    char processor[SIMD_CPU_NAME_SIZE];
    unsigned family, model;
    bool numbered; /* family and model are known */
    char isa[BENCH_ABI_TEXT];
    size_t threads;
};

/* This machine's. */
struct baseline_key baseline_key_here(const char *isa, size_t threads);
enum { BASELINE_KEY_TEXT = 256 };
/* "AMD EPYC (family 25, model 17), avx512, threads 1" */
const char *baseline_key_text(const struct baseline_key *key, char text[BASELINE_KEY_TEXT]);

/* A new one. */
pn_status baseline_start(const char *path, struct baseline *baseline);
/* Reads and checks all of it: PN_ERROR_NOT_FOUND, PN_ERROR_IO, PN_ERROR_DATA with path and place.
 */
pn_status baseline_load(const char *path, struct baseline *baseline);
void baseline_free(struct baseline *baseline);

/* The file becomes whole or stays as it was. PN_ERROR_IO. */
pn_status baseline_write(const struct baseline *baseline);

/* Keys in the file's order. */
size_t baseline_key_count(const struct baseline *baseline);
struct baseline_key baseline_key_at(const struct baseline *baseline, size_t index);
/* Its runs; NULL: the file has not this key. */
const json_t *baseline_runs(const struct baseline *baseline, const struct baseline_key *key);

/* Adds a run behind those of its key, of which the newest 20 are kept. Consumes `run`. */
pn_status baseline_add(struct baseline *baseline, const struct baseline_key *key, json_t *run);

/* --- a run ---------------------------------------------------------------------------------------
 */

/* An empty one of now, made by this program. */
json_t *saved_start(const char *version, double turn_ns);

enum { SAVED_OBSTACLE_SIZE = 200 };
/* Whether this program's yardsticks are those of the run; else why not. */
bool saved_is_comparable(const json_t *run, char obstacle[SAVED_OBSTACLE_SIZE]);
/* The compiler's other version, if only that differs; else NULL. */
const char *saved_other_compiler(const json_t *run);

struct saved_row {
    struct limb limb;
    struct launches ratios; /* their ln */
    double ns;              /* median of a call */
};

/* False: the run lacks the row. */
bool saved_find_row(const json_t *run, const char *name, struct saved_row *row);
pn_status saved_add_row(json_t *run, const char *name, const struct saved_row *row);

#endif
