#include "bench/ab/listing.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "engine/base/error.h"
#include "engine/base/kernels.h"

/* Copies in turns displace each other when together they are this many times the last cache. */
static const double COLD_FACTOR = 3;

pn_status listing_get(struct arm *arm, int memory_fd, struct listing **list, size_t *count,
                      char version[REPLY_MESSAGE])
{
    const pn_status status = arm_ask(arm, &(struct request){.kind = REQUEST_LIST});
    if (status != PN_OK) {
        return status;
    }
    *count = arm->page->reply.count;
    memcpy(version, arm->page->reply.message, REPLY_MESSAGE);
    const size_t bytes = *count * sizeof **list;
    *list = malloc(bytes);
    if (*list == NULL) {
        return error_memory(bytes, "the list of problems");
    }
    for (size_t done = 0; done < bytes;) {
        const ssize_t got = pread(memory_fd, (char *)*list + done, bytes - done, (off_t)done);
        if (got <= 0) {
            free(*list);
            *list = NULL;
            return error_set(PN_ERROR_IO, "memory of the workers: %s", strerror(errno));
        }
        done += (size_t)got;
    }
    return PN_OK;
}

struct row_key listing_key(const struct listing *entry, enum cache_state cache, size_t threads)
{
    return (struct row_key){.kernel = entry->about.kernel,
                            .shape = entry->about.shape,
                            .dtype = entry->about.dtype,
                            .isa = entry->isa,
                            .cache = cache,
                            .threads = threads};
}

const struct listing *listing_find(const struct listing *list, size_t count,
                                   const struct listing *wanted)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(list[i].isa, wanted->isa) == 0 &&
            strcmp(list[i].about.kernel, wanted->about.kernel) == 0 &&
            strcmp(list[i].about.shape, wanted->about.shape) == 0 &&
            strcmp(list[i].about.dtype, wanted->about.dtype) == 0) {
            return &list[i];
        }
    }
    return NULL;
}

const char *listing_isa(void)
{
    const char *isa = getenv("PINION_ISA");
    return isa == NULL || isa[0] == '\0' || strcmp(isa, "auto") == 0 ? NULL : isa;
}

pn_status listing_lacks_isa(const char *isa, const char *builds)
{
    const struct simd_kernels *kernels;
    const pn_status status = kernels_select(NULL, &kernels);
    return status != PN_OK
               ? status
               : error_set(PN_ERROR_USAGE, "PINION_ISA: %s cannot run \"%s\" here", builds, isa);
}

bool listing_has(const struct listing *entry, enum cache_state cache)
{
    return cache != CACHE_TRAIN || entry->about.weight_bytes > 0;
}

size_t listing_last_cache(const struct machine *machine)
{
    size_t bytes = (size_t)1 << 20;
    for (int level = LEVEL_L1; level < LEVEL_DRAM; level++) {
        bytes = machine->capacity[level] > bytes ? machine->capacity[level] : bytes;
    }
    return bytes;
}

static size_t cold_copies(size_t last_cache, uint64_t bytes)
{
    const double copies = COLD_FACTOR * (double)last_cache / (double)(bytes + 1);
    return (size_t)fmin(fmax(ceil(copies), 2), 65536);
}

void listing_copies(const struct listing *entry, enum cache_state cache, size_t last_cache,
                    size_t *batch_copies, size_t *weight_copies)
{
    *batch_copies = *weight_copies = 1;
    const uint64_t weights = entry->about.weight_bytes, batch = entry->about.batch_bytes;
    if (cache == CACHE_COLD) {
        *batch_copies = *weight_copies = cold_copies(last_cache, weights + batch);
    } else if (cache == CACHE_TRAIN && weights > 0) {
        *weight_copies = cold_copies(last_cache, weights);
    }
}
