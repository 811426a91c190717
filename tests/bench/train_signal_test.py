"""Ctrl-C and kill while pinion-bench train measures: what is finished is in the results."""

import json
import os
import signal
import subprocess
import time
import unittest

from program import PINION, ProgramTest, environment

# Until there is something to keep; a slow machine needs longer than others.
PATIENCE = 60

NETS = ["--net", "dense 8 relu; dropout 0.5; dense 3 softmax", "--net", "dense 3 softmax"]
MANY = ["--rounds", "1000", "--min-time", "0.1"]
STEPS = [*NETS, "--input", "6", "--batch", "4,8", "--samples", "2000", *MANY]
TARGET, EPOCHS = 0.9999, 20
FITS = ["--accuracy", str(TARGET), "--data", "synthetic", "--samples", "96", "--threads", "1",
        "--net", "dense 12 softmax", "--batch", "32,48", "--epochs-max", str(EPOCHS)]


def strict_json(text):
    def refuse(name):
        raise AssertionError(f"{name} is not JSON")

    return json.loads(text, parse_constant=refuse)


class Interrupted(ProgramTest):
    def stop_after(self, seconds, number, arguments):
        """Lets it measure that long; the document and the table."""
        process = subprocess.Popen(
            [PINION, "train", *arguments, "--out", self.path("out.json")],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            cwd=self.folder,
            env=environment(),
        )
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        lines = []
        for line in process.stdout:
            lines.append(line)
            if line == "\n":  # warnings and titles follow, measurements begin
                break
        time.sleep(seconds)
        process.send_signal(number)
        out, err = process.communicate(timeout=PATIENCE)
        self.assertEqual(process.returncode, 130, err)
        self.assertNotIn("Sanitizer", err)
        self.assertIn(f"pinion-bench: interrupted by {signal.Signals(number).name}; ",
                      err.splitlines()[-1])
        with open(self.path("out.json"), encoding="utf-8") as file:
            document = strict_json(file.read())
        self.assertIs(document["complete"], False)
        self.assertIn("interrupted", [warning["code"] for warning in document["warnings"]])
        return document, "".join(lines) + out

    def measure(self, *arguments, count, number=signal.SIGINT):
        """Stopped when it has as many rows as it can have, not before; the report reads them."""
        seconds, rows = 0.25, 0
        while rows < count:
            self.assertLess(seconds, PATIENCE, f"{rows} rows of {count}")
            document, table = self.stop_after(seconds, number, arguments)
            rows = len(document["rows"])
            seconds *= 2
        self.assertEqual(rows, count)
        for form in ("--html", "--text", "--md"):
            options = [] if form == "--html" else [form]
            shown = self.run_program("report", self.path("out.json"), *options)
            self.assertEqual(shown.returncode, 0, shown.stderr)
            self.assertRegex(shown.stdout, "(?i)incomplete")
            for row in document["rows"]:
                self.assertIn(row["network"], shown.stdout)
        return document["rows"], table

    def check_rounds(self, rows, table):
        """They take turns, so the numbers of rounds differ by one at most."""
        rounds = [row["rounds"] for row in rows]
        self.assertGreaterEqual(min(rounds), 1)
        self.assertLess(max(rounds), 1000)
        self.assertLessEqual(max(rounds) - min(rounds), 1)
        for row in rows:
            self.assertGreater(row["samples_per_second"], 0)
            shares = [part["percent_of_time"] for part in row["parts"].values()]
            self.assertAlmostEqual(sum(shares), 100, places=6)
            self.assertIn(f"  {row['rounds']} of 1000 rounds\n", table)

    def test_steps(self):
        rows, table = self.measure(*STEPS, "--threads", "1", count=4, number=signal.SIGTERM)
        self.check_rounds(rows, table)
        self.assertEqual({row["kind"] for row in rows}, {"step"})

    def test_points_of_curves(self):
        rows, table = self.measure(*STEPS, "--scaling", "--threads", "2", count=8)
        self.check_rounds(rows, table)
        self.assertEqual([row["threads"] for row in rows], [1, 2] * 4)
        for alone, both in zip(rows[::2], rows[1::2]):
            self.assertEqual(alone["efficiency"], 1)
            self.assertAlmostEqual(
                both["efficiency"],
                both["samples_per_second"] / alone["samples_per_second"] / 2)

    def test_seeds(self):
        rows, table = self.measure(*FITS, "--seeds", "1000", count=2)
        counts = [len(row["seeds"]) for row in rows]
        self.assertGreaterEqual(min(counts), 1)
        self.assertLess(max(counts), 1000)
        self.assertLessEqual(max(counts) - min(counts), 1)
        whole = self.run_program("train", *FITS, "--seeds", "1", "--json")
        for row, first in zip(rows, strict_json(whole.stdout)["rows"]):
            self.assertEqual([seed["seed"] for seed in row["seeds"]],
                             list(range(1, len(row["seeds"]) + 1)))
            for seed in row["seeds"]:
                self.assertEqual(seed["reached"], seed["accuracy"] >= TARGET)
                self.assertTrue(seed["reached"] or seed["epochs"] == EPOCHS, "cut off")
            for key in ("epochs", "accuracy", "weights_digest"):
                self.assertEqual(row["seeds"][0][key], first["seeds"][0][key])
            reached = sum(seed["reached"] for seed in row["seeds"])
            self.assertEqual(row["reached"], reached)
            self.assertEqual(row["seconds_mean"] is None, reached < len(row["seeds"]))
            self.assertIn(f"  {len(row['seeds'])} of 1000 seeds\n", table)

    def test_between_two_fits(self):
        """A fit of one batch does not see what comes in it: nothing is left to cut off."""
        fits = [*FITS, "--batch", "96", "--epochs-max", "1", "--seeds", "1000"]
        rows, _ = self.measure(*fits, count=1)
        self.assertLess(len(rows[0]["seeds"]), 1000)

    def test_before_anything_is_measured(self):
        """A round of this takes longer than the wait: no row, and reports that say so."""
        document, _ = self.stop_after(
            0, signal.SIGINT,
            ["--net", "dense 2048 relu; dense 2048 relu; dense 3 softmax", "--samples", "4000",
             "--batch", "32", "--threads", "1"])
        self.assertEqual(document["rows"], [])
        for options in ([], ["--text"], ["--md"]):
            shown = self.run_program("report", self.path("out.json"), *options)
            self.assertEqual(shown.returncode, 0, shown.stderr)


if __name__ == "__main__":
    unittest.main()
