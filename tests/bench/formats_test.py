"""What other tools read: every format is taken apart by strict readers here. compare_py_test.py has
Google Benchmark's own tool read them."""

import json
import math
import re
import statistics
import subprocess
import unittest

from formats import HOSTILE, TOOL, document, export, run_tool

CONVERTED = ("gbench", "gbench-flat", "gbench-aggregates", "gbench-aggregates-only",
             "custom-bigger", "bmf")


class Refused(unittest.TestCase):
    def refused(self, doc, form, status, *words):
        text = doc if isinstance(doc, str) else json.dumps(doc)
        result = run_tool("export", form, input=text)
        self.assertEqual(result.returncode, status, (form, result.stderr, text[:100]))
        self.assertEqual(result.stdout, "")
        self.assertEqual(result.stderr.count("\n"), 1)
        for word in words:
            self.assertIn(word, result.stderr)

    def test_formats_that_there_are_not(self):
        for form in ("", "JSON", "csv", "gbench-", "html"):
            self.refused(document(), form, 2, "--format", "custom-bigger", "bmf")

    def test_other_commands_have_json_only(self):
        for command in ("ab", "check", "train", "limits", "peers", "selftest"):
            doc = document()
            doc["command"] = command
            self.assertEqual(export(doc, "json"), doc)
            for form in CONVERTED:
                self.refused(doc, form, 2, f"--format {form}", command, "json is for all")

    def test_documents_of_another_kind(self):
        self.refused([], "json", 65, "object")
        for form in CONVERTED:
            self.refused([], form, 65, "object")
            self.refused({}, form, 65, "command")
            self.refused({"command": 5}, form, 65, "command")
            for schema in (1, 3, "2", None):
                self.refused(dict(document(), schema=schema), form, 65, "schema")
            for rows in (None, {}, "rows", 3):
                self.refused(dict(document(), rows=rows), form, 65, "rows")

    def test_fields_of_a_row(self):
        bad = {
            "name": (None, "", 5, []),
            "ns": (None, 0, -1, "5", True, [], 1e-300, 1e300),
            "ns_low": ("5", -1, {}),
            "ns_high": ("5", -1, {}),
            "gflops": ("5", -1, []),
            "percent_of_limit": ("5", -0.5, True),
            "times_naive": ("5", -1),
            "threads": (0, -1, 1.5, "1", None),
            "iterations": (0, -1, 1.5, "1", None),
            "correct": (1, "true", None),
            "impossible": (0, "no", None),
            "samples": (5, {}, None, [0], [5, "5"], [5, None], [-1], [1e-300], [1e300], [True]),
        }
        for key, values in bad.items():
            for value in values:
                doc = document()
                doc["rows"][1][key] = value
                for form in CONVERTED:
                    self.refused(doc, form, 65, f"rows[1].{key}: must be ")
        for row in (None, 5, [], "row", {}):
            doc = document()
            doc["rows"][2] = row
            self.refused(doc, "gbench", 65, "rows[2].name")

    def test_a_name_that_two_rows_have(self):
        doc = document()
        doc["rows"][3]["name"] = doc["rows"][0]["name"]
        for form in CONVERTED:
            self.refused(doc, form, 65, "two rows", doc["rows"][0]["name"])
        # Or that an entry made of another row would have.
        for form, suffix in (("custom-bigger", " % of limit"), ("gbench-aggregates", "_median")):
            doc["rows"][3]["name"] = doc["rows"][0]["name"] + suffix
            self.refused(doc, form, 65, "two rows")

    def test_a_name_too_long_for_bencher(self):
        doc = document()
        doc["rows"][0]["name"] = "x" * 1024
        self.assertIn("x" * 1024, export(doc, "bmf"))
        doc["rows"][0]["name"] = "x" * 1025
        self.refused(doc, "bmf", 65, "1025", "1024")

    def test_context_of_the_formats_own_names(self):
        for key in ("date", "caches", "json_schema_version", "x_isa", "x_", ""):
            doc = dict(document(), context={key: "mine"})
            self.refused(doc, "gbench", 2, "context")

    def test_a_full_disk(self):
        for form in ("json",) + CONVERTED:
            with open("/dev/full", "w", encoding="utf-8") as full:
                result = subprocess.run([TOOL, "export", form], input=json.dumps(document()),
                                        stdout=full, stderr=subprocess.PIPE, text=True, timeout=60)
            self.assertEqual(result.returncode, 74, form)
            self.assertIn("writing", result.stderr)


class Gbench(unittest.TestCase):
    CONTEXT = ["date", "host_name", "executable", "num_cpus", "mhz_per_cpu", "cpu_scaling_enabled",
               "caches", "load_avg", "library_version", "library_build_type", "json_schema_version"]
    HEAD = ["name", "family_index", "per_family_instance_index", "run_name", "run_type",
            "repetitions"]
    TIMES = ["iterations", "real_time", "cpu_time", "time_unit"]
    COUNTERS = ["x_percent_of_limit", "x_times_naive", "x_times_naive_ijk"]

    def test_context(self):
        doc = dict(document(), context={"commit": "abc", "isa": "mine"})
        context = export(doc, "gbench")["context"]
        self.assertEqual(list(context)[:11], self.CONTEXT)
        self.assertEqual(list(context)[-2:], ["commit", "isa"])
        for key, value in list(context.items())[11:]:
            self.assertIs(type(value), str, key)
        machine = doc["machine"]
        self.assertEqual([context[key] for key in self.CONTEXT],
                         [doc["date"], "example", "build/pinion-bench", 8, 3100, False,
                          [{key: cache[key] for key in ("type", "level", "size", "num_sharing")}
                           for cache in machine["caches"]],
                          machine["load_average"], doc["version"], "release", 1])
        for key in ("num_cpus", "mhz_per_cpu", "json_schema_version"):
            self.assertIs(type(context[key]), int)
        self.assertEqual(context["x_warnings"], "virtual_machine,smt")
        self.assertEqual(context["x_complete"], "true")
        self.assertEqual(context["x_clock_ghz"], "3.1")

    def test_context_of_a_machine_that_says_little(self):
        for machine in (None, {}, [], {"caches": None, "load_average": 5, "build": 1, "mhz": "x"}):
            doc = dict(document(), machine=machine, warnings=None, command_line=None)
            del doc["clock_ghz"]
            context = export(doc, "gbench")["context"]
            self.assertEqual((context["caches"], context["load_avg"]), ([], []))
            self.assertEqual((context["num_cpus"], context["mhz_per_cpu"]), (0, 0))
            for key in ("host_name", "executable", "cpu_scaling_enabled", "library_build_type"):
                self.assertNotIn(key, context)
        doc["machine"] = {"build": "Debug", "cpu_scaling_enabled": True}
        doc["clock_ghz"] = 2.5
        context = export(doc, "gbench")["context"]
        self.assertEqual(context["library_build_type"], "debug")
        self.assertIs(context["cpu_scaling_enabled"], True)
        self.assertEqual(context["mhz_per_cpu"], 2500)

    def check_entry(self, entry, keys):
        self.assertEqual(list(entry), keys)
        for key in ("name", "run_name", "run_type", "time_unit", "label"):
            self.assertIs(type(entry[key]), str)
        for key in ("family_index", "per_family_instance_index", "repetitions", "threads",
                    "iterations"):
            self.assertIs(type(entry[key]), int)
        for key in ["real_time", "cpu_time", *self.COUNTERS]:
            self.assertIs(type(entry[key]), float)
        self.assertEqual(entry["time_unit"], "ns")

    def keys(self, row, middle):
        rate = "GFLOPS" if "gflops" in row else "bytes_per_second"
        return [*self.HEAD, *middle, *self.TIMES, rate, *self.COUNTERS, "label"]

    def test_every_sample_is_a_repetition(self):
        doc = document()
        doc["rows"][3]["samples"] = [300] + doc["rows"][3]["samples"]  # a whole number is a real
        doc["rows"][4]["kernel"] = doc["rows"][0]["kernel"]
        entries = export(doc, "gbench")["benchmarks"]
        at = 0
        for row, place in zip(doc["rows"], [(0, 0), (0, 1), (1, 0), (2, 0), (0, 2)]):
            count = len(row["samples"])
            for index, sample in enumerate(row["samples"]):
                entry = entries[at + index]
                self.check_entry(entry, self.keys(row, ["repetition_index", "threads"]))
                self.assertEqual((entry["name"], entry["run_name"], entry["run_type"]),
                                 (row["name"], row["name"], "iteration"))
                self.assertEqual((entry["family_index"], entry["per_family_instance_index"]), place)
                self.assertEqual((entry["repetitions"], entry["repetition_index"]), (count, index))
                self.assertEqual((entry["threads"], entry["iterations"]),
                                 (row["threads"], row["iterations"]))
                self.assertEqual((entry["real_time"], entry["cpu_time"]), (sample, sample))
                self.assertEqual(entry["x_percent_of_limit"], row["percent_of_limit"])
                if "gflops" in row:
                    self.assertAlmostEqual(entry["GFLOPS"] * sample / row["flops"], 1, 9)
                else:
                    self.assertAlmostEqual(entry["bytes_per_second"] * sample / row["bytes"] / 1e9,
                                           1, 9)
            at += count
        self.assertEqual(at, len(entries))

    def test_flat_has_medians(self):
        doc = document()
        entries = export(doc, "gbench-flat")["benchmarks"]
        self.assertEqual([entry["name"] for entry in entries], [row["name"] for row in doc["rows"]])
        for row, entry in zip(doc["rows"], entries):
            self.check_entry(entry, self.keys(row, ["repetition_index", "threads"]))
            self.assertEqual((entry["repetitions"], entry["repetition_index"]), (1, 0))
            self.assertEqual(entry["real_time"], statistics.median(row["samples"]))

    def test_aggregates(self):
        doc = document()
        doc["rows"][4]["samples"] = doc["rows"][4]["samples"][:1]  # of one there are none
        entries = export(doc, "gbench-aggregates")["benchmarks"]
        samples = [entry for entry in entries if entry["run_type"] == "iteration"]
        self.assertEqual(samples, export(doc, "gbench")["benchmarks"])
        aggregates = [entry for entry in entries if entry["run_type"] == "aggregate"]
        self.assertEqual(export(doc, "gbench-aggregates-only")["benchmarks"],
                         aggregates + samples[-1:])
        self.assertEqual(len(aggregates), 4 * 4)
        for row in doc["rows"][:4]:
            values = row["samples"]
            expected = {"mean": statistics.mean(values), "median": statistics.median(values),
                        "stddev": statistics.stdev(values),
                        "cv": statistics.stdev(values) / statistics.mean(values)}
            mine = [entry for entry in aggregates if entry["run_name"] == row["name"]]
            self.assertEqual([entry["aggregate_name"] for entry in mine], list(expected))
            for entry in mine:
                kind = entry["aggregate_name"]
                self.check_entry(
                    entry, self.keys(row, ["threads", "aggregate_name", "aggregate_unit"]))
                self.assertEqual(entry["name"], f"{row['name']}_{kind}")
                self.assertEqual(entry["aggregate_unit"], "percentage" if kind == "cv" else "time")
                self.assertEqual(entry["iterations"], len(values))
                self.assertAlmostEqual(entry["real_time"] / expected[kind], 1, 9)
                self.assertEqual(entry["x_percent_of_limit"],
                                 row["percent_of_limit"] if kind in ("mean", "median") else 0)

    def test_wrong_and_impossible_rows(self):
        doc = document()
        doc["rows"][0]["correct"] = False
        doc["rows"][1]["impossible"] = True
        for key in ("ns", "samples", "gflops", "limit", "iterations"):  # one that was not timed
            del doc["rows"][2][key]
        doc["rows"][2]["correct"] = False
        for form in ("gbench", "gbench-flat", "gbench-aggregates"):
            entries = export(doc, form)["benchmarks"]
            for row in (doc["rows"][0], doc["rows"][2]):
                wrong, = [entry for entry in entries if entry["run_name"] == row["name"]]
                at = list(wrong).index("threads")
                self.assertEqual(list(wrong)[at + 1:at + 3], ["error_occurred", "error_message"])
                self.assertIs(wrong["error_occurred"], True)
                self.assertIn("WRONG", wrong["error_message"])
                self.assertEqual((wrong["real_time"], wrong["cpu_time"]), (0.0, 0.0))
                self.assertEqual([key for key in wrong if key.startswith("x_")], [])
                self.assertNotIn("GFLOPS", wrong)
            right = [entry for entry in entries if "error_occurred" not in entry]
            self.assertEqual({entry["run_name"] for entry in right},
                             {doc["rows"][i]["name"] for i in (1, 3, 4)})
            self.assertEqual({entry["run_name"] for entry in right if "x_impossible" in entry},
                             {doc["rows"][1]["name"]})


class Flat(unittest.TestCase):
    def test_custom_bigger(self):
        doc = document()
        entries = export(doc, "custom-bigger")
        self.assertEqual(len(entries), 2 * len(doc["rows"]))
        for row, rate, percent in zip(doc["rows"], entries[::2], entries[1::2]):
            self.assertEqual(list(rate), ["name", "unit", "value", "range", "extra"])
            self.assertEqual(list(percent), ["name", "unit", "value", "extra"])
            key = "gflops" if "gflops" in row else "gbps"
            self.assertEqual((rate["name"], rate["unit"]),
                             (row["name"], "GFLOP/s" if key == "gflops" else "GB/s"))
            self.assertEqual((percent["name"], percent["unit"]),
                             (row["name"] + " % of limit", "%"))
            self.assertEqual((rate["value"], percent["value"]), (row[key], row["percent_of_limit"]))
            # As the action itself takes a range apart.
            match = re.search(r"(?P<prefix>(\+-|±)\s*)(?P<value>\d.+)", rate["range"])
            work = row["flops" if key == "gflops" else "bytes"]
            wide = max(work / row["ns_low"] - row[key], row[key] - work / row["ns_high"])
            self.assertAlmostEqual(float(match["value"]) / wide, 1, 3)
            for text in ("median: ", "95 % interval", "samples: 11", "limit: " + row["limit"],
                         "threads: 1", "repro: " + row["repro"]):
                self.assertIn(text, rate["extra"])
            self.assertNotIn("IMPOSSIBLE", rate["extra"])

    def check_bmf(self, metrics):
        """By the schema that Bencher publishes."""
        self.assertIs(type(metrics), dict)
        for name, measures in metrics.items():
            self.assertTrue(0 < len(name) <= 1024)
            for measure, metric in measures.items():
                self.assertTrue(0 < len(measure) <= 64)
                self.assertIn("value", metric)
                self.assertLessEqual(set(metric), {"value", "lower_value", "upper_value"})
                for value in metric.values():
                    self.assertIs(type(value), float)
                self.assertLessEqual(metric.get("lower_value", -math.inf), metric["value"])
                self.assertLessEqual(metric["value"], metric.get("upper_value", math.inf))

    def test_bmf(self):
        doc = document()
        doc["rows"][1]["threads"] = 2
        metrics = export(doc, "bmf")
        self.check_bmf(metrics)
        self.assertEqual(list(metrics), [row["name"] for row in doc["rows"]])
        for row in doc["rows"]:
            mine = metrics[row["name"]]
            key = "gflops" if "gflops" in row else "gbps"
            self.assertEqual(list(mine), ["latency", "throughput", key, "percent_of_limit"])
            self.assertEqual(mine["latency"], {"value": row["ns"], "lower_value": row["ns_low"],
                                               "upper_value": row["ns_high"]})
            for field, ns in (("value", "ns"), ("lower_value", "ns_high"),
                              ("upper_value", "ns_low")):
                self.assertAlmostEqual(
                    mine["throughput"][field] * row[ns] / 1e9 / row["threads"], 1, 9)
                self.assertAlmostEqual(mine[key][field] * row[ns] / row["ns"] / row[key], 1, 9)
            self.assertEqual(mine["percent_of_limit"], {"value": row["percent_of_limit"]})

    def test_wrong_rows_trip_the_alarm(self):
        doc = document()
        doc["rows"][0]["correct"] = False
        doc["rows"][1]["impossible"] = True
        entries = {entry["name"]: entry for entry in export(doc, "custom-bigger")}
        for suffix in ("", " % of limit"):
            wrong = entries[doc["rows"][0]["name"] + suffix]
            self.assertEqual(wrong["value"], 0)
            self.assertNotIn("range", wrong)
            self.assertIn("WRONG", wrong["extra"])
            self.assertNotIn("median", wrong["extra"])
        self.assertIn("IMPOSSIBLE", entries[doc["rows"][1]["name"]]["extra"])
        metrics = export(doc, "bmf")
        self.check_bmf(metrics)
        self.assertEqual(metrics[doc["rows"][0]["name"]],
                         {"throughput": {"value": 0.0}, "percent_of_limit": {"value": 0.0}})

    def test_rows_that_say_little(self):
        doc = document()
        doc["rows"] = [{"name": "bare", "ns": 5}, {"name": "null", "ns": 5.0, "gflops": None,
                                                 "percent_of_limit": None, "samples": []}]
        self.assertEqual(export(doc, "custom-bigger"), [])
        latency = {"latency": {"value": 5.0}, "throughput": {"value": 2e8}}
        self.assertEqual(export(doc, "bmf"), {"bare": latency, "null": latency})
        for form in ("gbench", "gbench-flat", "gbench-aggregates"):
            bare, null = export(doc, form)["benchmarks"]
            self.assertEqual((bare["real_time"], bare["iterations"], bare["threads"]), (5.0, 1, 1))
            self.assertEqual((null["family_index"], null["per_family_instance_index"]), (1, 0))
            self.assertEqual(list(bare)[-1], "time_unit")


class All(unittest.TestCase):
    def test_json_is_the_document_to_the_bit(self):
        doc = document()
        doc["rows"][0]["samples"] = [0.1, 1 / 3, 5e-324, 1.7976931348623157e308, 2**53 + 1, -0.0]
        doc["note"] = list(HOSTILE)
        self.assertEqual(export(doc, "json"), doc)
        self.assertEqual(list(export(doc, "json")), list(doc))

    def test_interrupted_runs(self):
        doc = dict(document(), complete=False, rows=[])
        self.assertEqual(export(doc, "json"), doc)
        self.assertEqual(export(doc, "custom-bigger"), [])
        self.assertEqual(export(doc, "bmf"), {})
        result = export(doc, "gbench")
        self.assertEqual(list(result), ["context", "benchmarks"])
        self.assertEqual((result["benchmarks"], result["context"]["x_complete"]), ([], "false"))

    def test_hostile_names(self):
        doc = document()
        for row, name in zip(doc["rows"], HOSTILE):
            for key in ("name", "kernel", "limit", "repro"):
                row[key] = name
        doc["context"] = {name: name for name in HOSTILE}
        for key in ("processor", "placement", "command_line", "version", "date"):
            doc[key] = HOSTILE[0]
        doc["warnings"] = [{"code": name} for name in HOSTILE] + [None, {}, {"code": 5}]
        for form in ("gbench", "gbench-flat"):
            result = export(doc, form)
            names = list(dict.fromkeys(entry["name"] for entry in result["benchmarks"]))
            self.assertEqual(names, list(HOSTILE))
            self.assertEqual({k: v for k, v in result["context"].items() if k in HOSTILE},
                             doc["context"])
            self.assertEqual(result["context"]["x_warnings"], ",".join(HOSTILE))
        self.assertEqual(list(export(doc, "bmf")), list(HOSTILE))
        self.assertEqual([entry["name"] for entry in export(doc, "custom-bigger")[::2]],
                         list(HOSTILE))

    def test_huge_and_small_numbers(self):
        for ns in (1e-9, 1e18):
            for big in (5e-324, 1e-300, 1e300, 1.7976931348623157e308):
                doc = document()
                for row in doc["rows"]:
                    for key in ("gflops", "gbps", "percent_of_limit", "times_naive", "ns_low",
                                "ns_high"):
                        row[key] = big
                    row.update(ns=ns, samples=[1e-9, 1e18, ns], iterations=2**62)
                doc["machine"].update(mhz=big, processors=big)
                for form in CONVERTED:
                    with self.subTest(ns=ns, big=big, form=form):
                        result = export(doc, form)  # strict
                        if form.startswith("gbench"):
                            for entry in result["benchmarks"]:
                                self.assertTrue(math.isfinite(entry["real_time"]))

    def test_only_repetitions_share_a_name_and_names_stay(self):
        def names(doc, form):
            result = export(doc, form)
            if form.startswith("gbench"):
                return [entry["name"] for entry in result["benchmarks"]]
            return [entry["name"] for entry in result] if form == "custom-bigger" else list(result)
        for form in CONVERTED:
            old = names(document(), form)
            self.assertEqual(old, names(document("run_new"), form))
            times = 11 if form in ("gbench", "gbench-aggregates") else 1
            for name in set(old):
                aggregate = re.search(r"_(mean|median|stddev|cv)$", name)
                self.assertEqual(old.count(name), 1 if aggregate else times, (form, name))


if __name__ == "__main__":
    unittest.main()
