/* Same seed, same bits: one digest over instruction sets, thread counts and placements, and the
 * golden digests of recipe 1, which change only together with the recipe's number. */
#include <stdio.h>
#include <string.h>

#include "simd/cpu.h"
#include "simd/simd.h"
#include "tests/train/support.h"

enum { SAMPLES = 4800, EPOCHS = 2 };

struct variant {
    const char *name;
    pn_optimizer optimizer;
    size_t batch;
};

static size_t variants(struct variant out[8])
{
    const struct variant all[] = {
        {"adam-32", pn_adam(0.001), 32},
        {"adam-480", pn_adam(0.001), 480},
        {"adam-7", pn_adam(0.001), 7},
        {"sgd-32", pn_sgd(0.01, 0.0, false), 32},
        {"momentum-480", pn_sgd(0.01, 0.9, false), 480},
        {"nesterov-7", pn_sgd(0.01, 0.9, true), 7},
    };
    memcpy(out, all, sizeof all);
    return sizeof all / sizeof *all;
}

static void run(const struct variant *variant, const pn_dataset *dataset, const char *isa,
                size_t threads, uint32_t seed, char digest[33])
{
    const struct network network = lesson();
    pn_model *model = build(&network, dataset, seed);
    must(
        pn_model_compile(model, variant->optimizer, "sparse_categorical_crossentropy", "accuracy"));
    pn_fit_options options = fit_options(EPOCHS, variant->batch);
    options.validation_split = 0.2;
    options.run.isa = isa;
    options.run.threads = threads;
    memcpy(digest, digest_after(model, dataset, &options), 33);
    pn_model_free(model);
}

/* The line "variant digest" of the file of golden digests. */
static void golden(const char *variant, char digest[33])
{
    FILE *file = fopen(TESTS_DIR "/golden/recipe-1.txt", "r");
    cr_assert_not_null(file);
    char name[64];
    bool found = false;
    while (!found && fscanf(file, "%63s %32s", name, digest) == 2) {
        found = strcmp(name, variant) == 0;
    }
    fclose(file);
    cr_assert(found, "no golden digest for %s", variant);
}

/* The kernels of this program are emulated, not this processor's (CMakeLists.txt). */
#ifdef EMULATED
static const bool emulated = true;
#else
static const bool emulated = false;
#endif

/* Scalar and emulated kernels take seconds a run: they get the whole matrix of threads on the
 * fastest variant only, or not at all. */
static void compare_all(const struct variant *variant, const pn_dataset *dataset, bool thorough)
{
    char expected[33], digest[33];
    golden(variant->name, expected);
    static const size_t thread_counts[] = {1, 2, 3, 7, 64};
    size_t count;
    const struct simd_kernels *const *list = simd_list(&count);
    for (size_t i = 0; i < count; i++) {
        if (!simd_runs(list[i])) {
            fprintf(stderr, "%s: skipped, this processor lacks it\n", list[i]->name);
            continue;
        }
        if (i > 0 && strcmp(list[i]->name, list[i - 1]->name) == 0) {
            continue; /* the scalar table for processors without fma */
        }
        const bool slow = emulated || (strcmp(list[i]->name, "scalar") == 0 && !thorough);
        for (size_t t = 0; t < (slow ? 2 : 5); t++) {
            run(variant, dataset, list[i]->name, thread_counts[t], 42, digest);
            cr_assert_str_eq(digest, expected, "%s on %s with %zu threads: %s, golden %s",
                             variant->name, list[i]->name, thread_counts[t], digest, expected);
        }
    }
}

Test(digest, same_bits_everywhere)
{
    struct variant all[8];
    const size_t known = variants(all), count = emulated ? 2 : known;
    if (emulated && simd_cpu_features() & SIMD_CPU_AVX512) {
        skip("this processor has AVX-512 itself");
    }
    pn_dataset *dataset = synthetic(SAMPLES);
    for (size_t i = 0; i < count; i++) {
        compare_all(&all[i], dataset, i == 0);
    }
    pn_dataset_free(dataset);
}

Test(digest, fashion_mnist_is_golden)
{
    pn_dataset *whole, *dataset;
    if (pn_dataset_load("fashion-mnist", &whole, NULL) == PN_ERROR_NOT_FOUND) {
        skip("%s", pn_error_message());
    }
    must(pn_dataset_slice(whole, 0, SAMPLES, &dataset));
    const struct variant variant = {"fashion-mnist", pn_adam(0.001), 32};
    char expected[33], digest[33];
    golden(variant.name, expected);
    run(&variant, dataset, NULL, 2, 42, digest);
    cr_assert_str_eq(digest, expected, "fashion-mnist: %s, golden %s", digest, expected);
    pn_dataset_free(dataset);
    pn_dataset_free(whole);
}

Test(digest, another_seed_another_digest)
{
    pn_dataset *dataset = synthetic(960);
    const struct variant variant = {"", pn_adam(0.001), 32};
    char first[33], second[33], again[33];
    run(&variant, dataset, NULL, 1, 1, first);
    run(&variant, dataset, NULL, 1, 2, second);
    run(&variant, dataset, NULL, 1, 1, again);
    cr_assert_str_neq(first, second);
    cr_assert_str_eq(first, again);
    pn_dataset_free(dataset);
}
