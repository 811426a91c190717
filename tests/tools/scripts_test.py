"""tools/quickstart and tools/packages.sh, with stand-ins for the system's tools."""

import json
import os
import shutil
import subprocess
import unittest

import program
from program import SMALL, ProgramTest, environment, needs_hdf5

SOURCE = os.environ["PINION_SOURCE"]


class ScriptTest(ProgramTest):
    """A folder with tools/ as in the sources, and PATH with nothing but what a test puts there."""

    def setUp(self):
        super().setUp()
        os.mkdir(self.path("bin"))
        os.mkdir(self.path("tools"))
        for name in ["quickstart", "packages.sh"]:
            shutil.copy(os.path.join(SOURCE, "tools", name), self.path("tools"))

    def offer(self, name, script=None):
        """Puts a command into PATH: a script, or the system's own."""
        place = os.path.join(self.path("bin"), name)
        if script is None:
            os.symlink(shutil.which(name), place)
            return
        with open(place, "w") as file:
            file.write(f"#!{shutil.which('bash')}\n{script}\n")
        os.chmod(place, 0o755)

    def run_bash(self, *arguments):
        return subprocess.run(
            [shutil.which("bash"), *arguments],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            cwd=self.folder,
            env=environment(PATH=self.path("bin")),
            timeout=120,
        )


class Quickstart(ScriptTest):
    def setUp(self):
        super().setUp()
        for name in ["bash", "dirname", "mkdir", "nproc", "sed", "cat"]:
            self.offer(name)
        self.offer("cmake", "true")  # what it would build is there
        self.offer("apt-get", "exit 1")
        self.offer("dpkg-query", "printf installed")
        os.mkdir(self.path("build"))
        os.symlink(shutil.which(program.PINION) or program.PINION, self.path("build/pinion"))

    def quickstart(self, *arguments):
        result = self.run_bash("tools/quickstart", *SMALL, *arguments)
        self.assertEqual(result.returncode, 0, result.stderr)
        return result

    @needs_hdf5
    def test_trains_saves_and_evaluates(self):
        result = self.quickstart()
        self.assertIn("Running build/pinion train --data synthetic", result.stderr)
        self.assertRegex(result.stdout, "(?s)saved +model.hdf5.*Total params.*On the test samples")
        self.assertTrue(os.path.exists(self.path("model.hdf5")))

    def test_explain_prints_the_program_alone(self):
        result = self.quickstart("--explain")
        self.assertEqual(result.stdout, self.succeed("train", *SMALL, "--explain").stdout)
        self.assertFalse(os.path.exists(self.path("model.hdf5")))

    @needs_hdf5
    def test_json_prints_one_object(self):
        result = self.quickstart("--json", "--save=other.hdf5")
        self.assertEqual(len(json.loads(result.stdout)["epochs"]), 2)
        self.assertTrue(os.path.exists(self.path("other.hdf5")))


class PackagesElsewhere(ScriptTest):
    """On a system without apt."""

    PKG_CONFIG = 'shift; for m; do [[ " $HAVE " == *" $m "* ]] || exit 1; done'
    ALL = "hwloc hdf5 jansson libxxhash libdeflate zlib"

    def need(self, modules, commands=("cc", "cmake", "pkg-config")):
        for name in commands:
            script = f"HAVE='{modules}'; {self.PKG_CONFIG}" if name == "pkg-config" else "true"
            self.offer(name, script)
        return self.run_bash("-euc", ". tools/packages.sh; packages_need gcc")

    def check_missing(self, result, missing):
        self.assertEqual(result.returncode, 1, result.stderr)
        self.assertIn(f"Missing are: {missing}\n", result.stderr)
        self.assertIn("hdf5-devel", result.stderr)

    def test_all_is_there(self):
        for hdf5 in ["hdf5", "hdf5-serial"]:
            with self.subTest(hdf5=hdf5):
                result = self.need(self.ALL.replace("hdf5", hdf5))
                self.assertEqual((result.returncode, result.stderr), (0, ""))

    def test_names_the_missing_libraries(self):
        result = self.need("hwloc jansson libxxhash zlib")
        self.check_missing(result, "HDF5 libdeflate")

    def test_names_the_missing_commands(self):
        self.check_missing(self.need(self.ALL, commands=["cc", "pkg-config"]), "cmake")
        os.remove(self.path("bin/pkg-config"))
        self.check_missing(self.need(self.ALL, commands=[]), "cmake pkg-config")


if __name__ == "__main__":
    unittest.main()
