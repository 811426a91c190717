/*
 * Synthetic data: integer arithmetic on Philox words alone, so that a seed gives the same bytes on
 * every machine. Sample i depends on the seed, the shape, the classes and i, not on the count.
 *
 * A class is a pattern: random bytes blurred along each axis and stretched to 0..255. A sample is
 * the pattern of its class, shifted along each axis by up to an eighth of its size, mixed with
 * that of a second class, weakened, and with noise. Where the second class's share passes one half
 * no network can know better, which keeps accuracies below 1.
 */
#include <endian.h>
#include <stdlib.h>

#include "engine/base/error.h"
#include "engine/base/memory.h"
#include "engine/base/random.h"
#include "engine/data/storage.h"

/* Layers of the purpose RANDOM_SYNTHETIC, which has no layers of a network. */
enum { STREAM_PATTERN = 0, STREAM_SAMPLE = 1 };

enum {
    BLUR_PASSES = 3,    /* box blurs that make a nearly Gaussian one */
    AXIS_PARTS = 8,     /* blur radius and largest shift: size / AXIS_PARTS */
    SHARE_LIMIT = 152,  /* share of the second class: 0 to below this, of 256 */
    STRENGTH_MIN = 128, /* of 256 */
    NOISE_RANGE = 96    /* noise: -48 to below 48 */
};

/* Words of a sample's stream; the shifts are one for each axis. */
enum { WORD_LABEL = 0, WORD_SECOND = 1, WORD_SHARE = 2, WORD_STRENGTH = 3, WORD_SHIFT = 4 };
enum { WORD_NOISE = 12 };

_Static_assert(WORD_SHIFT + PN_MAX_RANK <= WORD_NOISE && WORD_NOISE % 4 == 0,
               "noise begins with a block behind the other words");

/* All patterns, [classes, rows, stride] bytes: a row is the last axis, continued cyclically by
 * twice the largest shift, so that a shifted row is contiguous. */
struct patterns {
    uint8_t *bytes;
    size_t rows, width, stride;
};

static size_t largest_shift(size_t size)
{
    return size / AXIS_PARTS;
}

/* word scaled to 0..n-1 */
static size_t below(uint32_t word, size_t n)
{
    return (size_t)(((uint64_t)word * n) >> 32);
}

/* A cyclic box blur of `size` values `stride` apart; line: working memory, [size]. */
static void blur_line(uint32_t *values, size_t size, size_t stride, size_t radius, uint32_t *line)
{
    const uint64_t window = 2 * radius + 1;
    uint64_t sum = 0;
    for (size_t i = 0; i < size; i++) {
        line[i] = values[i * stride];
    }
    for (size_t i = 0; i < window; i++) {
        sum += line[(size - radius + i) % size];
    }
    for (size_t i = 0; i < size; i++) {
        values[i * stride] = (uint32_t)(sum / window);
        sum += line[(i + radius + 1) % size];
        sum -= line[(i + size - radius) % size];
    }
}

static void blur(uint32_t *values, size_t total, size_t rank, const size_t *shape, uint32_t *line)
{
    size_t stride = total;
    for (size_t axis = 0; axis < rank; axis++) {
        const size_t size = shape[axis];
        const size_t radius = size / AXIS_PARTS;
        stride /= size;
        for (size_t start = 0; radius > 0 && start < total; start++) {
            if (start / stride % size == 0) { /* the first value of a line along this axis */
                blur_line(values + start, size, stride, radius, line);
            }
        }
    }
}

/* Draws the pattern of one class. values, line: working memory, [rows * width] each. */
static void draw_pattern(const struct patterns *patterns, size_t class, uint32_t seed, size_t rank,
                         const size_t *shape, uint32_t *values, uint32_t *line)
{
    const size_t total = patterns->rows * patterns->width;
    const struct simd_random random = random_stream(seed, RANDOM_SYNTHETIC, STREAM_PATTERN, class);
    simd_best()->random_words(&random, 0, total, values);
    for (int pass = 0; pass < BLUR_PASSES; pass++) {
        blur(values, total, rank, shape, line);
    }
    uint32_t low = UINT32_MAX;
    uint32_t high = 0;
    for (size_t i = 0; i < total; i++) {
        low = values[i] < low ? values[i] : low;
        high = values[i] > high ? values[i] : high;
    }
    const uint64_t range = high > low ? high - low : 1;
    uint8_t *const bytes = patterns->bytes + class * patterns->rows * patterns->stride;
    for (size_t row = 0; row < patterns->rows; row++) {
        for (size_t i = 0; i < patterns->stride; i++) {
            const uint32_t value = values[row * patterns->width + i % patterns->width];
            bytes[row * patterns->stride + i] = (uint8_t)((uint64_t)(value - low) * 255 / range);
        }
    }
}

/* What one sample is made of. */
struct mixture {
    const uint8_t *first, *second; /* patterns of its class and of the other */
    size_t shift[PN_MAX_RANK];
    uint32_t share;    /* of the second pattern, of 256 */
    uint32_t strength; /* of 256 */
};

/* One row: [width] pixels. */
static void draw_row(const struct mixture *mixture, size_t offset, size_t width,
                     const uint8_t *noise, uint8_t *restrict out)
{
    const uint8_t *const first = mixture->first + offset;
    const uint8_t *const second = mixture->second + offset;
    const uint32_t share = mixture->share;
    const uint32_t strength = mixture->strength;
    for (size_t i = 0; i < width; i++) {
        const uint32_t mixed = (first[i] * (256 - share) + second[i] * share) >> 8;
        const uint32_t weakened = mixed * strength >> 8;
        const int32_t value = (int32_t)(weakened + (noise[i] * NOISE_RANGE >> 8)) - NOISE_RANGE / 2;
        out[i] = (uint8_t)(value < 0 ? 0 : value > 255 ? 255 : value);
    }
}

/* Draws one sample [rows * width] and returns its label. noise: working memory, its bytes. */
static int32_t draw_sample(const struct patterns *patterns, const pn_dataset *dataset,
                           size_t classes, uint32_t seed, size_t sample, uint32_t *noise,
                           uint8_t *out)
{
    const struct simd_kernels *const kernels = simd_best();
    const struct simd_random random = random_stream(seed, RANDOM_SYNTHETIC, STREAM_SAMPLE, sample);
    uint32_t words[WORD_NOISE];
    kernels->random_words(&random, 0, WORD_NOISE, words);
    const size_t noise_words = (dataset->sample_size + 3) / 4;
    kernels->random_words(&random, WORD_NOISE, noise_words, noise);
    for (size_t i = 0; i < noise_words; i++) {
        noise[i] = htole32(noise[i]); /* read by bytes */
    }

    const size_t label = below(words[WORD_LABEL], classes);
    const size_t second =
        classes > 1 ? (label + 1 + below(words[WORD_SECOND], classes - 1)) % classes : label;
    const size_t pattern_size = patterns->rows * patterns->stride;
    struct mixture mixture = {
        .first = patterns->bytes + label * pattern_size,
        .second = patterns->bytes + second * pattern_size,
        .share = (uint32_t)below(words[WORD_SHARE], SHARE_LIMIT),
        .strength = STRENGTH_MIN + (uint32_t)below(words[WORD_STRENGTH], 257 - STRENGTH_MIN)};
    for (size_t axis = 0; axis < dataset->rank; axis++) {
        mixture.shift[axis] =
            below(words[WORD_SHIFT + axis], 2 * largest_shift(dataset->shape[axis]) + 1);
    }

    const uint8_t *const noise_bytes = (const uint8_t *)noise;
    for (size_t row = 0; row < patterns->rows; row++) {
        /* The pattern's row: each outer index moved cyclically by the shift of its axis. */
        size_t source = 0;
        size_t rest = row;
        size_t unit = 1;
        for (size_t axis = dataset->rank - 1; axis-- > 0;) {
            const size_t size = dataset->shape[axis];
            source += (rest % size + mixture.shift[axis]) % size * unit;
            rest /= size;
            unit *= size;
        }
        draw_row(&mixture, source * patterns->stride + mixture.shift[dataset->rank - 1],
                 patterns->width, noise_bytes + row * patterns->width, out + row * patterns->width);
    }
    return (int32_t)label;
}

/* Patterns and working memory in one arena. */
static pn_status draw(pn_dataset *dataset, size_t classes, uint32_t seed, uint8_t *samples,
                      int32_t *labels)
{
    const size_t size = dataset->sample_size;
    struct patterns patterns = {.width = dataset->shape[dataset->rank - 1]};
    patterns.rows = size / patterns.width;
    patterns.stride = patterns.width + 2 * largest_shift(patterns.width);
    size_t pattern_bytes;
    struct arena arena = {0};
    if (!size_multiply(patterns.rows * patterns.stride, classes, &pattern_bytes) ||
        !arena_reserve(&arena, pattern_bytes, 1) || !arena_reserve(&arena, size, 4) ||
        !arena_reserve(&arena, size, 4)) {
        return error_memory(size, "patterns of synthetic data");
    }
    const pn_status status = arena_map(&arena, "patterns of synthetic data");
    if (status != PN_OK) {
        return status;
    }
    patterns.bytes = arena_take(&arena, pattern_bytes, 1);
    uint32_t *const values = arena_take(&arena, size, 4);
    uint32_t *const line = arena_take(&arena, size, 4);
    for (size_t class = 0; class < classes; class ++) {
        draw_pattern(&patterns, class, seed, dataset->rank, dataset->shape, values, line);
    }
    for (size_t i = 0; i < dataset->count; i++) {
        labels[i] = draw_sample(&patterns, dataset, classes, seed, i, values, samples + i * size);
    }
    arena_free(&arena);
    return PN_OK;
}

pn_status pn_dataset_synthetic(size_t count, size_t rank, const size_t *shape, size_t classes,
                               uint32_t seed, pn_dataset **dataset)
{
    *dataset = NULL;
    if (classes == 0 || classes > INT32_MAX) {
        return error_set(PN_ERROR_USAGE, "synthetic data of %zu classes; give 1 to %d", classes,
                         INT32_MAX);
    }
    struct dataset_content content = {
        .dtype = PN_U8, .count = count, .rank = rank, .shape = shape, .labelled = true};
    pn_status status = dataset_create(&content, dataset);
    if (status != PN_OK) {
        return status;
    }
    if ((*dataset)->sample_size > INT32_MAX) {
        status = error_set(PN_ERROR_USAGE, "synthetic samples of %zu elements; give at most %d",
                           (*dataset)->sample_size, INT32_MAX);
    } else {
        status = draw(*dataset, classes, seed, content.samples, content.labels);
    }
    if (status != PN_OK) {
        pn_dataset_free(*dataset);
        *dataset = NULL;
        return status;
    }
    dataset_count_classes(*dataset);
    return PN_OK;
}
