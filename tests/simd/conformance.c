/* Every kernel of every table against the reference: equal bits, and no byte outside the buffers.
 */
#include "tests/simd/frame.h"

int main(int argc, char **argv)
{
    static frame_family *const families[] = {
        gemm_cases,     weight_update_cases, optimizer_cases, pack_cases,  gather_cases,
        function_cases, row_cases,           random_cases,    probe_cases,
    };
    return frame_main(argc, argv, families, sizeof families / sizeof families[0]);
}
