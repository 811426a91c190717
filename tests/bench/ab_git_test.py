"""pinion-bench ab --git: revisions of a small repository, whose builds have a known speed."""

import os
import re
import shutil
import signal
import stat
import subprocess
import time
import unittest

from ab_builds import CORES, FAR, SHORT, AbTest
from program import PINION, environment

SOURCE = os.environ["SOURCE"]

TOP = """cmake_minimum_required(VERSION 3.25)
project(fake VERSION {version} LANGUAGES C)
add_subdirectory(engine)
"""

ENGINE = """add_library({target} SHARED ../fake_build.c)
target_include_directories({target} PRIVATE ..)
target_compile_definitions({target} PRIVATE SPEED={speed} VERSION="{version}")
set_target_properties({target} PROPERTIES VERSION {version})
"""

# Variables that say where a build finds what.
FOLDERS = ["CPATH", "C_INCLUDE_PATH", "LIBRARY_PATH", "PKG_CONFIG_PATH", "CMAKE_PREFIX_PATH"]
FOLDERS += ["CMAKE_TOOLCHAIN_FILE"]

# As the builds' steps need them.
TOOLS = [tool for tool in ("git", "cmake", "tar") if shutil.which(tool) is None]


@unittest.skipIf(TOOLS, f"not installed: {', '.join(TOOLS)}")
class Revisions(AbTest):
    def setUp(self):
        super().setUp()
        self.cache = self.path("cache")
        self.repository = self.path("repository")
        self.env = environment(
            XDG_CACHE_HOME=self.cache,
            GIT_CONFIG_GLOBAL="/dev/null",
            GIT_CONFIG_SYSTEM="/dev/null",
            GIT_CEILING_DIRECTORIES=self.folder,
            **{
                f"GIT_{who}_{what}": value
                for who in ("AUTHOR", "COMMITTER")
                for what, value in (("NAME", "Test"), ("EMAIL", "test@localhost"))
            },
        )
        git = ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_TRACE")
        for name in (*git, "CFLAGS", "LDFLAGS", *FOLDERS):
            self.env.pop(name, None)
        os.makedirs(os.path.join(self.repository, "engine"))
        os.makedirs(os.path.join(self.repository, "bench/problems"))
        for source, name in (
            ("tests/bench/fake_build.c", "fake_build.c"),
            ("bench/problems/abi.h", "bench/problems/abi.h"),
        ):
            shutil.copy(
                os.path.join(SOURCE, source), os.path.join(self.repository, name)
            )
        self.git("init", "--quiet", "--initial-branch=main")
        self.commit("first", speed=100, version="0.1")
        self.commit("second", speed=200, version="0.2")

    def git(self, *arguments):
        command = ["git", *arguments]
        subprocess.run(
            command, cwd=self.repository, env=self.env, check=True, capture_output=True
        )

    def commit(self, tag, target="pinion", **values):
        for name, text in (("CMakeLists.txt", TOP), ("engine/CMakeLists.txt", ENGINE)):
            with open(os.path.join(self.repository, name), "w") as file:
                file.write(text.format(target=target, **values))
        self.git("add", "-A")
        self.git("commit", "--quiet", "-m", tag)
        self.git("tag", tag)

    def run_program(self, *arguments, cwd=None, env=None, timeout=300):
        return subprocess.run(
            [PINION, *arguments],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            cwd=cwd or self.repository,
            env=env or self.env,
            timeout=timeout,
        )

    def cached(self):
        folder = os.path.join(self.cache, "pinion-bench")
        return sorted(os.listdir(folder)) if os.path.exists(folder) else []

    def builds(self, errors):
        return [line for line in errors if line.startswith("building ")]

    def refuse_git(self, status, pattern, *arguments, **options):
        result = self.run_program("ab", "--git", *arguments, *SHORT, **options)
        self.assertEqual(result.returncode, status, result.stderr)
        lines = result.stderr.splitlines()
        self.assertRegex(lines[-1], "^pinion-bench: " + pattern)
        self.assertEqual(lines[:-1], self.builds(lines))
        self.assertEqual(result.stdout, "")
        return result

    def test_a_slower_revision(self):
        result = self.compare("first", "second", "--git", *FAR, codes=(1,))
        self.assertEqual(result.document["verdict"], "REGRESSED")
        for row in result.rows.values():
            self.assertTrue(0.6 < row["change"] < 1.6, row["change"])
        builds = self.builds(result.errors)
        self.assertEqual(len(builds), 2)
        self.assertRegex(builds[0], r"^building first \([0-9a-f]{12}\)$")
        self.assertRegex(builds[1], r"^building second \([0-9a-f]{12}\)$")
        for side, name, version in (("old", "first", "0.1"), ("new", "second", "0.2")):
            self.assertEqual(result.document[side]["asked"], name)
            self.assertEqual(result.document[side]["version"], version)
            self.assertTrue(result.document[side]["path"].startswith(self.cache))
        # No folder of a build is left, but what it made.
        cached = self.cached()
        self.assertEqual(len(cached), 2)
        for name in cached:
            self.assertRegex(name, r"^[0-9a-f]{40}-[0-9a-f]{16}\.so$")
        again = self.compare("second", "HEAD~1", "--git", *FAR)
        self.assertEqual(again.document["verdict"], "IMPROVED")
        self.assertEqual(again.errors, [])
        self.assertEqual(self.cached(), cached)

    def test_what_is_not_committed_is_not_built(self):
        with open(os.path.join(self.repository, "fake_build.c"), "w") as file:
            file.write("#error not committed\n")
        result = self.compare("first", "first", "--git", *SHORT, codes=(0, 77))
        self.assertEqual(len(self.builds(result.errors)), 1)

    def test_other_flags_are_another_build(self):
        self.env["CFLAGS"] = "-DEXTRA='\"spin_flags\"'"
        result = self.run_program(
            *["ab", "--git", "first", "first", "--filter", "spin_flags", "--json"],
            *SHORT,
        )
        self.assertIn(result.returncode, (0, 77), result.stderr)
        first = self.cached()
        del self.env["CFLAGS"]
        self.refuse_git(2, "no row that both", "first", "first", "--filter", "spin_fl")
        self.assertEqual(len(set(self.cached()) - set(first)), 1)

    def test_other_folders_are_another_build(self):
        self.write("nothing.cmake", "")
        os.mkdir(self.path("nothing"))
        for count, name in enumerate(FOLDERS, 1):
            folder = "nothing.cmake" if name.endswith("FILE") else "nothing"
            self.env[name] = self.path(folder)
            self.refuse_git(2, "no row that both", "first", "first", "--filter", "spin_none")
            del self.env[name]
            self.assertEqual(len(self.cached()), count, name)

    def test_what_git_traces_is_no_answer(self):
        self.env["GIT_TRACE"] = "1"
        self.refuse_git(2, "no row that both", "first", "first", "--filter", "spin_none")
        self.assertEqual(len(self.cached()), 1)
        self.refuse_git(2, "--git none: fatal: ", "none", "first")

    def test_programs_have_their_signals(self):
        """A reader that leaves ends what writes to it, as everywhere."""
        states, real = self.path("states"), shutil.which("cmake")
        os.mkdir(self.path("bin"))
        self.write_program(
            "bin/cmake", f'grep SigIgn: /proc/self/status >>{states}\nexec {real} "$@"\n'
        )
        self.env["PATH"] = self.path("bin") + ":" + self.env["PATH"]
        self.refuse_git(2, "no row that both", "first", "first", "--filter", "spin_none")
        with open(states) as file:
            ignored = [int(line.split()[1], 16) for line in file]
        self.assertEqual(len(ignored), 2)
        for mask in ignored:
            for number in (signal.SIGPIPE, signal.SIGXFSZ, signal.SIGINT, signal.SIGTERM):
                self.assertFalse(mask >> (number - 1) & 1, number)

    def write_program(self, name, text):
        path = self.write(name, "#!/bin/sh\n" + text)
        os.chmod(path, os.stat(path).st_mode | stat.S_IXUSR)
        return path

    def test_another_version_of_the_compiler_is_another_build(self):
        arguments = ["first", "first", "--filter", "spin_none"]
        self.env["CC"] = self.path("compiler")
        for version, count in (("1", 1), ("2", 2), ("1", 2)):
            self.write_program(
                "compiler",
                f'[ "$*" = --version ] && {{ echo "C {version}"; echo; exit; }}\nexec cc "$@"\n',
            )
            self.refuse_git(2, "no row that both", *arguments)
            self.assertEqual(len(self.cached()), count)

    def test_jobs_are_as_many_as_cores(self):
        log, real = self.path("words"), shutil.which("cmake")
        os.mkdir(self.path("bin"))
        self.write_program("bin/cmake", f'echo "$*" >>{log}\nexec {real} "$@"\n')
        self.env["PATH"] = self.path("bin") + ":" + self.env["PATH"]
        arguments = ["first", "first", "--filter", "spin_none"]
        self.refuse_git(2, "no row that both", *arguments)
        with open(log) as file:
            jobs = re.findall(r"--parallel(.*)", file.read())
        self.assertEqual(jobs, [f" {CORES}"])

    def test_where_children_are_not_to_be_waited_for(self):
        """As env --ignore-signal=CHLD starts a program."""
        result = subprocess.run(
            [PINION, "ab", "--git", "first", "first", "--filter", "spin_none"],
            cwd=self.repository,
            env=self.env,
            capture_output=True,
            text=True,
            preexec_fn=lambda: signal.signal(signal.SIGCHLD, signal.SIG_IGN),
        )
        self.assertEqual(result.returncode, 2, result.stderr)
        self.assertIn("no row that both", result.stderr)

    def interrupt(self, send):
        """While the compiler runs, and would for long."""
        started = self.path("started")
        self.env["CC"] = self.write_program(
            "compiler", f"[ \"$*\" = --version ] || {{ echo $$ >{started}; sleep 300; }}\n"
        )
        process = subprocess.Popen(
            [PINION, "ab", "--git", "first", "second"],
            cwd=self.repository,
            env=self.env,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        self.addCleanup(process.kill)
        end = time.monotonic() + 60
        while not (os.path.exists(started) and os.path.getsize(started)):
            self.assertLess(time.monotonic(), end)
            self.assertIsNone(process.poll())
            time.sleep(0.02)
        send(process)
        out, err = process.communicate(timeout=60)
        self.assertEqual((process.returncode, out), (130, ""), err)
        self.assertRegex(err.splitlines()[-1], "^pinion-bench: --git: interrupted")
        self.assertEqual(self.cached(), [])
        with open(started) as file:
            compiler = int(file.read())
        self.assertFalse(os.path.exists(f"/proc/{compiler}"), "the compiler still runs")

    def test_interrupted(self):
        self.interrupt(lambda process: process.send_signal(signal.SIGINT))

    def test_ended(self):
        self.interrupt(lambda process: process.send_signal(signal.SIGTERM))

    def test_interrupted_from_a_terminal(self):
        self.interrupt(lambda process: os.killpg(process.pid, signal.SIGINT))

    def test_from_a_folder_within(self):
        within = os.path.join(self.repository, "engine")
        pattern = "no row that both"
        self.refuse_git(
            2, pattern, "first", "first", "--filter", "spin_none", cwd=within
        )
        self.assertEqual(len(self.cached()), 1)

    def test_a_name_of_two_things(self):
        """git warns, and takes the tag."""
        self.git("branch", "first", "second")
        self.git("tag", "both", "first")
        self.git("branch", "both", "second")
        pattern = "no row that both"
        self.refuse_git(2, pattern, "both", "first", "--filter", "spin_none")
        self.assertEqual(len(self.cached()), 1)

    def test_a_revision_that_does_not_compile(self):
        with open(os.path.join(self.repository, "fake_build.c"), "a") as file:
            file.write("#error this revision does not compile\n")
        self.commit("broken", speed=100, version="0.3")
        result = self.refuse_git(
            1, "--git broken: cmake failed; see (.*)", "first", "broken"
        )
        log = re.search("see (.*)", result.stderr.splitlines()[-1]).group(1)
        # Of the broken one nothing is kept but the log.
        cached = self.cached()
        self.assertEqual([name[40:][-4:] for name in cached if not name.endswith(".so")], [".log"])
        self.assertEqual(len(cached), 2)
        with open(log) as file:
            self.assertIn("this revision does not compile", file.read())
        # What was built before is kept.
        again = self.refuse_git(1, "--git broken: cmake failed", "first", "broken")
        self.assertEqual(len(self.builds(again.stderr.splitlines())), 1)

    def test_a_revision_that_builds_something_else(self):
        self.commit("without", target="other", speed=100, version="0.3")
        pattern = "--git without: cmake failed; see "
        self.refuse_git(1, pattern, "without", "first")

    def test_a_revision_that_does_not_exist(self):
        for words in (["none", "first"], ["first", "none"], ["first", "HEAD~99"]):
            missing = [word for word in words if word != "first"][0]
            result = self.refuse_git(2, f"--git {missing}: ", *words)
            self.assertEqual(self.builds(result.stderr.splitlines()), [])
        for word in ("", "first:engine", "-x"):
            result = self.run_program("ab", "--git", "--", word, "first")
            self.assertEqual(result.returncode, 2, result.stderr)
            self.assertEqual(len(result.stderr.splitlines()), 1)
        self.assertEqual(self.cached(), [])

    def test_outside_of_a_repository(self):
        pattern = "--git first: .*not a git repository"
        self.refuse_git(2, pattern, "first", "second", cwd=self.folder)

    def test_no_git(self):
        self.env["PATH"] = self.path("empty")
        self.refuse_git(2, "--git first: git: No such file", "first", "second")

    def test_nowhere_to_keep_builds(self):
        del self.env["XDG_CACHE_HOME"]
        self.env.pop("HOME", None)
        pattern = "--git: set HOME or XDG_CACHE_HOME to a path from /"
        self.refuse_git(2, pattern, "first", "second")
        for home in ("", "here"):
            self.env["HOME"] = home
            self.refuse_git(2, pattern, "first", "second")
        self.assertFalse(os.path.exists(os.path.join(self.repository, "here")))
        self.env["XDG_CACHE_HOME"] = self.write("file", "")
        self.refuse_git(
            74, re.escape(self.path("file/pinion-bench")), "first", "second"
        )


if __name__ == "__main__":
    unittest.main()
