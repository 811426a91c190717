"""The flags and environment variables of Google Benchmark's programs, as pinion-bench has them."""

import json
import os
import subprocess
import unittest

from formats import DATA, TOOL, document, strict

P = "--benchmark_"
NOTHING = {"filter": None, "negative": False, "out": None, "out_format": "json",
           "format": "console", "repetitions": 0, "min_time_ns": 0.0, "iterations": 0,
           "list_tests": False, "dry_run": False, "export": "gbench", "context": None}
SWITCHES = {"list_tests": {"list_tests": True},
            "dry_run": {"dry_run": True, "repetitions": 1, "iterations": 1},
            "report_aggregates_only": {"export": "gbench-aggregates-only"},
            "display_aggregates_only": {"export": "gbench-aggregates"},
            "enable_random_interleaving": {}, "counters_tabular": {}, "color": {}}


def run_tool(*arguments, **environment):
    env = {key: value for key, value in os.environ.items() if not key.startswith("BENCHMARK_")}
    return subprocess.run([TOOL, *arguments], capture_output=True, text=True, timeout=60,
                          encoding="utf-8", errors="surrogateescape",
                          env=dict(env, **environment))


class Flags(unittest.TestCase):
    def parse(self, *arguments, **environment):
        result = run_tool("flags", *arguments, **environment)
        self.assertEqual(result.returncode, 0, (arguments, environment, result.stderr))
        parsed = strict(result.stdout)
        self.are, self.rest = parsed.pop("are"), parsed.pop("rest")[1:]
        return parsed

    def gives(self, arguments, expected, **environment):
        arguments = [arguments] if isinstance(arguments, str) else arguments
        parsed = self.parse(*arguments, **environment)
        self.assertEqual(parsed, {**NOTHING, **expected}, (arguments, environment))

    def refused(self, arguments, *words, **environment):
        arguments = [arguments] if isinstance(arguments, str) else arguments
        result = run_tool("flags", *arguments, **environment)
        self.assertEqual(result.returncode, 2, (arguments, environment, result.stdout))
        self.assertEqual((result.stdout, result.stderr.count("\n")), ("", 1))
        for word in words:
            self.assertIn(word, result.stderr)

    def test_which_arguments_are_of_this_style(self):
        for arguments in ([], ["run"], ["run", "--filter", "x"], ["--help"], ["--v"], ["--version"],
                          ["--benchmark"], ["-benchmark_filter=x"], ["benchmark_filter=x"],
                          ["run", "--save", "benchmark_out"]):
            self.gives(arguments, {})
            self.assertEqual((self.are, self.rest), (False, arguments))
        self.gives([P + "filter=x"], {"filter": "x"})
        self.assertEqual((self.are, self.rest), (True, []))
        self.gives(["--v=3"], {})
        self.assertEqual((self.are, self.rest), (True, []))
        self.gives(["--threads", "2", P + "out=x", "--isa", "avx2"], {"out": "x"})
        self.assertEqual((self.are, self.rest), (True, ["--threads", "2", "--isa", "avx2"]))

    def test_filter(self):
        for value, expected in {"x": ("x", False), "-x": ("x", True), "-": ("", True),
                                "a|b=c": ("a|b=c", False), "": (None, False), "all": (None, False),
                                "-all": ("all", True), "--x": ("-x", True)}.items():
            self.gives(P + "filter=" + value, dict(zip(("filter", "negative"), expected)))
        for value in ("(", "a[", "-a{2", "*["):
            self.refused(P + "filter=" + value, f"{P}filter '{value}'", "regular expression")

    def test_output(self):
        self.gives(P + "out=a b.json", {"out": "a b.json"})
        self.gives(P + "out=a=b", {"out": "a=b"})
        self.refused(P + "out=", P + "out", "file")
        for flag in ("out_format", "format"):
            for form in ("json", "console"):
                self.gives(f"{P}{flag}={form}", {flag: form})
            for form in ("", "xml", "JSON", "json "):
                self.refused(f"{P}{flag}={form}", f"{P}{flag} '{form}'", "give json or console")
            self.refused(f"{P}{flag}=csv", f"{P}{flag} 'csv'", "csv is not supported")

    def test_repetitions(self):
        for value in (1, 9, 1000):
            self.gives(f"{P}repetitions={value}", {"repetitions": value})
        for value in ("", "0", "-1", "1001", "99999999999999999999999", "1.5", "x", "3x", " 3",
                      "+3"):
            self.refused(f"{P}repetitions={value}", f"{P}repetitions '{value}'", "1 to 1000")

    def test_min_time(self):
        for value, ns in {"0.5s": 5e8, "0.5": 5e8, "2s": 2e9, "1e-3": 1e6, "1.5e-3s": 1.5e6,
                          ".25s": 2.5e8, "1000s": 1e12, "1.s": 1e9}.items():
            self.gives(f"{P}min_time={value}", {"min_time_ns": ns})
        for value, calls in {"1x": 1, "100x": 100, "1000000000x": 10**9, "007x": 7}.items():
            self.gives(f"{P}min_time={value}", {"iterations": calls})
        for value in ("", "s", "x", "0", "0s", "0.0s", "-1s", "-0.5", "1001s", "1e999s", "inf",
                      "nan", "0x10", "0x1p-3s", "0x", "-5x", "1.5x", "1000000001x",
                      "99999999999999999999999x", "1ss", "1s2", "1 s", "1ms", "fast", "1e", "e5",
                      "1e-30", ".", "1,5s"):
            self.refused(f"{P}min_time={value}", f"{P}min_time '{value}'")

    def test_switches(self):
        for flag, effect in SWITCHES.items():
            for value in ("", "=true", "=1", "=yes", "=on", "=t", "=y", "=TRUE", "=True"):
                self.gives(P + flag + value, effect)
            for value in ("=false", "=0", "=no", "=off", "=f", "=n", "=False"):
                self.gives(P + flag + value, {})
            for value in ("=", "=maybe", "=2", "=truee", "= true"):
                self.refused(P + flag + value, f"{P}{flag} '{value[1:]}'", "true or false")
        self.gives(P + "color=auto", {})
        self.gives([P + "dry_run", P + "repetitions=9", P + "min_time=2s"],
                   {"dry_run": True, "repetitions": 1, "iterations": 1})
        self.gives([P + "display_aggregates_only", P + "report_aggregates_only"],
                   {"export": "gbench-aggregates-only"})

    def test_flags_without_effect_are_checked(self):
        for good in ("min_warmup_time=0", "min_warmup_time=0.5", "min_warmup_time=2s",
                     "time_unit=ns", "time_unit=us", "time_unit=ms", "time_unit=s"):
            self.gives(P + good, {})
        for bad in ("min_warmup_time=", "min_warmup_time=-1", "min_warmup_time=x",
                    "min_warmup_time=1001", "time_unit=", "time_unit=h", "time_unit=NS"):
            self.refused(P + bad, P + bad.split("=")[0])
        for value in ("0", "2", "-1"):
            self.gives("--v=" + value, {})
        for value in ("", "x", "1.5", "-", "2x"):
            self.refused("--v=" + value, f"--v '{value}'", "number")

    def test_context(self):
        self.gives(P + "context=a=b", {"context": {"a": "b"}})
        self.gives([P + "context=a=b,c=d e", P + "context=f=g=h,i="],
                   {"context": {"a": "b", "c": "d e", "f": "g=h", "i": ""}})
        self.gives(P + "context=Ω=±", {"context": {"Ω": "±"}})
        for value in ("", "a", "=b", "a=b,", "a=b,,c=d", "a=b,c"):
            self.refused(P + "context=" + value, P + "context", "KEY=VALUE")
        self.refused(P + "context=a=b,a=c", "twice")
        self.refused([P + "context=a=b", P + "context=a=b"], "twice")
        for key in ("date", "caches", "host_name", "json_schema_version", "x_isa"):
            self.refused(f"{P}context={key}=1", key, "choose another")
        for raw in (b"a=\xff", b"\xff=a"):
            self.refused([os.fsdecode(P.encode() + b"context=" + raw)], "UTF-8")

    def test_flags_that_there_are_not(self):
        for flag in ("", "=", "nonsense", "nonsense=1", "filters=x", "filte=x", "FILTER=x",
                     "perf_counters=CYCLES", "out_=x"):
            self.refused(P + flag, P + flag + ": unknown option")
        for flag in ("filter", "out", "out_format", "format", "repetitions", "min_time", "context",
                     "min_warmup_time", "time_unit"):
            self.refused(P + flag, f"{P}{flag}: needs a value")
        # The value that a flag needs is behind an equals sign, never the next word.
        self.refused([P + "filter", "x"], "needs a value")

    def test_the_last_one_counts(self):
        self.gives([P + "filter=-a", P + "filter=b"], {"filter": "b"})
        self.gives([P + "filter=a", P + "filter=all"], {})
        self.gives([P + "min_time=2s", P + "min_time=3x"], {"iterations": 3})
        self.gives([P + "min_time=3x", P + "min_time=2s"], {"min_time_ns": 2e9})
        self.gives([P + "list_tests", P + "list_tests=false"], {})

    def test_environment(self):
        for variable, value, expected in (
                ("FILTER", "-x", {"filter": "x", "negative": True}),
                ("OUT", "f.json", {"out": "f.json"}),
                ("OUT_FORMAT", "console", {"out_format": "console"}),
                ("FORMAT", "json", {"format": "json"}),
                ("REPETITIONS", "9", {"repetitions": 9}),
                ("MIN_TIME", "10x", {"iterations": 10}),
                ("LIST_TESTS", "1", {"list_tests": True}),
                ("LIST_TESTS", "0", {}),
                ("DRY_RUN", "true", SWITCHES["dry_run"]),
                ("REPORT_AGGREGATES_ONLY", "true", SWITCHES["report_aggregates_only"]),
                ("DISPLAY_AGGREGATES_ONLY", "true", SWITCHES["display_aggregates_only"]),
                ("CONTEXT", "a=b,c=d", {"context": {"a": "b", "c": "d"}}),
                ("ENABLE_RANDOM_INTERLEAVING", "true", {}), ("MIN_WARMUP_TIME", "1", {}),
                ("TIME_UNIT", "us", {}), ("COLOR", "auto", {}), ("COUNTERS_TABULAR", "no", {})):
            variable = "BENCHMARK_" + variable
            self.gives([], expected, **{variable: value})
            self.gives([], {}, **{variable: ""})
            self.gives([], {}, **{variable.lower(): value})
            if variable != "BENCHMARK_OUT":
                self.refused([], variable + " '('", **{variable: "("})
        # Others' variables.
        self.gives([], {}, BENCHMARK_FILTERS="(", BENCHMARK_DIR="x", BENCHMARK_="x", V="x")

    def test_flags_prevail_over_the_environment(self):
        self.gives(P + "filter=b", {"filter": "b"}, BENCHMARK_FILTER="-a")
        self.gives(P + "filter=b", {"filter": "b"}, BENCHMARK_FILTER="(")
        self.gives(P + "list_tests=false", {}, BENCHMARK_LIST_TESTS="1")
        self.gives(P + "context=a=c", {"context": {"a": "c"}}, BENCHMARK_CONTEXT="a=b,d=e")
        self.gives(P + "out_format=json", {"out": "x"}, BENCHMARK_OUT="x",
                   BENCHMARK_OUT_FORMAT="console")


class Program(unittest.TestCase):
    """A program with these flags, its results those of a document."""

    NAMES = [row["name"] for row in document()["rows"]]

    def run_program(self, *arguments, status=0):
        result = run_tool(*arguments, FORMATS_DOCUMENT=os.path.join(DATA, "run_old.json"))
        self.assertEqual(result.returncode, status, result.stderr)
        return result.stdout

    def test_filters_select_names(self):
        for value, chosen in {"gemm": [0, 1, 2], "-gemm": [3, 4], "all": [0, 1, 2, 3, 4],
                              "": [0, 1, 2, 3, 4], "-": [], "-all": [0, 1, 2, 3, 4],
                              "^softmax": [3],
                              "/f32/": [0, 1, 2, 3, 4], "^f32": [], "adam|softmax": [3, 4],
                              r"bias\+relu/32x": [0], "threads:1$": [0, 1, 2, 3, 4],
                              "-threads:1$": []}.items():
            listed = self.run_program(P + "list_tests", P + "filter=" + value).splitlines()
            self.assertEqual(listed, [self.NAMES[i] for i in chosen], value)

    def test_json_on_standard_output_has_the_context(self):
        result = strict(self.run_program(P + "format=json", P + "context=commit=abc",
                                         P + "filter=softmax"))
        self.assertEqual(result["context"]["commit"], "abc")
        self.assertEqual({entry["name"] for entry in result["benchmarks"]}, {self.NAMES[3]})
        self.assertEqual(json.dumps(result).count("aggregate_name"), 0)
        result = strict(self.run_program(P + "format=json", P + "report_aggregates_only"))
        self.assertEqual({entry["run_type"] for entry in result["benchmarks"]}, {"aggregate"})


if __name__ == "__main__":
    unittest.main()
