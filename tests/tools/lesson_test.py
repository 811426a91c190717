"""tools/lesson.c: the course runs, in the lesson's order, and shows what it promises."""

import json
import os
import re
import subprocess
import unittest

from program import ProgramTest, environment

LESSON = os.environ["LESSON"]


class Lesson(ProgramTest):
    def run_lesson(self, *arguments):
        return subprocess.run(
            [LESSON, *arguments],
            capture_output=True,
            text=True,
            cwd=self.folder,
            env=environment(),
            timeout=280,
        )

    def values(self, section, name):
        """The lists that a section prints under a name, one for each fit."""
        found = re.findall(rf"^{name} +\[(.*)\]$", section, re.MULTILINE)
        return [[float(value) for value in line.split(", ")] for line in found]

    def test_ten_steps(self):
        result = self.run_lesson("--data", "synthetic", "--limit", "3000", "--epochs", "3")
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertEqual(result.stderr, "")
        parts = re.split(r"^(\d+)\. .*\n", result.stdout, flags=re.MULTILINE)
        self.assertEqual(parts[1::2], [str(i) for i in range(1, 11)])
        step = dict(zip(map(int, parts[1::2]), parts[2::2]))

        self.assertIn("train         3000 images of 28x28, 10 classes", step[1])
        self.assertIn("test          10000 images", step[1])
        self.assertIn("parameters    203530", step[2])
        fits = {i: len(self.values(step[i], "loss")) for i in step}
        self.assertEqual(fits, {1: 0, 2: 0, 3: 1, 4: 0, 5: 1, 6: 1, 7: 1, 8: 1, 9: 1, 10: 3})
        for i in [3, 5, 7, 8, 9, 10]:
            for name in ["loss", "accuracy", "val_loss", "val_accuracy"]:
                for history in self.values(step[i], name):
                    self.assertEqual(len(history), 3)

        self.assertIn("Total params: 203,530", step[4])
        config = json.loads(step[4][step[4].index("{") :])
        kinds = [layer["class_name"] for layer in config["layers"]]
        self.assertEqual(kinds, ["InputLayer", "Flatten", "Dense", "Dropout", "Dense"])

        val_loss = self.values(step[9], "val_loss")[0]
        best = re.search(r"best +epoch (\d+), in best_model.hdf5", step[9])
        self.assertEqual(val_loss.index(min(val_loss)) + 1, int(best[1]))
        loaded = re.search(r"loaded +val_loss ([\d.]+), val_accuracy ([\d.]+)", step[9])
        self.assertEqual(float(loaded[1]), min(val_loss))
        accuracy = self.values(step[9], "val_accuracy")[0][int(best[1]) - 1]
        self.assertEqual(float(loaded[2]), accuracy)
        self.assertEqual(os.listdir(self.folder), ["best_model.hdf5"])

    def test_usage(self):
        too_many = ["--epochs", "9" * 23]
        for arguments in [["--epochs", "0"], ["--epochs"], too_many, ["--limit", "x"], ["extra"]]:
            with self.subTest(arguments=arguments):
                result = self.run_lesson(*arguments)
                self.assertEqual(result.returncode, 2)
                self.assertEqual(len(result.stderr.splitlines()), 1)

    def test_failure_is_one_line(self):
        result = self.run_lesson("--data", "nowhere")
        self.assertEqual(result.returncode, 66)
        self.assertRegex(result.stderr, "^lesson: nowhere: .*\n$")


if __name__ == "__main__":
    unittest.main()
