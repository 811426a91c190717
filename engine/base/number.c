#include "engine/base/number.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

bool number_read_real(const char *text, double *value)
{
    char *end;
    if (*text == '\0' || strspn(text, "+-.0123456789eE/") != strlen(text)) {
        return false; /* neither hexadecimal nor inf nor nan */
    }
    *value = strtod(text, &end);
    if (end != text && *end == '/') {
        const char *denominator = end + 1;
        const double divisor = strtod(denominator, &end);
        if (end == denominator) {
            return false;
        }
        *value /= divisor;
    }
    return end != text && *end == '\0' && isfinite(*value);
}
