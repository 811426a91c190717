/* CPU quotas of cgroup v1 and v2, read from file trees written here. */
#include "engine/team/quota.h"

#include <ftw.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <criterion/criterion.h>

static char root[PATH_MAX];

static void tree_open(void)
{
    snprintf(root, sizeof root, "%s/cgroup-XXXXXX", TEST_FOLDER);
    cr_assert(mkdtemp(root));
}

static int remove_one(const char *path, const struct stat *info, int kind, struct FTW *ftw)
{
    (void)info, (void)kind, (void)ftw;
    return remove(path);
}

static void tree_close(void)
{
    nftw(root, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

TestSuite(quota, .init = tree_open, .fini = tree_close);

/* Writes a file of the tree, with the folders it lies in. */
static void put(const char *path, const char *text)
{
    char file[2 * PATH_MAX];
    snprintf(file, sizeof file, "%s%s", root, path);
    for (char *slash = file + strlen(root) + 1; (slash = strchr(slash, '/')); slash++) {
        *slash = '\0';
        mkdir(file, 0777);
        *slash = '/';
    }
    FILE *stream = fopen(file, "w");
    cr_assert(stream, "%s", file);
    fputs(text, stream);
    fclose(stream);
}

static void put_v2(const char *cgroup)
{
    char line[PATH_MAX];
    snprintf(line, sizeof line, "0::%s\n", cgroup);
    put("/proc/self/cgroup", line);
    put("/proc/self/mountinfo",
        "22 1 254:1 / / rw,relatime shared:1 - ext4 /dev/vda1 rw\n"
        "30 22 0:26 / /sys/fs/cgroup rw,nosuid shared:9 - cgroup2 cgroup2 rw,nsdelegate\n");
}

static void expect(double cpus)
{
    const double found = quota_cpus(root);
    cr_assert_float_eq(found, cpus, 1e-9, "%g CPUs instead of %g", found, cpus);
}

Test(quota, nothing_to_read_is_no_limit)
{
    expect(0);
    put("/proc/self/mountinfo", "garbage\n\n1 2 3 4\n30 22 0:26 / /sys - \n");
    expect(0);
    put("/proc/self/cgroup", "garbage\n0:\n:::\n");
    expect(0);
}

Test(quota, v2_without_a_limit)
{
    put_v2("/user.slice");
    put("/sys/fs/cgroup/user.slice/cpu.max", "max 100000\n");
    expect(0);
}

Test(quota, v2_whole_and_fractional)
{
    put_v2("/user.slice");
    put("/sys/fs/cgroup/user.slice/cpu.max", "400000 100000\n");
    expect(4);
    put("/sys/fs/cgroup/user.slice/cpu.max", "150000 100000\n");
    expect(1.5);
    put("/sys/fs/cgroup/user.slice/cpu.max", "5000 20000\n");
    expect(0.25);
}

Test(quota, v2_the_least_of_all_ancestors_counts)
{
    put_v2("/kubepods/pod7/app");
    put("/sys/fs/cgroup/kubepods/pod7/app/cpu.max", "800000 100000\n");
    put("/sys/fs/cgroup/kubepods/pod7/cpu.max", "250000 100000\n");
    put("/sys/fs/cgroup/kubepods/cpu.max", "1600000 100000\n");
    expect(2.5);
    put("/sys/fs/cgroup/kubepods/cpu.max", "100000 100000\n");
    expect(1);
    put("/sys/fs/cgroup/kubepods/pod7/app/cpu.max", "50000 100000\n");
    expect(0.5);
    /* A cgroup beside ours does not count. */
    put("/sys/fs/cgroup/kubepods/pod8/cpu.max", "1000 100000\n");
    expect(0.5);
}

Test(quota, v2_in_a_container_with_a_namespace_of_its_own)
{
    put_v2("/");
    put("/sys/fs/cgroup/cpu.max", "300000 100000\n");
    expect(3);
}

Test(quota, v2_mounted_outside_the_namespace)
{
    put("/proc/self/cgroup", "0::/../../other/app\n");
    put("/proc/self/mountinfo", "30 22 0:26 /../.. /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n");
    put("/sys/fs/cgroup/cpu.max", "700000 100000\n");
    expect(7);
    put("/sys/fs/cgroup/other/cpu.max", "200000 100000\n");
    expect(2);
    /* A mount of the namespace's own root does not show us; its limits are all there is. */
    put("/proc/self/mountinfo", "30 22 0:26 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n");
    expect(7);
}

Test(quota, a_mount_that_shows_only_our_own_cgroup)
{
    put("/proc/self/cgroup", "0::/docker/4f5e\n");
    put("/proc/self/mountinfo", "30 22 0:26 /docker/4f5e /sys/fs/cgroup ro - cgroup2 cgroup rw\n");
    put("/sys/fs/cgroup/cpu.max", "600000 100000\n");
    expect(6);
    /* A longer name with the same beginning is another cgroup: only the mount point is read. */
    put("/proc/self/cgroup", "0::/docker/4f5e22\n");
    put("/sys/fs/cgroup22/cpu.max", "100000 100000\n");
    expect(6);
}

Test(quota, nonsense_in_the_files_is_no_limit)
{
    put_v2("/a");
    const char *const texts[] = {"",           "\n",          "max\n",      "100000\n",
                                 "100000 0\n", "-5 100000\n", "0 100000\n", "a b\n"};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        put("/sys/fs/cgroup/a/cpu.max", texts[i]);
        expect(0);
    }
}

static void put_v1(const char *cgroup)
{
    char lines[PATH_MAX];
    snprintf(lines, sizeof lines,
             "12:cpuset:/elsewhere\n5:cpu,cpuacct:%s\n3:memory:/m\n1:name=systemd:/s\n", cgroup);
    put("/proc/self/cgroup", lines);
    put("/proc/self/mountinfo",
        "31 23 0:28 / /sys/fs/cgroup rw,relatime - tmpfs tmpfs rw,mode=755\n"
        "32 31 0:29 / /sys/fs/cgroup/cpu,cpuacct rw master:11 - cgroup cgroup rw,cpu,cpuacct\n"
        "34 31 0:31 / /sys/fs/cgroup/cpuset rw - cgroup cgroup rw,cpuset\n");
}

static void put_v1_limit(const char *cgroup, const char *quota, const char *period)
{
    char path[PATH_MAX];
    snprintf(path, sizeof path, "/sys/fs/cgroup/cpu,cpuacct%s/cpu.cfs_quota_us", cgroup);
    put(path, quota);
    snprintf(path, sizeof path, "/sys/fs/cgroup/cpu,cpuacct%s/cpu.cfs_period_us", cgroup);
    put(path, period);
}

Test(quota, v1)
{
    put_v1("/docker/9a");
    put_v1_limit("", "-1\n", "100000\n");
    put_v1_limit("/docker", "-1\n", "100000\n");
    put_v1_limit("/docker/9a", "-1\n", "100000\n");
    expect(0);
    put_v1_limit("/docker/9a", "75000\n", "50000\n");
    expect(1.5);
    put_v1_limit("/docker", "50000\n", "100000\n");
    expect(0.5);
    /* cpuset is no controller called cpu. */
    put("/sys/fs/cgroup/cpuset/cpu.cfs_quota_us", "1000\n");
    put("/sys/fs/cgroup/cpuset/cpu.cfs_period_us", "100000\n");
    expect(0.5);
}

Test(quota, v1_seen_from_inside_a_container)
{
    put_v1("/docker/9a");
    put("/proc/self/mountinfo",
        "32 31 0:29 /docker/9a /sys/fs/cgroup/cpu,cpuacct ro - cgroup cgroup rw,cpu,cpuacct\n");
    put_v1_limit("", "200000\n", "100000\n");
    expect(2);
}

Test(quota, hybrid_takes_the_lesser)
{
    put("/proc/self/cgroup", "9:name=systemd:/\n2:cpuacct:/\n1:cpu:/jobs/17\n0::/init.scope\n");
    put("/proc/self/mountinfo", "31 23 0:28 / /sys/fs/cgroup rw - tmpfs tmpfs rw\n"
                                "32 31 0:29 / /sys/fs/cgroup/cpu rw - cgroup cgroup rw,cpu\n"
                                "41 31 0:38 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw\n");
    put("/sys/fs/cgroup/cpu/jobs/cpu.cfs_quota_us", "350000\n");
    put("/sys/fs/cgroup/cpu/jobs/cpu.cfs_period_us", "100000\n");
    expect(3.5);
    put("/sys/fs/cgroup/unified/init.scope/cpu.max", "200000 100000\n");
    expect(2);
    put("/sys/fs/cgroup/cpu/jobs/17/cpu.cfs_quota_us", "120000\n");
    put("/sys/fs/cgroup/cpu/jobs/17/cpu.cfs_period_us", "100000\n");
    expect(1.2);
}

Test(quota, mount_points_with_spaces)
{
    put("/proc/self/cgroup", "0::/a b\n");
    put("/proc/self/mountinfo", "30 22 0:26 / /my\\040cgroups rw - cgroup2 cgroup2 rw\n");
    put("/my cgroups/a b/cpu.max", "500000 100000\n");
    expect(5);
}
