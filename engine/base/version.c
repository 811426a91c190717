#include "engine/pinion.h"

const char *pn_version(void)
{
    return PINION_VERSION;
}

int pn_recipe(void)
{
    return 1;
}
