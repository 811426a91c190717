/* Files made to harm: each is refused with a line that names what is wrong, and opens nothing. */
#include <errno.h>
#include <fcntl.h>
#include <hdf5.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "engine/format/sandbox.h"
#include "tests/format/support.h"

TestSuite(hostile, .fini = scratch_remove);

static const char sample[] = SAMPLE("tiny_portable_no_optimizer.h5");
static const char kernel[] = "/model_weights/dense_8/dense_8/kernel:0";
static const char group[] = "/model_weights/dense_8/dense_8";

/* A copy of the sample, to be changed. */
static const char *begin(hid_t *file)
{
    const char *path = scratch("hostile.h5");
    copy_file(sample, path);
    *file = H5Fopen(path, H5F_ACC_RDWR, H5P_DEFAULT);
    cr_assert(*file >= 0);
    return path;
}

static void refused(hid_t file, const char *path, const char *what)
{
    cr_assert(H5Fclose(file) >= 0);
    pn_model *model;
    must_refuse(pn_model_load(path, &model), path, what);
    cr_assert_null(model);
    must_refuse(pn_model_load_unsafe(path, &model), path, what);
    cr_assert_null(model);
}

static void set_text(hid_t object, const char *name, const char *text)
{
    H5Adelete(object, name);
    const hid_t type = H5Tcopy(H5T_C_S1);
    H5Tset_size(type, H5T_VARIABLE);
    const hid_t space = H5Screate(H5S_SCALAR);
    const hid_t attribute = H5Acreate2(object, name, type, space, H5P_DEFAULT, H5P_DEFAULT);
    cr_assert(H5Awrite(attribute, type, &text) >= 0);
    H5Aclose(attribute);
    H5Sclose(space);
    H5Tclose(type);
}

static void set_names(hid_t file, const char *where, const char *name, const char *const *names,
                      hsize_t count)
{
    const hid_t object = H5Oopen(file, where, H5P_DEFAULT);
    H5Adelete(object, name);
    const hid_t type = H5Tcopy(H5T_C_S1);
    H5Tset_size(type, H5T_VARIABLE);
    const hid_t space = H5Screate_simple(1, &count, NULL);
    const hid_t attribute = H5Acreate2(object, name, type, space, H5P_DEFAULT, H5P_DEFAULT);
    cr_assert(H5Awrite(attribute, type, names) >= 0);
    H5Aclose(attribute);
    H5Sclose(space);
    H5Tclose(type);
    H5Oclose(object);
}

/* Replaces the kernel by a data set of these properties, and does not write to it. */
static void replace_kernel(hid_t file, hid_t type, int rank, const hsize_t *dims, hid_t creation)
{
    H5Ldelete(file, kernel, H5P_DEFAULT);
    const hid_t space = rank ? H5Screate_simple(rank, dims, NULL) : H5Screate(H5S_SCALAR);
    const hid_t dataset = H5Dcreate2(file, kernel, type, space, H5P_DEFAULT, creation, H5P_DEFAULT);
    cr_assert(dataset >= 0);
    H5Dclose(dataset);
    H5Sclose(space);
}

static const hsize_t right_dims[] = {16, 8};

/* --- other files -------------------------------------------------------------------------------
 */

Test(hostile, values_in_another_file)
{
    hid_t file;
    const char *path = begin(&file);
    const hid_t creation = H5Pcreate(H5P_DATASET_CREATE);
    H5Pset_external(creation, "/etc/passwd", 0, 16 * 8 * sizeof(float));
    replace_kernel(file, H5T_IEEE_F32LE, 2, right_dims, creation);
    refused(file, path, "keeps its values in another file");
}

Test(hostile, a_virtual_data_set)
{
    hid_t file;
    const char *path = begin(&file);
    const hid_t space = H5Screate_simple(2, right_dims, NULL);
    const hid_t creation = H5Pcreate(H5P_DATASET_CREATE);
    H5Pset_virtual(creation, space, "/etc/passwd", "/x", space);
    replace_kernel(file, H5T_IEEE_F32LE, 2, right_dims, creation);
    refused(file, path, "is a virtual data set");
}

Test(hostile, an_external_link)
{
    hid_t file;
    const char *path = begin(&file);
    H5Ldelete(file, kernel, H5P_DEFAULT);
    H5Lcreate_external(sample, kernel, file, kernel, H5P_DEFAULT, H5P_DEFAULT);
    refused(file, path, "goes through a external link");
}

Test(hostile, a_soft_link)
{
    hid_t file;
    const char *path = begin(&file);
    H5Lmove(file, "/model_weights", file, "/elsewhere", H5P_DEFAULT, H5P_DEFAULT);
    H5Lcreate_soft("/elsewhere", file, "/model_weights", H5P_DEFAULT, H5P_DEFAULT);
    refused(file, path, "/model_weights goes through a soft link");
}

/* --- sizes -------------------------------------------------------------------------------------
 */

Test(hostile, dimensions_without_data)
{
    const hsize_t dims[] = {1000000, 1000000};
    hid_t file;
    const char *path = begin(&file);
    replace_kernel(file, H5T_IEEE_F32LE, 2, dims, H5P_DEFAULT);
    refused(file, path, "declares 1000000000000 values but 0 bytes are stored");
}

Test(hostile, dimensions_that_overflow)
{
    const hsize_t dims[] = {(hsize_t)1 << 40, (hsize_t)1 << 40};
    const hsize_t chunk[] = {1, 1};
    const hid_t creation = H5Pcreate(H5P_DATASET_CREATE);
    H5Pset_chunk(creation, 2, chunk);
    hid_t file;
    const char *path = begin(&file);
    replace_kernel(file, H5T_IEEE_F32LE, 2, dims, creation);
    refused(file, path, "which cannot be");
}

Test(hostile, right_dimensions_without_data)
{
    hid_t file;
    const char *path = begin(&file);
    replace_kernel(file, H5T_IEEE_F32LE, 2, right_dims, H5P_DEFAULT);
    refused(file, path, "declares 128 values but 0 bytes are stored");
}

Test(hostile, no_values_at_all)
{
    const hsize_t dims[] = {0, 8};
    hid_t file;
    const char *path = begin(&file);
    replace_kernel(file, H5T_IEEE_F32LE, 2, dims, H5P_DEFAULT);
    refused(file, path, "dimension 0 is 0");
}

Test(hostile, a_scalar_and_a_cube)
{
    hid_t file;
    const char *path = begin(&file);
    const hid_t creation = H5Pcreate(H5P_DATASET_CREATE);
    H5Pset_alloc_time(creation, H5D_ALLOC_TIME_EARLY);
    replace_kernel(file, H5T_IEEE_F32LE, 0, NULL, creation);
    refused(file, path, "is (), the config asks for (16, 8)");
    const hsize_t dims[] = {16, 8, 1};
    path = begin(&file);
    replace_kernel(file, H5T_IEEE_F32LE, 3, dims, creation);
    refused(file, path, "is (16, 8, 1), the config asks for (16, 8)");
}

/* 100 million zeros deflate to 100 kB. */
Test(hostile, a_bomb)
{
    const hsize_t dims[] = {10000, 10000};
    const hid_t creation = H5Pcreate(H5P_DATASET_CREATE);
    H5Pset_chunk(creation, 2, dims);
    H5Pset_deflate(creation, 9);
    H5Pset_alloc_time(creation, H5D_ALLOC_TIME_EARLY);
    hid_t file;
    const char *path = begin(&file);
    replace_kernel(file, H5T_IEEE_F32LE, 2, dims, creation);
    refused(file, path, "more than a file of");
}

Test(hostile, a_config_that_asks_for_much)
{
    hid_t file;
    const char *path = begin(&file);
    set_text(file, "model_config",
             "{\"class_name\": \"Sequential\", \"config\": {\"name\": \"s\", \"layers\": ["
             "{\"class_name\": \"InputLayer\", \"config\": {\"batch_input_shape\": [null, 100000], "
             "\"name\": \"i\"}}, {\"class_name\": \"Dense\", \"config\": {\"name\": \"d\", "
             "\"units\": 1000000, \"activation\": \"softmax\"}}]}}");
    refused(file, path, "d");
}

/* --- forms -------------------------------------------------------------------------------------
 */

Test(hostile, types_that_are_no_weights)
{
    const hid_t odd = H5Tcopy(H5T_IEEE_F32LE);
    H5Tset_fields(odd, 31, 20, 11, 0, 20);
    const hid_t compound = H5Tcreate(H5T_COMPOUND, 4);
    H5Tinsert(compound, "x", 0, H5T_IEEE_F32LE);
    const hid_t text = H5Tcopy(H5T_C_S1);
    H5Tset_size(text, H5T_VARIABLE);
    const hsize_t two[] = {2};
    const hid_t types[] = {odd,
                           compound,
                           text,
                           H5T_STD_REF_OBJ,
                           H5Tvlen_create(H5T_IEEE_F32LE),
                           H5Tarray_create2(H5T_IEEE_F32LE, 1, two),
                           H5T_STD_B8LE};
    for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
        hid_t file;
        const char *path = begin(&file);
        replace_kernel(file, types[i], 2, right_dims, H5P_DEFAULT);
        refused(file, path, "holds neither f16, f32, f64 nor integers");
    }
}

Test(hostile, integers_as_weights)
{
    hid_t file;
    const char *path = begin(&file);
    const hid_t creation = H5Pcreate(H5P_DATASET_CREATE);
    H5Pset_alloc_time(creation, H5D_ALLOC_TIME_EARLY);
    replace_kernel(file, H5T_STD_I64LE, 2, right_dims, creation);
    refused(file, path, "integer (16, 8)");
}

Test(hostile, a_filter_of_somebody)
{
    hid_t file;
    const char *path = begin(&file);
    const hid_t creation = H5Pcreate(H5P_DATASET_CREATE);
    H5Pset_chunk(creation, 2, right_dims);
    H5Pset_nbit(creation);
    replace_kernel(file, H5T_IEEE_F32LE, 2, right_dims, creation);
    refused(file, path, "is stored with filter 5");
}

Test(hostile, a_group_and_a_type_for_a_data_set)
{
    hid_t file;
    const char *path = begin(&file);
    H5Ldelete(file, kernel, H5P_DEFAULT);
    H5Gclose(H5Gcreate2(file, kernel, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT));
    refused(file, path, "is not a data set but a group");
    path = begin(&file);
    H5Ldelete(file, kernel, H5P_DEFAULT);
    const hid_t named = H5Tcopy(H5T_IEEE_F32LE);
    H5Tcommit2(file, kernel, named, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
    H5Tclose(named);
    refused(file, path, "is not a data set but a named type");
}

Test(hostile, a_cycle)
{
    hid_t file;
    const char *path = begin(&file);
    H5Lcreate_hard(file, group, file, "/model_weights/dense_8/dense_8/dense_8", H5P_DEFAULT,
                   H5P_DEFAULT);
    char name[512] = "";
    for (int i = 0; i < 40; i++) {
        strcat(name, "dense_8/");
    }
    strcat(name, "kernel:0");
    const char *names[] = {name, "dense_8/bias:0"};
    set_names(file, "/model_weights/dense_8", "weight_names", names, 2);
    refused(file, path, "is no sensible name");
}

Test(hostile, names_that_are_none)
{
    char endless[3000];
    memset(endless, 'x', sizeof endless - 1);
    endless[sizeof endless - 1] = '\0';
    const struct {
        const char *name, *what;
    } cases[] = {{"", "is no sensible name"},
                 {"/", "is no sensible name"},
                 {"./dense_8/kernel:0", "is no sensible name"},
                 {"dense_8//kernel:0", "is no sensible name"},
                 {"../dense_9/dense_9/kernel:0", "is missing (no ..)"},
                 {"dense_8/missing", "is missing (no missing)"},
                 {"dense_8/kernel:0/deeper", "is not a group but a data set"},
                 {endless, "is not a list of names"}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        hid_t file;
        const char *path = begin(&file);
        const char *names[] = {cases[i].name, "dense_8/bias:0"};
        set_names(file, "/model_weights/dense_8", "weight_names", names, 2);
        refused(file, path, cases[i].what);
    }
}

Test(hostile, attributes_of_other_types)
{
    hid_t file;
    const char *path = begin(&file);
    H5Adelete(file, "model_config");
    const hid_t scalar = H5Screate(H5S_SCALAR);
    H5Aclose(H5Acreate2(file, "model_config", H5T_IEEE_F32LE, scalar, H5P_DEFAULT, H5P_DEFAULT));
    refused(file, path, "attribute model_config of / is not text");
    path = begin(&file);
    const hid_t weights = H5Gopen2(file, "model_weights", H5P_DEFAULT);
    H5Adelete(weights, "layer_names");
    const hsize_t dims[] = {2, 2};
    const hid_t square = H5Screate_simple(2, dims, NULL);
    H5Aclose(H5Acreate2(weights, "layer_names", H5T_C_S1, square, H5P_DEFAULT, H5P_DEFAULT));
    H5Gclose(weights);
    refused(file, path, "attribute layer_names of /model_weights is not a value or a list");
}

/* --- configs and weights that do not fit each other --------------------------------------------
 */

Test(hostile, configs_that_are_none)
{
    char *deep = malloc(300001);
    memset(deep, '[', 300000);
    deep[300000] = '\0';
    const char *const configs[] = {"", "{", "[]", "null", "{\"class_name\": \"Sequential\"}", deep};
    for (size_t i = 0; i < sizeof configs / sizeof *configs; i++) {
        hid_t file;
        const char *path = begin(&file);
        set_text(file, "model_config", configs[i]);
        refused(file, path, "config");
    }
    free(deep);
}

Test(hostile, weights_of_another_model)
{
    hid_t file;
    const char *path = begin(&file);
    const char *fewer[] = {"flatten_4", "dense_8", "dropout_4"};
    set_names(file, "/model_weights", "layer_names", fewer, 3);
    refused(file, path, "the kernel of layer dense_9 is missing in /model_weights");
    path = begin(&file);
    const char *more[] = {"dense_8", "dense_9", "dense_9"};
    set_names(file, "/model_weights", "layer_names", more, 3);
    refused(file, path, "the config has no layer for the weights of dense_9");
    path = begin(&file);
    const char *swapped[] = {"dense_9", "dense_8"};
    set_names(file, "/model_weights", "layer_names", swapped, 2);
    refused(file, path, "of layer dense_9 is (8, 3), the config asks for (16, 8)");
    path = begin(&file);
    const char *one[] = {"dense_8/kernel:0"};
    set_names(file, "/model_weights/dense_8", "weight_names", one, 1);
    refused(file, path, "the bias of layer dense_8 is missing");
    path = begin(&file);
    const char *unknown[] = {"dense_8", "nowhere"};
    set_names(file, "/model_weights", "layer_names", unknown, 2);
    refused(file, path, "/model_weights/nowhere is missing");
}

Test(hostile, state_that_does_not_fit)
{
    pn_model *model = tiny_network(1);
    must(pn_model_compile(model, pn_adam(0.001), "sparse_categorical_crossentropy", NULL));
    const char *path = scratch("model.h5");
    must(pn_model_save(model, path));
    pn_model_free(model);
    hid_t file = H5Fopen(path, H5F_ACC_RDWR, H5P_DEFAULT);
    hid_t state = H5Gopen2(file, "pinion", H5P_DEFAULT);
    H5Adelete(state, "steps");
    H5Gclose(state);
    refused(file, path, "attribute steps of /pinion");
    file = H5Fopen(path, H5F_ACC_RDWR, H5P_DEFAULT);
    H5Ldelete(file, "pinion", H5P_DEFAULT);
    H5Fclose(file);
    must(pn_model_load(path, &model));
    pn_model_free(model);
}

/* --- the sandbox -------------------------------------------------------------------------------
 */

/* Whether this build and kernel have the lock, which a process finds out by locking itself in. */
static enum sandbox_lock lock_of_child(void)
{
    const pid_t process = fork();
    if (process == 0) {
        _exit((int)sandbox_lock());
    }
    int ending;
    cr_assert_eq(waitpid(process, &ending, 0), process);
    return (enum sandbox_lock)WEXITSTATUS(ending);
}

/* How a process ends that locks itself in and then acts. */
static int ending_of(int (*act)(void))
{
    const pid_t process = fork();
    if (process == 0) {
        sandbox_limit(1000);
        _exit(sandbox_lock() == SANDBOX_LOCKED ? act() : 99);
    }
    int ending;
    cr_assert_eq(waitpid(process, &ending, 0), process);
    return ending;
}

static int act_open(void)
{
    return open("/etc/passwd", O_RDONLY) < 0 && fopen("/etc/passwd", "r") == NULL ? 0 : 1;
}

static int act_fork(void)
{
    return (int)fork();
}

static int act_connect(void)
{
    return socket(AF_INET, SOCK_STREAM, 0);
}

static int act_map_code(void)
{
    return mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1,
                0) == MAP_FAILED;
}

static int act_use_memory(void)
{
    void *memory = malloc(50 << 20);
    memset(memory, 1, 50 << 20);
    free(memory);
    return 0;
}

Test(hostile, the_sandbox_opens_and_starts_nothing)
{
    if (lock_of_child() == SANDBOX_ABSENT) {
        cr_skip_test("no system call filter in this kernel or build");
    }
    cr_assert_eq(ending_of(act_open), 0);
    cr_assert_eq(ending_of(act_use_memory), 0);
    int (*const forbidden[])(void) = {act_fork, act_connect, act_map_code};
    for (size_t i = 0; i < sizeof forbidden / sizeof *forbidden; i++) {
        const int ending = ending_of(forbidden[i]);
        cr_assert(WIFSIGNALED(ending) && WTERMSIG(ending) == SIGSYS, "%zu", i);
    }
}

/* Nothing is read by a process that could not give up its rights. */
Test(hostile, a_lock_that_fails_is_an_error)
{
    if (lock_of_child() == SANDBOX_ABSENT) {
        cr_skip_test("no system call filter in this kernel or build");
    }
    fail_call(__NR_prctl, EPERM);
    pn_model *model;
    cr_assert_eq(pn_model_load(sample, &model), PN_ERROR_FAILED);
    cr_assert_null(model);
    const char *message = pn_error_message();
    cr_assert(strncmp(message, sample, strlen(sample)) == 0, "%s", message);
    cr_assert(strstr(message, "cannot give up its rights"), "%s", message);
}

/* Without filters prctl knows no such request: the limits hold alone. */
Test(hostile, a_kernel_without_filters_reads)
{
    fail_call(__NR_prctl, EINVAL);
    cr_assert_eq(lock_of_child(), SANDBOX_ABSENT);
    pn_model *model;
    must(pn_model_load(sample, &model));
    pn_model_free(model);
}
