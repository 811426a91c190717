#include "bench/problems/problem.h"

static struct buffer buffer_floats(enum buffer_use use, size_t rows, size_t columns, size_t stride)
{
    return (struct buffer){
        .use = use, .rows = rows, .columns = columns, .stride = stride, .element = sizeof(float)};
}

struct buffer buffer_rows(enum buffer_use use, size_t rows, size_t columns, size_t stride)
{
    return buffer_floats(use, rows, columns, stride);
}

struct buffer buffer_panels(enum buffer_use use, size_t rows, size_t columns)
{
    return buffer_floats(use, rows, columns, 0);
}

struct buffer buffer_flat(enum buffer_use use, size_t n)
{
    return buffer_floats(use, 1, n, n);
}

struct buffer buffer_weight(struct buffer buffer)
{
    buffer.weight = true;
    return buffer;
}

struct buffer buffer_positive(struct buffer buffer)
{
    buffer.positive = true;
    return buffer;
}

size_t buffer_bytes(const struct simd_kernels *kernels, const struct buffer *buffer)
{
    if (buffer->use == BUFFER_UNUSED) {
        return 0;
    }
    const size_t elements = buffer->stride > 0
                                ? buffer->rows * buffer->stride
                                : simd_panels_size(kernels, buffer->rows, buffer->columns);
    return elements * buffer->element;
}

size_t buffer_index(const struct simd_kernels *kernels, const struct buffer *buffer, size_t row,
                    size_t column)
{
    if (buffer->stride > 0) {
        return row * buffer->stride + column;
    }
    const size_t nr = simd_panel_width(kernels, buffer->columns);
    return column / nr * buffer->rows * nr + row * nr + column % nr;
}
