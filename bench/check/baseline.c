#include "bench/check/baseline.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "bench/machine/build_kind.h"
#include "bench/command/output.h"
#include "engine/base/error.h"
#include "engine/format/atomic_file.h"

void baseline_free(struct baseline *baseline)
{
    json_decref(baseline->root);
    *baseline = (struct baseline){0};
}

static const char *now_text(char text[48])
{
    struct tm parts;
    const time_t now = time(NULL);
    if (gmtime_r(&now, &parts) == NULL ||
        strftime(text, 48, "%Y-%m-%dT%H:%M:%S+00:00", &parts) == 0) {
        snprintf(text, 48, "unknown");
    }
    return text;
}

pn_status baseline_start(const char *path, struct baseline *baseline)
{
    char date[48];
    baseline->path = path;
    baseline->root = json_pack("{s:i, s:s, s:b, s:s, s:s, s:[], s:[]}", "schema", OUTPUT_SCHEMA,
                               "command", "check", "complete", 1, "version", pn_version(), "date",
                               now_text(date), "rows", "baselines");
    return baseline->root == NULL ? error_memory(0, "the baseline") : PN_OK;
}

pn_status baseline_write(const struct baseline *baseline)
{
    char date[48];
    json_object_set_new(baseline->root, "version", json_string(pn_version()));
    json_object_set_new(baseline->root, "date", json_string(now_text(date)));
    char *text = json_dumps(baseline->root, JSON_INDENT(1));
    const size_t length = text == NULL ? 0 : strlen(text);
    char *whole = text == NULL ? NULL : realloc(text, length + 2);
    if (whole == NULL) {
        free(text);
        return error_memory(length, "the baseline's text");
    }
    whole[length] = '\n';
    const pn_status status = atomic_file_write(baseline->path, whole, length + 1);
    free(whole);
    return status;
}

/* --- keys ----------------------------------------------------------------------------------------
 */

struct baseline_key baseline_key_here(const char *isa, size_t threads)
{
    struct baseline_key key = {.threads = threads};
    simd_cpu_name(key.processor, sizeof key.processor);
    key.numbered = simd_cpu_model(&key.family, &key.model);
    snprintf(key.isa, sizeof key.isa, "%s", isa);
    return key;
}

const char *baseline_key_text(const struct baseline_key *key, char text[BASELINE_KEY_TEXT])
{
    char numbers[64] = "";
    if (key->numbered) {
        snprintf(numbers, sizeof numbers, " (family %u, model %u)", key->family, key->model);
    }
    snprintf(text, BASELINE_KEY_TEXT, "%s%s, %s, threads %zu", key->processor, numbers, key->isa,
             key->threads);
    return text;
}

static const json_t *entries(const struct baseline *baseline)
{
    return json_object_get(baseline->root, "baselines");
}

size_t baseline_key_count(const struct baseline *baseline)
{
    return json_array_size(entries(baseline));
}

static void copy_text(char *copy, size_t size, const json_t *object, const char *key)
{
    snprintf(copy, size, "%s", json_string_value(json_object_get(object, key)));
}

struct baseline_key baseline_key_at(const struct baseline *baseline, size_t index)
{
    const json_t *entry = json_array_get(entries(baseline), index);
    struct baseline_key key = {
        .family = (unsigned)json_integer_value(json_object_get(entry, "family")),
        .model = (unsigned)json_integer_value(json_object_get(entry, "model")),
        .numbered = json_object_get(entry, "family") != NULL,
        .threads = (size_t)json_integer_value(json_object_get(entry, "threads")),
    };
    copy_text(key.processor, sizeof key.processor, entry, "processor");
    copy_text(key.isa, sizeof key.isa, entry, "isa");
    return key;
}

static bool same_key(const struct baseline_key *a, const struct baseline_key *b)
{
    return strcmp(a->processor, b->processor) == 0 && strcmp(a->isa, b->isa) == 0 &&
           a->threads == b->threads && a->numbered == b->numbered && a->family == b->family &&
           a->model == b->model;
}

const json_t *baseline_runs(const struct baseline *baseline, const struct baseline_key *key)
{
    for (size_t i = 0; i < baseline_key_count(baseline); i++) {
        const struct baseline_key other = baseline_key_at(baseline, i);
        if (same_key(key, &other)) {
            return json_object_get(json_array_get(entries(baseline), i), "runs");
        }
    }
    return NULL;
}

static json_t *entry_of(const struct baseline_key *key)
{
    json_t *entry = json_pack("{s:s}", "processor", key->processor);
    if (key->numbered) {
        json_object_set_new(entry, "family", json_integer(key->family));
        json_object_set_new(entry, "model", json_integer(key->model));
    }
    json_object_set_new(entry, "isa", json_string(key->isa));
    json_object_set_new(entry, "threads", json_integer((json_int_t)key->threads));
    json_object_set_new(entry, "runs", json_array());
    return entry;
}

pn_status baseline_add(struct baseline *baseline, const struct baseline_key *key, json_t *run)
{
    json_t *runs = (json_t *)baseline_runs(baseline, key);
    if (runs == NULL) {
        json_t *list = json_object_get(baseline->root, "baselines");
        json_array_append_new(list, entry_of(key));
        runs = json_object_get(json_array_get(list, json_array_size(list) - 1), "runs");
    }
    if (json_array_append_new(runs, run) != 0) {
        return error_memory(0, "the baseline");
    }
    while (json_array_size(runs) > JUDGE_RUNS) {
        json_array_remove(runs, 0);
    }
    return PN_OK;
}

/* --- runs ----------------------------------------------------------------------------------------
 */

/* Of this program, found once. */
static const char *own_fingerprint(void)
{
    static char text[17];
    if (text[0] == '\0') {
        snprintf(text, sizeof text, "%016" PRIx64, yardstick_fingerprint());
    }
    return text;
}

json_t *saved_start(const char *version, double turn_ns)
{
    char date[48];
    const struct build_kind build = build_kind();
    return json_pack("{s:s, s:s, s:s, s:s, s:i, s:s, s:f, s:{}}", "date", now_text(date), "version",
                     version, "compiler", build.compiler, "build", build.type, "revision",
                     SIMD_PROBE_REVISION, "fingerprint", own_fingerprint(), "turn_ns", turn_ns,
                     "rows");
}

static const char *text_of(const json_t *run, const char *key)
{
    return json_string_value(json_object_get(run, key));
}

/* Compilers of one name and major version: "gcc 12.2.0" up to the first point. */
static bool same_compiler(const char *a, const char *b)
{
    const size_t length = strcspn(a, ".");
    return length == strcspn(b, ".") && memcmp(a, b, length) == 0;
}

/*
 * Refused is what makes yardsticks another unit: another revision or results, another kind of
 * build, a compiler of another name or major version, whose code generator is another one. Minor
 * versions are only warned of: distributions renew them often, they seldom touch such loops, and a
 * check that always refuses checks nothing.
 */
bool saved_is_comparable(const json_t *run, char obstacle[SAVED_OBSTACLE_SIZE])
{
    const struct build_kind build = build_kind();
    const json_int_t revision = json_integer_value(json_object_get(run, "revision"));
    const char *compiler = text_of(run, "compiler"), *type = text_of(run, "build");
    obstacle[0] = '\0';
    if (revision != SIMD_PROBE_REVISION) {
        snprintf(obstacle, SAVED_OBSTACLE_SIZE,
                 "its yardsticks are of revision %" JSON_INTEGER_FORMAT ", ours of %d", revision,
                 SIMD_PROBE_REVISION);
    } else if (strcmp(text_of(run, "fingerprint"), own_fingerprint()) != 0) {
        snprintf(obstacle, SAVED_OBSTACLE_SIZE,
                 "its yardsticks compute something else (fingerprint %.16s, ours %s)",
                 text_of(run, "fingerprint"), own_fingerprint());
    } else if (!same_compiler(compiler, build.compiler)) {
        snprintf(obstacle, SAVED_OBSTACLE_SIZE, "its yardsticks were compiled by %.60s, ours by %s",
                 compiler, build.compiler);
    } else if (strcmp(type, build.type) != 0) {
        snprintf(obstacle, SAVED_OBSTACLE_SIZE, "its yardsticks are of a build %.60s, ours of %s",
                 type, build.type);
    }
    return obstacle[0] == '\0';
}

const char *saved_other_compiler(const json_t *run)
{
    const char *compiler = text_of(run, "compiler");
    return strcmp(compiler, build_kind().compiler) == 0 ? NULL : compiler;
}

static enum probe_kind kind_named(const char *name)
{
    int kind = 0;
    while (kind < PROBE_KIND_COUNT - 1 && strcmp(name, probe_name((enum probe_kind)kind)) != 0) {
        kind++;
    }
    return (enum probe_kind)kind;
}

static enum memory_level level_named(const char *name)
{
    int level = LEVEL_L1;
    while (name != NULL && level < LEVEL_DRAM &&
           strcmp(name, machine_level_name((enum memory_level)level)) != 0) {
        level++;
    }
    return (enum memory_level)level;
}

bool saved_find_row(const json_t *run, const char *name, struct saved_row *row)
{
    const json_t *found = json_object_get(json_object_get(run, "rows"), name);
    if (found == NULL) {
        return false;
    }
    const json_t *yardstick = json_object_get(found, "yardstick");
    const json_t *ratios = json_object_get(found, "ratios");
    *row =
        (struct saved_row){.limb = {.yardstick = {.kind = kind_named(text_of(yardstick, "probe")),
                                                  .level = level_named(text_of(yardstick, "level")),
                                                  .bytes = (size_t)json_integer_value(
                                                      json_object_get(yardstick, "bytes"))},
                                    .work = json_number_value(json_object_get(found, "work"))},
                           .ratios = {.count = json_array_size(ratios)},
                           .ns = json_number_value(json_object_get(found, "ns"))};
    copy_text(row->limb.yardstick.table, sizeof row->limb.yardstick.table, yardstick, "table");
    for (size_t i = 0; i < row->ratios.count; i++) {
        row->ratios.values[i] = log(json_number_value(json_array_get(ratios, i)));
    }
    return true;
}

static json_t *yardstick_json(const struct yardstick *yardstick)
{
    json_t *json =
        json_pack("{s:s, s:s}", "table", yardstick->table, "probe", probe_name(yardstick->kind));
    if (probe_is_bandwidth(yardstick->kind)) {
        json_object_set_new(json, "level", json_string(machine_level_name(yardstick->level)));
        json_object_set_new(json, "bytes", json_integer((json_int_t)yardstick->bytes));
    }
    return json;
}

pn_status saved_add_row(json_t *run, const char *name, const struct saved_row *row)
{
    json_t *ratios = json_array();
    for (size_t i = 0; i < row->ratios.count; i++) {
        json_array_append_new(ratios, json_real(exp(row->ratios.values[i])));
    }
    json_t *json =
        json_pack("{s:o, s:f, s:o, s:f}", "yardstick", yardstick_json(&row->limb.yardstick), "work",
                  row->limb.work, "ratios", ratios, "ns", row->ns);
    return json_object_set_new(json_object_get(run, "rows"), name, json) == 0
               ? PN_OK
               : error_memory(0, "the baseline");
}
