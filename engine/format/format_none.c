/* Model files in a build with -DPINION_HDF5=OFF: none. */
#include "engine/format/save.h"

#include "engine/base/error.h"

static pn_status without_hdf5(const char *path)
{
    return error_set(PN_ERROR_FAILED,
                     "%s: this pinion was built without HDF5 and reads and writes no model files; "
                     "build it with -DPINION_HDF5=ON",
                     path);
}

pn_status format_check_path(const char *path)
{
    return without_hdf5(path);
}

pn_status pn_model_save(const pn_model *model, const char *path)
{
    (void)model;
    return without_hdf5(path);
}

pn_status pn_model_load(const char *file, pn_model **model)
{
    *model = NULL;
    return without_hdf5(file);
}

pn_status pn_model_load_unsafe(const char *file, pn_model **model)
{
    *model = NULL;
    return without_hdf5(file);
}
