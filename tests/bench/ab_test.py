"""pinion-bench ab on builds of known speed: verdicts, rows, documents."""

import os
import shlex
import shutil
import threading
import unittest

from ab_builds import CORES, EQUAL, FAR, SHORT, AbTest, fake, strict_json

ROWS = ["spin_a/500", "spin_b:relu/8x8x32", "spin_c/4000", "spin_d/9000"]


def names(rows=ROWS, isa="wide", cache="hot", threads=1):
    return {f"{row}/f32/{isa}/{cache}/threads:{threads}" for row in rows}


class Verdicts(AbTest):
    def test_a_build_against_itself(self):
        result = self.compare(fake("base"), fake("base"), *EQUAL, codes=(0, 77))
        self.assertEqual(set(result.rows), names())
        self.assertLessEqual(
            set(self.verdicts(result).values()), {"OK", "INCONCLUSIVE"}
        )
        verdict = {0: "OK", 77: "INCONCLUSIVE"}[result.code]
        self.assertEqual(result.document["verdict"], verdict)
        self.assertTrue(result.lines[-1].startswith(f"VERDICT {verdict} 0 regressed"))
        self.assertTrue(result.document["complete"])
        for row in result.rows.values():
            self.assertTrue(row["correct"])
            self.assertAlmostEqual(row["change"], 0, delta=0.25)

    def test_slower(self):
        result = self.compare(fake("base"), fake("slow"), *FAR, codes=(1,))
        self.assertEqual(self.verdicts(result), dict.fromkeys(names(), "REGRESSED"))
        self.assertEqual(result.document["verdict"], "REGRESSED")
        self.assertEqual(
            result.lines[-1],
            "VERDICT REGRESSED 4 regressed, 0 ok, 0 improved, 0 inconclusive, 0 wrong",
        )
        self.assertEqual(result.errors, ["pinion-bench: the new build is slower"])
        for row in result.rows.values():
            self.assertEqual(row["stage"], 2)
            self.assertTrue(0.6 < row["change"] < 1.6, row["change"])
            self.assertAlmostEqual(row["placebo"], 0, delta=0.25)
            self.assertLess(row["old_ns"], row["new_ns"])
        self.assertTrue(0.6 < result.document["suite"]["change"] < 1.6)
        self.assertEqual(result.document["old"]["version"], "one")
        self.assertEqual(result.document["new"]["version"], "two")
        self.assertEqual(result.document["new"]["path"], fake("slow"))

    def test_faster(self):
        result = self.compare(fake("base"), fake("fast"), *FAR)
        self.assertEqual(self.verdicts(result), dict.fromkeys(names(), "IMPROVED"))
        self.assertEqual(result.document["verdict"], "IMPROVED")
        self.assertTrue(result.lines[-1].startswith("VERDICT IMPROVED 0 regressed"))
        self.assertEqual(result.errors, [])
        for row in result.rows.values():
            self.assertTrue(-0.7 < row["change"] < -0.3, row["change"])

    def test_slower_in_the_mean_alone(self):
        """Rows of 33 % more do not pass the margin, their mean passes its half."""
        options = [*FAR, "--isa", "all", "--margin", "50"]
        result = self.compare(fake("base"), fake("third"), *options, codes=(1,))
        self.assertNotIn("REGRESSED", self.verdicts(result).values())
        self.assertEqual(result.document["suite"]["verdict"], "REGRESSED")
        self.assertTrue(result.lines[-1].startswith("VERDICT REGRESSED 0 regressed"))
        self.assertRegex(result.errors[-1], "mean by more than half of the margin$")

    def test_a_library_that_is_replaced(self):
        """What the file held at first is compared to the end."""
        path, slow = self.path("new.so"), self.path("slow.so")
        shutil.copy(fake("base"), path)
        shutil.copy(fake("slow"), slow)
        timer = threading.Timer(1, os.replace, (slow, path))
        timer.start()
        options = ["--budget", "3", "--min-time", "0.5", "--margin", "20", "--filter", "spin_a"]
        result = self.compare(fake("base"), path, *options, codes=(0, 77))
        timer.join()
        self.assertFalse(os.path.exists(slow))
        self.assertEqual(result.document["new"]["version"], "one")
        for launch in result.document["rows"][0]["launches"]:
            self.assertLess(min(launch["new"]), 1.5 * min(launch["old"]))

    def test_slower_where_time_is_short(self):
        """Each launch takes more than the second stage's whole time: it still proves something."""
        options = ["--budget", "1", "--min-time", "5", "--filter", "spin_[ab]"]
        result = self.compare(fake("base"), fake("slow"), *options, codes=(1,))
        self.assertEqual(set(self.verdicts(result).values()), {"REGRESSED"})

    def test_slower_by_less_than_the_margin(self):
        options = [*SHORT, "--margin", "80", "--filter", "spin_d"]
        self.refuse(2, "--margin '80': ", "ab", fake("base"), fake("third"), *options)
        options[-3] = "50"
        result = self.compare(fake("base"), fake("third"), *options, codes=(0, 77))
        self.assertAlmostEqual(result.document["margin"], 0.5, places=5)
        for row in result.rows.values():
            self.assertIn(row["verdict"], ("OK", "INCONCLUSIVE"))
            self.assertTrue(0.1 < row["change"] < 0.5, row["change"])

    def test_data_of_another_layout_are_written_anew_at_every_turn(self):
        """Each build aborts on data that the other one wrote, see fake_build.c."""
        result = self.compare(fake("base"), fake("layout"), *EQUAL, codes=(0, 77))
        self.assertEqual(set(result.rows), names())

    def test_data_of_one_layout_are_shared(self):
        result = self.compare(fake("base"), fake("liar"), *EQUAL, "--unchecked", codes=(1,))
        for row in result.rows.values():
            self.assertEqual(row["wrong"], "the worker of the new build died: Aborted")

    def test_a_longer_table_is_a_newer_one(self):
        self.compare(fake("base"), fake("longer_table"), *EQUAL, codes=(0, 77))


class WrongResults(AbTest):
    def check_wrong(self, old, new, pattern, *options):
        result = self.compare(old, new, *EQUAL, *options, codes=(1,))
        wrong = {name for name, row in result.rows.items() if not row["correct"]}
        self.assertEqual(len(wrong), 1)
        row = result.rows[wrong.pop()]
        self.assertEqual(row["verdict"], "WRONG")
        self.assertRegex(row["wrong"], pattern)
        self.assertEqual(result.errors, ["pinion-bench: 1 results are wrong"])
        self.assertRegex(result.lines[-1], "^VERDICT REGRESSED .* 1 wrong$")
        # Worst first.
        first = [line for line in result.lines if "threads:1 " in line][0]
        self.assertRegex(first, "WRONG: " + pattern)
        return row

    def test_of_the_new_build(self):
        pattern = r"new build: spin_d: \d+ instead of \d+"
        row = self.check_wrong(fake("base"), fake("wrong"), pattern)
        self.assertEqual(row["kernel"], "spin_d")

    def test_of_the_old_build(self):
        self.check_wrong(
            fake("wrong"), fake("base"), r"old build: spin_d: \d+ instead"
        )

    def test_unchecked(self):
        options = [*EQUAL, "--unchecked"]
        self.compare(fake("base"), fake("wrong"), *options, codes=(0, 77))

    def test_where_only_cold_rows_are_measured(self):
        pattern = r"new build: spin_d: \d+ instead of \d+"
        row = self.check_wrong(
            fake("base"), fake("wrong"), pattern, "--cache", "cold", "--filter", "spin_d"
        )
        self.assertEqual(row["cache"], "cold")

    def test_of_all_caches(self):
        """What is wrong in one cache state is wrong in all."""
        options = [*EQUAL, "--cache", "hot,cold", "--filter", "spin_d"]
        result = self.compare(fake("base"), fake("wrong"), *options, codes=(1,))
        self.assertEqual([row["verdict"] for row in result.rows.values()], ["WRONG"] * 2)
        self.assertEqual(len({row["wrong"] for row in result.rows.values()}), 1)

    def test_of_a_build_that_skips_work(self):
        for new, options in (("idle", ["--unchecked"]), ("once", []), ("once", ["--unchecked"])):
            row = self.check_wrong(
                fake("base"), fake(new), "new build: spin_a.* it does no work", *options
            )
            self.assertEqual(row["kernel"], "spin_a")

    def test_of_a_row_that_takes_too_long(self):
        row = self.check_wrong(
            fake("long"), fake("long_wrong"), "new build: long_e: ", "--quick"
        )
        self.assertEqual(row["launches"], [])


class Crashes(AbTest):
    """A worker that dies condemns the row that it was measuring; the others are measured."""

    def check_crash(self, old, new, message):
        result = self.compare(old, new, *EQUAL, codes=(1,))
        self.assertEqual(result.errors, ["pinion-bench: 1 results are wrong"])
        self.assertRegex(result.lines[-1], "^VERDICT REGRESSED .* 1 wrong$")
        self.assertEqual(set(result.rows), names())
        for row in result.rows.values():
            if row["kernel"] == "spin_c":
                self.assertEqual((row["correct"], row["verdict"]), (False, "WRONG"))
                self.assertEqual(row["wrong"], message)
            else:
                self.assertTrue(row["correct"])
                self.assertIn(row["verdict"], ("OK", "INCONCLUSIVE"))

    def test_of_the_new_build(self):
        self.check_crash(
            fake("base"), fake("crash"), "the worker of the new build died: Aborted"
        )

    def test_of_the_old_build(self):
        self.check_crash(
            fake("crash"), fake("base"), "the worker of the old build died: Aborted"
        )

    def test_in_the_middle(self):
        self.check_crash(
            fake("base"), fake("crash_late"), "the worker of the new build died: Aborted"
        )


class Rows(AbTest):
    def test_only_in_new(self):
        result = self.compare(fake("base"), fake("extra"), *EQUAL, codes=(0, 77))
        missing = "spin_extra/1000/f32/wide/hot/threads:1"
        self.assertEqual(result.document["only_new"], [missing])
        self.assertEqual(result.document["only_old"], [])
        self.assertEqual(set(result.rows), names())
        self.assertIn(f"only in NEW: {missing}", result.lines)

    def test_only_in_old(self):
        result = self.compare(fake("extra"), fake("base"), *EQUAL, codes=(0, 77))
        missing = "spin_extra/1000/f32/wide/hot/threads:1"
        self.assertEqual(result.document["only_old"], [missing])
        self.assertEqual(result.document["only_new"], [])
        self.assertIn(f"only in OLD: {missing}", result.lines)

    def test_filter(self):
        options = [*EQUAL, "--filter", "^spin_[bd].*/hot/"]
        result = self.compare(fake("extra"), fake("base"), *options, codes=(0, 77))
        self.assertEqual(set(result.rows), names([ROWS[1], ROWS[3]]))
        self.assertEqual(result.document["only_old"], [])

    def test_the_best_isa_that_both_have(self):
        result = self.compare(fake("base"), fake("narrow"), *EQUAL, codes=(0, 77))
        self.assertEqual(set(result.rows), names(isa="narrow"))
        self.assertEqual(result.document["isa"], "narrow")
        # What the other build has lost, or won, is listed.
        self.assertEqual(set(result.document["only_old"]), names(isa="wide"))
        self.assertEqual(result.document["only_new"], [])
        options = [*EQUAL, "--filter", "^spin_a"]
        result = self.compare(fake("narrow"), fake("base"), *options, codes=(0, 77))
        self.assertEqual(set(result.rows), names(ROWS[:1], isa="narrow"))
        self.assertEqual(set(result.document["only_new"]), names(ROWS[:1], isa="wide"))
        self.assertEqual(result.document["only_old"], [])

    def test_isa(self):
        options = [*EQUAL, "--isa", "narrow"]
        result = self.compare(fake("base"), fake("base"), *options, codes=(0, 77))
        self.assertEqual(set(result.rows), names(isa="narrow"))

    def test_all_isas(self):
        options = [*EQUAL, "--isa", "all", "--filter", "spin_[ab]"]
        result = self.compare(fake("base"), fake("narrow"), *options, codes=(0, 77))
        self.assertEqual(set(result.rows), names(ROWS[:2], isa="narrow"))
        only_old = set(result.document["only_old"])
        self.assertEqual(only_old, names(ROWS[:2], isa="wide"))
        result = self.compare(fake("base"), fake("base"), *options, codes=(0, 77))
        both = names(ROWS[:2], isa="narrow") | names(ROWS[:2], isa="wide")
        self.assertEqual(set(result.rows), both)

    def test_caches(self):
        """Of train rows there are those of problems that have weights."""
        options = [*EQUAL, "--cache", "all", "--filter", "spin_d"]
        result = self.compare(fake("base"), fake("base"), *options, codes=(0, 77))
        wanted = set()
        for cache in ("hot", "cold", "train"):
            wanted |= names([ROWS[3]], cache=cache)
        self.assertEqual(set(result.rows), wanted)
        options = [*EQUAL, "--cache", "train"]
        result = self.compare(fake("base"), fake("base"), *options, codes=(0, 77))
        self.assertEqual(set(result.rows), names([ROWS[3]], cache="train"))

    def test_quick_leaves_out_long_rows(self):
        options = [*EQUAL, "--quick"]
        result = self.compare(fake("long"), fake("long"), *options, codes=(0, 77))
        long_row = "long_e/20000000/f32/wide/hot/threads:1"
        self.assertEqual(result.document["left_out"], [long_row])
        self.assertTrue(result.lines[-1].endswith(", 0 wrong, 1 left out"), result.lines[-1])
        self.assertEqual(set(result.rows), names())

    def test_quick_that_leaves_out_all_rows(self):
        options = [*EQUAL, "--quick", "--filter", "long_e"]
        result = self.compare(fake("long"), fake("long"), *options, codes=(77,))
        self.assertRegex(result.errors[-1], "all rows take too long for --quick")
        self.assertRegex(result.lines[-1], "^VERDICT INCONCLUSIVE .* 1 left out$")

    @unittest.skipIf(CORES < 2, "one core")
    def test_threads(self):
        options = [*EQUAL, "--threads", "2", "--filter", "spin_[ad]"]
        result = self.compare(fake("base"), fake("base"), *options, codes=(0, 77))
        self.assertEqual(set(result.rows), names([ROWS[0], ROWS[3]], threads=2))
        self.assertEqual(result.document["threads"], 2)
        self.check_repro(result, 1)

    def test_one_thread_for_each_core(self):
        options = [*EQUAL, "--threads", "auto", "--filter", "spin_d"]
        result = self.compare(fake("base"), fake("base"), *options, codes=(0, 77))
        self.assertEqual(set(result.rows), names([ROWS[3]], threads=CORES))

    def check_repro(self, result, count):
        """A row's repro measures that row and no other."""
        for name, row in list(result.rows.items())[:count]:
            words = shlex.split(row["repro"])
            self.assertEqual(words[:2], ["pinion-bench", "ab"])
            again = self.compare(*words[2:], *SHORT, codes=(0, 77))
            self.assertEqual(set(again.rows), {name})
            for key in ("old", "new", "margin"):
                self.assertEqual(again.document[key], result.document[key])

    def test_repro(self):
        options = [*EQUAL, "--isa", "narrow", "--filter", "spin_b"]
        path = self.path("it's old.so")
        shutil.copy(fake("base"), path)
        result = self.compare(path, fake("base"), *options, codes=(0, 77))
        self.check_repro(result, 1)


class Documents(AbTest):
    def test_json_is_what_out_writes(self):
        options = [*FAR, "--filter", "spin_[ab]", "--seed", "7"]
        in_file = self.compare(fake("base"), fake("slow"), *options, codes=(1,))
        result = self.run_program("ab", fake("base"), fake("slow"), *options, "--json")
        self.assertEqual(result.returncode, 1)
        printed = strict_json(result.stdout)
        self.check_document(printed)
        self.assertEqual(list(printed), list(in_file.document))
        for mine, other in zip(printed["rows"], in_file.document["rows"]):
            self.assertEqual(list(mine), list(other))
        for key in ("verdict", "old", "new", "margin", "seed", "isa", "threads"):
            self.assertEqual(printed[key], in_file.document[key], key)
        self.assertEqual(printed["seed"], 7)

    def test_table_and_document_agree(self):
        options = [*FAR, "--filter", "spin_[cd]"]
        result = self.compare(fake("base"), fake("slow"), *options, codes=(1,))
        for name, row in result.rows.items():
            lines = [line for line in result.lines if line.startswith(name)]
            self.assertEqual(len(lines), 1)
            self.assertIn(f"{100 * row['change']:+.2f}", lines[0])
            self.assertRegex(lines[0], "REGRESSED")

    def test_out_beside_json_leaves_the_table(self):
        options = [*EQUAL, "--filter", "spin_a", "--json"]
        result = self.compare(fake("base"), fake("base"), *options, codes=(0, 77))
        self.assertTrue(result.lines[-1].startswith("VERDICT "))


if __name__ == "__main__":
    unittest.main()
