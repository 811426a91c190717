/* A file is the old one or whole, whatever fails while it is written. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "engine/format/atomic_file.h"
#include "engine/format/save.h"
#include "tests/format/support.h"

TestSuite(atomic, .fini = scratch_remove);

static const char old_bytes[] = "what was there before";

/* A file with old bytes, alone in the folder. */
static const char *old_file(void)
{
    const char *path = scratch("best_model.hdf5");
    write_bytes_to(path, old_bytes, sizeof old_bytes);
    return path;
}

static void must_be_old(const char *path)
{
    size_t size;
    unsigned char *bytes = bytes_of(path, &size);
    cr_assert_eq(size, sizeof old_bytes);
    cr_assert_arr_eq(bytes, old_bytes, size);
    free(bytes);
    cr_assert_eq(folder_entries(scratch_folder()), 1, "something was left behind");
}

static void must_fail(pn_status status, const char *path, const char *what)
{
    cr_assert_eq(status, PN_ERROR_IO, "status %d", status);
    cr_assert(strncmp(pn_error_message(), path, strlen(path)) == 0, "%s", pn_error_message());
    cr_assert(strstr(pn_error_message(), what), "\"%s\" does not say \"%s\"", pn_error_message(),
              what);
}

Test(atomic, replaces_a_file)
{
    const char *path = old_file();
    cr_assert_eq(chmod(path, 0640), 0);
    must(atomic_file_write(path, "new", 3));
    size_t size;
    unsigned char *bytes = bytes_of(path, &size);
    cr_assert_eq(size, 3);
    cr_assert_arr_eq(bytes, "new", 3);
    free(bytes);
    cr_assert_eq(folder_entries(scratch_folder()), 1);
    struct stat facts;
    stat(path, &facts);
    cr_assert_eq(facts.st_mode & 07777, 0640, "the permissions changed");
}

Test(atomic, makes_a_file_as_the_umask_says)
{
    umask(027);
    const char *path = scratch("new.h5");
    must(atomic_file_write(path, "new", 3));
    struct stat facts;
    stat(path, &facts);
    cr_assert_eq(facts.st_mode & 07777, 0640);
}

Test(atomic, follows_a_link)
{
    const char *path = old_file();
    const char *link = scratch("link.hdf5");
    cr_assert_eq(symlink(path, link), 0);
    must(atomic_file_write(link, "new", 3));
    struct stat facts;
    cr_assert_eq(lstat(link, &facts), 0);
    cr_assert(S_ISLNK(facts.st_mode));
    size_t size;
    free(bytes_of(path, &size));
    cr_assert_eq(size, 3);
}

/* Through two links, one of them relative, to a file that is not there yet. */
Test(atomic, follows_a_link_to_a_new_file)
{
    const char *path = scratch("new.h5");
    const char *first = scratch("first.h5"), *second = scratch("second.h5");
    cr_assert_eq(symlink("second.h5", first), 0);
    cr_assert_eq(symlink(path, second), 0);
    must(atomic_file_check(first));
    must(atomic_file_write(first, "new", 3));
    struct stat facts;
    cr_assert_eq(lstat(first, &facts), 0);
    cr_assert(S_ISLNK(facts.st_mode));
    cr_assert_eq(lstat(second, &facts), 0);
    cr_assert(S_ISLNK(facts.st_mode));
    size_t size;
    free(bytes_of(path, &size));
    cr_assert_eq(size, 3);
    cr_assert_eq(folder_entries(scratch_folder()), 3);
}

Test(atomic, refuses_links_in_a_circle)
{
    const char *first = scratch("first.h5"), *second = scratch("second.h5");
    cr_assert_eq(symlink(second, first), 0);
    cr_assert_eq(symlink(first, second), 0);
    cr_assert_eq(atomic_file_write(first, "new", 3), PN_ERROR_IO);
    cr_assert(strstr(pn_error_message(), "symbolic links"), "%s", pn_error_message());
    cr_assert_eq(folder_entries(scratch_folder()), 2);
}

Test(atomic, writes_into_the_working_folder)
{
    cr_assert_eq(chdir(scratch_folder()), 0);
    must(atomic_file_write("plain.h5", "new", 3));
    cr_assert_eq(folder_entries(scratch_folder()), 1);
}

Test(atomic, a_limit_on_sizes_leaves_the_old_file)
{
    const char *path = old_file();
    signal(SIGXFSZ, SIG_IGN);
    const struct rlimit limit = {4096, RLIM_INFINITY};
    setrlimit(RLIMIT_FSIZE, &limit);
    pn_model *model = tiny_network(1);
    must_fail(pn_model_save(model, path), path, "larger than the limit");
    must_be_old(path);
    pn_model_free(model);
}

Test(atomic, a_failing_fsync_leaves_the_old_file)
{
    const char *path = old_file();
    fail_call(__NR_fsync, EIO);
    must_fail(atomic_file_write(path, "new", 3), path, "cannot bring to the disk");
    must_be_old(path);
}

Test(atomic, a_failing_rename_leaves_the_old_file)
{
    const char *path = old_file();
    fail_call(__NR_renameat, EACCES);
    must_fail(atomic_file_write(path, "new", 3), path, "cannot replace");
    must_be_old(path);
}

Test(atomic, a_name_that_is_too_long_leaves_nothing)
{
    char name[300];
    memset(name, 'n', sizeof name);
    strcpy(name + 290, ".h5");
    const char *path = scratch(name);
    must_fail(atomic_file_write(path, "new", 3), path, "choose a shorter name");
    cr_assert_eq(folder_entries(scratch_folder()), 0);
}

Test(atomic, a_full_disk_leaves_the_old_file)
{
    const char *folder = scratch("disk");
    cr_assert_eq(mkdir(folder, 0755), 0);
    if (mount("none", folder, "tmpfs", 0, "size=16k") != 0) {
        cr_skip_test("only root may mount a small disk");
    }
    char path[512];
    snprintf(path, sizeof path, "%s/model.hdf5", folder);
    write_bytes_to(path, old_bytes, sizeof old_bytes);
    pn_model *model = tiny_network(1);
    const pn_status status = pn_model_save(model, path);
    char message[1024];
    snprintf(message, sizeof message, "%s", pn_error_message());
    const size_t entries = folder_entries(folder);
    size_t size;
    free(bytes_of(path, &size));
    umount(folder);
    cr_assert_eq(status, PN_ERROR_IO);
    cr_assert(strstr(message, "full: free space or save elsewhere"), "%s", message);
    cr_assert_eq(entries, 1);
    cr_assert_eq(size, sizeof old_bytes);
    pn_model_free(model);
}

Test(atomic, a_killed_process_leaves_a_whole_file)
{
    const char *path = scratch("model.hdf5");
    pn_model *model = tiny_network(1);
    must(pn_model_save(model, path));
    for (int round = 0; round < 30; round++) {
        const pid_t process = fork();
        if (process == 0) {
            for (;;) {
                pn_model_save(model, path);
            }
        }
        usleep((useconds_t)(1000 + 700 * round));
        kill(process, SIGKILL);
        waitpid(process, NULL, 0);
        pn_model *loaded;
        must(pn_model_load(path, &loaded));
        pn_model_free(loaded);
    }
    pn_model_free(model);
}

Test(atomic, a_killed_process_leaves_no_other_file)
{
    const char *path = old_file();
    const int nameless = open(scratch_folder(), O_WRONLY | O_TMPFILE, 0600);
    if (nameless < 0) {
        cr_skip_test("this file system has no files without names");
    }
    close(nameless);
    const struct rlimit no_core = {0, 0};
    setrlimit(RLIMIT_CORE, &no_core);
    die_in_call(__NR_fsync);
    const pid_t process = fork();
    if (process == 0) {
        atomic_file_write(path, "new", 3);
        _exit(0);
    }
    int ending;
    cr_assert_eq(waitpid(process, &ending, 0), process);
    cr_assert(WIFSIGNALED(ending), "the process was to die in the middle");
    must_be_old(path);
}

/* Where a file cannot be given a name later, it has one from the beginning. */
Test(atomic, writes_where_links_fail)
{
    const char *path = old_file();
    fail_call(__NR_linkat, EPERM);
    must(atomic_file_write(path, "new", 3));
    size_t size;
    free(bytes_of(path, &size));
    cr_assert_eq(size, 3);
    cr_assert_eq(folder_entries(scratch_folder()), 1);
    must(atomic_file_check(path));
    cr_assert_eq(folder_entries(scratch_folder()), 1);
}

/* --- one file by two names -----------------------------------------------------------------------
 */

Test(atomic, knows_one_file_by_all_its_names)
{
    const char *path = old_file(), *other = scratch("other.hdf5");
    const char *soft = scratch("link.hdf5"), *hard = scratch("hard.hdf5");
    cr_assert_eq(symlink("best_model.hdf5", soft), 0);
    cr_assert_eq(link(path, hard), 0);
    cr_assert(atomic_file_same(path, path));
    cr_assert(atomic_file_same(path, scratch("./best_model.hdf5")));
    cr_assert(atomic_file_same(path, soft));
    cr_assert(atomic_file_same(hard, soft));
    cr_assert(!atomic_file_same(path, other), "which does not exist");
    write_bytes_to(other, old_bytes, sizeof old_bytes);
    cr_assert(!atomic_file_same(other, soft));
}

Test(atomic, knows_one_file_that_is_not_there_yet)
{
    const char *path = scratch("new.h5"), *link = scratch("link.h5");
    cr_assert_eq(symlink("new.h5", link), 0);
    cr_assert(atomic_file_same(path, scratch("./new.h5")));
    cr_assert(atomic_file_same(link, path));
    cr_assert(!atomic_file_same(path, scratch("other.h5")));
    cr_assert_eq(mkdir(scratch("folder"), 0755), 0);
    cr_assert(!atomic_file_same(path, scratch("folder/new.h5")), "in another folder");
    cr_assert(!atomic_file_same(scratch("missing/new.h5"), scratch("missing/new.h5")),
              "there can be none");
    cr_assert(!atomic_file_same("", ""));
}

/* --- the check before the first epoch ----------------------------------------------------------
 */

Test(check, touches_nothing)
{
    const char *path = old_file();
    must(format_check_path(path));
    must_be_old(path);
    must(format_check_path(scratch("new.hdf5")));
    must_be_old(path);
    scratch_remove();
}

Test(check, finds_what_cannot_be_written)
{
    must_fail(format_check_path(scratch("missing/m.h5")), scratch("missing/m.h5"),
              "make the folder first");
    const char *folder = scratch("folder.h5");
    mkdir(folder, 0755);
    must_fail(format_check_path(folder), folder, "is a folder, not a file");
    cr_assert_eq(format_check_path(scratch("m.keras")), PN_ERROR_USAGE);
    cr_assert_eq(format_check_path(""), PN_ERROR_USAGE);
    chmod(scratch_folder(), 0555);
    if (geteuid() == 0) {
        cr_assert_eq(seteuid(65534), 0);
        chmod(scratch_folder(), 0555);
    }
    must_fail(format_check_path(scratch("m.h5")), scratch("m.h5"), "change the permissions");
    if (getuid() == 0) {
        cr_assert_eq(seteuid(0), 0);
    }
    chmod(scratch_folder(), 0755);
    scratch_remove();
}
