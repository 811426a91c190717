#define NAIVE_TABLE naive_avx2
#define NAIVE_IKJ   1

#include "bench/problems/naive/tables.h"

#include "bench/problems/naive/body.h"
