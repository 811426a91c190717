"""pinion-bench list and run from outside: names, documents, files, interruption, Google's manner."""

import json
import os
import re
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import unittest

BENCH = os.environ.get("PINION_BENCH", "pinion-bench")
COMPARE = os.environ.get("COMPARE_PY", "/usr/share/benchmark/compare.py")

# Few and short samples: structure is tested, not speed.
QUICK = ["--rounds", "2", "--min-time", "0.01"]
FEW = ["--filter", "^(exp|gemm_nn)/(16384|64x64x64)/"]
NAME = re.compile(r"[a-z_0-9:+]+/[0-9x]+/f32/(scalar|avx2|avx512|neon)/(hot|cold|train)/threads:\d+")


def strict(text):
    """JSON without NaN and Infinity, which json.loads would take."""
    def refuse(name):
        raise AssertionError(f"{name} is not JSON")
    return json.loads(text, parse_constant=refuse)


class BenchTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="pinion-test-")
        self.addCleanup(folder.cleanup)
        self.folder = folder.name
        self.env = {key: value for key, value in os.environ.items()
                    if not key.startswith("BENCHMARK_") and key != "PINION_ISA"}

    def path(self, name):
        return os.path.join(self.folder, name)

    def read(self, name):
        with open(self.path(name), encoding="utf-8") as file:
            return strict(file.read())

    def bench(self, *arguments, status=0, **environment):
        result = subprocess.run([BENCH, *arguments], capture_output=True, text=True, timeout=120,
                                cwd=self.folder, env=dict(self.env, **environment))
        self.assertEqual(result.returncode, status, f"{arguments}: {result.stderr}")
        return result.stdout

    def document(self, *arguments):
        return strict(self.bench(*arguments, *QUICK, "--json"))


class Names(BenchTest):
    def names(self, *options):
        names = self.bench("list", *options).splitlines()
        self.assertEqual(len(names), len(set(names)), "names are unique")
        for name in names:
            self.assertRegex(name, "^" + NAME.pattern + "$")
        return names

    def test_list_is_the_same_each_time_and_run_measures_what_it_names(self):
        options = [*FEW, "--isa", "all", "--cache", "all", "--threads", "2,1"]
        names = self.names(*options)
        self.assertEqual(self.names(*options), names)
        self.assertEqual(self.bench("run", "--list", *options).splitlines(), names)
        self.assertEqual(self.bench("kernels", "--list", *options).splitlines(), names)
        rows = strict(self.bench("list", "--json", *options))["rows"]
        self.assertEqual([row["name"] for row in rows], names)
        document = self.document("run", *options)
        self.assertEqual([row["name"] for row in document["rows"]], names)

    def test_every_row_is_in_the_list_of_all(self):
        everything = set(self.names("--isa", "all", "--cache", "all", "--threads", "1,2,3"))
        for options in ([], ["--cache", "cold"], ["--cache", "train", "--threads", "3"],
                        ["--isa", "scalar"], ["--filter", "gemm"]):
            some = self.names(*options)
            self.assertGreater(len(some), 0)
            self.assertLessEqual(set(some), everything)

    def test_fields_are_those_of_the_name(self):
        for row in strict(self.bench("list", "--json", "--cache", "all"))["rows"]:
            self.assertEqual(row["name"], "/".join([row["kernel"], row["shape"], row["dtype"],
                                                    row["isa"], row["cache"],
                                                    f"threads:{row['threads']}"]))

    def test_state_of_training_is_of_what_has_weights(self):
        kernels = {name.split(":")[0].split("/")[0] for name in self.names("--cache", "train")}
        self.assertIn("gemm_nn", kernels)
        self.assertIn("weight_update", kernels)
        self.assertIn("optimizer_update", kernels)
        self.assertFalse(kernels & {"exp", "softmax", "gather_u8", "dropout"})

    def test_filter_takes_names_and_the_older_form(self):
        by_name = self.names("--filter", r"^gemm_nn:bias\+relu/32x256x784/")
        self.assertEqual(len(by_name), 1)
        self.assertEqual(self.names("--filter", r"^gemm_nn:bias\+relu 32x256x784$"), by_name)


class FullDisk(BenchTest):
    @unittest.skipUnless(os.path.exists("/dev/full"), "no /dev/full")
    def test_what_is_printed_arrives_or_the_exit_status_says_so(self):
        for arguments in (["--help"], ["--version"], ["list"], ["list", "--json"], ["run", "--help"],
                          ["run", "--list"], ["ab", "--help"], ["--benchmark_list_tests"],
                          ["--benchmark_list_tests", "--help"]):
            with open("/dev/full", "w", encoding="utf-8") as full:
                result = subprocess.run([BENCH, *arguments], stdout=full, stderr=subprocess.PIPE,
                                        text=True, env=self.env)
            self.assertEqual(result.returncode, 74, arguments)
            self.assertRegex(result.stderr, "^pinion-bench: standard output: .*\n$")


class BrokenOutput(BenchTest):
    """Standard output that nobody reads, or that is closed: said, and the file is written."""
    RUN = ["run", *FEW, *QUICK]

    def run_into(self, output, *arguments, prepare=None):
        result = subprocess.run([BENCH, *arguments], stdout=output, stderr=subprocess.PIPE,
                                text=True, cwd=self.folder, env=self.env, timeout=120,
                                preexec_fn=prepare)
        return result.returncode, result.stderr

    def run_without_reader(self, *arguments):
        read, write = os.pipe()
        os.close(read)
        status, errors = self.run_into(write, *arguments)
        os.close(write)
        self.assertRegex(errors, "^pinion-bench: standard output: .*Broken pipe\n$")
        self.assertEqual(status, 74, errors)

    def check_whole(self, name):
        document = self.read(name)
        self.assertIs(document["complete"], True)
        names = self.bench("list", *FEW).splitlines()
        self.assertGreater(len(names), 1)
        self.assertEqual([row["name"] for row in document["rows"]], names)

    def test_a_reader_that_left(self):
        self.run_without_reader(*self.RUN, "--out", "it.json")
        self.check_whole("it.json")
        for arguments in (self.RUN, [*self.RUN, "--json"], ["--help"], ["list"]):
            self.run_without_reader(*arguments)

    @unittest.skipUnless(os.path.exists("/dev/full"), "no /dev/full")
    def test_a_full_disk(self):
        with open("/dev/full", "w", encoding="utf-8") as full:
            status, errors = self.run_into(full, *self.RUN, "--out", "it.json")
        self.assertEqual(status, 74)
        self.assertIn("standard output: writing the results failed: No space left", errors)
        self.check_whole("it.json")

    def test_closed(self):
        for closed in ([1], [0, 1], [0, 1, 2]):
            status, errors = self.run_into(None, *self.RUN, "--out", "it.json",
                                           prepare=lambda: [os.close(x) for x in closed])
            self.assertEqual(status, 74, errors)
            if 2 not in closed:
                self.assertIn("standard output: writing the results failed: Bad file desc", errors)
            self.check_whole("it.json")
            os.remove(self.path("it.json"))

    def test_a_limit_of_the_size_of_files(self):
        with open(self.path("it.json"), "w", encoding="utf-8") as file:
            file.write("before")
        status, errors = self.run_into(
            subprocess.DEVNULL, *self.RUN, "--out", "it.json",
            prepare=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (1024, 1024)))
        self.assertEqual(status, 74, errors)
        self.assertRegex(errors, r"^pinion-bench: it\.json: .*File too large.*ulimit -f")
        with open(self.path("it.json"), encoding="utf-8") as file:
            self.assertEqual(file.read(), "before")
        self.assertEqual(os.listdir(self.folder), ["it.json"])


class Documents(BenchTest):
    def test_rows_have_what_the_samples_say(self):
        document = strict(self.bench("run", *FEW, "--rounds", "8", "--min-time", "0.01",
                                     "--threads", "1,2", "--cache", "hot,cold", "--json"))
        self.assertEqual((document["schema"], document["command"], document["complete"]),
                         (2, "run", True))
        self.assertEqual(document["threads"], 2)
        self.assertRegex(document["date"], r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+00:00$")
        self.assertEqual(document["command_line"],
                         "pinion-bench run --filter '^(exp|gemm_nn)/(16384|64x64x64)/' --rounds 8 "
                         "--min-time 0.01 --threads 1,2 --cache hot,cold --json")
        self.assertEqual(len(document["rows"]), 8)
        for row in document["rows"]:
            self.assertIs(row["correct"], True)
            self.assertIsInstance(row["impossible"], bool)
            samples = sorted(row["samples"])
            self.assertEqual(len(samples), 8)
            self.assertGreaterEqual(row["iterations"], 1)
            self.assertAlmostEqual(row["ns"], (samples[3] + samples[4]) / 2)
            self.assertEqual(row["ns_min"], samples[0])
            # Of 8 values the first and the last but one hold the median at 95 %.
            self.assertEqual((row["ns_low"], row["ns_high"]), (samples[0], samples[7]))
            self.assertTrue(samples[6] <= row["ns_p90"] <= samples[7])
            deviations = sorted(abs(value - row["ns"]) for value in samples)
            self.assertAlmostEqual(row["ns_mad"], (deviations[3] + deviations[4]) / 2)
            work = row["flops"] if row["kernel"] == "gemm_nn" else row["bytes"]
            rate = row["gflops"] if row["kernel"] == "gemm_nn" else row["gbps"]
            self.assertAlmostEqual(rate, work * row["threads"] / row["ns"])
            self.assertNotIn("gbps" if "gflops" in row else "gflops", row)
            self.assertIn(row["limit"], row["limit_rates"])
            self.assertTrue(all(rate > 0 for rate in row["limit_rates"].values()))
            self.assertEqual("DRAM" in row["limit_rates"], row["cache"] == "cold")
            self.assertGreater(row["percent_of_limit"], 0)
            self.assertGreater(row["times_naive"], 0)
            self.assertGreater(row["times_naive_ijk"], 0)

    def test_flops_of_a_product(self):
        row = self.document("run", "--filter", "^gemm_nn/64x64x64/")["rows"][0]
        self.assertEqual(row["flops"], 2 * 64**3)

    def test_repro_measures_that_row_alone(self):
        rows = self.document("run", "--filter", r"^gemm_nn:bias\+relu/32x|^bias_update.*/32x",
                             "--cache", "train", "--threads", "2")["rows"]
        self.assertEqual(len(rows), 2)
        for row in rows:
            words = subprocess.run(["sh", "-c", f'for word in {row["repro"]}; do echo "$word"; done'],
                                   capture_output=True, text=True, check=True).stdout.splitlines()
            self.assertEqual(words[:2], ["pinion-bench", "run"])
            again = self.document(*words[1:])["rows"]
            self.assertEqual([other["name"] for other in again], [row["name"]])

    def test_verbose_shows_the_repro(self):
        table = self.bench("run", "--filter", "^exp/", "--verbose", *QUICK)
        self.assertIn("\n  pinion-bench run --filter '^exp/16384/f32/", table)
        self.assertNotIn("pinion-bench run", self.bench("run", "--filter", "^log/", *QUICK))

    def test_kernels_is_run(self):
        self.assertEqual(self.document("kernels", "--filter", "^exp/")["command"], "run")

    def test_naive_loops_of_large_products_are_cut(self):
        # A whole naive product would take half a minute.
        row = self.document("run", "--filter", "^gemm_nn/2048x2048x2048/")["rows"][0]
        self.assertGreater(row["times_naive_ijk"], 1)


class Files(BenchTest):
    def test_out_holds_the_document_and_the_table_stays(self):
        table = self.bench("run", *FEW, *QUICK, "--out", "run.json")
        self.assertIn("% of limit", table)
        self.assertEqual(self.read("run.json")["command"], "run")
        self.assertEqual(os.listdir(self.folder), ["run.json"])

    def test_out_of_the_other_commands(self):
        self.bench("limits", "--isa", "scalar", "--threads", "1", *QUICK, "--out", "limits.json")
        document = self.read("limits.json")
        self.assertEqual((document["schema"], document["command"], document["complete"]),
                         (2, "limits", True))
        self.assertIn("caches", document["machine"])
        self.bench("train", "--net", "dense 4 relu; dense 3 softmax", "--input", "6", "--batch", "4",
                   "--samples", "8", "--threads", "1", *QUICK, "--out", "train.json")
        document = self.read("train.json")
        self.assertEqual((document["schema"], document["command"], document["complete"]),
                         (2, "train", True))

    def test_a_file_is_not_touched_where_the_run_fails(self):
        with open(self.path("old.json"), "w", encoding="utf-8") as file:
            file.write("old")
        self.bench("run", "--filter", "(", "--out", "old.json", status=2)
        self.bench("run", "--filter", "^exp", "--format", "nothing", "--out", "old.json", status=2)
        with open(self.path("old.json"), encoding="utf-8") as file:
            self.assertEqual(file.read(), "old")
        self.assertEqual(os.listdir(self.folder), ["old.json"])

    def test_formats(self):
        names = self.bench("list", *FEW).splitlines()
        form = {}
        for name in ("json", "gbench", "gbench-flat", "custom-bigger", "bmf"):
            self.bench("run", *FEW, *QUICK, "--format", name, "--out", name)
            form[name] = self.read(name)
            self.assertEqual(type(strict(self.bench("run", *FEW, *QUICK, "--format", name))),
                             type(form[name]))
        self.assertEqual([row["name"] for row in form["json"]["rows"]], names)
        self.assertEqual([entry["name"] for entry in form["gbench-flat"]["benchmarks"]], names)
        self.assertEqual([entry["name"] for entry in form["gbench"]["benchmarks"]],
                         [name for name in names for _ in range(2)])
        self.assertEqual(form["gbench"]["context"]["json_schema_version"], 1)
        self.assertTrue(all({"name", "unit", "value"} <= set(entry)
                            for entry in form["custom-bigger"]))
        self.assertTrue(set(names) <= set(form["bmf"]))


class Interruption(BenchTest):
    # More than any test waits for.
    LONG = ["run", "--filter", "^(exp|log|sum)/", "--rounds", "1000", "--min-time", "0.1",
            "--cache", "hot,cold"]

    def start(self, *arguments):
        process = subprocess.Popen([BENCH, *arguments], stdout=subprocess.PIPE,
                                   stderr=subprocess.PIPE, text=True, cwd=self.folder, env=self.env)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        self.addCleanup(process.stderr.close)
        self.addCleanup(process.stdout.close)
        return process

    def check_interrupted(self, document, name):
        self.assertIs(document["complete"], False)
        self.assertIn("interrupted", [warning["code"] for warning in document["warnings"]])
        self.assertEqual(document["command"], name)

    def test_what_was_measured_is_kept(self):
        for number in (signal.SIGINT, signal.SIGTERM):
            process = self.start(*self.LONG, "--out", "run.json")
            for line in process.stdout:
                if line.startswith("exp "):
                    break
            process.send_signal(number)
            _, errors = process.communicate(timeout=60)
            self.assertEqual(process.returncode, 130, errors)
            self.assertIn(f"interrupted by {signal.Signals(number).name}", errors)
            document = self.read("run.json")
            self.check_interrupted(document, "run")
            self.assertIn(len(document["rows"]), (1, 2, 3))
            self.assertEqual(len(document["rows"][0]["samples"]), 1000)
            self.assertEqual(os.listdir(self.folder), ["run.json"])
            os.remove(self.path("run.json"))

    def test_a_document_on_standard_output_is_whole(self):
        process = self.start(*self.LONG, "--json")
        self.wait_for_start(process)
        process.send_signal(signal.SIGINT)
        out, errors = process.communicate(timeout=60)
        self.assertEqual(process.returncode, 130, errors)
        self.check_interrupted(strict(out), "run")

    def wait_for_start(self, process):
        """Until it catches the signal."""
        self.wait_for_mask(process, "SigCgt")

    def wait_for_mask(self, process, name):
        """Until the signal is in the mask that /proc calls so."""
        while process.poll() is None:
            with open(f"/proc/{process.pid}/status", encoding="ascii") as file:
                mask = re.search(rf"^{name}:\s*([0-9a-f]+)$", file.read(), re.M)
            if mask and int(mask[1], 16) >> (signal.SIGINT - 1) & 1:
                return
        self.fail("the run ended by itself")

    def test_other_commands(self):
        for arguments in (["limits", "--rounds", "1000", "--min-time", "100"],
                          ["train", "--rounds", "1000", "--samples", "48000"]):
            process = self.start(*arguments, "--out", "it.json")
            for line in process.stdout:
                if line == "\n":
                    break
            process.send_signal(signal.SIGTERM)
            _, errors = process.communicate(timeout=120)
            self.assertEqual(process.returncode, 130, errors)
            self.check_interrupted(self.read("it.json"), arguments[0])

    def test_a_signal_twice_within_a_second_is_one(self):
        process = self.start(*self.LONG, "--json")
        self.wait_for_start(process)
        process.send_signal(signal.SIGTERM)
        for line in process.stderr:
            if "once more" in line:
                break
        process.send_signal(signal.SIGTERM)
        out, errors = process.communicate(timeout=60)
        self.assertEqual(process.returncode, 130, errors)
        self.check_interrupted(strict(out), "run")

    def test_a_second_signal_ends_at_once(self):
        """The first waits in its handler, for a standard error that takes no more."""
        read, write = os.pipe()
        os.set_blocking(write, False)
        try:
            while os.write(write, b"." * 4096):
                pass
        except BlockingIOError:
            os.set_blocking(write, True)
        process = subprocess.Popen([BENCH, *self.LONG], stdout=subprocess.DEVNULL, stderr=write,
                                   env=self.env, cwd=self.folder)
        for close in (lambda: os.close(read), lambda: os.close(write), process.wait, process.kill):
            self.addCleanup(close)
        self.wait_for_start(process)
        process.send_signal(signal.SIGINT)
        self.wait_for_mask(process, "SigBlk")
        time.sleep(1.2)  # what comes within a second repeats the first
        process.send_signal(signal.SIGTERM)
        self.assertEqual(process.wait(timeout=60), -signal.SIGTERM)


def compare_py_python():
    """A Python that compare.py runs in, or None."""
    if not os.path.exists(COMPARE):
        return None
    for python in (sys.executable, "/usr/bin/python3"):
        try:
            if subprocess.run([python, "-c", "import numpy, scipy.stats"], capture_output=True,
                              timeout=60).returncode == 0:
                return python
        except OSError:
            pass
    return None


PYTHON = compare_py_python()


class Google(BenchTest):
    FLAGS = ["--benchmark_filter=^(exp|log)/", "--benchmark_repetitions=3",
             "--benchmark_min_time=0.00001s"]

    def test_lists(self):
        listed = self.bench("--benchmark_list_tests", "--benchmark_filter=^exp/").splitlines()
        self.assertEqual(listed, self.bench("list", "--filter", "^exp/").splitlines())
        rest = self.bench("--benchmark_list_tests=true", "--benchmark_filter=-^exp/").splitlines()
        self.assertEqual(sorted(rest + listed), sorted(self.bench("list").splitlines()))

    def refusal(self, *arguments):
        result = subprocess.run([BENCH, *arguments], capture_output=True, text=True, env=self.env)
        self.assertEqual((result.returncode, result.stdout), (2, ""))
        return result.stderr

    def test_a_filter_that_matches_nothing(self):
        for flag in ("--benchmark_filter=zzz", "--benchmark_filter=-."):
            message = "pinion-bench: {} '{}': no kernel and shape match".format(*flag.split("="))
            self.assertTrue(self.refusal(flag, "--filter", "^exp/").startswith(message))
        message = "pinion-bench: --filter 'zzz': no kernel"
        self.assertTrue(self.refusal("--benchmark_filter=all", "--filter", "zzz").startswith(message))
        self.assertTrue(self.refusal("run", "--filter", "zzz").startswith(message))

    def test_console_and_file(self):
        table = self.bench(*self.FLAGS, "--benchmark_out=out.json",
                           "--benchmark_context=build=new,why=test", "--threads", "2")
        self.assertIn("% of limit", table)
        document = self.read("out.json")
        self.assertEqual(document["context"]["json_schema_version"], 1)
        self.assertEqual(document["context"]["build"], "new")
        self.assertEqual(document["context"]["why"], "test")
        names = self.bench("list", "--filter", "^(exp|log)/", "--threads", "2").splitlines()
        self.assertEqual([entry["name"] for entry in document["benchmarks"]],
                         [name for name in names for _ in range(3)])

    def test_json_on_standard_output_and_aggregates(self):
        document = strict(self.bench(*self.FLAGS, "--benchmark_format=json",
                                     "--benchmark_report_aggregates_only=true"))
        self.assertEqual({entry["run_type"] for entry in document["benchmarks"]}, {"aggregate"})

    def test_dry_run_and_number_of_calls(self):
        document = strict(self.bench("--benchmark_dry_run", "--benchmark_filter=^exp/",
                                     "--benchmark_format=json"))
        self.assertEqual([entry["iterations"] for entry in document["benchmarks"]], [1])
        document = strict(self.bench("--benchmark_min_time=7x", "--benchmark_filter=^exp/",
                                     "--benchmark_repetitions=2", "--benchmark_format=json"))
        self.assertEqual([entry["iterations"] for entry in document["benchmarks"]], [7, 7])

    def test_variables(self):
        listed = self.bench("--benchmark_list_tests", BENCHMARK_FILTER="^sum/")
        self.assertEqual(len(listed.splitlines()), 1)

    @unittest.skipUnless(PYTHON, "compare.py of Google Benchmark (Debian: libbenchmark-tools), or "
                                 "its NumPy and SciPy, are not installed")
    def test_compare_py_runs_two_programs(self):
        for name in ("bench_old", "bench_new"):
            shutil.copy(BENCH, self.path(name))
        result = subprocess.run(
            [PYTHON, COMPARE, "--no-color", "--dump_to_json", "dump.json", "benchmarks",
             "./bench_old", "./bench_new", "--benchmark_filter=^(exp|log)/",
             "--benchmark_repetitions=9", "--benchmark_min_time=0.00001s"],
            capture_output=True, text=True, timeout=240, cwd=self.folder,
            env=dict(self.env, PYTHONIOENCODING="utf-8"))
        self.assertEqual(result.returncode, 0, result.stdout + result.stderr)
        names = self.bench("list", "--filter", "^(exp|log)/").splitlines()
        for name in names:
            self.assertEqual(len(re.findall(f"^{re.escape(name)} ", result.stdout, re.M)), 9)
            self.assertIn(f"{name}_pvalue", result.stdout)
        entries = self.read("dump.json")
        self.assertEqual([entry["name"] for entry in entries], [*names, "OVERALL_GEOMEAN"])
        self.assertTrue(all(entry["utest"]["have_optimal_repetitions"] for entry in entries[:-1]))


if __name__ == "__main__":
    unittest.main()
