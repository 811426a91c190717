"""Ctrl-C and kill: the step is finished, the checkpoint written, the exit status says it."""

import json
import os
import re
import signal
import subprocess
import time
import unittest

from program import PINION, ProgramTest, environment, needs_hdf5

# More epochs than any test waits for.
LONG = ["train", "--data", "synthetic", "--limit", "2000", "--epochs", "1000000"]


class Signals(ProgramTest):
    def start(self, *arguments):
        process = subprocess.Popen(
            [PINION, *LONG, *arguments],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            cwd=self.folder,
            env=environment(),
        )
        self.addCleanup(process.stdout.close)
        self.addCleanup(process.stderr.close)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        return process

    def wait_for_epoch(self, process, number):
        for line in process.stderr:
            if line.startswith(f"Epoch {number}/"):
                return
        self.fail("the training ended by itself")

    def stop(self, number, status, *arguments):
        process = self.start(*arguments)
        self.wait_for_epoch(process, 2)
        process.send_signal(number)
        out, err = process.communicate(timeout=60)
        self.assertEqual(process.returncode, status, err)
        self.assertIn("finishing the step; once more ends at once", err)
        return out, err

    def test_interrupt(self):
        out, _ = self.stop(signal.SIGINT, 130)
        self.assertIn("weights digest", out)
        self.assertRegex(out, r"(?m)^interrupted     in epoch \d+, after batch \d+$")

    def test_terminate(self):
        self.stop(signal.SIGTERM, 143)

    def test_json_is_still_printed(self):
        out, _ = self.stop(signal.SIGINT, 130, "--json")
        result = json.loads(out)
        self.assertRegex(result["weights_digest"], "^[0-9a-f]{32}$")
        self.assertEqual(list(result["interrupted"]), ["epoch", "batch"])
        self.assertGreaterEqual(result["interrupted"]["epoch"], 2)
        self.assertTrue(1 <= result["interrupted"]["batch"] <= 50)

    @needs_hdf5
    def test_checkpoint_is_written_and_loads(self):
        self.stop(signal.SIGINT, 130, "--checkpoint", "c.hdf5")
        self.assertEqual(os.listdir(self.folder), ["c.hdf5"])
        summary = self.succeed_json("summary", "c.hdf5")
        self.assertGreaterEqual(summary["epochs"], 2)
        go_on = self.succeed_json(
            *LONG[:-1], str(summary["epochs"] + 1), "--model", "c.hdf5"
        )
        self.assertEqual(go_on["epochs"][0]["epoch"], summary["epochs"] + 1)

    @needs_hdf5
    def test_best_checkpoint_stays_the_best(self):
        out, _ = self.stop(
            signal.SIGINT, 130, "--json", "--checkpoint", "c.hdf5,save_best_only"
        )
        best = json.loads(out)["best"]["epoch"]
        self.assertEqual(self.succeed_json("summary", "c.hdf5")["epochs"], best)

    @needs_hdf5
    def test_save_is_written_and_goes_on_as_if_unbroken(self):
        self.stop(signal.SIGTERM, 143, "--save", "m.hdf5")
        epochs = self.succeed_json("summary", "m.hdf5")["epochs"]
        self.assertGreaterEqual(epochs, 2)
        whole = [*LONG[:-1], str(epochs + 2)]
        self.assertEqual(
            self.succeed_json(*whole, "--model", "m.hdf5")["weights_digest"],
            self.succeed_json(*whole)["weights_digest"],
        )

    def interrupted_model(self):
        """m.hdf5, interrupted within an epoch of 400 batches: the arguments to go on with, and how
        many batches are left."""
        run = ["--batch-size", "4", "--save", "m.hdf5"]
        at = json.loads(self.stop(signal.SIGINT, 130, *run, "--json")[0])["interrupted"]
        left = 400 - at["batch"] % 400
        last = str(at["epoch"] + (left == 400))
        return [*LONG[:-1], last, "--batch-size", "4", "--model", "m.hdf5"], left

    def seconds_of_step(self, line):
        """What a line says a step took, and the unit it is rounded to."""
        number, unit = re.search(r" (\d+)([mu]?s)/step", line).groups()
        unit = {"s": 1, "ms": 1e-3, "us": 1e-6}[unit]
        return float(number) * unit, unit

    @needs_hdf5
    def test_step_time_of_a_resumed_epoch(self):
        run, left = self.interrupted_model()
        result = self.succeed(*run, "--json")
        line = [line for line in result.stderr.splitlines() if line.startswith("Epoch")][0]
        step = json.loads(result.stdout)["epochs"][0]["seconds"] / left
        said, unit = self.seconds_of_step(line)
        self.assertLessEqual(abs(said - step), 0.51 * unit)

    @needs_hdf5
    def test_bar_of_a_resumed_epoch(self):
        run, left = self.interrupted_model()
        text = re.sub(r"\033\[[0-9]*[mK]", "", self.run_on_terminal(*run))
        lines = re.findall(r"\r *(\d+)/400 [^\r\n]*( \d+[mu]?s/step)", text)
        self.assertEqual(lines[-1][0], "400")
        for batch, step in lines:
            self.assertGreater(int(batch), 400 - left)
            self.assertLess(self.seconds_of_step(step)[0], 0.5)

    def test_a_signal_twice_within_a_second_is_one(self):
        """As timeout(1) ends a program."""
        process = self.start("--json", "--quiet")
        self.wait_until_busy(process, seconds=0.2)
        process.send_signal(signal.SIGTERM)
        self.assertIn("finishing the step", self.read_line(process))
        process.send_signal(signal.SIGTERM)
        out, err = process.communicate(timeout=60)
        self.assertEqual(process.returncode, 143, err)
        self.assertIsNotNone(json.loads(out)["interrupted"])

    def test_second_signal_ends_at_once(self):
        """The second arrives while the step goes on: one step that takes long enough."""
        slow = ["--batch-size", "2000", "--threads", "1", "--isa", "scalar"]
        slow += ["--net", "dense 8192 relu; dense 8192 relu; dense 10 softmax", "--quiet"]
        process = self.start(*slow)
        self.wait_until_busy(process, seconds=1.0)
        process.send_signal(signal.SIGINT)
        self.assertIn("finishing the step", self.read_line(process))
        time.sleep(1.2)  # what comes within a second repeats the first
        process.send_signal(signal.SIGINT)
        process.wait(timeout=5)
        self.assertEqual(process.returncode, -signal.SIGINT)

    def read_line(self, process):
        line = process.stderr.readline()
        return line if line.strip() else process.stderr.readline()

    def wait_until_busy(self, process, seconds):
        """Until the process has used that much processor time."""
        tick = os.sysconf("SC_CLK_TCK")
        while True:
            with open(f"/proc/{process.pid}/stat") as file:
                fields = file.read().rpartition(")")[2].split()
            if (int(fields[11]) + int(fields[12])) / tick >= seconds:
                return
            self.assertIsNone(process.poll())


if __name__ == "__main__":
    unittest.main()
