"""Ctrl-C and kill while pinion-bench ab and selftest measure: valid results, no process left."""

import os
import random
import shutil
import signal
import subprocess
import time
import unittest

from ab_builds import AbTest, fake, strict_json
from program import PINION, environment

# Longer than any test waits; a launch takes some seconds.
LONG = ["--budget", "3000", "--min-time", "2"]

# Until what must happen is said not to.
PATIENCE = 60


def processes(marker):
    """The ids of processes whose command line holds the marker, in two sets: of all, of workers."""
    every, workers = set(), set()
    for entry in os.listdir("/proc"):
        if not entry.isdigit():
            continue
        try:
            with open(f"/proc/{entry}/cmdline", "rb") as file:
                words = file.read().split(b"\0")
        except OSError:
            continue
        if marker.encode() in words:
            every.add(int(entry))
            if b"worker" in words:
                workers.add(int(entry))
    return every, workers


class Signals(AbTest):
    def setUp(self):
        super().setUp()
        # A path of its own, which the workers' command lines hold as well.
        self.library = self.path("marked.so")
        shutil.copy(fake("base"), self.library)
        self.addCleanup(self.kill_what_is_left)

    def kill_what_is_left(self):
        for process in processes(self.library)[0]:
            os.kill(process, signal.SIGKILL)

    def start(self, *arguments):
        process = subprocess.Popen(
            [PINION, *arguments],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            cwd=self.folder,
            env=environment(),
            start_new_session=True,
        )
        self.addCleanup(process.stdout.close)
        self.addCleanup(process.stderr.close)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        return process

    def start_ab(self, *options):
        return self.start("ab", self.library, self.library, *LONG, *options)

    def wait_for_workers(self, process, count):
        """Until so many workers have been seen, one after the other: each launch starts three."""
        seen = set()
        end = time.monotonic() + PATIENCE
        while len(seen) < count:
            seen |= processes(self.library)[1]
            self.assertIsNone(process.poll(), "ended by itself")
            self.assertLess(time.monotonic(), end, f"only {len(seen)} workers")
            time.sleep(0.005)

    def wait_for_none(self):
        end = time.monotonic() + PATIENCE
        while processes(self.library)[0]:
            self.assertLess(time.monotonic(), end, "a process is left")
            time.sleep(0.02)

    def stop(self, number, process):
        process.send_signal(number)
        out, err = process.communicate(timeout=PATIENCE)
        self.wait_for_none()
        return out, err

    def test_interrupted(self):
        """In the fourth launch: three have measured nothing, all rows, all rows."""
        process = self.start_ab("--json")
        self.wait_for_workers(process, 12)
        out, err = self.stop(signal.SIGINT, process)
        self.assertEqual(process.returncode, 130, err)
        document = strict_json(out)
        self.check_document(document)
        self.assertIs(document["complete"], False)
        self.assertIn("interrupted", [x["code"] for x in document["warnings"]])
        self.assertEqual(len(document["rows"]), 4)
        for row in document["rows"]:
            self.assertGreaterEqual(len(row["launches"]), 2, row["name"])
            self.assertIn("change", row)
            self.assertNotEqual(row["verdict"], "REGRESSED")
        self.assertEqual(document["verdict"], "INCONCLUSIVE")

    def test_the_last_line_is_still_the_verdict(self):
        out_file = self.path("out.json")
        process = self.start_ab("--out", out_file)
        self.wait_for_workers(process, 6)
        out, err = self.stop(signal.SIGTERM, process)
        self.assertEqual(process.returncode, 130, err)
        lines = out.splitlines()
        self.assertTrue(lines[-1].startswith("VERDICT INCONCLUSIVE "), lines[-1])
        self.assertTrue(any("interrupted: rows or rounds are missing" in line for line in lines))
        with open(out_file) as file:
            self.assertIs(strict_json(file.read())["complete"], False)

    def test_before_anything_is_measured(self):
        process = self.start_ab("--json")
        self.wait_for_workers(process, 3)
        out, err = self.stop(signal.SIGINT, process)
        self.assertEqual(process.returncode, 130, err)
        document = strict_json(out)
        self.check_document(document)
        self.assertIs(document["complete"], False)

    def stop_as_timeout_does(self, process):
        """The program first, then its group, which it is in as well."""
        self.wait_for_workers(process, 6)
        process.send_signal(signal.SIGTERM)
        os.killpg(process.pid, signal.SIGTERM)
        out, err = process.communicate(timeout=PATIENCE)
        self.assertEqual(process.returncode, 130, err)
        self.assertNotIn("died", err)
        self.assertEqual(err.count("once more ends at once"), 1, err)
        self.wait_for_none()
        return out

    def test_a_signal_that_repeats_another_at_once(self):
        for _ in range(5):
            out = self.stop_as_timeout_does(self.start_ab("--json"))
            self.assertIs(strict_json(out)["complete"], False)

    @unittest.skipIf(shutil.which("timeout") is None, "no timeout(1)")
    def test_under_timeout(self):
        out = self.path("out.json")
        command = ["ab", self.library, fake("slow"), *LONG, "--out", out]
        for seconds in ("0.8", "1.3", "2"):
            result = subprocess.run(
                ["timeout", "-s", "TERM", seconds, PINION, *command],
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                cwd=self.folder,
                env=environment(),
                timeout=PATIENCE,
            )
            self.assertEqual(result.returncode, 124, result.stderr)
            with open(out) as file:
                self.assertIs(strict_json(file.read())["complete"], False)
            os.remove(out)
        self.wait_for_none()

    def test_killed(self):
        process = self.start_ab()
        self.wait_for_workers(process, 3)
        self.stop(signal.SIGKILL, process)
        self.assertEqual(process.returncode, -signal.SIGKILL)

    def test_killed_while_workers_start(self):
        """Wherever they are on their way. The seed is in the generator: the same waits each time."""
        waits = random.Random(1)
        for _ in range(30):
            process = self.start_ab()
            time.sleep(waits.uniform(0, 0.05))
            process.kill()
            process.wait()
        self.wait_for_none()

    def test_interrupted_from_a_terminal_while_workers_start(self):
        """Ctrl-C goes to all processes in the foreground."""
        for _ in range(20):
            process = self.start_ab("--json")
            self.wait_for_workers(process, 1)
            os.killpg(process.pid, signal.SIGINT)
            out, err = process.communicate(timeout=PATIENCE)
            self.assertEqual(process.returncode, 130, err)
            self.assertIs(strict_json(out)["complete"], False)
            self.assertNotIn("died", err)
        self.wait_for_none()

    def test_selftest_interrupted(self):
        process = self.start("selftest", self.library, *LONG, "--json")
        self.wait_for_workers(process, 9)
        out, err = self.stop(signal.SIGINT, process)
        self.assertEqual(process.returncode, 130, err)
        self.assertIs(strict_json(out)["complete"], False)

    def test_selftest_interrupted_keeps_what_it_counted(self):
        card = self.path("card.json")
        options = ["--budget", "1", "--min-time", "0.05", "--runs", "1000", "--scorecard", card]
        process = self.start("selftest", self.library, *options, "--json")
        end = time.monotonic() + PATIENCE
        while not os.path.exists(card):
            self.assertLess(time.monotonic(), end)
            time.sleep(0.01)
        out, err = self.stop(signal.SIGTERM, process)
        self.assertEqual(process.returncode, 130, err)
        rows = strict_json(out)["rows"]
        with open(card) as file:
            kept = strict_json(file.read())["entries"][0]["rows"]
        self.assertGreater(rows[0]["runs"], 0)
        self.assertEqual(kept, rows)

    def test_selftest_killed_under_load(self):
        """What loads the machine is a copy of the program: with its command line, no worker."""
        options = [*LONG, "--condition", "loaded"]
        process = self.start("selftest", self.library, *options)
        self.wait_for_workers(process, 6)  # three look at the build before
        every, workers = processes(self.library)
        self.assertTrue(every - workers - {process.pid}, "nothing loads the machine")
        self.stop(signal.SIGKILL, process)


if __name__ == "__main__":
    unittest.main()
