#include <criterion/criterion.h>
#include <stdint.h>
#include <string.h>

#include "engine/base/memory.h"

Test(size, multiplies_and_adds_up_to_the_largest)
{
    size_t result = 0;
    cr_assert(size_multiply(SIZE_MAX / 7, 7, &result));
    cr_assert_eq(result, SIZE_MAX / 7 * 7);
    cr_assert(size_multiply(0, SIZE_MAX, &result));
    cr_assert_eq(result, 0);
    cr_assert(size_add(SIZE_MAX - 5, 5, &result));
    cr_assert_eq(result, SIZE_MAX);
}

Test(size, reports_overflow)
{
    size_t result;
    cr_assert_not(size_multiply(SIZE_MAX / 7 + 1, 7, &result));
    cr_assert_not(size_multiply((size_t)1 << 32, (size_t)1 << 32, &result));
    cr_assert_not(size_add(SIZE_MAX - 5, 6, &result));
}

/* Pieces of several sizes: aligned, zeroed, apart from each other. */
static void use_pieces(size_t large)
{
    const size_t counts[] = {1, 3, 64, 0, 65, large, 7};
    enum { PIECES = sizeof counts / sizeof *counts };
    struct arena arena = {0};
    for (size_t i = 0; i < PIECES; i++) {
        cr_assert(arena_reserve(&arena, counts[i], sizeof(float)));
    }
    cr_assert_eq(arena_map(&arena, "test"), PN_OK);
    float *pieces[PIECES];
    for (size_t i = 0; i < PIECES; i++) {
        pieces[i] = arena_take(&arena, counts[i], sizeof(float));
        cr_assert_not_null(pieces[i]);
        cr_assert_eq((uintptr_t)pieces[i] % 64, 0);
        for (size_t j = 0; j < counts[i]; j++) {
            cr_assert_eq(pieces[i][j], 0.0f);
            pieces[i][j] = (float)(i + 1);
        }
    }
    for (size_t i = 0; i < PIECES; i++) {
        for (size_t j = 0; j < counts[i]; j++) {
            cr_assert_eq(pieces[i][j], (float)(i + 1), "piece %zu overlaps another", i);
        }
    }
    arena_free(&arena);
    cr_assert_null(arena.base);
    arena_free(&arena);
}

Test(arena, gives_aligned_zeroed_separate_pieces)
{
    use_pieces(1000);
}

Test(arena, gives_the_same_of_huge_pages)
{
    use_pieces((5 << 20) + 3);
}

Test(arena, lies_at_a_multiple_of_the_huge_page_size)
{
    struct arena arena = {0};
    cr_assert(arena_reserve(&arena, (2 << 20) + 1, 1));
    cr_assert_eq(arena_map(&arena, "test"), PN_OK);
    cr_assert_eq((uintptr_t)arena.base % (2 << 20), 0);
    memset(arena_take(&arena, (2 << 20) + 1, 1), 1, (2 << 20) + 1);
    arena_free(&arena);
}

Test(arena, of_nothing_maps)
{
    struct arena arena = {0};
    cr_assert(arena_reserve(&arena, 0, sizeof(float)));
    cr_assert_eq(arena_map(&arena, "test"), PN_OK);
    cr_assert_not_null(arena_take(&arena, 0, sizeof(float)));
    arena_free(&arena);
}

Test(arena, refuses_sizes_that_overflow)
{
    struct arena arena = {0};
    cr_assert_not(arena_reserve(&arena, SIZE_MAX / 2, 4));
    cr_assert_not(arena_reserve(&arena, SIZE_MAX, 1));
    cr_assert(arena_reserve(&arena, SIZE_MAX / 2, 1));
    cr_assert(arena_reserve(&arena, SIZE_MAX / 2 - 1000, 1));
    cr_assert_not(arena_reserve(&arena, 4096, 1));
}

Test(arena, reports_what_cannot_be_had)
{
    struct arena arena = {0};
    cr_assert(arena_reserve(&arena, (size_t)1 << 60, 1));
    cr_assert_eq(arena_map(&arena, "a vast buffer"), PN_ERROR_FAILED);
    cr_assert_not_null(strstr(pn_error_message(), "1152921504606846976"));
    cr_assert_not_null(strstr(pn_error_message(), "a vast buffer"));
    arena_free(&arena);

    struct arena largest = {0};
    cr_assert(arena_reserve(&largest, SIZE_MAX - 63, 1));
    cr_assert_eq(arena_map(&largest, "the largest buffer"), PN_ERROR_FAILED);
    arena_free(&largest);
}

Test(arena, gives_no_more_than_it_has)
{
    struct arena arena = {0};
    cr_assert_null(arena_take(&arena, 1, 1));
    cr_assert(arena_reserve(&arena, 100, 1));
    cr_assert_eq(arena_map(&arena, "test"), PN_OK);
    cr_assert_null(arena_take(&arena, arena.size + 1, 1));
    cr_assert_null(arena_take(&arena, SIZE_MAX, 4));
    cr_assert_not_null(arena_take(&arena, 100, 1));
    arena_free(&arena);
}
