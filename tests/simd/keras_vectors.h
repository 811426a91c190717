/*
 * keras_vectors.h: what Keras 3.16 computes (NumPy backend, float32), flattened row-major, for
 * tests of the kernels.
 */
#ifndef PINION_TESTS_SIMD_KERAS_VECTORS_H
#define PINION_TESTS_SIMD_KERAS_VECTORS_H

#include <stdint.h>

enum { KERAS_INPUTS = 15 };

static const float keras_x[] = {-8.0f, -3.5f,          -3.0f, -2.5f, -1.0f, -0.5f, -0.00100000005f,
                                0.0f,  0.00100000005f, 0.5f,  1.0f,  2.5f,  3.0f,  6.5f,
                                8.0f};

static const float keras_relu[] = {0.0f,           0.0f, 0.0f, 0.0f, 0.0f, 0.0f, 0.0f, 0.0f,
                                   0.00100000005f, 0.5f, 1.0f, 2.5f, 3.0f, 6.5f, 8.0f};
static const float keras_sigmoid[] = {0.000335350138f, 0.0293122306f, 0.0474258736f, 0.0758581832f,
                                      0.268941402f,    0.377540678f,  0.499750018f,  0.5f,
                                      0.500249982f,    0.622459352f,  0.731058598f,  0.924141824f,
                                      0.952574134f,    0.998498797f,  0.999664664f};
static const float keras_tanh[] = {-0.999999762f,   -0.998177886f, -0.995054781f,    -0.986614287f,
                                   -0.761594176f,   -0.462117195f, -0.000999999698f, 0.0f,
                                   0.000999999698f, 0.462117195f,  0.761594176f,     0.986614287f,
                                   0.995054781f,    0.99999547f,   0.999999762f};
static const float keras_gelu[] = {-4.88498131e-15f,
                                   -0.000814201777f,
                                   -0.00404969409f,
                                   -0.0155241633f,
                                   -0.158655254f,
                                   -0.154268769f,
                                   -0.000499601081f,
                                   0.0f,
                                   0.000500398966f,
                                   0.345731231f,
                                   0.841344746f,
                                   2.48447584f,
                                   2.99595031f,
                                   6.5f,
                                   8.0f};
static const float keras_gelu_approximate[] = {-0.0f,
                                               -0.000616148114f,
                                               -0.00363734365f,
                                               -0.015084222f,
                                               -0.158807993f,
                                               -0.154285982f,
                                               -0.000499601068f,
                                               0.0f,
                                               0.000500398979f,
                                               0.345714033f,
                                               0.841192007f,
                                               2.48491573f,
                                               2.99636269f,
                                               6.5f,
                                               8.0f};
static const float keras_silu[] = {-0.0026828011f,  -0.102592811f, -0.142277628f,    -0.189645454f,
                                   -0.268941402f,   -0.188770339f, -0.000499750022f, 0.0f,
                                   0.000500250026f, 0.311229676f,  0.731058598f,     2.31035447f,
                                   2.85772228f,     6.490242f,     7.99731731f};
static const float keras_elu[] = {-0.999664545f,
                                  -0.969802618f,
                                  -0.950212896f,
                                  -0.917915046f,
                                  -0.63212055f,
                                  -0.393469334f,
                                  -0.00099950016f,
                                  0.0f,
                                  0.00100000005f,
                                  0.5f,
                                  1.0f,
                                  2.5f,
                                  3.0f,
                                  6.5f,
                                  8.0f};
/* alpha 0.5 */
static const float keras_elu_half[] = {-0.499832273f,
                                       -0.484901309f,
                                       -0.475106448f,
                                       -0.458957523f,
                                       -0.316060275f,
                                       -0.196734667f,
                                       -0.00049975008f,
                                       0.0f,
                                       0.00100000005f,
                                       0.5f,
                                       1.0f,
                                       2.5f,
                                       3.0f,
                                       6.5f,
                                       8.0f};
static const float keras_selu[] = {-1.75750947f,   -1.70500934f,  -1.6705687f,    -1.61378586f,
                                   -1.11133075f,   -0.691758215f, -0.0017572206f, 0.0f,
                                   0.00105070102f, 0.525350511f,  1.05070102f,    2.62675261f,
                                   3.15210295f,    6.82955647f,   8.40560818f};
/* slope 0.2 */
static const float keras_leaky_relu[] = {-1.60000002f,
                                         -0.699999988f,
                                         -0.600000024f,
                                         -0.5f,
                                         -0.200000003f,
                                         -0.100000001f,
                                         -0.000200000009f,
                                         0.0f,
                                         0.00100000005f,
                                         0.5f,
                                         1.0f,
                                         2.5f,
                                         3.0f,
                                         6.5f,
                                         8.0f};
static const float keras_softplus[] = {0.000335406367f, 0.0297504179f, 0.048587352f, 0.078889735f,
                                       0.313261688f,    0.474076986f,  0.692647278f, 0.693147182f,
                                       0.693647265f,    0.974076986f,  1.31326175f,  2.57888985f,
                                       3.04858732f,     6.50150251f,   8.00033569f};
static const float keras_exponential[] = {
    0.000335462624f, 0.0301973838f, 0.0497870669f, 0.0820850059f, 0.367879421f,
    0.606530666f,    0.99900049f,   1.0f,          1.00100052f,   1.64872122f,
    2.71828198f,     12.1824932f,   20.085537f,    665.141663f,   2980.95801f};

/* softmax over rows [3, 4] */
enum { KERAS_SOFTMAX_ROWS = 3, KERAS_SOFTMAX_COLUMNS = 4 };

static const float keras_softmax_in[] = {1.0f,     2.0f, 3.0f,  4.0f, 1000.0f, 1000.0f,
                                         -1000.0f, 0.5f, -2.0f, 0.0f, -0.5f,   0.25f};
static const float keras_softmax[] = {0.0320586041f, 0.0871443227f, 0.236882806f, 0.643914282f,
                                      0.5f,          0.5f,          0.0f,         0.0f,
                                      0.0447257571f, 0.330481112f,  0.200446948f, 0.424346209f};

/* sparse_categorical_crossentropy of logits [4, 3], per sample */
enum { KERAS_LOSS_ROWS = 4, KERAS_LOSS_COLUMNS = 3 };

static const float keras_logits[] = {2.0f, 0.5f, -1.0f, 0.0f,  3.0f,   -2.0f,
                                     1.0f, 1.0f, 1.5f,  30.0f, -30.0f, 0.0f};
static const int32_t keras_labels[] = {0, 1, 2, 1};
static const float keras_crossentropy[] = {0.241311237f, 0.0549852066f, 0.794376791f, 60.0f};

#endif
