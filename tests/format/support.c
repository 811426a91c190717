#include "tests/format/support.h"

#include <dirent.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

static char folder[64];

const char *scratch_folder(void)
{
    if (!folder[0]) {
        const char *base = getenv("TMPDIR");
        snprintf(folder, sizeof folder, "%s/pinion-format-XXXXXX",
                 base && strlen(base) < 30 ? base : "/tmp");
        cr_assert(mkdtemp(folder));
    }
    return folder;
}

const char *scratch(const char *name)
{
    static char paths[16][512];
    static size_t next;
    char *path = paths[next++ % 16];
    snprintf(path, sizeof paths[0], "%s/%s", scratch_folder(), name);
    return path;
}

static void each_entry(const char *path, void (*act)(const char *entry, void *context),
                       void *context)
{
    DIR *listing = opendir(path);
    if (!listing) {
        return;
    }
    for (struct dirent *entry; (entry = readdir(listing));) {
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0) {
            char full[1024];
            snprintf(full, sizeof full, "%s/%s", path, entry->d_name);
            act(full, context);
        }
    }
    closedir(listing);
}

static void remove_entry(const char *entry, void *context)
{
    if (unlink(entry) != 0) {
        each_entry(entry, remove_entry, context);
        rmdir(entry);
    }
}

void scratch_remove(void)
{
    if (folder[0]) {
        remove_entry(folder, NULL);
    }
}

static void count_entry(const char *entry, void *context)
{
    (void)entry;
    ++*(size_t *)context;
}

size_t folder_entries(const char *path)
{
    size_t count = 0;
    each_entry(path, count_entry, &count);
    return count;
}

unsigned char *bytes_of(const char *path, size_t *size)
{
    FILE *file = fopen(path, "rb");
    cr_assert(file, "%s", path);
    fseek(file, 0, SEEK_END);
    *size = (size_t)ftell(file);
    rewind(file);
    unsigned char *bytes = malloc(*size + 1);
    cr_assert_eq(fread(bytes, 1, *size, file), *size);
    fclose(file);
    return bytes;
}

void write_bytes_to(const char *path, const void *bytes, size_t size)
{
    FILE *file = fopen(path, "wb");
    cr_assert(file, "%s", path);
    cr_assert_eq(fwrite(bytes, 1, size, file), size);
    cr_assert_eq(fclose(file), 0);
}

void copy_file(const char *from, const char *to)
{
    size_t size;
    unsigned char *bytes = bytes_of(from, &size);
    write_bytes_to(to, bytes, size);
    free(bytes);
}

pn_model *tiny_network(uint32_t seed)
{
    const size_t shape[] = {4, 4};
    pn_model *model;
    must(pn_model_create("tiny", seed, &model));
    must(pn_model_add(model, pn_input(2, shape)));
    must(pn_model_add(model, pn_flatten()));
    must(pn_model_add(model, pn_dense(8, "relu")));
    must(pn_model_add(model, pn_dropout(0.2)));
    must(pn_model_add(model, pn_dense(3, "softmax")));
    return model;
}

pn_dataset *tiny_data(size_t count, uint32_t seed)
{
    const size_t shape[] = {4, 4};
    pn_dataset *dataset;
    must(pn_dataset_synthetic(count, 2, shape, 3, seed, &dataset));
    return dataset;
}

void train(pn_model *model, const pn_dataset *dataset, size_t epochs)
{
    pn_fit_options options = pn_fit_options_default();
    options.epochs = epochs;
    options.run.threads = 1;
    options.run.bind = PN_BIND_NONE;
    must(pn_model_fit(model, dataset, &options, NULL));
}

static char last_line[4096];

static void keep_line(pn_log_level level, const char *message, void *user)
{
    (void)user;
    if (level == PN_LOG_WARNING) {
        snprintf(last_line, sizeof last_line, "%s", message);
    }
}

void log_catch(void)
{
    last_line[0] = '\0';
    pn_set_log(keep_line, NULL);
}

const char *log_last(void)
{
    return last_line;
}

void must_refuse(pn_status status, const char *path, const char *what)
{
    const char *message = pn_error_message();
    cr_assert_eq(status, PN_ERROR_DATA, "status %d, \"%s\" where \"%s\" was due", status, message,
                 what);
    cr_assert(strncmp(message, path, strlen(path)) == 0, "\"%s\" does not begin with the path",
              message);
    cr_assert(strstr(message, what), "\"%s\" does not say \"%s\"", message, what);
}

static void on_call(unsigned number, unsigned action)
{
    struct sock_filter filter[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, number, 0, 1), BPF_STMT(BPF_RET | BPF_K, action),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)};
    const struct sock_fprog program = {sizeof filter / sizeof *filter, filter};
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
        prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) != 0) {
        cr_skip_test("this kernel cannot make system calls fail");
    }
}

void fail_call(unsigned number, unsigned error)
{
    on_call(number, SECCOMP_RET_ERRNO | error);
}

void die_in_call(unsigned number)
{
    on_call(number, SECCOMP_RET_KILL_PROCESS);
}
