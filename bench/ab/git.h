/* ab/git.h: builds of revisions of the repository that the program runs in. */
#ifndef PINION_BENCH_AB_GIT_H
#define PINION_BENCH_AB_GIT_H

#include "engine/pinion.h"

struct git_builds {
    char *library[2];
};

/*
 * Builds libpinion of two revisions with cmake, as releases, or finds what it built before: builds
 * are kept under $XDG_CACHE_HOME/pinion-bench (~/.cache), by commit, by CC, CFLAGS and LDFLAGS, and
 * by the compiler's version. Progress goes to standard error. PN_ERROR_USAGE: no such revision, no
 * repository; PN_ERROR_FAILED: the build failed, the message names its log, which is all that is
 * kept; PN_ERROR_INTERRUPTED.
 */
pn_status git_build_both(const char *first, const char *second, struct git_builds *builds);
void git_builds_free(struct git_builds *builds);

#endif
