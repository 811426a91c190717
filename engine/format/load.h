/* format/load.h: loading with a choice of who reads. */
#ifndef PINION_FORMAT_LOAD_H
#define PINION_FORMAT_LOAD_H

#include "engine/format/read_process.h"

/* pn_model_load with the reading process that `start` starts; NULL: in this process. */
pn_status format_load(const char *path, read_process_start start, pn_model **model);

#endif
