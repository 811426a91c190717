#define NAIVE_TABLE naive_baseline
#define NAIVE_IKJ   0

#include "bench/problems/naive/body.h"
