"""pinion-bench selftest: its counts, and the scorecard that adds them up."""

import collections
import json
import os
import shlex
import unittest

from ab_builds import CORES, FAR, SHORT, AbTest, fake, strict_json
from program import environment

JUDGES = ["pinion", "google", "criterion", "asv", "threshold"]
TAXES = [f"tax {percent} %" for percent in (1, 2, 3, 5, 10)]
INJECTIONS = ["A/A, whole suites", "A/A, rows", *TAXES, "misaligned by 4 bytes"]
KEYS = ["condition", "injection", "runs", "inconclusive", "detected", "low", "high"]

# As short as it may be: what is counted is tested, not what is found.
TINY = [*SHORT, "--condition", "quiet"]


class SelftestTest(AbTest):
    def selftest(self, *options, **changes):
        out = self.path("out.json")
        result = self.succeed(
            "selftest", fake("base"), *options, "--out", out, env=environment(**changes)
        )
        with open(out) as file:
            document = strict_json(file.read())
        self.assertEqual((document["schema"], document["command"]), (2, "selftest"))
        self.assertIs(document["complete"], True)
        self.check_rows(document["rows"])
        for row in document["rows"]:
            start = f"{row['condition']:8} {row['injection']} "
            lines = [x for x in result.stdout.splitlines() if x.startswith(start)]
            self.assertEqual(len(lines), 1, start)
        return document

    def check_rows(self, rows):
        for row in rows:
            self.assertEqual(list(row), KEYS)
            self.assertEqual(list(row["detected"]), JUDGES)
            found = row["detected"]["pinion"]
            self.assertTrue(0 <= found <= row["runs"])
            self.assertTrue(0 <= row["inconclusive"] <= row["runs"])
            for count in row["detected"].values():
                self.assertTrue(0 <= count <= row["runs"])
            self.assertLessEqual(found + row["inconclusive"], row["runs"])
            self.check_bounds(found, row["runs"], row["low"], row["high"])

    def check_bounds(self, found, runs, low, high):
        """Clopper and Pearson's: at each bound, what was found has a chance of 2.5 % just so."""
        self.assertTrue(0 <= low <= high <= 1)
        if runs == 0:
            self.assertEqual((low, high), (0, 1))
            return
        share = found / runs
        self.assertTrue(low <= share <= high)
        if found == 0:
            self.assertEqual(low, 0)
            self.assertAlmostEqual((1 - high) ** runs, 0.025, places=4)
        if found == runs:
            self.assertEqual(high, 1)
            self.assertAlmostEqual(low**runs, 0.025, places=4)

    def counts(self, rows):
        return {(row["condition"], row["injection"]): row["runs"] for row in rows}


class Rows(SelftestTest):
    def test_both_conditions(self):
        rows = self.selftest(*SHORT)["rows"]
        keys = [(row["condition"], row["injection"]) for row in rows]
        both = [(x, y) for x in ("quiet", "loaded") for y in INJECTIONS]
        self.assertEqual(keys, both)
        counts = self.counts(rows)
        for condition in ("quiet", "loaded"):
            self.assertEqual(counts[condition, INJECTIONS[0]], 1)
            # One comparison of four rows as they are; in the other each has an injection.
            self.assertEqual(counts[condition, INJECTIONS[1]], 4)
            injected = [counts[condition, name] for name in INJECTIONS[2:]]
            self.assertEqual(injected, [1, 1, 1, 1, 0, 0])

    def test_only_as_it_is(self):
        rows = self.selftest(*TINY, "--runs", "2", "--injected", "0")["rows"]
        self.assertEqual([row["runs"] for row in rows], [2, 8, 0, 0, 0, 0, 0, 0])

    def test_only_injected(self):
        """Rows that got nothing because others drew it count as rows of no change."""
        options = ["--runs", "0", "--injected", "1", "--isa", "all"]
        rows = self.selftest(*TINY, *options)["rows"]
        counts = self.counts(rows)
        self.assertEqual(counts["quiet", INJECTIONS[0]], 0)
        self.assertEqual([row["runs"] for row in rows[1:]], [0, 2, 2, 1, 1, 1, 1])

    def test_nothing(self):
        rows = self.selftest(*TINY, "--runs", "0", "--injected", "0")["rows"]
        self.assertEqual([row["runs"] for row in rows], [0] * 8)

    @unittest.skipIf(CORES < 2, "one core")
    def test_threads(self):
        document = self.selftest(
            *TINY, "--threads", "2", "--runs", "0", "--filter", "spin_d"
        )
        self.assertEqual(document["threads"], 2)
        names = [row["injection"] for row in document["rows"]]
        self.assertEqual(names, [*INJECTIONS, "last thread 10 % late"])

    def test_rolled(self):
        """Products of a build that takes twice as long."""
        options = [*FAR, "--condition", "quiet", "--margin", "20", "--runs", "0"]
        document = self.selftest(*options, "--rolled", fake("slow"))
        names = [row["injection"] for row in document["rows"]]
        self.assertEqual(names, [*INJECTIONS[:2], "dropped unroll", *INJECTIONS[2:]])
        row = document["rows"][2]
        self.assertEqual((row["runs"], row["detected"]["pinion"]), (1, 1))
        self.assertEqual(document["mistakes"], [])

    def test_rolled_of_the_same_speed(self):
        """What is found is the other build, not that there is one."""
        options = [*FAR, "--condition", "quiet", "--margin", "20", "--runs", "0"]
        row = self.selftest(*options, "--rolled", fake("base"))["rows"][2]
        self.assertEqual((row["runs"], row["detected"]["pinion"]), (1, 0))

    def test_mistakes(self):
        """Each row that was judged wrongly is there with its samples, and no other. Of so short
        comparisons there are some; where a machine makes none the counts say the same."""
        document = self.selftest(*SHORT, "--runs", "2", "--injected", "2", "--isa", "all")
        wrong = collections.Counter()
        for row in document["rows"]:
            key, found = (row["condition"], row["injection"]), row["detected"]["pinion"]
            if row["injection"] == "A/A, rows":
                wrong[key[0], "none"] += found
            elif row["injection"] in TAXES[1:]:
                wrong[key] += row["runs"] - found
        kept = collections.Counter()
        for row in document["mistakes"]:
            self.check_row(row, {"threads": 1, "complete": False, "margin": 0.01})
            self.assertTrue(row["launches"])
            self.assertEqual(row["verdict"] == "REGRESSED", row["injection"] == "none")
            self.assertIn(row["seed"], range(1, 9))
            kept[row["condition"], row["injection"]] += 1
        self.assertEqual(+kept, +wrong)
        for row in document["mistakes"][:1]:
            self.check_repro(row)

    def check_repro(self, row):
        """Its command repeats the one comparison, with the same seed and slow-downs."""
        words = shlex.split(row["repro"])
        self.assertEqual(words[:3], ["pinion-bench", "selftest", fake("base")])
        again = self.selftest(*words[3:])
        self.assertEqual({x["condition"] for x in again["rows"]}, {row["condition"]})
        runs = {x["injection"]: x["runs"] for x in again["rows"]}
        clean = row["injection"] == "none"
        self.assertEqual(runs["A/A, whole suites"], 1 if clean else 0)
        self.assertTrue(clean or runs[row["injection"]] > 0)
        for mistake in again["mistakes"]:
            self.assertEqual(mistake["seed"], row["seed"])

    def test_a_build_that_crashes(self):
        """Is no verdict: nothing of it is counted."""
        card = self.path("card.json")
        for build in ("crash", "crash_late"):
            options = [*TINY, "--runs", "3", "--scorecard", card, "--json"]
            pattern = "pinion-bench: spin_c/.*: the worker of the [a-z]+ build died: Aborted$"
            self.refuse(1, pattern, "selftest", fake(build), *options)
            self.assertFalse(os.path.exists(card))

    def test_isa_of_the_environment(self):
        card = self.path("card.json")
        options = [*TINY, "--runs", "1", "--injected", "0", "--filter", "spin_a"]
        document = self.selftest(*options, "--scorecard", card, PINION_ISA="narrow")
        self.assertEqual(document["isa"], "narrow")
        with open(card) as file:
            self.assertEqual(json.load(file)["entries"][0]["key"]["isa"], "narrow")

    def test_json(self):
        document = self.succeed_json("selftest", fake("base"), *TINY, "--runs=0")
        self.check_rows(document["rows"])


class Scorecard(SelftestTest):
    def setUp(self):
        super().setUp()
        self.card = self.path("card.json")

    def add(self, *options):
        return self.selftest(*TINY, "--scorecard", self.card, *options)

    def load(self):
        with open(self.card) as file:
            card = strict_json(file.read())
        self.assertEqual(card["command"], "scorecard")
        for entry in card["entries"]:
            self.check_rows(entry["rows"])
        return card

    def test_runs_add_up(self):
        options = ["--filter", "spin_[ab]"]
        first = self.add(*options)
        entry = self.load()["entries"][0]
        self.assertEqual(entry["key"]["threads"], 1)
        self.assertEqual(entry["key"]["processor"], first["processor"])
        self.assertEqual(entry["key"]["version"], first["version"])
        self.assertEqual(self.counts(entry["rows"]), self.counts(first["rows"]))
        second = self.add(*options, "--runs", "2")
        entries = self.load()["entries"]
        self.assertEqual(len(entries), 1)
        for sum_row, one, other in zip(
            entries[0]["rows"], first["rows"], second["rows"]
        ):
            for key in ("runs", "inconclusive"):
                self.assertEqual(sum_row[key], one[key] + other[key])
            for judge in JUDGES:
                total = one["detected"][judge] + other["detected"][judge]
                self.assertEqual(sum_row["detected"][judge], total)

    def test_the_other_condition_is_added_to_the_entry(self):
        self.add("--runs=0", "--filter", "spin_a")
        options = [*SHORT, "--condition", "loaded", "--scorecard", self.card]
        self.selftest(*options, "--runs=0", "--filter", "spin_a")
        entries = self.load()["entries"]
        self.assertEqual(len(entries), 1)
        self.assertEqual(len(entries[0]["rows"]), 2 * len(INJECTIONS))

    def test_odd_numbers_are_found_again(self):
        """Which a file with fewer digits than the options have would not."""
        options = ["--runs=0", "--injected=0", "--budget", "1.23456789"]
        options += ["--min-time", "0.0712345678", "--margin", "1.0123456789"]
        self.add(*options)
        self.add(*options)
        self.assertEqual(len(self.load()["entries"]), 1)

    def test_other_options_are_another_entry(self):
        nothing = ["--runs=0", "--injected=0"]
        self.add(*nothing)
        others = [
            ["--budget", "2"],
            ["--min-time", "0.06"],
            ["--margin", "2"],
            ["--filter", "spin"],
            ["--isa", "narrow"],
            ["--cache", "cold"],
        ]
        if CORES > 1:
            others.append(["--threads", "2"])
        for count, options in enumerate(others, 2):
            self.add(*nothing, *options)
            self.assertEqual(len(self.load()["entries"]), count, options)

    def test_what_is_no_scorecard_stays_as_it_was(self):
        for content in (
            "",
            "{",
            "[]",
            "{}",
            "null",
            '{"command": "scorecard"}',
            '{"command": "run", "entries": []}',
            '{"command": "scorecard", "entries": {}}',
            '{"command": "scorecard", "entries": [], "entries": []}',
            '{"command": "scorecard", "entries": []} x',
            b"\xff\xfe",
        ):
            self.write("card.json", content)
            # A comparison that takes as long is not even begun.
            self.refuse(
                65,
                self.card,
                *["selftest", fake("base"), "--budget", "36000", "--min-time", "10000"],
                *["--scorecard", self.card, "--json"],
            )
            with open(self.card, "rb") as file:
                kept = file.read()
            self.assertEqual(
                kept, content if isinstance(content, bytes) else content.encode()
            )

    def test_entries_that_are_none(self):
        nothing = ["--runs=0", "--injected=0"]
        self.add(*nothing)
        card = self.load()
        for rows in (None, {}, 1):
            card["entries"][0]["rows"] = rows
            text = self.write("card.json", json.dumps(card))
            options = [*TINY, *nothing, "--scorecard", text, "--json"]
            self.refuse(65, self.card, "selftest", fake("base"), *options)
            with open(self.card) as file:
                self.assertEqual(file.read(), json.dumps(card))

    def test_counts_that_do_not_fit(self):
        self.add("--runs=0", "--injected=0")
        card = self.load()
        for key, value in (
            ("runs", 2**63 - 1),
            ("runs", -1),
            ("inconclusive", 1),
            ("detected", {}),
            ("detected", dict.fromkeys(JUDGES, 1)),
        ):
            changed = json.loads(json.dumps(card))
            changed["entries"][0]["rows"][0][key] = value
            text = self.write("changed.json", json.dumps(changed))
            options = [*TINY, "--runs=0", "--scorecard", text, "--json"]
            self.refuse(65, text, "selftest", fake("base"), *options)

    def test_into_a_missing_folder(self):
        card = self.path("missing/card.json")
        options = ["--budget", "36000", "--min-time", "10000", "--scorecard", card]
        self.refuse(74, card, "selftest", fake("base"), *options, "--json")
        self.assertEqual(os.listdir(self.folder), [])


if __name__ == "__main__":
    unittest.main()
