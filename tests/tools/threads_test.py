"""During a training, /proc shows the threads that were asked for, busy, each on a core of its own."""

import os
import subprocess
import time
import unittest

from program import PINION, ProgramTest, environment

CORES = sorted(os.sched_getaffinity(0))


def tasks(pid):
    """(processor seconds, processors allowed) of each thread."""
    found = {}
    for task in os.listdir(f"/proc/{pid}/task"):
        with open(f"/proc/{pid}/task/{task}/stat") as file:
            fields = file.read().rpartition(")")[2].split()
        busy = (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
        found[int(task)] = (busy, os.sched_getaffinity(int(task)))
    return found


class Threads(ProgramTest):
    def watch(self, *arguments, seconds=1.5):
        """The threads of a training once its process has been busy for that long."""
        process = subprocess.Popen(
            [PINION, "train", "--data", "synthetic", "--limit", "5000", "--epochs", "100000"]
            + ["--batch-size", "480", "--quiet", *arguments],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            env=environment(),
        )
        try:
            while True:
                before = tasks(process.pid)
                if sum(busy for busy, _ in before.values()) >= seconds:
                    break
                self.assertIsNone(process.poll())
                time.sleep(0.05)
            while True:  # loading was one thread's work: count from here
                after = tasks(process.pid)
                spent = {t: after[t][0] - before.get(t, (0, None))[0] for t in after}
                if sum(spent.values()) >= seconds:
                    return {t: after[t][1] for t in after if spent[t] > 0.1 * max(spent.values())}
                time.sleep(0.05)
        finally:
            process.kill()
            process.communicate()

    def test_as_many_as_asked_each_on_its_own_core(self):
        for count in sorted({1, 2, len(CORES)} & set(range(1, len(CORES) + 1))):
            with self.subTest(count=count):
                allowed = list(self.watch("--threads", str(count)).values())
                self.assertEqual(len(allowed), count)
                self.assertTrue(all(len(cores) == 1 for cores in allowed), allowed)
                self.assertEqual(len(set().union(*allowed)), count, allowed)

    def test_unbound(self):
        for allowed in self.watch("--threads", "2", "--bind", "none").values():
            self.assertEqual(allowed, set(CORES))

    def test_within_the_mask_of_the_caller(self):
        with_one = ["taskset", "-c", str(CORES[-1])]
        result = subprocess.run(
            [*with_one, PINION, "train", "--data", "synthetic", "--limit", "100", "--json"],
            capture_output=True,
            text=True,
            env=environment(),
        )
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertIn('"active": 1}', result.stdout)


if __name__ == "__main__":
    unittest.main()
