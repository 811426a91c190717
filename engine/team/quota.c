#include "engine/team/quota.h"

#include <stdio.h>

#include "engine/team/cgroup.h"

/* quota / period where both are positive, else 0. */
static double quota_ratio(double quota, double period)
{
    return quota > 0 && period > 0 ? quota / period : 0;
}

static double quota_read_v2(const struct cgroup *cgroup)
{
    FILE *stream = cgroup_open(cgroup, "cpu.max");
    if (!stream) {
        return 0;
    }
    long long quota = 0;
    long long period = 0;
    const int fields = fscanf(stream, "%lld %lld", &quota, &period); /* "max 100000": none match */
    fclose(stream);
    return fields == 2 ? quota_ratio((double)quota, (double)period) : 0;
}

static long long quota_read_number(const struct cgroup *cgroup, const char *name)
{
    FILE *stream = cgroup_open(cgroup, name);
    if (!stream) {
        return 0;
    }
    long long number = 0;
    const int fields = fscanf(stream, "%lld", &number);
    fclose(stream);
    return fields == 1 ? number : 0;
}

static double quota_read_v1(const struct cgroup *cgroup)
{
    /* Without a limit the quota is -1. */
    return quota_ratio((double)quota_read_number(cgroup, "cpu.cfs_quota_us"),
                       (double)quota_read_number(cgroup, "cpu.cfs_period_us"));
}

static double quota_least(double a, double b)
{
    return a <= 0 ? b : b <= 0 ? a : a < b ? a : b;
}

static void quota_visit(const struct cgroup *cgroup, void *context)
{
    double *least = context;
    *least = quota_least(*least, cgroup->v2 ? quota_read_v2(cgroup) : quota_read_v1(cgroup));
}

double quota_cpus(const char *root)
{
    double least = 0;
    cgroup_visit_all(root, quota_visit, &least);
    return least;
}
