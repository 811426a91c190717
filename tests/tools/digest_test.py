"""The program trains the same bits on any instruction set, any threads and another processor.

The golden digests of tests/train are those of the program's own defaults, so they are what every
run is compared with.
"""

import os
import subprocess
import unittest

from program import PINION, ProgramTest, environment

SOURCE = os.environ["PINION_SOURCE"]
BUILD_AARCH64 = os.environ["PINION_AARCH64"]
EMULATED = [os.path.join(BUILD_AARCH64, "run"), os.path.join(BUILD_AARCH64, "pinion")]

SGD = ["--optimizer", "sgd"]
VARIANTS = {
    "adam-32": [],
    "adam-480": ["--batch-size", "480"],
    "adam-7": ["--batch-size", "7"],
    "sgd-32": SGD,
    "momentum-480": [*SGD, "--momentum", "0.9", "--batch-size", "480"],
    "nesterov-7": [*SGD, "--momentum", "0.9", "--nesterov", "--batch-size", "7"],
}
SYNTHETIC = ["--data", "synthetic"]


def golden():
    with open(os.path.join(SOURCE, "tests", "train", "golden", "recipe-1.txt")) as file:
        return dict(line.split() for line in file)


class Digests(ProgramTest):
    def check(self, program, name, *arguments, timeout=200):
        """That `program` trains to the golden digest of that name."""
        result = subprocess.run(
            [*program, "train", "--limit", "4800", "--epochs", "2", "--quiet", *arguments],
            capture_output=True,
            text=True,
            env=environment(),
            timeout=timeout,
        )
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertIn(f"weights digest  {golden()[name]}\n", result.stdout, arguments)

    def runs_here(self, isa):
        tried = self.run_program("train", *SYNTHETIC, "--limit", "10", "--isa", isa, "--explain")
        return tried.returncode == 0

    def test_every_isa_on_any_number_of_threads(self):
        isas = [isa for isa in ["scalar", "avx2", "avx512", "neon"] if self.runs_here(isa)]
        self.assertIn("scalar", isas)
        for isa in isas:
            for threads in ["1", "2", "3", "7"]:
                with self.subTest(isa=isa, threads=threads):
                    how = ["--isa", isa, "--threads", threads]
                    self.check([PINION], "adam-32", *SYNTHETIC, *how)

    def test_every_variant(self):
        for name, options in VARIANTS.items():
            with self.subTest(name=name):
                self.check([PINION], name, *SYNTHETIC, *options)

    def test_fashion_mnist(self):
        if self.run_program("train", "--limit", "10", "--explain").returncode == 66:
            self.skipTest("dataset-fashion-mnist is not installed")
        self.check([PINION], "fashion-mnist")

    @unittest.skipUnless(os.path.exists(EMULATED[0]), f"no {EMULATED[0]}; see tools/cross-aarch64")
    def test_neon_under_an_emulator(self):
        for name, threads in [("adam-32", 3), ("adam-480", 1), ("nesterov-7", 2), ("sgd-32", 7)]:
            with self.subTest(name=name, threads=threads):
                how = ["--isa", "neon", "--threads", str(threads)]
                self.check(EMULATED, name, *SYNTHETIC, *VARIANTS[name], *how, timeout=600)


if __name__ == "__main__":
    unittest.main()
