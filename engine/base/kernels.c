#include "engine/base/kernels.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/base/error.h"

pn_status kernels_select(const char *isa, const struct simd_kernels **kernels)
{
    const char *where = "isa";
    if (!isa || strcmp(isa, "auto") == 0) {
        isa = getenv("PINION_ISA");
        where = "PINION_ISA";
    }
    if (!isa || !*isa || strcmp(isa, "auto") == 0) {
        *kernels = simd_best();
        return PN_OK;
    }
    *kernels = simd_find(isa);
    if (*kernels && simd_runs(*kernels)) {
        return PN_OK;
    }
    char names[128] = "auto";
    size_t count;
    const struct simd_kernels *const *list = simd_list(&count);
    for (size_t i = 0; i < count; i++) {
        if (simd_runs(list[i])) {
            const size_t used = strlen(names);
            snprintf(names + used, sizeof names - used, ", %s", list[i]->name);
        }
    }
    return error_set(PN_ERROR_USAGE, "%s: \"%s\" %s; choose one of %s", where, isa,
                     *kernels ? "does not run on this processor" : "is no known instruction set",
                     names);
}
