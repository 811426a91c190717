#include "engine/base/kernels.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/base/error.h"

static pn_status unknown_isa(const char *isa, const char *source)
{
    size_t count;
    const struct simd_kernels *const *list = simd_list(&count);
    char names[128] = "";
    for (size_t i = 0; i < count; i++) {
        if (strstr(names, list[i]->name) == NULL) {
            const size_t used = strlen(names);
            snprintf(names + used, sizeof names - used, "%s%s", used > 0 ? ", " : "",
                     list[i]->name);
        }
    }
    return error_set(PN_ERROR_USAGE,
                     "no instruction set \"%s\" (%s) in this build; known: auto, %s", isa, source,
                     names);
}

pn_status kernels_select(const char *isa, const struct simd_kernels **kernels)
{
    const char *source = "isa option";
    if (isa == NULL) {
        isa = getenv("PINION_ISA");
        source = "PINION_ISA";
    }
    if (isa == NULL || isa[0] == '\0' || strcmp(isa, "auto") == 0) {
        *kernels = simd_best();
        return PN_OK;
    }
    *kernels = simd_find(isa);
    if (*kernels == NULL) {
        return unknown_isa(isa, source);
    }
    if (!simd_runs(*kernels)) {
        return error_set(
            PN_ERROR_USAGE,
            "this processor or its operating system lacks %s (%s); the best here is %s", isa,
            source, simd_best()->name);
    }
    return PN_OK;
}
