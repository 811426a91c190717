"""pinion-bench ab and selftest: wrong usage, libraries that cannot be measured, files."""

import filecmp
import os
import re
import shutil
import unittest

from ab_builds import EQUAL, SHORT, AbTest, fake, strict_json
from program import environment

BASE = fake("base")


class Usage(AbTest):
    def refuse_ab(self, pattern, *arguments, status=2, **options):
        self.refuse(status, pattern, "ab", *arguments, **options)

    def test_words(self):
        self.refuse_ab("ab: needs OLD NEW; see pinion-bench ab --help$")
        self.refuse_ab("ab: needs OLD NEW; see pinion-bench ab --help$", BASE)
        self.refuse_ab(f"{BASE}: ab takes no more than OLD NEW", BASE, BASE, BASE)
        self.refuse(2, "selftest: needs LIBRARY", "selftest")
        self.refuse(
            2, f"{BASE}: selftest takes no more than LIBRARY", "selftest", BASE, BASE
        )

    def test_unknown_options(self):
        for option in ("--quik", "-q", "--runs", "--fail-fast=1"):
            pattern = f"{option}: unknown option of ab; see pinion-bench ab --help$"
            self.refuse_ab(pattern, BASE, BASE, option)
        self.refuse(2, "--git: unknown option of selftest", "selftest", BASE, "--git")

    def test_missing_and_superfluous_values(self):
        for option in ("filter", "isa", "threads", "margin", "budget", "seed", "out"):
            self.refuse_ab(f"--{option}: needs a value, ", BASE, BASE, f"--{option}")
        self.refuse_ab("--quick: takes no value$", BASE, BASE, "--quick=1")

    def test_bad_numbers(self):
        bad = {
            "threads": ["-1", "0", "two", "1,,2", "auto,", "1.5", "", " ", "1x", "99999999999999999999"],
            "seed": ["-1", "4294967296", "x", "1e3", "0x10"],
            "margin": ["0", "0.09", "50.1", "-1", "nan", "inf", "1%", ""],
            "budget": ["0", "0.5", "36001", "nan", "-inf", "1s"],
            "min-time": ["0", "-1", "10001", "nan", "inf", "1ms"],
        }
        for name, values in bad.items():
            for value in values:
                pattern = f"--{name} '{re.escape(value)}': give (a number|milliseconds)"
                self.refuse_ab(pattern, BASE, BASE, f"--{name}={value}")
        for name in ("runs", "injected"):
            for value in ("-1", "100001", "x"):
                pattern = f"--{name} '{value}': give a number from 0 to 100000$"
                self.refuse(2, pattern, "selftest", BASE, f"--{name}={value}")

    def test_threads(self):
        self.refuse_ab("--threads: ab takes one number of", BASE, BASE, "--threads=1,2")
        self.refuse_ab("threads: 4097 is more than 4096", BASE, BASE, "--threads=4097")
        auto = ["--threads", "auto", "--json"]
        result = self.run_program("ab", BASE, BASE, *EQUAL, *auto, "--filter", "spin_a")
        self.assertIn(result.returncode, (0, 77), result.stderr)
        listed = strict_json(self.run_program("list", *auto).stdout)["rows"]
        for row in strict_json(result.stdout)["rows"]:
            self.assertEqual(row["threads"], listed[0]["threads"])

    def test_caches(self):
        for value in ("warm", "hot,", "", "hot,lukewarm", "HOT"):
            self.refuse_ab(f"--cache '{value}': ", BASE, BASE, f"--cache={value}")

    def test_filters(self):
        for pattern in ("no such row", "/cold/", "threads:2", "^$"):
            expected = "no row that both builds have matches the filter"
            self.refuse_ab(expected, BASE, BASE, "--filter", pattern)
        for pattern in ("(", "a{2", "[z-a]", "*["):
            expected = f"--filter '{re.escape(pattern)}': .*regular expression$"
            self.refuse_ab(expected, BASE, BASE, "--filter", pattern)
        self.refuse_ab("no row that both", BASE, fake("extra"), "--filter", "spin_extra")

    def test_an_isa_that_no_build_has(self):
        for isa in ("avx1024", "", "wid", "wide,narrow"):
            self.refuse_ab("no row that both builds have", BASE, BASE, "--isa", isa)
        self.refuse_ab(
            "no row that both builds have", BASE, fake("narrow"), "--isa", "wide"
        )

    def test_an_isa_of_the_environment(self):
        for name, isas in (("narrow", {"narrow"}), ("auto", {"wide"}), ("", {"wide"})):
            env = environment(PINION_ISA=name)
            arguments = [*EQUAL, "--filter", "spin_a", "--json"]
            result = self.run_program("ab", BASE, BASE, *arguments, env=env)
            self.assertIn(result.returncode, (0, 77), result.stderr)
            rows = strict_json(result.stdout)["rows"]
            self.assertEqual({row["isa"] for row in rows}, isas)
        for name, new in (("avx1024", "base"), ("wide", "narrow")):
            env = environment(PINION_ISA=name)
            pattern = f'no instruction set "{name}" \\(PINION_ISA\\) in this build; known: auto, '
            self.refuse_ab(pattern, BASE, fake(new), env=env)
        pattern = 'PINION_ISA: one of the builds cannot run "scalar" here'
        self.refuse_ab(pattern, BASE, BASE, env=environment(PINION_ISA="scalar"))
        # An option prevails.
        arguments = ["--isa", "wide", *EQUAL, "--filter", "spin_a"]
        result = self.run_program("ab", BASE, BASE, *arguments, env=env)
        self.assertIn(result.returncode, (0, 77), result.stderr)

    def test_condition(self):
        pattern = "--condition 'noisy': give quiet, loaded or both$"
        self.refuse(2, pattern, "selftest", BASE, "--condition", "noisy")

    def test_help(self):
        for command in ("ab", "selftest"):
            result = self.succeed(command, "--help")
            self.assertEqual(result.stderr, "")
            self.assertRegex(result.stdout, f"^Usage: pinion-bench {command} ")
            for option in ("filter", "budget", "margin", "threads", "seed", "out"):
                self.assertIn(f"  --{option} ", result.stdout)

    def test_worker_is_not_for_people(self):
        self.refuse(2, "worker: is started by other commands", "worker")


class Libraries(AbTest):
    def refuse_both(self, status, pattern, path):
        self.refuse(status, "old build: " + pattern, "ab", path, BASE, *SHORT)
        self.refuse(status, "new build: " + pattern, "ab", BASE, path, *SHORT)

    def test_missing(self):
        path = self.path("missing.so")
        self.refuse_both(66, f"{path}: No such file or directory$", path)
        path = BASE + "/libpinion.so"
        self.refuse_both(66, f"{path}: Not a directory$", path)

    def test_no_path(self):
        for old, new in (("", BASE), (BASE, "")):
            self.refuse(2, "build: its path is empty$", "ab", old, new, *SHORT)

    def test_no_library(self):
        with open(BASE, "rb") as file:
            whole = file.read()
        contents = [b"", b"#!/bin/sh\n", b"\x7fELF"]
        if "PINION_SANITIZED" not in os.environ:  # a sanitizer speaks when the loader crashes
            contents.append(whole[:1000])
        for content in contents:
            path = self.write("bad.so", content)
            self.refuse_both(65, f"{path}: cannot be loaded: ", path)

    def test_a_folder(self):
        self.refuse_both(65, f"{self.folder}: is a folder; ", self.folder)

    def test_a_pipe_and_a_device(self):
        path = self.path("fifo")
        os.mkfifo(path)
        for path in (path, "/dev/null", "/dev/zero"):
            self.refuse_both(65, f"{path}: is a device or pipe; ", path)

    def test_what_a_library_prints_is_no_part_of_the_results(self):
        path = fake("chatty")
        result = self.run_program("ab", path, BASE, *EQUAL, "--filter", "spin_a", "--json")
        self.assertIn(result.returncode, (0, 77), result.stderr)
        self.check_document(strict_json(result.stdout))
        self.assertIn("loaded\n", result.stderr)
        self.assertIn("filled\n", result.stderr)

    def test_no_table(self):
        path = fake("no_table")
        self.refuse_both(65, f"{path}: exports no pinion_bench_abi_1: ", path)

    def test_a_table_of_another_kind(self):
        path = fake("version_2")
        pattern = f"{path}: pinion_bench_abi_1 has version 2 and 80 bytes; "
        self.refuse_both(65, pattern, path)
        path = fake("shorter_table")
        pattern = f"{path}: pinion_bench_abi_1 has version 1 and 8 bytes; "
        self.refuse_both(65, pattern, path)

    def test_of_selftest(self):
        for status, path in (
            (66, self.path("missing.so")),
            (65, fake("no_table")),
            (65, self.write("bad.so", "x")),
        ):
            result = self.run_program("selftest", path, *SHORT)
            self.assertEqual(result.returncode, status, result.stderr)
            self.assertEqual(len(result.stderr.splitlines()), 1, result.stderr)
            self.assertIn(path, result.stderr)

    def test_a_rolled_build(self):
        """Said before anything is measured: so long a turn would not end."""
        selftest = ["selftest", BASE, "--budget", "36000", "--min-time", "10000"]
        for status, path in (
            (66, self.path("missing.so")),
            (65, fake("no_table")),
            (65, self.write("bad.so", "x")),
        ):
            self.refuse(status, f"rolled build: {path}: ", *selftest, "--rolled", path)
        self.refuse(2, "rolled build: its path is empty$", *selftest, "--rolled", "")
        options = ["--rolled", BASE, "--filter", "spin_a"]
        self.refuse(2, f"--rolled {BASE}: has none of the products ", *selftest, *options)


class Files(AbTest):
    def test_names_that_are_no_utf8(self):
        """They end no run, and what is not UTF-8 in them is marked."""
        old, out = os.path.join(os.fsencode(self.folder), b"\xffold\xc3\xa4.so"), self.path("out")
        shutil.copy(BASE, old)
        result = self.run_program("ab", old, BASE, *EQUAL, "--filter", "spin_a", "--out", out)
        self.assertIn(result.returncode, (0, 77), result.stderr)
        with open(out, encoding="utf-8") as file:
            document = strict_json(file.read())
        self.assertEqual(os.path.basename(document["old"]["path"]), "\ufffdold\u00e4.so")
        self.assertEqual(document["old"]["asked"], document["old"]["path"])
        self.assertIn("\ufffdold\u00e4.so", document["command_line"])
        self.assertEqual(self.run_program("report", out, "--text").returncode, 0)

    def test_into_a_missing_folder(self):
        out = self.path("missing/out.json")
        for command in (["ab", BASE, BASE], ["selftest", BASE]):
            self.refuse(74, re.escape(out), *command, *SHORT, "--out", out)
            self.assertFalse(os.path.exists(self.path("missing")))

    def test_over_what_is_read(self):
        new = self.path("new.so")
        shutil.copy(BASE, new)
        card = self.write("card.json", '{"command": "scorecard", "entries": []}')
        for what, *command in (
            ("a build", "ab", BASE, new, *SHORT, "--out", new),
            ("a build", "ab", new, BASE, *SHORT, "--out", "./new.so"),
            ("the scorecard", "selftest", BASE, *SHORT, "--scorecard", card, "--out", card),
        ):
            self.refuse(2, f"^pinion-bench: --out '.*': is {what}, which ", *command)
        self.assertTrue(filecmp.cmp(BASE, new, shallow=False))

    def test_over_a_folder(self):
        self.refuse(
            74, re.escape(self.folder), "ab", BASE, BASE, *SHORT, "--out", self.folder
        )

    def test_a_file_becomes_whole_or_stays(self):
        out = self.write("out.json", "before")
        result = self.run_program("ab", BASE, fake("no_table"), *SHORT, "--out", out)
        self.assertEqual(result.returncode, 65)
        with open(out) as file:
            self.assertEqual(file.read(), "before")
        self.compare(BASE, BASE, *EQUAL, "--filter", "spin_a", codes=(0, 77))
        self.assertEqual(os.listdir(self.folder), ["out.json"])

    def test_closed_descriptors(self):
        """No file of the program's own gets their numbers, and with them what is printed."""
        out = self.path("out.json")
        for closed in ([0], [1], [2], [0, 1], [0, 1, 2]):
            result = self.run_program(
                *["ab", BASE, BASE, *EQUAL, "--filter", "spin_a", "--out", out],
                preexec_fn=lambda: [os.close(number) for number in closed],
            )
            self.assertIn(result.returncode, (74,) if 1 in closed else (0, 77), result.stderr)
            self.assertEqual(bool(result.stdout), 1 not in closed)
            with open(out) as file:
                document = strict_json(file.read())
            self.check_document(document)
            self.assertIs(document["complete"], True)
            os.remove(out)

    def test_a_reader_that_left(self):
        out = self.path("out.json")
        read, write = os.pipe()
        os.close(read)
        arguments = [*EQUAL, "--filter", "spin_a", "--out", out]
        result = self.run_program("ab", BASE, BASE, *arguments, stdout=write)
        os.close(write)
        self.assertEqual(result.returncode, 74, result.stderr)
        self.assertIn("standard output: writing the results failed: Broken pipe", result.stderr)
        with open(out) as file:
            document = strict_json(file.read())
        self.check_document(document)
        self.assertIs(document["complete"], True)

    @unittest.skipUnless(os.path.exists("/dev/full"), "no /dev/full")
    def test_standard_output_is_full(self):
        for more in ([], ["--json"]):
            with open("/dev/full", "w") as full:
                result = self.run_program(
                    "ab", BASE, BASE, *EQUAL, "--filter", "spin_a", *more, stdout=full
                )
            self.assertEqual(result.returncode, 74, result.stderr)
            self.assertRegex(result.stderr, "pinion-bench: standard output: ")


if __name__ == "__main__":
    unittest.main()
