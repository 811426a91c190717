#define NAIVE_TABLE naive_scalar
#define NAIVE_IKJ   1

#include "bench/problems/naive/tables.h"

#include "bench/problems/naive/body.h"
