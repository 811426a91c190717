#include "engine/format/read_process.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "engine/base/error.h"
#include "engine/format/flat.h"
#include "engine/format/hdf5_codec.h"
#include "engine/format/sandbox.h"

static pn_status serve(int source, int result)
{
    struct file file;
    const off_t size = lseek(source, 0, SEEK_END);
    if (size <= 0) {
        return error_set(PN_ERROR_DATA, "is empty; take another copy");
    }
    file = (struct file){"model file", source, (size_t)size};
    sandbox_limit(file.size);
    void *image = malloc(file.size);
    pn_status status =
        image ? file_read(&file, 0, image, file.size) : error_memory(file.size, "the model file");
    if (status != PN_OK) {
        free(image);
        return status;
    }
    close(source);
    hdf5_prepare();
    if (sandbox_lock() == SANDBOX_FAILED) {
        free(image);
        return error_set(PN_ERROR_FAILED,
                         "the reading process cannot give up its rights: %s; allow it seccomp "
                         "filters, or read a file that you trust with pn_model_load_unsafe()",
                         strerror(errno));
    }
    struct model_file content;
    status = hdf5_decode(image, file.size, &content);
    free(image);
    if (status == PN_OK) {
        status = flat_write(result, &content);
        model_file_free(&content);
    }
    return status;
}

int read_process_serve(int source, int result)
{
    const pn_status status = serve(source, result);
    if (status == PN_OK) {
        return 0;
    }
    return flat_write_failure(result, status, pn_error_message()) == PN_OK ? 0 : 1;
}
