#include <criterion/criterion.h>
#include <stdint.h>

#include "engine/base/digest.h"

/* Expected digits: python-xxhash's xxh3_128_hexdigest of the values packed as '<f'. */

static void expect(const float *values, size_t n, size_t piece, const char *expected)
{
    struct digest *const digest = digest_create();
    cr_assert_not_null(digest);
    for (size_t i = 0; i < n; i += piece) {
        digest_add(digest, values + i, n - i < piece ? n - i : piece);
    }
    char digits[33];
    digest_finish(digest, digits);
    cr_assert_str_eq(digits, expected);
}

Test(digest, of_nothing)
{
    expect(NULL, 0, 1, "99aa06d3014798d86001c324468d497f");
}

Test(digest, of_one_value)
{
    const float value = 1.0f;
    expect(&value, 1, 1, "e6f9acca6893caeb591ef4e963e120d4");
}

Test(digest, of_few_values)
{
    const float values[] = {0.0f, -1.5f, 3.25f};
    expect(values, 3, 3, "f2544de23abf4579c0d7ba898928229d");
}

Test(digest, does_not_depend_on_the_pieces)
{
    float values[1000];
    for (int i = 0; i < 1000; i++) {
        values[i] = (float)i * 0.5f - 100.0f;
    }
    expect(values, 1000, 1000, "b04b678d934ba5ab31a78bebfafe2b19");
    expect(values, 1000, 1, "b04b678d934ba5ab31a78bebfafe2b19");
    expect(values, 1000, 333, "b04b678d934ba5ab31a78bebfafe2b19");
}

Test(digest, tells_zeros_apart_by_sign)
{
    const float zeros[] = {0.0f, -0.0f};
    char digits[2][33];
    for (int i = 0; i < 2; i++) {
        struct digest *const digest = digest_create();
        digest_add(digest, zeros + i, 1);
        digest_finish(digest, digits[i]);
    }
    cr_assert_str_neq(digits[0], digits[1]);
}
