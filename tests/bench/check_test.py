"""pinion-bench check: what it saves, what it says beside that, and what it does to bad files.

Nothing here depends on a time: where a verdict is expected, saved ratios are moved so far that
no noise reaches over, or the margin is made so wide.
"""

import copy
import json
import os
import re
import shlex
import shutil
import signal
import subprocess
import tempfile
import time
import unittest
import unittest.mock

# What is run, and builds of the library.
BENCH = os.environ["BENCH"]
LIBRARY = os.environ["LIBRARY"]
FAKES = os.environ["FAKES"]  # the folder of builds whose speed is known, see fake_build.c

NAMES = ["exp/16384", "sum/16384"]
ROWS = ["--filter", "^(exp|sum)/"]
SMALL = [*ROWS, "--launches", "3", "--budget", "0.5", "--min-time", "0.1"]
LIMITS = {"fma", "divide", "L1", "L2", "L3", "DRAM"}


def strict(text):
    def refuse(name):
        raise AssertionError(f"{name} is not JSON")

    return json.loads(text, parse_constant=refuse)


def workers_of(controller):
    """The ids of its child processes that are workers already."""
    found = []
    for entry in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{entry}/stat", encoding="utf-8") as file:
                parent = int(file.read().rsplit(")", 1)[1].split()[1])
            with open(f"/proc/{entry}/cmdline", "rb") as file:
                words = file.read().split(b"\0")
        except OSError:
            continue
        if parent == controller and b"worker" in words:
            found.append(int(entry))
    return found


class CheckTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        """One baseline for all; tests work on copies."""
        with tempfile.TemporaryDirectory(prefix="pinion-test-") as folder:
            path = os.path.join(folder, "base.json")
            cls.saving = cls.run_bench("check", "--save", path, *SMALL, "--json")
            with open(path, encoding="utf-8") as file:
                cls.text = file.read()
        cls.base = strict(cls.text)

    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="pinion-test-")
        self.addCleanup(folder.cleanup)
        self.folder = folder.name
        self.path = os.path.join(self.folder, "base.json")

    @staticmethod
    def run_bench(*arguments, timeout=300):
        return subprocess.run(
            [BENCH, *arguments],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=timeout,
            check=False,
        )

    def write(self, content):
        with open(self.path, "w", encoding="utf-8") as file:
            file.write(content if isinstance(content, str) else json.dumps(content))

    def read(self):
        with open(self.path, encoding="utf-8") as file:
            return file.read()

    def edited(self, edit):
        """The saved baseline after edit(document, its first entry)."""
        document = copy.deepcopy(self.base)
        edit(document, document["baselines"][0])
        self.write(document)
        return document

    def scaled(self, *factors):
        """One run for each factor, the oldest first, with ratios that many times those measured."""

        def edit(_, entry):
            run = entry["runs"][0]
            entry["runs"] = []
            for factor in factors:
                entry["runs"].append(copy.deepcopy(run))
                for row in entry["runs"][-1]["rows"].values():
                    row["ratios"] = [factor * ratio for ratio in row["ratios"]]

        return self.edited(edit)

    def check(self, *arguments):
        """A check's exit status and document."""
        result = self.run_bench("check", self.path, *SMALL, "--json", *arguments)
        self.assertTrue(result.stdout, result.stderr)
        return result.returncode, strict(result.stdout)

    def refuse(self, status, pattern, *arguments):
        """One line that matches, nothing on standard output, and this status."""
        result = self.run_bench(*arguments)
        self.assertEqual(result.returncode, status, result.stderr)
        self.assertEqual(len(result.stderr.splitlines()), 1, result.stderr)
        self.assertRegex(result.stderr, pattern)
        self.assertEqual(result.stdout, "")


class Saving(CheckTest):
    def test_the_file(self):
        self.assertEqual(self.saving.returncode, 0, self.saving.stderr)
        self.assertEqual(self.base["schema"], 2)
        self.assertEqual(self.base["command"], "check")
        self.assertEqual(self.base["rows"], [])
        (entry,) = self.base["baselines"]
        self.assertEqual(entry["threads"], 1)
        (run,) = entry["runs"]
        self.assertGreaterEqual(run["revision"], 1)
        self.assertRegex(run["fingerprint"], "^[0-9a-f]{16}$")
        self.assertRegex(run["compiler"], "^(gcc|clang) ")
        self.assertEqual(
            sorted(run["rows"]), [f"{n}/f32/{entry['isa']}/hot/threads:1" for n in NAMES]
        )
        for row in run["rows"].values():
            self.assertGreaterEqual(len(row["ratios"]), 3)
            self.assertTrue(all(ratio > 0 for ratio in row["ratios"]))
            self.assertGreater(row["work"], 0)
            yardstick = row["yardstick"]
            walks = yardstick["probe"] in ("read", "copy", "triad")
            self.assertIn(yardstick["probe"], ("fma", "divide", "sqrt", "read", "copy", "triad"))
            self.assertEqual("bytes" in yardstick and "level" in yardstick, walks)

    def test_the_document(self):
        document = strict(self.saving.stdout)
        self.assertEqual(document["command"], "check")
        self.assertTrue(document["saved"])
        self.assertNotIn("verdict", document)
        self.assertEqual(document["key"]["processor"], document["processor"])
        self.assertEqual([row["name"].rsplit("/", 4)[0] for row in document["rows"]], NAMES)
        saved = self.base["baselines"][0]["runs"][0]["rows"]
        for row in document["rows"]:
            ratios = [launch["ratio"] for launch in row["ratios"]]
            for there, here in zip(saved[row["name"]]["ratios"], ratios, strict=True):
                self.assertAlmostEqual(there, here)
            self.assertAlmostEqual(row["percent_of_limit"], 100 / row["ratio"])

    def test_the_table_says_what_was_saved(self):
        result = self.run_bench("check", "--save", self.path, *SMALL)
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertIn("% of limit", result.stdout)
        self.assertRegex(result.stdout, r"exp/16384\S+ +\d")
        self.assertNotIn("VERDICT", result.stdout)

    def test_history_grows_and_other_keys_stay(self):
        other = copy.deepcopy(self.base["baselines"][0])
        other["processor"] = "Another Processor"
        other["comment"] = {"kept": [1, 2.5, None]}
        self.edited(lambda document, _: document["baselines"].append(other))
        result = self.run_bench("check", "--save", self.path, *SMALL)
        self.assertEqual(result.returncode, 0, result.stderr)
        after = strict(self.read())
        self.assertEqual(after["baselines"][1], other)
        runs = after["baselines"][0]["runs"]
        self.assertEqual(len(runs), 2)
        self.assertEqual(runs[0], self.base["baselines"][0]["runs"][0])

    def test_history_is_capped(self):
        def edit(_, entry):
            run = entry["runs"][0]
            entry["runs"] = [{**run, "date": f"day {day}"} for day in range(20)]

        self.edited(edit)
        self.assertEqual(self.run_bench("check", "--save", self.path, *SMALL).returncode, 0)
        runs = strict(self.read())["baselines"][0]["runs"]
        self.assertEqual([run["date"] for run in runs[:-1]], [f"day {day}" for day in range(1, 20)])
        self.assertRegex(runs[-1]["date"], r"^\d{4}-\d\d-\d\dT")

    def test_another_number_of_threads_is_another_key(self):
        self.write(self.text)
        result = self.run_bench("check", "--save", self.path, *SMALL, "--threads", "2")
        self.assertEqual(result.returncode, 0, result.stderr)
        keys = strict(self.read())["baselines"]
        self.assertEqual([key["threads"] for key in keys], [1, 2])
        self.assertEqual(keys[0], self.base["baselines"][0])

    def test_each_isa_is_a_key(self):
        result = self.run_bench("check", "--save", self.path, *SMALL, "--isa", "all")
        self.assertEqual(result.returncode, 0, result.stderr)
        keys = strict(self.read())["baselines"]
        self.assertIn("scalar", [key["isa"] for key in keys])
        for key in keys:
            for name in key["runs"][0]["rows"]:
                self.assertIn(f"/{key['isa']}/", name)

    def test_rows_keep_their_yardsticks(self):
        def edit(_, entry):
            for name, row in entry["runs"][0]["rows"].items():
                if name.startswith("sum/"):
                    row["yardstick"] = {
                        "table": "scalar",
                        "probe": "triad",
                        "level": "L3",
                        "bytes": 5000000,
                    }
                    row["work"] = 12345.5

        before = self.edited(edit)
        self.assertEqual(self.run_bench("check", "--save", self.path, *SMALL).returncode, 0)
        runs = strict(self.read())["baselines"][0]["runs"]
        for name, row in before["baselines"][0]["runs"][0]["rows"].items():
            self.assertEqual(runs[1]["rows"][name]["yardstick"], row["yardstick"])
            self.assertEqual(runs[1]["rows"][name]["work"], row["work"])

    def interrupt(self, number, *arguments):
        """Sends a signal once a worker is there, which measures for ten seconds at least; the exit
        status, and what was printed."""
        with subprocess.Popen(
            [BENCH, "check", *arguments, self.path, *ROWS, "--budget", "300", "--min-time", "5"],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        ) as process:
            children = f"/proc/{process.pid}/task/{process.pid}/children"
            end = time.monotonic() + (60 if os.path.exists(children) else 2)
            while time.monotonic() < end:
                if os.path.exists(children):
                    with open(children, encoding="utf-8") as file:
                        if file.read().strip():
                            break
                time.sleep(0.05)
            time.sleep(0.5)
            process.send_signal(number)
            printed = process.stdout.read()
            return process.wait(timeout=60), printed

    def test_interrupted_saving_leaves_the_old_file(self):
        for number, status in [(signal.SIGINT, 130), (signal.SIGTERM, 130), (signal.SIGKILL, -9)]:
            with self.subTest(signal=number):
                self.write(self.text)
                self.assertEqual(self.interrupt(number, "--save")[0], status)
                self.assertEqual(self.read(), self.text)
                self.assertEqual(os.listdir(self.folder), ["base.json"])

    def test_interrupted_saving_makes_no_file(self):
        self.assertEqual(self.interrupt(signal.SIGINT, "--save")[0], 130)
        self.assertEqual(os.listdir(self.folder), [])

    def test_interrupted_check_says_so(self):
        self.write(self.text)
        out = os.path.join(self.folder, "out.json")
        status, rest = self.interrupt(signal.SIGINT, "--out", out)
        self.assertEqual(status, 130)
        self.assertIn("\nVERDICT INCONCLUSIVE", rest)
        with open(out, encoding="utf-8") as file:
            document = strict(file.read())
        self.assertFalse(document["complete"])
        self.assertEqual(document["verdict"], "INCONCLUSIVE")

    def interrupt_first_launch(self, *arguments):
        """Interrupts while the first worker loads its library, which it does for a minute."""
        library = os.path.join(FAKES, "fake_slow_load.so")
        with subprocess.Popen(
            [BENCH, "check", *arguments, self.path, "--library", library],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        ) as process:
            end = time.monotonic() + 30
            while not workers_of(process.pid) and time.monotonic() < end:
                time.sleep(0.01)
            process.send_signal(signal.SIGINT)
            printed, errors = process.communicate(timeout=50)
            self.assertEqual(process.returncode, 130, errors)
            return printed

    def test_interrupted_in_the_first_launch(self):
        self.write(self.text)
        out = os.path.join(self.folder, "out.json")
        for arguments in ([], ["--save"]):
            with self.subTest(arguments=arguments):
                document = strict(self.interrupt_first_launch(*arguments, "--json"))
                self.assertIs(document["complete"], False)
                self.assertIs(document["saved"], False)
                self.assertEqual((document["rows"], document["verdict"]), ([], "INCONCLUSIVE"))
                self.assertEqual(self.read(), self.text)
                printed = self.interrupt_first_launch(*arguments, "--out", out)
                self.assertRegex(printed.splitlines()[-1], "^VERDICT INCONCLUSIVE 0 regressed")
                with open(out, encoding="utf-8") as file:
                    self.assertIs(strict(file.read())["complete"], False)

    def test_where_no_file_can_be(self):
        self.refuse(74, "make the folder first", "check", "--save", self.folder + "/no/base.json")
        self.refuse(74, "is a folder", "check", "--save", self.folder)


class Verdicts(CheckTest):
    def test_the_same_build(self):
        # Runs that lie a factor of 5 apart: a margin that nothing passes.
        self.scaled(1, 5, 1)
        status, document = self.check()
        self.assertIn(status, (0, 77))
        self.assertIn(document["verdict"], ("OK", "INCONCLUSIVE"))
        self.assertEqual(document["command"], "check")
        self.assertTrue(document["complete"])
        self.assertFalse(document["saved"])
        self.assertEqual((document["only_old"], document["only_new"]), ([], []))
        self.assertEqual(len(document["rows"]), 2)
        saved = self.base["baselines"][0]["runs"][0]["rows"]
        for row in document["rows"]:
            self.assertIn(row["verdict"], ("OK", "INCONCLUSIVE"))
            self.assertTrue(row["correct"])
            self.assertEqual(row["base_runs"], 3)
            product = 1
            for ratio in saved[row["name"]]["ratios"]:
                product *= ratio ** (1 / len(saved[row["name"]]["ratios"]))
            self.assertAlmostEqual(row["base_ratio"], product)
            self.assertAlmostEqual(row["margin"], 5 ** (1.959964 / 0.674490) - 1, delta=1e-3)
            self.assertAlmostEqual(row["change"], row["ratio"] / row["base_ratio"] - 1)
            self.assertLessEqual(row["low"], row["change"])
            self.assertLessEqual(row["change"], row["high"])
            self.assertIn(row["limit"], LIMITS)
            self.assertRegex(row["repro"], "^pinion-bench check ")

    def test_slower(self):
        self.scaled(1 / 8)
        status, document = self.check()
        self.assertEqual(status, 1)
        self.assertEqual(document["verdict"], "REGRESSED")
        for row in document["rows"]:
            self.assertEqual((row["verdict"], row["stage"]), ("REGRESSED", 2))
            self.assertGreater(row["low"], row["margin"])
            self.assertLessEqual(row["p"], 0.01)
            self.assertAlmostEqual(row["margin"], 0.05)
            stages = [launch["stage"] for launch in row["ratios"]]
            self.assertGreater(stages.count(2), stages.count(1), "fresh launches")

    def test_faster(self):
        self.scaled(8)
        status, document = self.check()
        self.assertEqual((status, document["verdict"]), (0, "IMPROVED"))
        for row in document["rows"]:
            self.assertEqual((row["verdict"], row["stage"]), ("IMPROVED", 2))
            self.assertLess(row["high"], -row["margin"])

    def test_the_middle_of_the_newest_three_counts(self):
        # Were the newest, the oldest or the mean the reference, this would be no improvement.
        self.scaled(1 / 64, 64, 64.1, 64.2, 1 / 64)
        _, document = self.check()
        for row in document["rows"]:
            self.assertLess(row["change"], -0.8)

    def test_one_row_that_is_slower_is_enough(self):
        def edit(_, entry):
            for name, row in entry["runs"][0]["rows"].items():
                if name.startswith("exp/"):
                    row["ratios"] = [ratio / 8 for ratio in row["ratios"]]

        self.edited(edit)
        result = self.run_bench("check", self.path, *SMALL)
        self.assertEqual(result.returncode, 1)
        last = result.stdout.splitlines()[-1]
        self.assertRegex(last, r"^VERDICT REGRESSED [12] regressed, \d+ ok, \d+ improved, ")
        rows = [line for line in result.stdout.splitlines() if "/hot/threads:1" in line]
        self.assertRegex(rows[0], "^exp/.*REGRESSED", "the worst first")
        self.assertIn("slower", result.stderr)

    def test_another_build_of_the_library(self):
        self.scaled(8)
        status, document = self.check("--library", LIBRARY)
        self.assertEqual((status, document["verdict"]), (0, "IMPROVED"))
        self.assertEqual(document["library"], LIBRARY)

    def test_the_document_goes_to_a_file(self):
        self.scaled(8)
        out = os.path.join(self.folder, "out.json")
        result = self.run_bench("check", self.path, *SMALL, "--out", out)
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertRegex(result.stdout.splitlines()[-1], "^VERDICT IMPROVED ")
        with open(out, encoding="utf-8") as file:
            self.assertEqual(strict(file.read())["verdict"], "IMPROVED")

    def test_a_check_leaves_the_baseline_alone(self):
        self.scaled(8)
        before = self.read()
        self.check()
        self.assertEqual(self.read(), before)

    def test_rows_of_one_side_are_listed(self):
        def edit(_, entry):
            rows = entry["runs"][0]["rows"]
            isa = entry["isa"]
            for ratio in (row["ratios"] for row in rows.values()):
                ratio[:] = [8 * value for value in ratio]
            rows[f"exp/99/f32/{isa}/hot/threads:1"] = rows.pop(f"exp/16384/f32/{isa}/hot/threads:1")
            rows[f"other/1/f32/{isa}/hot/threads:1"] = rows[f"sum/16384/f32/{isa}/hot/threads:1"]
            rows[f"sum/1/f32/{isa}/cold/threads:1"] = rows[f"sum/16384/f32/{isa}/hot/threads:1"]

        isa = self.edited(edit)["baselines"][0]["isa"]
        status, document = self.check()
        self.assertEqual((status, document["verdict"]), (0, "IMPROVED"))
        # Neither what the filter nor what --cache leaves out.
        self.assertEqual(document["only_old"], [f"exp/99/f32/{isa}/hot/threads:1"])
        self.assertEqual(document["only_new"], [f"exp/16384/f32/{isa}/hot/threads:1"])
        self.assertEqual([row["kernel"] for row in document["rows"]], ["sum"])
        text = self.run_bench("check", self.path, *SMALL).stdout
        self.assertIn(f"only in the baseline: exp/99/f32/{isa}/hot/threads:1", text)
        self.assertIn(f"only in the build: exp/16384/f32/{isa}/hot/threads:1", text)


class OtherBuilds(CheckTest):
    """Of the builds of tests, whose spin_d is wrong in one."""

    def save(self, build, *arguments):
        library = os.path.join(FAKES, f"fake_{build}.so")
        options = [*SMALL, "--filter", "spin_[ad]", "--library", library]
        return self.run_bench("check", "--save", self.path, *options, *arguments)

    def check_fake(self, build, *arguments):
        library = os.path.join(FAKES, f"fake_{build}.so")
        options = [*SMALL, "--filter", "spin_[ad]", "--library", library]
        return self.run_bench("check", self.path, *options, *arguments)

    def test_an_instruction_set_of_the_environment(self):
        with unittest.mock.patch.dict(os.environ, PINION_ISA="narrow"):
            self.assertEqual(self.save("base").returncode, 0)
            document = strict(self.check_fake("base", "--json").stdout)
            self.assertEqual(document["isa"], "narrow")
            self.assertEqual({row["isa"] for row in document["rows"]}, {"narrow"})
        self.assertEqual(strict(self.read())["baselines"][0]["isa"], "narrow")
        for name, message in (
            ("avx1024", 'no instruction set "avx1024" (PINION_ISA) in this build; known: auto, '),
            ("scalar", 'PINION_ISA: the build cannot run "scalar" here'),
        ):
            with unittest.mock.patch.dict(os.environ, PINION_ISA=name):
                result = self.check_fake("base")
            self.assertEqual(result.returncode, 2)
            self.assertTrue(result.stderr.startswith("pinion-bench: " + message), result.stderr)

    def test_names_that_are_no_utf8(self):
        self.path = os.fsdecode(os.path.join(os.fsencode(self.folder), b"\xc3base.json"))
        self.assertEqual(self.save("base").returncode, 0)
        result = self.check_fake("base", "--json")
        self.assertIn(result.returncode, (0, 1, 77), result.stderr)
        baseline = strict(result.stdout)["baseline"]
        self.assertEqual(os.path.basename(baseline), "\ufffdbase.json")

    def assert_condemned(self, document, kernel, message, count=1):
        """Of the document of a check that ended with status 1."""
        self.assertIs(document["complete"], True)
        self.assertEqual(document["verdict"], "REGRESSED")
        wrong = [row for row in document["rows"] if row["verdict"] == "WRONG"]
        self.assertEqual([row["kernel"] for row in wrong], [kernel] * count)
        for row in document["rows"]:
            self.assertEqual(row["correct"], row["verdict"] != "WRONG")
        for row in wrong:
            self.assertRegex(row["wrong"], message)
            self.assertNotIn("change", row)

    def test_are_not_saved(self):
        result = self.save("wrong")
        self.assertEqual(result.returncode, 1)
        self.assertRegex(
            result.stderr,
            r"1 results are wrong, first spin_d.*: \d+ instead of \d+; nothing was saved",
        )
        self.assertRegex(result.stdout, r"\nspin_d/9000\S+ +WRONG: .*\d+ instead of \d+")
        self.assertRegex(result.stdout.splitlines()[-1], "^VERDICT REGRESSED .* 1 wrong$")
        self.assertEqual(os.listdir(self.folder), [])
        document = strict(self.save("wrong", "--json").stdout)
        self.assertIs(document["saved"], False)
        self.assert_condemned(document, "spin_d", " instead of ")
        (repro,) = [row["repro"] for row in document["rows"] if not row["correct"]]
        result = self.run_bench(*shlex.split(repro)[1:])
        self.assertEqual(result.returncode, 1)
        self.assertRegex(result.stderr, "1 results are wrong, first spin_d.*; nothing was saved")

    def test_fail_a_check(self):
        self.assertEqual(self.save("wrong", "--unchecked").returncode, 0)
        runs = strict(self.read())["baselines"][0]["runs"]
        self.assertEqual(runs[0]["version"], "fake")
        out = os.path.join(self.folder, "out.json")
        result = self.check_fake("wrong", "--out", out)
        self.assertEqual(result.returncode, 1)
        self.assertIn("1 results are wrong", result.stderr)
        last = result.stdout.splitlines()[-1]
        self.assertRegex(last, "^VERDICT REGRESSED 0 regressed, .* 1 wrong$")
        with open(out, encoding="utf-8") as file:
            document = strict(file.read())
        self.assert_condemned(document, "spin_d", " instead of ")
        self.assertFalse(any("ratio" in row for row in document["rows"] if not row["correct"]))
        for form in (["--text"], ["--md"], []):
            result = self.run_bench("report", out, *form)
            self.assertEqual(result.returncode, 0, result.stderr)
            self.assertIn("REGRESSED", result.stdout)
            self.assertIn("WRONG", result.stdout)
            self.assertIn("2 rows: 1 wrong, 0 regressed", result.stdout)

    def test_fail_in_every_cache(self):
        """Whether the problem's hot row is measured or not; it is compared once for all."""
        for caches, count in (("cold", 1), ("train", 1), ("hot,cold", 2), ("all", 3)):
            with self.subTest(caches=caches):
                options = ["--filter", "spin_d", "--cache", caches]
                self.assertEqual(self.save("base", *options).returncode, 0)
                result = self.check_fake("wrong", *options, "--json")
                self.assertEqual(result.returncode, 1, result.stderr)
                self.assertIn(f"{count} results are wrong", result.stderr)
                document = strict(result.stdout)
                self.assert_condemned(document, "spin_d", " instead of ", count)
                self.assertEqual(len(document["rows"]), count)
                before = self.read()
                self.assertEqual(self.save("wrong", *options).returncode, 1)
                self.assertEqual(self.read(), before)

    def test_fail_beside_another_machines(self):
        self.write(self.text.replace(self.base["baselines"][0]["processor"], "Another"))
        result = self.check_fake("wrong")
        self.assertEqual(result.returncode, 1)
        self.assertIn("1 results are wrong", result.stderr)
        self.assertRegex(result.stdout, r"\nspin_d/9000\S+ +WRONG: .*\d+ instead of \d+")
        self.assertRegex(result.stdout.splitlines()[-1], "^VERDICT REGRESSED 1 wrong; .*Another")
        self.assert_condemned(
            strict(self.check_fake("wrong", "--json").stdout), "spin_d", " instead of "
        )

    def test_do_not_matter_unchecked(self):
        self.assertEqual(self.save("wrong", "--unchecked").returncode, 0)
        document = strict(self.read())
        for row in document["baselines"][0]["runs"][0]["rows"].values():
            row["ratios"] = [8 * ratio for ratio in row["ratios"]]
        self.write(document)
        result = self.check_fake("wrong", "--unchecked")
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertIn("VERDICT IMPROVED", result.stdout)

    def test_a_build_of_half_the_speed(self):
        self.assertEqual(self.save("base").returncode, 0)
        result = self.check_fake("slow", "--json")
        self.assertEqual(result.returncode, 1, result.stderr)
        document = strict(result.stdout)
        self.assertEqual(document["library_version"], "two")
        self.assertEqual({row["verdict"] for row in document["rows"]}, {"REGRESSED"})
        self.assertEqual(len(document["rows"]), 2)

    def test_a_build_of_twice_the_speed(self):
        self.assertEqual(self.save("base").returncode, 0)
        result = self.check_fake("fast")
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertRegex(result.stdout.splitlines()[-1], "^VERDICT IMPROVED 0 regressed, 0 ok, 2 ")

    def test_a_build_without_the_best_isa(self):
        """Rows of another ISA are rows of another key."""
        self.assertEqual(self.save("base").returncode, 0)
        result = self.check_fake("narrow")
        self.assertEqual(result.returncode, 77, result.stderr)
        self.assertIn(", narrow, threads 1", result.stderr)

    def test_builds_that_crash(self):
        """In the comparison with plain loops, in the launch before those that count, in one that
        counts: the row is condemned, the others are judged."""
        options = ["--filter", "spin_[ac]"]
        died = "the worker of the measured build died: Aborted"
        self.assertEqual(self.save("base", *options).returncode, 0)
        before = self.read()
        for build in ("crash", "crash_late", "crash_later"):
            with self.subTest(build=build):
                result = self.check_fake(build, *options, "--json")
                self.assertEqual(result.returncode, 1, result.stderr)
                self.assertRegex(result.stderr, "1 results are wrong, first spin_c.*: " + died)
                document = strict(result.stdout)
                self.assert_condemned(document, "spin_c", died)
                (other,) = [row for row in document["rows"] if row["kernel"] == "spin_a"]
                self.assertIn("change", other)
                result = self.save(build, *options)
                self.assertEqual(result.returncode, 1, result.stderr)
                self.assertRegex(result.stderr, died + "; nothing was saved")
                self.assertRegex(result.stdout, r"\nspin_c/4000\S+ +WRONG: " + died)
                self.assertEqual(self.read(), before)
        last = self.check_fake("crash", *options).stdout.splitlines()[-1]
        self.assertRegex(last, "^VERDICT REGRESSED .* 1 wrong$")

    def test_kernels_that_do_nothing(self):
        """However many calls are asked for, they take no time. Compared with plain loops the one
        that does nothing is wrong before it is timed."""
        options = ["--filter", "spin_[ac]"]
        self.assertEqual(self.save("base", *options).returncode, 0)
        for build, arguments, message in (
            ("idle", [], " instead of "),
            ("idle", ["--unchecked"], "calls take no time: it does no work"),
            ("once", [], "calls take no time: it does no work"),
        ):
            with self.subTest(build=build, arguments=arguments):
                result = self.check_fake(build, *options, *arguments, "--json")
                self.assertEqual(result.returncode, 1, result.stderr)
                self.assert_condemned(strict(result.stdout), "spin_a", message)
                self.assertEqual(self.save(build, *options, *arguments).returncode, 1)

    def test_can_be_measured_again_by_the_line_that_rows_have(self):
        folder = os.path.join(self.folder, "it's new")
        os.mkdir(folder)
        library = os.path.join(folder, "lib$(x).so")
        shutil.copy(os.path.join(FAKES, "fake_base.so"), library)
        self.path = os.path.join(folder, "base.json")
        options = [*SMALL, "--filter", "spin_[ab]", "--library", library]
        self.assertEqual(self.run_bench("check", "--save", self.path, *options).returncode, 0)
        result = self.run_bench("check", self.path, *options, "--json")
        for row in strict(result.stdout)["rows"]:
            words = shlex.split(row["repro"])
            self.assertEqual(words[:2], ["pinion-bench", "check"])
            self.assertEqual(words[words.index("--library") + 1], library)
            again = self.run_bench(*words[1:], "--budget", "0.5", "--min-time", "0.1", "--json")
            self.assertIn(again.returncode, (0, 1, 77), again.stderr)
            document = strict(again.stdout)
            self.assertEqual([r["name"] for r in document["rows"]], [row["name"]])
            self.assertEqual(document["library"], library)

    def test_rows_whose_calls_take_long_are_left_out(self):
        """Of the program's own rows; those of --quick take 4 ms at most."""
        result = self.run_bench(
            "check", "--save", self.path, *SMALL, "--quick", "--unchecked", "--json",
            "--filter", "^(gemm_nn/2048x|exp/)",
        )  # fmt: skip
        self.assertEqual(result.returncode, 0, result.stderr)
        document = strict(result.stdout)
        self.assertEqual([name.split("/")[1] for name in document["left_out"]], ["2048x2048x2048"])
        self.assertEqual([row["kernel"] for row in document["rows"]], ["exp"])
        self.assertEqual(len(strict(self.read())["baselines"][0]["runs"][0]["rows"]), 1)

    def test_where_every_row_is_left_out_nothing_is_saved(self):
        for arguments in ([], ["--json"], ["--out", os.path.join(self.folder, "out.json")]):
            with self.subTest(arguments=arguments):
                result = self.save("long", "--filter", "long_e", "--quick", *arguments)
                self.assertEqual(result.returncode, 2, result.stderr)
                self.assertRegex(result.stderr, "no row .*--quick.*nothing was saved")
                self.assertEqual(os.listdir(self.folder), [])


class Refusals(CheckTest):
    def assert_refused(self, pattern, *arguments):
        result = self.run_bench("check", self.path, *SMALL, *arguments)
        self.assertEqual(result.returncode, 77, result.stderr)
        self.assertRegex(result.stderr, pattern)
        self.assertIn(self.path, result.stderr)
        self.assertRegex(result.stdout.splitlines()[-1], "^VERDICT INCONCLUSIVE .*" + pattern)
        return result.stdout

    def test_another_machine_is_shown_side_by_side(self):
        def edit(_, entry):
            entry["processor"] = "Another Processor 9000"

        before = self.edited(edit)
        text = self.assert_refused("is of Another Processor 9000")
        here = self.base["baselines"][0]["processor"]
        self.assertRegex(text, rf"\nhere: +{re.escape(here)}\b")
        self.assertRegex(text, r"\nthe baseline: Another Processor 9000\b")
        self.assertRegex(text, r"\nexp/16384\S+ +[\d.]+ +[\d.]+ \w+ +\| +[\d.]+ +[\d.]+ \w+")
        status, document = self.check()
        self.assertEqual((status, document["verdict"]), (77, "INCONCLUSIVE"))
        self.assertEqual(document["shown_key"]["processor"], "Another Processor 9000")
        self.assertEqual(document["key"]["processor"], here)
        self.assertIn("Another Processor 9000", document["refusal"])
        self.assertEqual(len(document["rows"]), 2)
        for row in document["rows"]:
            there = before["baselines"][0]["runs"][0]["rows"][row["name"]]["ratios"]
            self.assertLessEqual(min(there) * 0.999, row["base_ratio"])
            self.assertLessEqual(row["base_ratio"], max(there) * 1.001)
            self.assertGreater(row["ratio"], 0)
            self.assertAlmostEqual(row["percent_of_limit"], 100 / row["ratio"])
            self.assertIn(row["base_limit"], LIMITS)
            self.assertNotIn("change", row)
            self.assertEqual(row["verdict"], "INCONCLUSIVE")

    def test_a_neighbour_that_only_shares_the_name(self):
        def edit(_, entry):
            if "model" not in entry:
                self.skipTest("this processor has no numbers")
            entry["model"] += 1

        self.edited(edit)
        self.assert_refused("family")

    def test_another_isa_or_number_of_threads(self):
        self.write(self.text)
        self.assert_refused("threads 2", "--threads", "2")
        if self.base["baselines"][0]["isa"] != "scalar":
            text = self.assert_refused("scalar", "--isa", "scalar")
            self.assertRegex(text, r"\nexp/16384/f32/scalar\S+ .*\| +\d", "found by its problem")

    def test_rows_that_the_other_machine_lacks(self):
        def edit(_, entry):
            entry["processor"] = "Another"
            rows = entry["runs"][0]["rows"]
            entry["runs"][0]["rows"] = {"what?": next(iter(rows.values()))}

        self.edited(edit)
        self.assertIn("has not this row", self.assert_refused("is of Another"))

    def test_an_empty_baseline(self):
        self.write({"schema": 2, "command": "check", "rows": [], "baselines": []})
        self.assert_refused("is empty")

    def test_none_of_the_rows(self):
        self.write(self.text)
        result = self.run_bench("check", self.path, *SMALL, "--filter", "^dropout/32x")
        self.assertEqual(result.returncode, 77)
        self.assertIn("none of the chosen rows", result.stderr)
        self.assertRegex(result.stdout, r"only in the build: dropout/32x")

    def test_yardsticks_of_another_kind(self):
        compiler = self.base["baselines"][0]["runs"][0]["compiler"]
        name, version = compiler.split(" ")
        major = int(version.split(".")[0])
        other = "Debug" if self.base["baselines"][0]["runs"][0]["build"] != "Debug" else "Release"
        for key, value, pattern in [
            ("revision", 1000000, "revision 1000000"),
            ("fingerprint", "0123456789abcdef", "compute something else"),
            ("compiler", f"{name} {major + 1}.1.0", "compiled by"),
            ("compiler", f"not{name} {version}", "compiled by"),
            ("build", other, "of a build " + other),
        ]:
            with self.subTest(key=key, value=value):
                self.edited(lambda _, entry, k=key, v=value: entry["runs"][0].update({k: v}))
                self.assert_refused(pattern)
                status, document = self.check()
                self.assertEqual((status, document["rows"]), (77, []))
                self.assertEqual((document["only_old"], document["only_new"]), ([], []))
                names = sorted(self.base["baselines"][0]["runs"][0]["rows"])
                self.assertEqual(document["not_compared"], names)

    def test_rows_that_only_other_runs_have(self):
        """Of three rows: the comparable run has one, the other run one more."""
        self.scaled(8, 8)
        document = strict(self.read())
        comparable, other = document["baselines"][0]["runs"]
        other["revision"] += 1
        isa = document["baselines"][0]["isa"]
        exp, total = (f"{name}/f32/{isa}/hot/threads:1" for name in NAMES)
        del comparable["rows"][total]
        self.write(document)
        arguments = ["--filter", f"^({NAMES[0]}|{NAMES[1]}|dropout/32x256)/"]
        result = self.run_bench("check", self.path, *SMALL, *arguments, "--json")
        self.assertEqual(result.returncode, 0, result.stderr)
        document = strict(result.stdout)
        self.assertEqual([row["name"] for row in document["rows"]], [exp])
        self.assertEqual(document["not_compared"], [total])
        self.assertTrue(document["only_new"])
        self.assertEqual({name.split("/")[0] for name in document["only_new"]}, {"dropout"})
        text = self.run_bench("check", self.path, *SMALL, *arguments).stdout
        self.assertIn(f"only in runs that cannot be compared with: {total}\n", text)

    def test_another_minor_version_of_the_compiler_is_warned_of(self):
        def edit(_, entry):
            run = entry["runs"][0]
            run["compiler"] = run["compiler"].split(".")[0] + ".987.0"
            for row in run["rows"].values():
                row["ratios"] = [8 * ratio for ratio in row["ratios"]]

        self.edited(edit)
        status, document = self.check()
        self.assertEqual((status, document["verdict"]), (0, "IMPROVED"))
        texts = [w["text"] for w in document["warnings"] if w["code"] == "yardstick_compiler"]
        self.assertEqual(len(texts), 1)
        self.assertIn(".987.0", texts[0])

    def test_runs_that_cannot_be_compared_are_left_out(self):
        def edit(_, entry):
            good = entry["runs"][0]
            for row in good["rows"].values():
                row["ratios"] = [8 * ratio for ratio in row["ratios"]]
            bad = copy.deepcopy(good)
            bad["revision"] += 1
            for row in bad["rows"].values():
                row["ratios"] = [ratio / 100 for ratio in row["ratios"]]
            entry["runs"] = [good, bad]

        self.edited(edit)
        status, document = self.check()
        self.assertEqual((status, document["verdict"]), (0, "IMPROVED"))
        self.assertTrue(all(row["base_runs"] == 1 for row in document["rows"]))
        self.assertIn("baseline_runs", [warning["code"] for warning in document["warnings"]])

    def test_runs_in_other_yardsticks_are_left_out(self):
        def edit(_, entry):
            new = entry["runs"][0]
            old = copy.deepcopy(new)
            for row in old["rows"].values():
                row["work"] *= 2
            entry["runs"] = [old, new]

        self.edited(edit)
        _, document = self.check()
        self.assertTrue(all(row["base_runs"] == 1 for row in document["rows"]))


class BadFiles(CheckTest):
    def assert_bad(self, pattern):
        before = self.read()
        for arguments in ([], ["--save"]):
            with self.subTest(arguments=arguments):
                self.refuse(
                    65, re.escape(self.path) + ": .*" + pattern, "check", *arguments, self.path
                )
        self.assertEqual(self.read(), before)

    def test_no_json(self):
        text = self.text
        for content, pattern in [
            ("", "line 1"),
            ("speed", "line 1"),
            ("[]", "one JSON object"),
            ("3", "line 1"),
            (text[: len(text) // 2], "ends too early"),
            (text[: text.rindex("]")], "ends too early"),
            (text + "x", "line"),
            (text.replace('"schema"', '"schema": 2, "schema"', 1), "duplicate"),
        ]:
            with self.subTest(content=content[:20], length=len(content)):
                self.write(content)
                self.assert_bad(pattern)

    def test_numbers_that_are_none(self):
        first = re.search(r'"ratios": \[\s*([\d.e+-]+)', self.text)
        for value in ("NaN", "Infinity", "-Infinity", "1e999", "nan"):
            with self.subTest(value=value):
                start, end = first.span(1)
                self.write(self.text[:start] + value + self.text[end:])
                self.assert_bad("line [0-9]+, column")

    def test_another_kind_of_document(self):
        for keys, pattern in [
            ({"schema": 1}, "schema: must be 2"),
            ({"schema": "2"}, "schema: must be 2"),
            ({"command": "run"}, "command: must be check"),
            ({"command": None}, "command: must be check"),
            ({"baselines": {}}, "baselines: must be a list"),
            ({"baselines": None}, "baselines: must be a list, "),
        ]:
            with self.subTest(keys=keys):
                self.edited(lambda document, _, k=keys: document.update(k))
                self.assert_bad(pattern.rstrip(", "))

    def test_the_results_of_a_check_are_no_baseline(self):
        self.write(self.saving.stdout)
        self.assert_bad("baselines?: must be a list")

    def test_values_name_their_place(self):
        entry = r"baselines\[0\]"
        run = entry + r"\.runs\[0\]"
        row = run + r"\.rows\[\"exp/16384[^ ]*\"\]"
        cases = [
            ([], 3, entry),
            (["processor"], 3, entry + ".processor: must be a text"),
            (["processor"], "x" * 200, entry + ".processor: is too long"),
            (["isa"], None, entry + ".isa"),
            (["threads"], 0, entry + ".threads: must be a whole number from 1"),
            (["threads"], 1.5, entry + ".threads"),
            (["family"], -1, entry + ".family"),
            (["family"], "x", entry + ".family"),
            (["runs"], [], entry + ".runs: must be a list of at least one"),
            (["runs"], 1, entry + ".runs"),
            (["runs", 0], [], run),
            (["runs", 0, "revision"], "1", run + ".revision"),
            (["runs", 0, "date"], 1, run + ".date"),
            (["runs", 0, "version"], None, run + ".version"),
            (["runs", 0, "compiler"], "", run + ".compiler"),
            (["runs", 0, "build"], False, run + ".build"),
            (["runs", 0, "fingerprint"], 17, run + ".fingerprint"),
            (["runs", 0, "turn_ns"], "x", run + ".turn_ns"),
            (["runs", 0, "rows"], [], run + ".rows: must be an object"),
            (["exp"], 3, row),
            (["exp", "ratios"], 3, row + ".ratios: must be a list of 2"),
            (["exp", "ratios"], [1.5], row + ".ratios: must be a list of 2"),
            (["exp", "ratios"], [1.5] * 65, row + ".ratios: must be a list of 2 to 64"),
            (["exp", "ratios"], [1.5, "x"], row + r".ratios\[1\]: must be a number above 0"),
            (["exp", "ratios"], [0, 1], row + r".ratios\[0\]"),
            (["exp", "ratios"], [1, -1], row + r".ratios\[1\]"),
            (["exp", "ratios"], [1, None], row + r".ratios\[1\]"),
            (["exp", "work"], 0, row + ".work"),
            (["exp", "work"], None, row + ".work"),
            (["exp", "ns"], True, row + ".ns"),
            (["exp", "yardstick"], None, row + ".yardstick: must be an object"),
            (["exp", "yardstick", "probe"], "add", row + ".yardstick.probe: must be fma"),
            (["exp", "yardstick", "table"], "x" * 16, row + ".yardstick.table: is too long"),
            (["exp", "yardstick", "table"], 5, row + ".yardstick.table"),
            (
                ["exp", "yardstick"],
                {"probe": "read", "table": "scalar", "level": "L9", "bytes": 4096},
                row + ".yardstick.level: must be L1",
            ),
            (
                ["exp", "yardstick"],
                {"probe": "read", "table": "scalar", "level": "L1", "bytes": 10**12},
                row + ".yardstick.bytes: must be a whole number from 1024",
            ),
            (
                ["exp", "yardstick"],
                {"probe": "triad", "table": "scalar", "level": "L1"},
                row + ".yardstick.bytes",
            ),
        ]
        for path, value, pattern in cases:
            with self.subTest(path=path, value=str(value)[:40]):

                def edit(document, entry, path=path, value=value):
                    steps = ["baselines", 0, *path]
                    if path[:1] == ["exp"]:
                        name = f"exp/16384/f32/{entry['isa']}/hot/threads:1"
                        steps = ["baselines", 0, "runs", 0, "rows", name, *path[1:]]
                    place = document
                    for step in steps[:-1]:
                        place = place[step]
                    place[steps[-1]] = value

                self.edited(edit)
                self.assert_bad(pattern)

    def test_a_key_twice(self):
        self.edited(lambda document, entry: document["baselines"].append(copy.deepcopy(entry)))
        self.assert_bad(r"baselines\[1\]: has the processor")

    def test_a_yardstick_that_does_not_run_here_is_no_row(self):
        def edit(_, entry):
            for row in entry["runs"][0]["rows"].values():
                row["yardstick"]["table"] = "sse9"

        self.edited(edit)
        status, document = self.check()
        self.assertEqual((status, document["only_new"]), (77, []))
        self.assertEqual(len(document["not_compared"]), 2)
        self.assertIn("cannot be compared", document["refusal"])

    def test_no_file(self):
        self.refuse(66, "base.json: no such file", "check", self.path)
        self.refuse(74, "a folder", "check", self.folder)


class Usage(CheckTest):
    def test_one_line_and_status_2(self):
        self.write(self.text)
        for arguments, pattern in [
            ([], "check: needs BASE.json"),
            (["--save"], "check: needs BASE.json"),
            ([self.path, "other.json"], "other.json: check takes no more than BASE.json"),
            ([self.path, "--filter", "("], "--filter"),
            ([self.path, "--filter", "no such row"], "no row of the build matches"),
            ([self.path, "--isa", "sse9"], "no row of the build matches"),
            ([self.path, "--threads", "1,2"], "--threads: check takes one number"),
            ([self.path, "--threads", "0"], "--threads '0'"),
            ([self.path, "--launches", "2"], "--launches '2': give a number from 3 to 32"),
            ([self.path, "--launches", "33"], "--launches '33'"),
            ([self.path, "--budget", "nan"], "--budget 'nan'"),
            ([self.path, "--min-time", "0"], "--min-time '0'"),
            ([self.path, "--cache", "warm"], "--cache"),
            ([self.path, "--library", ""], "--library ''"),
            ([self.path, "--margin", "1"], "--margin: unknown option of check"),
        ]:
            with self.subTest(arguments=arguments):
                self.refuse(2, pattern, "check", *arguments)

    def test_results_do_not_go_where_the_baseline_is(self):
        self.write(self.text)
        link = os.path.join(self.folder, "link.json")
        os.symlink("base.json", link)
        hard = os.path.join(self.folder, "hard.json")
        os.link(self.path, hard)
        spelled = os.path.join(self.folder, ".", "..", os.path.basename(self.folder), "base.json")
        for out in (self.path, spelled, link, hard):
            for arguments in ([], ["--save"]):
                with self.subTest(out=out, arguments=arguments):
                    self.refuse(
                        2, "--out '.*': is the baseline", "check", *arguments, self.path,
                        *SMALL, "--out", out,
                    )  # fmt: skip
                    self.assertEqual(self.read(), self.text)
        os.remove(hard)
        os.remove(self.path)
        for out in (self.path, spelled, link):
            with self.subTest(out=out):
                self.refuse(
                    2, "--out '.*': is the baseline", "check", "--save", self.path, *SMALL,
                    "--out", out,
                )  # fmt: skip
                self.assertEqual(os.listdir(self.folder), ["link.json"])

    def test_libraries_that_are_none(self):
        self.write(self.text)
        self.refuse(
            66, "no-such.so: No such file", "check", self.path, "--library", "./no-such.so"
        )
        self.refuse(65, "base.json: cannot be loaded", "check", self.path, "--library", self.path)

    def test_help(self):
        result = self.run_bench("check", "--help")
        self.assertEqual(result.returncode, 0)
        self.assertIn("Usage: pinion-bench check BASE.json", result.stdout)
        self.assertLessEqual(max(map(len, result.stdout.splitlines())), 100)
        self.assertIn("\n  check ", self.run_bench("--help").stdout)


if __name__ == "__main__":
    unittest.main()
