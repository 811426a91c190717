"""Runs the pinion program that the environment variable PINION names, as its users do."""

import fcntl
import json
import os
import pty
import re
import struct
import subprocess
import tempfile
import termios
import unittest

PINION = os.environ.get("PINION", "pinion")
HAS_HDF5 = os.environ.get("PINION_HDF5", "ON") == "ON"

# Small and quick: 10 classes drawn by the program itself.
SMALL = ["--data", "synthetic", "--limit", "1000", "--epochs", "2", "--batch-size", "50"]

needs_hdf5 = unittest.skipUnless(HAS_HDF5, "built with -DPINION_HDF5=OFF")


def environment(**changes):
    """The test's environment without what would change the program's behaviour."""
    env = {k: v for k, v in os.environ.items() if k not in ("NO_COLOR", "PINION_ISA", "TERM")}
    env["LC_ALL"] = "C.UTF-8"
    env.update(changes)
    return env


class ProgramTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="pinion-test-")
        self.addCleanup(folder.cleanup)
        self.folder = folder.name

    def path(self, name):
        return os.path.join(self.folder, name)

    def write(self, name, content):
        with open(self.path(name), "wb") as file:
            file.write(content if isinstance(content, bytes) else content.encode())
        return self.path(name)

    def run_program(self, *arguments, env=None, timeout=120, **options):
        return subprocess.run(
            [PINION, *arguments],
            stdin=subprocess.DEVNULL,
            stdout=options.pop("stdout", subprocess.PIPE),
            stderr=options.pop("stderr", subprocess.PIPE),
            text=True,
            cwd=self.folder,
            env=env or environment(),
            timeout=timeout,
            **options,
        )

    def run_on_terminal(self, *arguments, columns=120, **changes):
        """Standard error of a run that succeeds, as a terminal of that width receives it."""
        mine, its = pty.openpty()
        fcntl.ioctl(its, termios.TIOCSWINSZ, struct.pack("HHHH", 40, columns, 0, 0))
        process = subprocess.Popen(
            [PINION, *arguments],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=its,
            cwd=self.folder,
            env=environment(**{"TERM": "xterm", **changes}),
        )
        os.close(its)
        received = b""
        while True:
            try:
                block = os.read(mine, 65536)
            except OSError:  # what Linux says when the other side has closed
                break
            if not block:
                break
            received += block
        os.close(mine)
        self.assertEqual(process.wait(timeout=60), 0)
        return received.decode()

    def succeed(self, *arguments, **options):
        result = self.run_program(*arguments, **options)
        self.assertEqual(result.returncode, 0, f"{arguments}: {result.stderr}")
        return result

    def succeed_json(self, *arguments, **options):
        """The one JSON object that --json puts on standard output, parsed strictly."""
        result = self.succeed(*arguments, "--json", **options)

        def refuse(name):
            raise AssertionError(f"{name} is not JSON")

        return json.loads(result.stdout, parse_constant=refuse)

    def refuse(self, status, pattern, *arguments, **options):
        """The program says one line that matches, nothing on standard output, and this status."""
        result = self.run_program(*arguments, **options)
        self.assertEqual(result.returncode, status, f"{arguments}: {result.stderr}")
        lines = result.stderr.splitlines()
        self.assertEqual(len(lines), 1, f"{arguments}: one line of error, not {lines}")
        self.assertRegex(lines[0], re.compile(pattern), f"{arguments}")
        self.assertTrue(lines[0].startswith("pinion"), lines[0])
        self.assertEqual(result.stdout, "")
        return result
