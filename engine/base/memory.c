#include "engine/base/memory.h"

#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>

#include "engine/base/error.h"
#include "simd/simd.h"

/* With AddressSanitizer, what lies between and behind pieces is as forbidden as what lies
 * around a malloc'ed block. */
#if __has_include(<sanitizer/asan_interface.h>)
#include <sanitizer/asan_interface.h>
#else
#define ASAN_POISON_MEMORY_REGION(address, size)   ((void)(address), (void)(size))
#define ASAN_UNPOISON_MEMORY_REGION(address, size) ((void)(address), (void)(size))
#endif

enum { ARENA_HUGE_PAGE = 2 << 20 };

/* Bytes of a piece, rounded up so that the next one is aligned too. */
static bool piece_size(size_t count, size_t element_size, size_t *size)
{
    size_t bytes;
    if (!size_multiply(count, element_size, &bytes) ||
        !size_add(bytes, SIMD_ALIGNMENT - 1, &bytes)) {
        return false;
    }
    *size = bytes / SIMD_ALIGNMENT * SIMD_ALIGNMENT;
    return true;
}

bool arena_reserve(struct arena *arena, size_t count, size_t element_size)
{
    size_t size;
    return piece_size(count, element_size, &size) && size_add(arena->size, size, &arena->size);
}

/* Maps `size` bytes at a multiple of the huge page size, so that whole pages of it can be huge:
 * maps more and gives back both ends. MAP_FAILED where that fails. */
static void *map_huge(size_t size)
{
    size_t spacious;
    if (!size_add(size, ARENA_HUGE_PAGE, &spacious)) {
        return MAP_FAILED;
    }
    char *const map =
        mmap(NULL, spacious, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (map == MAP_FAILED) {
        return MAP_FAILED;
    }
    const size_t before = -(uintptr_t)map % ARENA_HUGE_PAGE;
    if (before > 0) {
        munmap(map, before);
    }
    munmap(map + before + size, ARENA_HUGE_PAGE - before);
    madvise(map + before, size, MADV_HUGEPAGE); /* a wish: the system may have none */
    return map + before;
}

pn_status arena_map(struct arena *arena, const char *what)
{
    /* Whole pages of 64 KiB, a multiple of every page size in use: what is given back of a larger
     * mapping must be whole pages. An empty arena is a mapping too, so that pieces of no elements
     * are valid pointers. */
    const size_t page = 65536;
    size_t size;
    if (!size_add(arena->size, arena->size == 0 ? page : page - 1, &size)) {
        return error_memory(arena->size, what);
    }
    size = size / page * page;
    void *const map = size >= ARENA_HUGE_PAGE ? map_huge(size)
                                              : mmap(NULL, size, PROT_READ | PROT_WRITE,
                                                     MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (map == MAP_FAILED) {
        return error_memory(arena->size, what);
    }
    arena->base = map;
    arena->size = size;
    arena->used = 0;
    ASAN_POISON_MEMORY_REGION(map, size);
    return PN_OK;
}

void *arena_take(struct arena *arena, size_t count, size_t element_size)
{
    size_t size;
    if (!arena->base || !piece_size(count, element_size, &size) ||
        size > arena->size - arena->used) {
        return NULL;
    }
    void *const piece = arena->base + arena->used;
    arena->used += size;
    ASAN_UNPOISON_MEMORY_REGION(piece, count * element_size);
    return piece;
}

void arena_free(struct arena *arena)
{
    if (arena->base) {
        ASAN_UNPOISON_MEMORY_REGION(arena->base, arena->size);
        munmap(arena->base, arena->size);
    }
    *arena = (struct arena){0};
}

void pn_string_free(char *text)
{
    free(text);
}
