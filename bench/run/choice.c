#include "bench/run/choice.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/command/bench.h"
#include "bench/command/filter.h"
#include "bench/problems/instance.h"
#include "engine/base/error.h"
#include "engine/team/team.h"

enum { MAX_TABLES = 8 };

static bool take_cache(const char *part, void *context)
{
    unsigned *caches = context;
    const unsigned all = (1u << CACHE_STATES) - 1;
    const unsigned before = *caches;
    if (strcmp(part, "all") == 0) {
        *caches = all;
        return true;
    }
    for (int cache = 0; cache < CACHE_STATES; cache++) {
        if (strcmp(part, cache_name((enum cache_state)cache)) == 0) {
            *caches = before | 1u << cache;
            return true;
        }
    }
    return false;
}

pn_status option_caches(const struct option_spec *option, const char *text, void *place)
{
    unsigned caches = 0;
    if (!option_split(text, take_cache, &caches)) {
        return error_set(PN_ERROR_USAGE,
                         "--%s '%s': give hot, cold, train, several of them separated by commas, "
                         "or all",
                         option->name, text);
    }
    *(unsigned *)place = caches;
    return PN_OK;
}

static bool has_weights(const struct simd_kernels *kernels, const struct problem *problem)
{
    size_t batch, weights;
    uint64_t layout;
    instance_sizes(kernels, problem, &batch, &weights, &layout);
    return weights > 0;
}

bool choice_row(const struct problem *problem, const struct simd_kernels *kernels,
                enum cache_state cache, size_t threads, struct row *row)
{
    if (cache == CACHE_TRAIN && !has_weights(kernels, problem)) {
        return false;
    }
    *row = (struct row){.problem = problem, .kernels = kernels};
    problem_kernel(problem, row->kernel);
    problem_shape(problem, row->shape);
    row->key = (struct row_key){.kernel = row->kernel,
                                .shape = row->shape,
                                .dtype = "f32",
                                .isa = kernels->name,
                                .cache = cache,
                                .threads = threads};
    return true;
}

/* --- what the options mean -----------------------------------------------------------------------
 */

struct axes {
    const struct simd_kernels *tables[MAX_TABLES];
    size_t table_count;
    size_t threads[OPTION_THREADS];
    size_t thread_count;
    unsigned caches;
};

/* How many threads a team would have; each number once. */
static pn_status resolve_threads(const struct option_threads *given, struct axes *axes)
{
    static const struct option_threads one = {{1}, 1};
    const struct option_threads *threads = given->count > 0 ? given : &one;
    for (size_t i = 0; i < threads->count; i++) {
        size_t count = threads->list[i];
        if (count == 0) {
            pn_run_options run = pn_run_options_default();
            struct team *team;
            const pn_status status = team_create(&run, &team);
            if (status != PN_OK) {
                return status;
            }
            count = team_size(team);
            team_free(team);
        }
        bool known = false;
        for (size_t j = 0; j < axes->thread_count; j++) {
            known = known || axes->threads[j] == count;
        }
        if (!known) {
            axes->threads[axes->thread_count++] = count;
        }
    }
    return PN_OK;
}

static pn_status resolve(const struct choice_options *options, struct axes *axes)
{
    *axes = (struct axes){.caches = options->caches != 0 ? options->caches : 1u << CACHE_HOT};
    const pn_status status =
        bench_tables(options->isa, axes->tables, MAX_TABLES, &axes->table_count);
    return status == PN_OK ? resolve_threads(&options->threads, axes) : status;
}

/* --- the rows ------------------------------------------------------------------------------------
 */

static bool is_chosen(const struct choice_options *options, const regex_t *filter,
                      const struct row *row)
{
    char name[ROW_NAME_SIZE];
    row_name(&row->key, name);
    return row_matches(filter, &row->key) &&
           (options->selects == NULL || options->selects(options->context, name));
}

static void add_rows(const struct choice_options *options, const struct axes *axes,
                     const regex_t *filter, size_t threads, struct choice *choice)
{
    for (size_t i = 0; i < problem_count; i++) {
        for (size_t table = 0; table < axes->table_count; table++) {
            for (int cache = 0; cache < CACHE_STATES; cache++) {
                struct row *row = &choice->rows[choice->count];
                if ((axes->caches >> cache & 1) != 0 &&
                    choice_row(&problem_list[i], axes->tables[table], (enum cache_state)cache,
                               threads, row) &&
                    is_chosen(options, filter, row)) {
                    choice->count++;
                }
            }
        }
    }
}

pn_status choice_create(const struct choice_options *options, struct choice *choice)
{
    *choice = (struct choice){0};
    struct axes axes;
    regex_t filter;
    pn_status status = resolve(options, &axes);
    if (status == PN_OK) {
        status = filter_compile(options->filter, &filter);
    }
    if (status != PN_OK) {
        return status;
    }
    /* One more: a row is made before it is known whether it is chosen. */
    const size_t most = axes.thread_count * problem_count * axes.table_count * CACHE_STATES + 1;
    choice->rows = calloc(most, sizeof *choice->rows);
    for (size_t i = 0; choice->rows != NULL && i < axes.thread_count; i++) {
        add_rows(options, &axes, &filter, axes.threads[i], choice);
    }
    regfree(&filter);
    if (choice->rows == NULL) {
        return error_memory(most * sizeof *choice->rows, "rows");
    }
    choice->isa = axes.table_count == 1 ? axes.tables[0]->name : options->isa;
    if (choice->count == 0) {
        choice_free(choice);
        const char *own = options->filter == NULL ? "" : options->filter;
        return error_set(PN_ERROR_USAGE,
                         "%s '%s': no kernel and shape match with these options; see "
                         "pinion-bench list",
                         options->pattern == NULL ? "--filter" : options->flag,
                         options->pattern == NULL ? own : options->pattern);
    }
    return PN_OK;
}

void choice_free(struct choice *choice)
{
    free(choice->rows);
    *choice = (struct choice){0};
}
