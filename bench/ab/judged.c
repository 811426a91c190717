#include "bench/ab/judged.h"

#include <stdio.h>

#include "engine/base/error.h"

bool judged_condemns(pn_status status, char wrong[REPLY_MESSAGE])
{
    if (status != PN_ERROR_FAILED && status != PN_ERROR_DATA) {
        return false;
    }
    snprintf(wrong, REPLY_MESSAGE, "%.*s", REPLY_MESSAGE - 1, pn_error_message());
    return true;
}

const char *judged_word(bool wrong, bool judged, enum verdict verdict)
{
    return wrong ? "WRONG" : judged ? verdict_name(verdict) : "NOT MEASURED";
}

int judged_rank(bool wrong, bool judged, enum verdict verdict)
{
    static const int of_verdict[] = {[VERDICT_REGRESSED] = 1,
                                     [VERDICT_INCONCLUSIVE] = 2,
                                     [VERDICT_IMPROVED] = 3,
                                     [VERDICT_OK] = 4};
    return wrong ? 0 : judged ? of_verdict[verdict] : JUDGED_RANKS - 1;
}

void judged_print_names(const char *what, char *const *names, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        printf("%s %s\n", what, names[i]);
    }
}

pn_status judged_last_line(struct output *output, enum verdict verdict, const size_t of[4],
                           size_t wrong, size_t left_out)
{
    char more[48] = "";
    if (left_out > 0) {
        snprintf(more, sizeof more, ", %zu left out", left_out);
    }
    return output_last_line(
        output, "VERDICT %s %zu regressed, %zu ok, %zu improved, %zu inconclusive, %zu wrong%s",
        verdict_name(verdict), of[VERDICT_REGRESSED], of[VERDICT_OK], of[VERDICT_IMPROVED],
        of[VERDICT_INCONCLUSIVE], wrong, more);
}
