#define NAIVE_TABLE naive_scalar
#define NAIVE_IKJ   1

#include "bench/naive/tables.h"

#include "bench/naive/body.h"
