"""Help, man page and completion name the same commands and options."""

import os
import re
import shutil
import subprocess
import unittest

from program import ProgramTest

SOURCE = os.environ["PINION_SOURCE"]


class Documents(ProgramTest):
    def commands(self):
        text = self.succeed("--help").stdout
        block = text[text.index("Commands:") : text.index("Options:")]
        return re.findall(r"^  (\w+) ", block, re.MULTILINE)

    def options(self, command):
        """Option names and arguments of a command's help."""
        text = self.succeed(command, "--help").stdout
        return re.findall(r"^  --([a-z0-9-]+)(?: (\S+))?", text[text.index("Options:") :], re.M)

    def man_source(self):
        with open(os.path.join(SOURCE, "tools", "pinion.1")) as file:
            return file.read()

    def test_man_page_has_every_command_and_option(self):
        man = self.man_source()
        documented = {
            (name, argument.replace("\\-", "-"))
            for name, argument in re.findall(r"^\.It Fl -([a-z0-9-]+)(?: Ar (\S+))?", man, re.M)
        }
        in_help = set()
        for command in self.commands():
            with self.subTest(command=command):
                self.assertRegex(man, rf"(?m)^\.It Cm {command}\b")
            if command != "bench":
                in_help.update(self.options(command))
        self.assertEqual(documented - {("version", ""), ("help", "")}, in_help)

    def test_man_page_states_the_exit_codes(self):
        man = self.man_source()
        stated = re.findall(r"\d+", self.succeed("--help").stdout.partition("Exit status:")[2])
        self.assertEqual(re.findall(r"(?m)^\.It (\d+)$", man), stated)

    @unittest.skipUnless(shutil.which("man"), "man is not installed")
    def test_man_page_renders(self):
        page = os.path.join(SOURCE, "tools", "pinion.1")
        result = subprocess.run(
            ["man", "--warnings", "-l", page], capture_output=True, text=True, env={**os.environ, "MANWIDTH": "100"}
        )
        self.assertEqual((result.returncode, result.stderr), (0, ""))
        self.assertIn("--validation-split", result.stdout)

    def complete(self, *words):
        """What bash offers for the last word."""
        script = self.write("pinion.bash", self.succeed("--completion").stdout)
        quoted = " ".join(f"'{word}'" for word in words)
        program = (
            f"source {script}; COMP_WORDS=({quoted}); COMP_CWORD={len(words) - 1}; _pinion; "
            'printf "%s\\n" "${COMPREPLY[@]}"'
        )
        result = subprocess.run(
            ["bash", "-uc", program], capture_output=True, text=True, cwd=self.folder
        )
        self.assertEqual((result.returncode, result.stderr), (0, ""))
        return result.stdout.split()

    def test_completion(self):
        self.assertEqual(
            sorted(self.complete("pinion", "")), sorted(["--help", "--version", *self.commands()])
        )
        for command in self.commands():
            if command != "bench":
                offered = set(self.complete("pinion", command, "--"))
                self.assertEqual(offered, {"--help"} | {f"--{o}" for o, _ in self.options(command)})
        self.assertEqual(self.complete("pinion", "train", "--optimizer", "s"), ["sgd"])
        self.assertEqual(self.complete("pinion", "summary", "pinion.b"), ["pinion.bash"])


if __name__ == "__main__":
    unittest.main()
