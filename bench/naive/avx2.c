#define NAIVE_TABLE naive_avx2
#define NAIVE_IKJ   1

#include "bench/naive/tables.h"

#include "bench/naive/body.h"
