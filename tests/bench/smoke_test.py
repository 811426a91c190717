"""Every command of pinion-bench measures a little: it ends as it should and leaves whole documents.
What a sanitizer has to say goes to standard error."""

import json
import os
import unittest

from program import ProgramTest

LIBRARY = os.environ["LIBRARY"]
SHORT = ["--budget", "1", "--min-time", "0.05"]
ROWS = ["--filter", "^(exp|softmax)/"]


class Smoke(ProgramTest):
    def measure(self, *arguments, codes=(0,)):
        path = self.path("out.json")
        result = self.run_program(*arguments, "--out", path)
        self.assertIn(result.returncode, codes, result.stderr)
        self.assertNotIn("Sanitizer", result.stderr)
        with open(path) as file:
            document = json.load(file)
        self.assertTrue(document["complete"])
        self.assertTrue(document["rows"])
        for form in ([], ["--text"], ["--md"]):
            shown = self.run_program("report", path, *form)
            self.assertEqual(shown.returncode, 0, shown.stderr)
            self.assertTrue(shown.stdout)
        return document

    def test_run_and_limits(self):
        self.measure("run", *ROWS, "--cache", "all", "--rounds", "2", "--min-time", "0.05")
        self.measure("limits", "--threads", "1", "--rounds", "1", "--min-time", "0.05")

    def test_train(self):
        net = ["--net", "dense 8 relu; dense 3 softmax", "--input", "20", "--batch", "8"]
        self.measure("train", *net, "--samples", "64", "--rounds", "1", "--threads", "1")

    def test_ab_and_selftest(self):
        self.measure("ab", LIBRARY, LIBRARY, *SHORT, codes=(0, 77))
        runs = ["--condition", "loaded", "--runs", "1", "--injected", "1"]
        self.measure("selftest", LIBRARY, *SHORT, *runs)

    def test_check(self):
        base = self.path("base.json")
        self.measure("check", "--save", base, *ROWS, *SHORT)
        self.measure("check", base, *ROWS, *SHORT, codes=(0, 1, 77))


if __name__ == "__main__":
    unittest.main()
