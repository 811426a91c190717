/* base/number.h: numbers as people write them in options and networks. */
#ifndef PINION_BASE_NUMBER_H
#define PINION_BASE_NUMBER_H

#include <stdbool.h>

/* Decimal, or a fraction like 1/255. False if `text` is anything else or not finite. */
bool number_read_real(const char *text, double *value);

#endif
