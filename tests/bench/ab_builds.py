"""Comparisons of builds whose speed is known (fake_build.c), and what holds of every result."""

import json
import math
import os
import statistics
import types

from program import ProgramTest

FOLDER = os.environ["FAKES"]
CORES = len(os.sched_getaffinity(0))

# What is far apart shows in short turns as well. Stages that have used up their budget end with
# fewer launches, which prove less: this is far more than they take unless the machine is very busy.
FAR = ["--budget", "30", "--min-time", "0.05"]

# Where no verdict is asked for; where it is, no machine is so busy that equal builds seem to differ
# by as much.
SHORT = ["--budget", "1", "--min-time", "0.05"]
EQUAL = [*SHORT, "--margin", "5"]

EQUIVALENCE = math.log(1.03)
SUSPICIOUS = 0.75  # of the margin

# Launches of each stage, at least and at most, and samples of a launch.
LAUNCHES = {1: (5, 8), 2: (5, 64)}
SAMPLES = (6, 80)

# Student's t below which lie 97.5 %, from tables, by degrees of freedom from 4.
T = [2.776445, 2.570582, 2.446912, 2.364624, 2.306004, 2.262157]
T += [2.228139, 2.200985, 2.178813, 2.160369, 2.144787, 2.131450]
T += [2.119905, 2.109816, 2.100922, 2.093024, 2.085963, 2.079614]
T += [2.073873, 2.068658, 2.063899, 2.059539, 2.055529, 2.051831]
T += [2.048407, 2.045230, 2.042272, 2.039513, 2.036933, 2.034515]
T += [2.032245, 2.030108, 2.028094, 2.026192, 2.024394, 2.022691]
T += [2.021075, 2.019541, 2.018082, 2.016692, 2.015368, 2.014103]
T += [2.012896, 2.011741, 2.010635, 2.009575, 2.008559, 2.007584]
T += [2.006647, 2.005746, 2.004879, 2.004045, 2.003241, 2.002465]
T += [2.001717, 2.000995, 2.000298, 1.999624, 1.998972, 1.998341]


def fake(name):
    return os.path.join(FOLDER, f"fake_{name}.so")


def refuse_constant(name):
    raise AssertionError(f"{name} is not JSON")


def strict_json(text):
    return json.loads(text, parse_constant=refuse_constant)


def quartile(values):
    return statistics.quantiles(values, n=4, method="inclusive")[0]


def launch_value(launch):
    """What a launch says of ln new / old."""
    old, placebo, new = (quartile(launch[arm]) for arm in ("old", "placebo", "new"))
    return math.log(new) - (math.log(old) + math.log(placebo)) / 2


def interval(values):
    mean = statistics.fmean(values)
    error = statistics.stdev(values) / math.sqrt(len(values))
    reach = T[len(values) - 5] * error
    return mean, mean - reach, mean + reach


class AbTest(ProgramTest):
    maxDiff = None

    def compare(self, old, new, *options, codes=(0,), program=()):
        """The document, the table's lines, the errors' lines and the exit code of a whole run."""
        out = self.path("out.json")
        result = self.run_program(
            "ab", old, new, *options, "--out", out, *program, timeout=300
        )
        self.assertIn(result.returncode, codes, result.stderr + result.stdout)
        with open(out) as file:
            document = strict_json(file.read())
        self.check_document(document)
        return types.SimpleNamespace(
            document=document,
            rows={row["name"]: row for row in document["rows"]},
            lines=result.stdout.splitlines(),
            errors=result.stderr.splitlines(),
            code=result.returncode,
        )

    def assert_within(self, value, bounds):
        self.assertTrue(bounds[0] <= value <= bounds[1], f"{value} not in {bounds}")

    def check_document(self, document):
        self.assertEqual((document["schema"], document["command"]), (2, "ab"))
        for key in ("version", "processor", "isa", "placement", "date", "command_line"):
            self.assertIsInstance(document[key], str, key)
        for key in ("only_old", "only_new", "left_out", "warnings"):
            self.assertIsInstance(document[key], list, key)
        self.assertIn(
            document["verdict"], ("OK", "REGRESSED", "IMPROVED", "INCONCLUSIVE")
        )
        for row in document["rows"]:
            self.check_row(row, document)
        if document["complete"]:
            self.check_suite(document)

    def check_row(self, row, document):
        name = "{kernel}/{shape}/{dtype}/{isa}/{cache}/threads:{threads}".format(**row)
        self.assertEqual(row["name"], name)
        self.assertEqual(row["threads"], document["threads"])
        self.assertEqual(row["correct"], "wrong" not in row)
        for launch in row["launches"]:
            lengths = {len(launch[arm]) for arm in ("old", "placebo", "new")}
            self.assertEqual(len(lengths), 1, name)
            self.assertIn(launch["stage"], (1, 2))
            self.assertTrue(all(ns > 0 for arm in ("old", "placebo", "new") for ns in launch[arm]))
        if "change" not in row:
            self.assertFalse(document["complete"] and row["correct"], name)
            return
        self.assertLessEqual(row["low"], row["change"], name)
        self.assertLessEqual(row["change"], row["high"], name)
        self.assertGreaterEqual(row["detectable"], row["margin"], name)
        self.assertAlmostEqual(row["margin"], document["margin"])
        if document["complete"]:
            self.check_evidence(row)

    def check_evidence(self, row):
        """The row's figures and its verdict follow from its samples."""
        values = {stage: [] for stage in (1, 2)}
        for launch in row["launches"]:
            self.assert_within(len(launch["old"]), SAMPLES)
            values[launch["stage"]].append(launch_value(launch))
        self.assert_within(len(values[1]), LAUNCHES[1])
        self.assert_within(len(values[2]), LAUNCHES[2] if row["stage"] == 2 else (0, 0))
        change, low, high = interval(values[row["stage"]])
        for key, value in (("change", change), ("low", low), ("high", high)):
            self.assertAlmostEqual(
                math.log1p(row[key]), value, places=5, msg=row["name"]
            )
        margin = math.log1p(row["margin"])
        first, _, first_high = interval(values[1])
        equal = max(EQUIVALENCE, margin)
        suspicious = abs(first) > SUSPICIOUS * margin or first_high >= equal
        self.assertEqual(row["stage"], 2 if suspicious else 1, row["name"])
        self.assertEqual(row["p"] is None, row["stage"] == 1, row["name"])
        if row["verdict"] == "REGRESSED":
            self.assertTrue(low > margin and row["p"] <= 0.01, row["name"])
        if row["verdict"] == "IMPROVED":
            self.assertLess(high, -margin, row["name"])
        if row["verdict"] == "OK":
            self.assertLess(high, equal, row["name"])

    def check_suite(self, document):
        rows = [row for row in document["rows"] if "change" in row]
        launches = [
            [launch_value(x) for x in row["launches"] if x["stage"] == 1]
            for row in rows
        ]
        if launches:
            means = [statistics.fmean(values) for values in zip(*launches)]
            for key, value in zip(("change", "low", "high"), interval(means)):
                suite = math.log1p(document["suite"][key])
                self.assertAlmostEqual(suite, value, places=5)

    def verdicts(self, result):
        return {name: row["verdict"] for name, row in result.rows.items()}
