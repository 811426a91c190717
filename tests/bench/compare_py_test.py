"""Google Benchmark's compare.py, where it is installed, on our files, and running a program that
has our flags."""

import copy
import json
import os
import statistics
import subprocess
import sys
import tempfile
import unittest

from formats import DATA, HOSTILE, TOOL, document, export

COMPARE = os.environ.get("COMPARE_PY", "/usr/share/benchmark/compare.py")


def python_with_scipy():
    """A Python that compare.py runs in, or None."""
    for python in (sys.executable, "/usr/bin/python3"):
        try:
            if subprocess.run([python, "-c", "import numpy, scipy.stats"], capture_output=True,
                              timeout=60).returncode == 0:
                return python
        except OSError:
            pass
    return None


PYTHON = python_with_scipy()


class Compare(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="pinion-test-")
        self.addCleanup(folder.cleanup)
        self.folder = folder.name

    def write(self, name, doc, form="gbench"):
        path = os.path.join(self.folder, name)
        with open(path, "w", encoding="utf-8") as file:
            json.dump(export(doc, form), file)
        return path

    def compare(self, *arguments, status=0, **environment):
        dump = os.path.join(self.folder, "dump.json")
        env = {key: value for key, value in os.environ.items()
               if not key.startswith("BENCHMARK_")}
        result = subprocess.run(
            [PYTHON, COMPARE, "--no-color", "--dump_to_json", dump, *arguments],
            capture_output=True, text=True, timeout=120, cwd=self.folder,
            env=dict(env, PYTHONIOENCODING="utf-8", **environment))
        self.assertEqual(result.returncode, status, result.stdout + result.stderr)
        if status != 0:
            return result
        with open(dump, encoding="utf-8") as file:
            return result.stdout, json.load(file)

    def check(self, stdout, report, old, new):
        """What it printed and computed, against the documents."""
        lines = stdout.splitlines()
        after = {row["name"]: row for row in new["rows"]}
        *entries, overall = report
        self.assertEqual([entry["name"] for entry in entries], [row["name"] for row in old["rows"]])
        for row, entry in zip(old["rows"], entries):
            printed = [line.split() for line in lines if line.startswith(row["name"] + " ")]
            pairs = list(zip(row["samples"], after[row["name"]]["samples"]))
            self.assertEqual(len(printed), len(pairs))
            for (left, right), words in zip(pairs, printed):
                change = right / left - 1
                self.assertEqual(words[-6:], [f"{change:+.4f}", f"{change:+.4f}", f"{left:.0f}",
                                              f"{right:.0f}", f"{left:.0f}", f"{right:.0f}"])
            self.assertEqual(entry["label"], "limit " + row["limit"])
            self.assertTrue(entry["utest"]["have_optimal_repetitions"])
            self.assertEqual(entry["utest"]["nr_of_repetitions"], len(row["samples"]))
        self.assertEqual(overall["name"], "OVERALL_GEOMEAN")
        means = [statistics.geometric_mean([s for row in doc["rows"] for s in row["samples"]])
                 for doc in (old, new)]
        self.assertAlmostEqual(overall["measurements"][0]["time"], means[1] / means[0] - 1, 9)
        return {entry["name"]: entry["utest"]["time_pvalue"] for entry in entries}

    def test_two_files(self):
        old, new = document("run_old"), document("run_new")
        stdout, report = self.compare("benchmarks", self.write("old.json", old),
                                      self.write("new.json", new))
        p_values = self.check(stdout, report, old, new)
        for row in old["rows"]:
            # The kernels whose samples lie apart: 11 against 11.
            moved = row["kernel"] in ("gemm_tn", "softmax")
            self.assertEqual(p_values[row["name"]] < 1e-3, moved, row["name"])

    def test_rows_in_another_order_and_rows_of_one_side(self):
        old, new = document("run_old"), document("run_new")
        del old["rows"][0]
        del new["rows"][4]
        new["rows"].reverse()
        _, report = self.compare("benchmarks", self.write("old.json", old),
                                 self.write("new.json", new))
        self.assertEqual([entry["name"] for entry in report[:-1]],
                         [row["name"] for row in old["rows"][:3]])

    def test_flat_files_and_aggregates(self):
        old, new = document("run_old"), document("run_new")
        _, report = self.compare("benchmarks", self.write("old.json", old, "gbench-flat"),
                                 self.write("new.json", new, "gbench-flat"))
        for left, right, entry in zip(old["rows"], new["rows"], report):
            self.assertEqual(len(entry["measurements"]), 1)
            self.assertAlmostEqual(entry["measurements"][0]["time"],
                                   right["ns"] / left["ns"] - 1, 9)
        stdout, _ = self.compare("-a", "benchmarks", self.write("a.json", old, "gbench-aggregates"),
                                 self.write("b.json", new, "gbench-aggregates"))
        for row in old["rows"]:
            self.assertNotIn(row["name"] + " ", stdout)
            for kind in ("mean", "median", "stddev", "cv"):
                self.assertIn(f"{row['name']}_{kind} ", stdout)

    def test_wrong_rows_do_not_stop_it(self):
        old, new = document("run_old"), document("run_new")
        new["rows"][0]["correct"] = False
        _, report = self.compare("benchmarks", self.write("old.json", old),
                                 self.write("new.json", new))
        self.assertEqual(report[0]["measurements"][0]["real_time_other"], 0)
        self.assertEqual(report[0]["utest"], {})

    def test_hostile_names(self):
        doc = document()
        for row, name in zip(doc["rows"], HOSTILE):
            row["name"] = name
        path = self.write("hostile.json", doc)
        _, report = self.compare("benchmarks", path, path)
        self.assertEqual([entry["name"] for entry in report[:-1]], list(HOSTILE))

    def test_programs_and_files(self):
        old = document("run_old")
        path = os.path.join(DATA, "run_old.json")
        stdout, report = self.compare("benchmarks", TOOL, TOOL, FORMATS_DOCUMENT=path)
        self.assertIn("RUNNING: " + TOOL + " --benchmark_out=", stdout)
        self.check(stdout, report, old, copy.deepcopy(old))
        stdout, report = self.compare("benchmarks", self.write("new.json", document("run_new")),
                                      TOOL, "--benchmark_repetitions=11",
                                      "--benchmark_enable_random_interleaving=true",
                                      FORMATS_DOCUMENT=path)
        self.check(stdout, report, document("run_new"), old)

    def test_filters(self):
        path = os.path.join(DATA, "run_old.json")
        _, report = self.compare("filters", TOOL, "^gemm_nn:bias.relu/32x", "^gemm_tn/256x",
                                 FORMATS_DOCUMENT=path)
        # Its own names differ behind what was replaced, so nothing but the means compares.
        self.assertEqual([entry["name"] for entry in report], ["OVERALL_GEOMEAN"])
        left, right = (document()["rows"][i]["samples"] for i in (0, 2))
        change = statistics.geometric_mean(right) / statistics.geometric_mean(left) - 1
        self.assertAlmostEqual(report[0]["measurements"][0]["time"], change, 9)
        _, report = self.compare("benchmarksfiltered", TOOL, "gemm_nn.*", TOOL, "gemm_tn.*",
                                 FORMATS_DOCUMENT=path)
        self.assertEqual(report[0]["name"], "[gemm_nn.* vs. gemm_tn.*]")

    def test_aggregates_only_of_a_program(self):
        stdout, _ = self.compare("-a", "benchmarks", TOOL, TOOL,
                                 FORMATS_DOCUMENT=os.path.join(DATA, "run_old.json"))
        self.assertIn("--benchmark_display_aggregates_only=true", stdout)
        self.assertIn(document()["rows"][0]["name"] + "_median ", stdout)

    def test_a_refused_flag_stops_it(self):
        result = self.compare("benchmarks", TOOL, TOOL, "--benchmark_nonsense=1", status=2,
                              FORMATS_DOCUMENT=os.path.join(DATA, "run_old.json"))
        self.assertIn("--benchmark_nonsense=1: unknown option", result.stderr)


if __name__ == "__main__":
    # CTest takes 77 for skipped, and tools/test says which tests were.
    if not os.path.exists(COMPARE):
        print(f"skipped: no {COMPARE} (Debian: libbenchmark-tools; else COMPARE_PY names it)")
        sys.exit(77)
    if PYTHON is None:
        print("skipped: no Python with numpy and scipy (Debian: python3-scipy)")
        sys.exit(77)
    unittest.main()
