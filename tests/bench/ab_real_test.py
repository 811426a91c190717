"""pinion-bench ab on libpinion itself, beside one whose AVX2 tiles were not unrolled."""

import os
import unittest

from ab_builds import AbTest

LIBRARY, ROLLED = os.environ["LIBRARY"], os.environ["ROLLED"]

PRODUCTS = ["gemm_nn/256x256x256", "gemm_nn/480x256x784"]
OTHERS = ["exp/16384", "sum/16384"]


def has_avx2():
    with open("/proc/cpuinfo") as file:
        for line in file:
            if line.startswith("flags"):
                return {"avx2", "fma"} <= set(line.split())
    return False


@unittest.skipUnless(has_avx2(), "the processor has no AVX2")
class RealRegression(AbTest):
    def test_products_that_are_not_unrolled(self):
        """Other kernels have no tiles. Where their code lies is up to the linker: wide margin."""
        pattern = f"^({'|'.join(PRODUCTS + OTHERS)})/"
        options = ["--isa", "avx2", "--filter", pattern]
        options += ["--margin", "20", "--budget", "60", "--min-time", "0.5"]
        result = self.compare(LIBRARY, ROLLED, *options, codes=(1,))
        self.assertEqual(result.document["verdict"], "REGRESSED")
        verdicts = {
            f"{row['kernel']}/{row['shape']}": row["verdict"]
            for row in result.rows.values()
        }
        self.assertEqual(set(verdicts), set(PRODUCTS + OTHERS))
        for name in PRODUCTS:
            self.assertEqual(verdicts[name], "REGRESSED", name)
        for name in OTHERS:
            self.assertNotEqual(verdicts[name], "REGRESSED", name)
        for row in result.rows.values():
            self.assertTrue(row["correct"], row["name"])
            if row["kernel"] == "gemm_nn":
                self.assertGreater(row["change"], 0.5, row["name"])


if __name__ == "__main__":
    unittest.main()
