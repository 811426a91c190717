#include "bench/machine/environment.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/personality.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "bench/machine/footprint.h"
#include "bench/machine/system_files.h"
#include "engine/base/error.h"
#include "engine/team/quota.h"
#include "simd/cpu.h"
#include "simd/simd.h"

/* Sets a value that json_...() has made; once one failed, `failed` stays set. */
struct card {
    json_t *object;
    bool failed;
};

static void set(struct card *card, const char *key, json_t *value)
{
    card->failed = json_object_set_new(card->object, key, value) != 0 || card->failed;
}

/* Text that the system made: JSON takes only UTF-8. */
static void set_text(struct card *card, const char *key, const char *text)
{
    char printable[2 * SYSTEM_TEXT_SIZE];
    size_t length = 0;
    for (; text[length] != '\0' && length < sizeof printable; length++) {
        printable[length] = text[length];
        if (text[length] < ' ' || text[length] > '~') {
            printable[length] = '?';
        }
    }
    set(card, key, json_stringn(printable, length));
}

static void set_answer(struct card *card, const char *key, enum system_answer answer)
{
    if (answer != SYSTEM_UNKNOWN) {
        set(card, key, json_boolean(answer == SYSTEM_YES));
    }
}

static void set_isas(struct card *card)
{
    json_t *names = json_array();
    size_t count;
    const struct simd_kernels *const *list = simd_list(&count);
    for (size_t i = 0; i < count; i++) {
        /* Tables of tests may share a name. */
        if (simd_runs(list[i]) && simd_find(list[i]->name) == list[i]) {
            card->failed = json_array_append_new(names, json_string(list[i]->name)) || card->failed;
        }
    }
    set(card, "isas", names);
}

/* Adds a cache unless an equal one is there: cores of one kind have equal caches. */
static void add_cache(struct card *card, json_t *caches, hwloc_obj_t cache)
{
    const hwloc_obj_cache_type_t kind = cache->attr->cache.type;
    json_t *entry =
        json_pack("{s:i, s:s, s:I, s:i}", "level", (int)cache->attr->cache.depth, "type",
                  kind == HWLOC_OBJ_CACHE_DATA          ? "Data"
                  : kind == HWLOC_OBJ_CACHE_INSTRUCTION ? "Instruction"
                                                        : "Unified",
                  "size", (json_int_t)cache->attr->cache.size, "num_sharing",
                  hwloc_bitmap_weight(cache->cpuset));
    size_t index;
    json_t *known;
    json_array_foreach(caches, index, known)
    {
        if (json_equal(known, entry)) {
            json_decref(entry);
            return;
        }
    }
    card->failed = json_array_append_new(caches, entry) != 0 || card->failed;
}

static void set_topology(struct card *card, hwloc_topology_t topology)
{
    static const hwloc_obj_type_t types[] = {
        HWLOC_OBJ_L1CACHE, HWLOC_OBJ_L1ICACHE, HWLOC_OBJ_L2CACHE, HWLOC_OBJ_L2ICACHE,
        HWLOC_OBJ_L3CACHE, HWLOC_OBJ_L3ICACHE, HWLOC_OBJ_L4CACHE, HWLOC_OBJ_L5CACHE};
    json_t *caches = json_array();
    for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
        for (hwloc_obj_t cache = NULL;
             (cache = hwloc_get_next_obj_by_type(topology, types[i], cache)) != NULL;) {
            add_cache(card, caches, cache);
        }
    }
    set(card, "caches", caches);
    const int processors = hwloc_get_nbobjs_by_type(topology, HWLOC_OBJ_PU);
    const int cores = hwloc_get_nbobjs_by_type(topology, HWLOC_OBJ_CORE);
    set(card, "cores", json_integer(cores > 0 ? cores : processors));
    set(card, "processors_online", json_integer(processors));
    set(card, "numa_nodes", json_integer(hwloc_get_nbobjs_by_type(topology, HWLOC_OBJ_NUMANODE)));
}

/* One of its own: the engine's leaves the caches of instructions out. */
static pn_status describe_topology(struct card *card)
{
    hwloc_topology_t topology;
    if (hwloc_topology_init(&topology) != 0) {
        return error_memory(0, "the topology");
    }
    hwloc_topology_set_icache_types_filter(topology, HWLOC_TYPE_FILTER_KEEP_ALL);
    hwloc_topology_set_flags(topology, HWLOC_TOPOLOGY_FLAG_INCLUDE_DISALLOWED);
    if (hwloc_topology_load(topology) != 0) {
        hwloc_topology_destroy(topology);
        return error_set(PN_ERROR_FAILED,
                         "hwloc: cannot read this machine's topology; try lstopo to see why");
    }
    set_topology(card, topology);
    hwloc_topology_destroy(topology);
    return PN_OK;
}

static pn_status describe_processors(struct card *card)
{
    struct footprint footprint;
    const pn_status status = footprint_create(0, "", &footprint);
    if (status != PN_OK) {
        return status;
    }
    const int first = hwloc_bitmap_first(footprint.used);
    char governor[SYSTEM_TEXT_SIZE];
    double megahertz;
    set(card, "processors", json_integer(hwloc_bitmap_weight(footprint.usable)));
    if (first >= 0 && system_megahertz("", (unsigned)first, &megahertz)) {
        set(card, "mhz", json_integer((json_int_t)(megahertz + 0.5)));
    }
    if (first >= 0 && system_governor("", (unsigned)first, governor)) {
        set_text(card, "governor", governor);
    }
    set_answer(card, "boost", system_boost(""));
    footprint_free(&footprint);
    return PN_OK;
}

static enum system_answer randomized_addresses(void)
{
    long long level;
    if (!system_number("", &level, "proc/sys/kernel/randomize_va_space")) {
        return SYSTEM_UNKNOWN;
    }
    const int persona = personality(0xffffffff); /* asks, sets nothing */
    const bool off = level == 0 || (persona != -1 && (persona & ADDR_NO_RANDOMIZE) != 0);
    return off ? SYSTEM_NO : SYSTEM_YES;
}

static void describe_system(struct card *card)
{
    struct utsname names;
    if (uname(&names) == 0) {
        char kernel[2 * sizeof names.sysname];
        snprintf(kernel, sizeof kernel, "%s %s", names.sysname, names.release);
        set_text(card, "kernel", kernel);
        set_text(card, "host_name", names.nodename);
    }
    set(card, "memory_bytes",
        json_integer((json_int_t)sysconf(_SC_PHYS_PAGES) * sysconf(_SC_PAGESIZE)));
    double load[3];
    if (system_load("", load)) {
        set(card, "load_average", json_pack("[f, f, f]", load[0], load[1], load[2]));
    }
    char text[SYSTEM_TEXT_SIZE];
    if (system_clock_source("", text)) {
        set_text(card, "clocksource", text);
    }
    if (system_huge_pages("", text)) {
        set_text(card, "transparent_huge_pages", text);
    }
    set_answer(card, "aslr", randomized_addresses());
    set_answer(card, "virtual_machine", system_virtual_machine(""));
    const double quota = quota_cpus("");
    if (quota > 0) {
        set(card, "cgroup_cpus", json_real(quota));
    }
}

pn_status environment_card(json_t **result)
{
    *result = NULL;
    struct card card = {.object = json_object()};
    char processor[SIMD_CPU_NAME_SIZE];
    const struct build_kind build = build_kind();
    set_text(&card, "processor", simd_cpu_name(processor, sizeof processor));
    set_isas(&card);
    pn_status status = describe_topology(&card);
    if (status == PN_OK) {
        status = describe_processors(&card);
    }
    describe_system(&card);
    set_text(&card, "compiler", build.compiler);
    set_text(&card, "build", build.type);
    set(&card, "assertions", json_boolean(build.asserts));
    set(&card, "sanitizers", json_boolean(build.sanitized));
    if (status == PN_OK && card.failed) {
        status = error_memory(0, "the description of the machine");
    }
    if (status != PN_OK) {
        json_decref(card.object);
        return status;
    }
    *result = card.object;
    return PN_OK;
}
