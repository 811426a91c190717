"""pinion-bench report: bad input of every kind, and where the output goes."""

import json
import os
import subprocess
import unittest

from report_pages import BENCH, DATA, SAMPLES, ReportTest, sample, scorecard


class BadInput(ReportTest):
    def test_usage(self):
        path = self.write("good.json", sample("run"))
        self.refuse(2, "needs FILE", "report")
        self.refuse(2, "no more than FILE", "report", path, path)
        self.refuse(2, "exclude each other", "report", path, "--text", "--md")
        self.refuse(2, "unknown option", "report", path, "--pdf")
        self.refuse(2, "needs a value", "report", path, "-o")
        self.refuse(2, "names no file", "report", path, "-o", "")

    def test_missing(self):
        self.refuse(66, "no such file", "report", self.path("none.json"))
        self.refuse(66, "no such file", "report", self.path("none/none.json"))

    def test_not_a_file(self):
        self.refuse(74, "a folder", "report", self.folder)
        self.refuse(74, "a device or pipe", "report", "/dev/null")

    def test_not_json(self):
        for content, pattern in (
            (b"", "is empty"),
            (b"kernel  shape\n", "line 1, column [0-9]+: not JSON"),
            (b'{"schema": 2,\n "rows": [}\n', "line 2, column [0-9]+: not JSON"),
            (b'{"schema": 2, "schema": 2}', "not JSON: duplicate object key"),
            (b'{"schema": NaN}', "not JSON"),
            (b'{"schema": 1e999}', "not JSON"),
            (b'{"schema": "\xff"}', "not JSON"),
            (b"[" * 100000, "not JSON|ends in the middle"),
            (b"\x00\x01\x02", "not JSON|ends in the middle"),
        ):
            with self.subTest(content=content[:40]):
                self.refuse(65, pattern, "report", self.write("bad.json", content))

    def test_cut_short_anywhere(self):
        with open(os.path.join(DATA, "check.json"), "rb") as file:
            content = file.read().rstrip()
        lines = content.count(b"\n") + 1
        for end in range(1, len(content), 37):
            self.refuse(65, "bad.json: (line [0-9]+: ends in the middle|line [0-9]+, column)",
                        "report", self.write("bad.json", content[:end]))
        self.refuse(65, f"line {lines}: ends in the middle", "report",
                    self.write("bad.json", content[:-1]))

    def test_frame(self):
        good = sample("run")
        for change, pattern in (
            ({"schema": 3}, r'key "schema": is 3, but this pinion-bench knows 1 to 2'),
            ({"schema": 0}, r'key "schema": is 0'),
            ({"schema": "2"}, r"key \"schema\": is the text '2', not a whole number"),
            ({"schema": -1}, r'key "schema": is -1, not a whole number'),
            ({"schema": None}, r'key "schema": is null'),
            ({"command": "race"}, r"key \"command\": is 'race', not run, "),
            ({"command": 5}, r'key "command": is 5, not a text'),
            ({"rows": {}}, r'key "rows": is an object, not a list'),
            ({"rows": [1]}, r"rows\[0\] is a number, not an object"),
            ({"complete": "yes"}, r'key "complete": is the text'),
            ({"threads": 1.5}, r'key "threads": is 1.5, not a whole number'),
            ({"warnings": ["w"]}, r"warnings: key \"\[0\]\": is the text 'w', not an object"),
            ({"warnings": [{}]}, r'warnings: \[0\]: key "text": is missing'),
            ({"verdict": "FINE"}, r"key \"verdict\": is the text 'FINE', not OK, "),
            ({"machine": {"caches": [{"size": "big"}]}}, r'machine: caches: \[0\]: key "size"'),
        ):
            with self.subTest(change=change):
                self.refuse(65, pattern, "report", self.write("bad.json", {**good, **change}))
        for key in ("schema", "command", "rows"):
            left = {k: v for k, v in good.items() if k != key}
            self.refuse(65, f'key "{key}": is missing', "report", self.write("bad.json", left))
        for other in ([good], "text", 5, None, True):
            path = self.write("bad.json", json.dumps(other))
            self.refuse(65, "not an object of results", "report", path)

    def test_every_key_of_every_row(self):
        """A value of another type, in any row, is named by file, row and key."""
        for name in SAMPLES:
            for key in {k for row in sample(name)["rows"] for k in row}:
                document = sample(name)
                index = max(i for i, row in enumerate(document["rows"]) if key in row)
                known = document["rows"][index][key]
                document["rows"][index][key] = {"a": "b"} if isinstance(known, list) else [{}]
                result = self.run_bench("report", self.write("bad.json", document))
                measured = document["command"] == "run"
                ignored = key in ("input", "samples") and not measured or key == "dataset"
                with self.subTest(document=name, key=key):
                    if ignored:
                        self.assertEqual(result.returncode, 0)
                        continue
                    self.assertEqual(result.returncode, 65)
                    self.assertRegex(
                        result.stderr.decode(), rf'bad\.json: rows\[{index}\].*key "{key}": is '
                    )

    def test_needed_keys_of_rows(self):
        needed = {
            "run": ["kernel", "shape", "ns"],
            "ab": ["name", "verdict"],
            "check": ["name", "verdict"],
            "train": ["network", "threads", "samples_per_second"],
            "limits": ["limit", "threads", "unit", "value"],
            "peers": ["op", "m", "n", "k", "gflops", "peers"],
            "selftest": ["condition", "injection", "runs", "detected"],
        }
        for name, keys in needed.items():
            for key in keys:
                for change in ("missing", None):
                    document = sample(name)
                    if change is None:
                        document["rows"][1][key] = None
                    else:
                        del document["rows"][1][key]
                    with self.subTest(document=name, key=key):
                        self.refuse(65, rf'rows\[1\].*key "{key}": is missing', "report",
                                    self.write("bad.json", document))

    def test_scorecards(self):
        def refused(pattern, **changes):
            path = self.write("bad.json", {**scorecard(), **changes})
            self.refuse(65, pattern, "report", path)

        refused(r'key "entries": is null', entries=None)
        refused(r'key "entries": is an object, not a list', entries={})
        refused(r"entries: key \"\[0\]\": is 1, not an object", entries=[1])
        refused(r'entries: \[0\]: key "key": is missing', entries=[{"rows": []}])
        refused(r'entries: \[0\]: key "rows": is missing', entries=[{"key": {}}])
        refused(r'entries: \[0\]: key "key": is a list', entries=[{"key": [], "rows": []}])
        refused(r"rows: key \"\[0\]\": is the text 'x'", entries=[{"key": {}, "rows": ["x"]}])
        refused(r'entries: \[0\]: key "last": is 1', entries=[{"key": {}, "rows": [], "last": 1}])
        for key in ("condition", "injection", "runs", "detected"):
            document = scorecard()
            del document["entries"][1]["rows"][2][key]
            self.refuse(65, rf'entries: \[1\]: rows: \[2\]: key "{key}": is missing', "report",
                        self.write("bad.json", document))
        document = scorecard()
        del document["entries"]
        self.refuse(65, 'key "entries": is missing', "report", self.write("bad.json", document))

    def test_messages_are_one_clean_line(self):
        document = sample("run")
        document["rows"][0]["name"] = "a\x1b[31m\nb"
        document["rows"][0]["ns"] = "\x1b\n"
        self.refuse(65, r'rows\[0\] "a\?\[31m\?b": key "ns"', "report",
                    self.write("bad.json", document))


class Output(ReportTest):
    def test_file_is_standard_output(self):
        for markup in ([], ["--text"], ["--md"]):
            path = self.write("in.json", sample("ab"))
            result = self.run_bench("report", path, *markup, "-o", self.path("out"))
            self.assertEqual((result.returncode, result.stdout, result.stderr), (0, b"", b""))
            with open(self.path("out"), encoding="utf-8") as file:
                self.assertEqual(file.read(), self.report("ab", *markup))

    def test_missing_folder(self):
        path = self.write("in.json", sample("ab"))
        self.refuse(74, "make the folder first", "report", path, "-o", self.path("none/out.html"))
        self.assertEqual(os.listdir(self.folder), ["in.json"])

    def test_old_file_stays_when_the_input_is_bad(self):
        out = self.write("out.html", "old")
        self.refuse(65, "bad.json", "report", self.write("bad.json", "{"), "-o", out)
        with open(out, encoding="utf-8") as file:
            self.assertEqual(file.read(), "old")
        self.assertEqual(sorted(os.listdir(self.folder)), ["bad.json", "out.html"])

    @unittest.skipUnless(os.path.exists("/dev/full"), "this system has no /dev/full")
    def test_full_disk(self):
        path = self.write("in.json", sample("ab"))
        with open("/dev/full", "wb") as full:
            result = subprocess.run([BENCH, "report", path], stdout=full, stderr=subprocess.PIPE)
        self.assertEqual(result.returncode, 74, result.stderr)


if __name__ == "__main__":
    unittest.main()
