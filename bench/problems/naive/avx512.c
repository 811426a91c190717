#define NAIVE_TABLE naive_avx512
#define NAIVE_IKJ   1

#include "bench/problems/naive/tables.h"

#include "bench/problems/naive/body.h"
