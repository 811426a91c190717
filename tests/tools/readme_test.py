"""README.md does what it says: every command in it runs, in its order, in a copy of the sources, and
prints what it shows.

A block fenced ```console holds commands ("$ ...") and under each what it prints; "..." stands for
any lines, and no lines at all leave the output unchecked. What differs between machines and runs
(times, placement) is blotted out on both sides; numbers of training are compared as they are. A
block fenced ```c is written to example.c.
"""

import os
import pty
import re
import shutil
import struct
import fcntl
import subprocess
import tempfile
import termios
import unittest

from program import environment

SOURCE = os.environ["PINION_SOURCE"]

# This test is run by that one.
INSTEAD = {"tools/test": "tools/test --help"}


def blocks(text):
    """(language, lines) of the fenced blocks."""
    found = re.findall(r"^```(\w*)\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    return [(language, body.splitlines()) for language, body in found]


def commands(lines):
    """(command, expected lines) of a console block."""
    steps = []
    for line in lines:
        if line.startswith("$ "):
            steps.append((line[2:], []))
        else:
            steps[-1][1].append(line)
    return steps


def blot(line):
    line = re.sub(r"\b\d+(\.\d+)?(us|ms| s|s)\b", "#", line)
    return re.sub(r"^\d+ threads? (on|of|unbound).*", "placement", line).rstrip()


def matches(expected, shown):
    """Whether the lines shown are those expected, where "..." stands for any number of lines."""
    if not expected:
        return not shown
    if expected[0] == "...":
        return any(matches(expected[1:], shown[i:]) for i in range(len(shown) + 1))
    return bool(shown) and blot(expected[0]) == blot(shown[0]) and matches(expected[1:], shown[1:])


class Readme(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="pinion-readme-")
        self.addCleanup(folder.cleanup)
        self.home = os.path.join(folder.name, "home")
        os.mkdir(self.home)
        self.sources = os.path.join(folder.name, "pinion")
        shutil.copytree(SOURCE, self.sources, ignore=self.not_sources)

    def not_sources(self, folder, names):
        """What lies at the top of a working copy without being part of it."""
        if folder != SOURCE:
            return []
        return [n for n in names if n.startswith(("build", ".git", ".venv")) or n.endswith(".hdf5")]

    def show(self, command):
        """Exit status, and the lines that a terminal shows in the end."""
        mine, its = pty.openpty()
        fcntl.ioctl(its, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 140, 0, 0))
        process = subprocess.Popen(
            ["bash", "-c", command],
            stdin=subprocess.DEVNULL,
            stdout=its,
            stderr=its,
            cwd=self.sources,
            env=environment(TERM="xterm", NO_COLOR="1", HOME=self.home),
        )
        os.close(its)
        received = b""
        while True:
            try:
                block = os.read(mine, 65536)
            except OSError:
                break
            if not block:
                break
            received += block
        os.close(mine)
        text = received.decode().replace("\r\n", "\n").replace("\033[K", "")
        lines = [line.rpartition("\r")[2] for line in text.rstrip("\n").split("\n")]
        return process.wait(timeout=60), lines

    def test_every_command(self):
        with open(os.path.join(SOURCE, "README.md")) as file:
            found = blocks(file.read())
        self.assertTrue(any(language == "console" for language, _ in found))
        for language, lines in found:
            if language == "c":
                with open(os.path.join(self.sources, "example.c"), "w") as file:
                    file.write("\n".join(lines) + "\n")
            if language != "console":
                continue
            for command, expected in commands(lines):
                status, shown = self.show(INSTEAD.get(command, command))
                self.assertEqual(status, 0, "\n".join([command, *shown[-30:]]))
                with self.subTest(command=command):
                    if expected and not matches(expected, shown):
                        self.fail("README.md shows:\n{}\nbut it prints:\n{}".format(
                            "\n".join(expected), "\n".join(shown)))

    def test_workflow_steps_are_commands(self):
        """Their programs and options exist; what they measure would take minutes."""
        with open(os.path.join(SOURCE, "README.md")) as file:
            text = "\n".join(line for language, lines in blocks(file.read())
                             if language == "yaml" for line in lines)
        for script in re.findall(r"\brun: (tools/\S+)", text):
            self.assertTrue(os.access(os.path.join(SOURCE, script), os.X_OK), script)
        steps = re.findall(r"\brun: build/(\S+) (.*)$", text, re.MULTILINE)
        self.assertTrue(steps)
        for program, arguments in steps:
            binary = os.path.join(os.environ["PINION_BUILD"], program)
            words = arguments.split()
            shown = subprocess.run([binary, words[0], "--help"], capture_output=True, text=True)
            self.assertEqual(shown.returncode, 0, shown.stderr)
            for option in (word for word in words if word.startswith("--")):
                self.assertRegex(shown.stdout, rf"(?m)^  {option} ")

    def test_workflow_installs_what_a_build_needs(self):
        with open(os.path.join(SOURCE, "tools/packages.sh")) as file:
            needed = re.search(r"^packages_build=\(([^)]*)\)", file.read(), re.MULTILINE).group(1)
        with open(os.path.join(SOURCE, "README.md")) as file:
            text = "\n".join(line for language, lines in blocks(file.read())
                             if language == "yaml" for line in lines)
        line = re.search(r"apt-get install -y (.*?)\n *- ", text, re.DOTALL).group(1)
        self.assertEqual(set(line.split()), set(needed.split()))

    def test_no_command_hides_in_another_fence(self):
        with open(os.path.join(SOURCE, "README.md")) as file:
            self.assertLessEqual({language for language, _ in blocks(file.read())}, {"console", "c", "text", "yaml"})


if __name__ == "__main__":
    unittest.main()
