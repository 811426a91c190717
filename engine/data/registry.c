/* The data sets that have a name, and folders of IDX files. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "engine/base/error.h"
#include "engine/data/registry.h"

enum { REGISTRY_PATH_SIZE = 4096 };

/* The synthetic set has the measures of Fashion-MNIST, so that everything fits both. */
enum {
    SYNTHETIC_TRAIN = 60000,
    SYNTHETIC_TEST = 10000,
    SYNTHETIC_SIDE = 28,
    SYNTHETIC_CLASSES = 10,
    SYNTHETIC_SEED = 1
};

static bool is_folder(const char *path)
{
    struct stat status;
    return stat(path, &status) == 0 && S_ISDIR(status.st_mode);
}

/* path = folder/name, or folder/name.gz where only that exists. */
static pn_status find_file(const char *folder, const char *name, char path[REGISTRY_PATH_SIZE])
{
    static const char *const endings[] = {"", ".gz"};
    for (size_t i = 0; i < sizeof endings / sizeof *endings; i++) {
        const int length = snprintf(path, REGISTRY_PATH_SIZE, "%s/%s%s", folder, name, endings[i]);
        if (length < 0 || length >= REGISTRY_PATH_SIZE) {
            return error_set(PN_ERROR_USAGE,
                             "%s: the path is longer than %d bytes; give a shorter one", folder,
                             REGISTRY_PATH_SIZE);
        }
        if (access(path, F_OK) == 0) {
            return PN_OK;
        }
    }
    return error_set(PN_ERROR_NOT_FOUND, "%s: holds neither %s nor %s.gz; put the file there",
                     folder, name, name);
}

/* One of the two pairs of files: `part` is "train" or "t10k". */
static pn_status load_part(const char *folder, const char *part, pn_dataset **dataset)
{
    char name[64];
    char images[REGISTRY_PATH_SIZE];
    char labels[REGISTRY_PATH_SIZE];
    snprintf(name, sizeof name, "%s-images-idx3-ubyte", part);
    pn_status status = find_file(folder, name, images);
    if (status != PN_OK) {
        return status;
    }
    snprintf(name, sizeof name, "%s-labels-idx1-ubyte", part);
    status = find_file(folder, name, labels);
    if (status != PN_OK) {
        return status;
    }
    return pn_dataset_load_idx(images, labels, dataset);
}

static pn_status load_folder(const char *folder, pn_dataset **train, pn_dataset **test)
{
    pn_status status = train ? load_part(folder, "train", train) : PN_OK;
    if (status == PN_OK && test) {
        status = load_part(folder, "t10k", test);
    }
    if (status != PN_OK && train) {
        pn_dataset_free(*train);
        *train = NULL;
    }
    return status;
}

static pn_status load_synthetic(pn_dataset **train, pn_dataset **test)
{
    const size_t shape[] = {SYNTHETIC_SIDE, SYNTHETIC_SIDE};
    const size_t count = test ? SYNTHETIC_TRAIN + SYNTHETIC_TEST : SYNTHETIC_TRAIN;
    pn_dataset *all;
    pn_status status =
        pn_dataset_synthetic(count, 2, shape, SYNTHETIC_CLASSES, SYNTHETIC_SEED, &all);
    if (status != PN_OK) {
        return status;
    }
    if (train) {
        status = pn_dataset_slice(all, 0, SYNTHETIC_TRAIN, train);
    }
    if (status == PN_OK && test) {
        status = pn_dataset_slice(all, SYNTHETIC_TRAIN, SYNTHETIC_TEST, test);
        if (status != PN_OK && train) {
            pn_dataset_free(*train);
            *train = NULL;
        }
    }
    pn_dataset_free(all);
    return status;
}

pn_status registry_load_fashion_mnist(const char *data, const char *system, const char *home,
                                      pn_dataset **train, pn_dataset **test)
{
    const bool given = data && *data;
    const struct {
        const char *root, *below;
    } places[] = {{given ? data : system, ""}, {given ? NULL : home, "/.keras/datasets"}};
    char folder[REGISTRY_PATH_SIZE];
    for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
        if (!places[i].root || !*places[i].root) {
            continue;
        }
        const int length =
            snprintf(folder, sizeof folder, "%s%s/fashion-mnist", places[i].root, places[i].below);
        if (length > 0 && length < (int)sizeof folder && is_folder(folder)) {
            return load_folder(folder, train, test);
        }
    }
    if (given) {
        return error_set(PN_ERROR_NOT_FOUND,
                         "PINION_DATA_DIR is \"%s\", but there is no folder fashion-mnist in it; "
                         "correct or unset it",
                         data);
    }
    return error_set(PN_ERROR_NOT_FOUND,
                     "fashion-mnist is neither in %s/fashion-mnist nor in "
                     "~/.keras/datasets/fashion-mnist, and PINION_DATA_DIR is not set; install it "
                     "with `apt install dataset-fashion-mnist`, or use `--data synthetic`",
                     system);
}

pn_status pn_dataset_load(const char *name_or_folder, pn_dataset **train, pn_dataset **test)
{
    if (train) {
        *train = NULL;
    }
    if (test) {
        *test = NULL;
    }
    if (strcmp(name_or_folder, "fashion-mnist") == 0) {
        return registry_load_fashion_mnist(getenv("PINION_DATA_DIR"), "/usr/share/datasets",
                                           getenv("HOME"), train, test);
    }
    if (strcmp(name_or_folder, "synthetic") == 0) {
        return load_synthetic(train, test);
    }
    if (is_folder(name_or_folder)) {
        return load_folder(name_or_folder, train, test);
    }
    return error_set(PN_ERROR_NOT_FOUND,
                     "%s: neither a known data set (fashion-mnist, synthetic) nor a folder of IDX "
                     "files; give one of these",
                     name_or_folder);
}
