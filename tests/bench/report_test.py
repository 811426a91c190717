"""pinion-bench report: the page's structure and numbers, text, Markdown, and bad input."""

import json
import os
import re
import shlex
import subprocess
import unittest

from report_pages import BENCH, DATA, SAMPLES, Page, ReportTest, long_ab, long_run, sample

HOSTILE = "<script>alert('x')</script>&\"|`\\\x1b[31m\u202e\u0085*_#@who\n$1"


def number(text):
    return float(text.replace(",", "").rstrip(" %"))


class Pages(ReportTest):
    def all_pages(self):
        for name in SAMPLES:
            yield name, self.page(name)
        yield "long run", self.page(long_run())
        yield "long ab", self.page(long_ab())

    def test_is_well_formed(self):
        for name, page in self.all_pages():
            with self.subTest(document=name):
                self.assertEqual(page.doctype.lower(), "doctype html")
                self.assertEqual(page.root.all("html")[0].attributes["lang"], "en")
                ids = [e.attributes["id"] for e in page.root.walk() if "id" in e.attributes]
                self.assertEqual(len(ids), len(set(ids)))
                for link in page.root.all("a"):
                    target = link.attributes["href"]
                    self.assertTrue(target.startswith("#") and target[1:] in ids, target)

    def test_headings_and_landmarks(self):
        for name, page in self.all_pages():
            with self.subTest(document=name):
                levels = [int(e.tag[1]) for e in page.root.walk() if re.fullmatch("h[1-6]", e.tag)]
                self.assertEqual(levels[0], 1)
                self.assertEqual(levels.count(1), 1)
                self.assertTrue(all(b <= a + 1 for a, b in zip(levels, levels[1:])), levels)
                for landmark in ("header", "nav", "main", "footer"):
                    self.assertEqual(len(page.root.all(landmark)), 1, landmark)

    def test_every_plot_has_a_name_a_description_and_a_table(self):
        for name, page in self.all_pages():
            plots = page.root.all("main")[0].all("svg")
            with self.subTest(document=name):
                self.assertTrue(plots)
            for plot in plots:
                with self.subTest(document=name, plot=plot.attributes["id"]):
                    self.assertEqual(plot.attributes["role"], "img")
                    labels = plot.attributes["aria-labelledby"].split()
                    self.assertEqual([page.by_id(label).tag for label in labels], ["title", "desc"])
                    self.assertTrue(all(page.by_id(label).text().strip() for label in labels))
                    self.assertTrue(plot.marks())
                    section = plot.parent
                    while section.tag != "section":
                        section = section.parent
                    self.assertEqual(len(section.all("table")), 1)
            for table in page.root.all("table"):
                with self.subTest(document=name):
                    self.assertTrue(table.all("caption")[0].text())
                    self.assertTrue(table.all("tbody")[0].all("tr"))
                    scopes = {th.attributes.get("scope") for th in table.all("th")}
                    self.assertEqual(scopes, {"row", "col"})

    def test_needs_nothing_but_itself(self):
        documents = {name: sample(name) for name in SAMPLES}
        documents["long run"] = long_run()
        for name, document in documents.items():
            with self.subTest(document=name):
                source = self.report(document)
                rest = source.replace('xmlns="http://www.w3.org/2000/svg"', "")
                self.assertNotRegex(rest, r"(?i)https?://|url\(|@import|src=|<link|<script|<iframe")

    def test_size(self):
        self.assertLessEqual(len(self.report(long_run(200)).encode()), 1_000_000)
        self.assertLessEqual(len(self.report(long_ab(200)).encode()), 1_000_000)

    def test_same_document_same_bytes(self):
        self.assertEqual(self.report("ab"), self.report("ab"))

    def test_interrupted(self):
        source = {**sample("run"), "complete": False}
        page = self.page(source)
        self.assertIn("Incomplete.", page.root.all("header")[0].text())
        self.assertIn("\nINCOMPLETE: ", self.report(source, "--text"))
        self.assertIn("**Incomplete.**", self.report(source, "--md"))
        self.assertNotIn("Incomplete", self.report("run"))

    def test_warnings_stand_at_the_top(self):
        header = self.page("run").root.all("header")[0].text()
        for warning in sample("run")["warnings"]:
            self.assertIn(warning["text"], header)

    def test_machine_card(self):
        rows = {row["what"]: row["value"] for row in self.page("run").table("machine")}
        machine = sample("run")["machine"]
        self.assertEqual(rows["processor"], machine["processor"])
        self.assertEqual(rows["L1 Data"], "32 KiB")
        self.assertEqual(rows["L3 Unified"], "32 MiB, shared by 2 processors")
        self.assertEqual(rows["ISAs"], ", ".join(machine["isas"]))
        self.assertEqual(rows["virtual machine"], "yes")
        self.assertEqual(rows["command"], sample("run")["command_line"])

    def test_newer_facts_of_a_machine_show(self):
        document = sample("run")
        document["machine"].update(
            {"steal_percent": 0.5, "boost": True, "policy": "x", "later": {"a": 1}, "none": None}
        )
        rows = {row["what"]: row["value"] for row in self.page(document).table("machine")}
        self.assertEqual((rows["steal percent"], rows["boost"], rows["policy"]), ("0.5", "yes", "x"))

    def test_each_row_again(self):
        commands = [row["command"] for row in self.page("ab").table("again")]
        self.assertEqual(sorted(commands), sorted(row["repro"] for row in sample("ab")["rows"]))

    def test_no_rows(self):
        for name in SAMPLES:
            with self.subTest(document=name):
                document = {**sample(name), "rows": []}
                page = self.page(document)
                self.assertEqual(page.root.all("main")[0].all("svg"), [])
                self.report(document, "--text")
                self.report(document, "--md")

    def test_sparse_rows(self):
        """Rows of nothing but what they must have, and zeros where nothing can be divided."""
        least = {
            "run": {"kernel": "k", "shape": "s", "ns": 0},
            "ab": {"name": "n", "verdict": "OK", "launches": [{"old": [], "new": [0]}], "stage": 2},
            "check": {"name": "", "verdict": "INCONCLUSIVE", "low": None, "high": None},
            "train": {"network": "n", "threads": 0, "samples_per_second": 0},
            "limits": {"limit": "fma", "threads": 0, "unit": "", "value": 0},
            "peers": {"op": "dW", "m": 0, "n": 0, "k": 0, "gflops": 0, "peers": {}},
            "selftest": {"condition": "", "injection": "", "runs": 0, "detected": {}},
        }
        for command, row in least.items():
            for count in (1, 3):
                document = {"schema": 2, "command": command, "rows": [row] * count}
                with self.subTest(command=command, rows=count):
                    page = self.report(document)
                    self.assertEqual(Page(page).problems, [])
                    self.assertNotRegex(page, r'="[^"]*\b(nan|inf)\b')
                    for markup in ("--text", "--md"):
                        self.assertNotRegex(self.report(document, markup), r"\b(nan|inf)\b")


class Numbers(ReportTest):
    """Every mark is a row of the document, every number in a table is the document's."""

    def test_run(self):
        rows = sample("run")["rows"]
        page = self.page("run")
        table = page.table("percent")
        self.assertEqual(len(page.marks("percent")), len(rows))
        self.assertEqual(len(table), len(rows))
        for row, shown in zip(rows, table):
            self.assertEqual((shown["kernel"], shown["shape"]), (row["kernel"], row["shape"]))
            self.assertAlmostEqual(number(shown["median ns"]), row["ns"], delta=0.051)
            self.assertAlmostEqual(number(shown["% of limit"]), row["percent_of_limit"], delta=0.051)
            self.assertAlmostEqual(number(shown["95 % from"]), row["ns_low"], delta=0.051)
            unit = "GFLOP/s" if "gflops" in row else "GB/s"
            self.assertAlmostEqual(
                number(shown[unit]), row.get("gflops", row.get("gbps")), delta=0.0051
            )
            self.assertEqual(shown["limit"], row["limit"])
        bars = [mark.all("title")[0].text() for mark in page.marks("percent")]
        for row, tip in zip(rows, bars):
            self.assertIn(f"{row['percent_of_limit']:.1f} % of {row['limit']}", tip)
        widths = [float(mark.attributes["width"]) for mark in page.marks("percent")]
        scale = [w / row["percent_of_limit"] for w, row in zip(widths, rows)]
        self.assertLess(max(scale) / min(scale), 1.01)

    def test_roofline(self):
        rows = [row for row in sample("run")["rows"] if row["flops"] > 0]
        page = self.page("run")
        table = page.table("roofline")
        self.assertEqual(len(page.marks("roofline")), len(rows))
        shown = {(row["kernel"], row["shape"]): row for row in table}
        for row in rows:
            cells = shown[row["kernel"], row["shape"]]
            self.assertAlmostEqual(
                number(cells["flop/byte"]), row["flops"] / row["bytes"], delta=0.00051
            )
            self.assertAlmostEqual(number(cells["GFLOP/s"]), row["flops"] / row["ns"], delta=0.0051)
        ceilings = [line for plot in page.plots("roofline") for line in plot.walk()
                    if "ceil" in line.classes()]
        self.assertTrue(ceilings)
        fma = sorted(row["limit_rates"]["fma"] for row in sample("run")["rows"])
        text = " ".join(plot.text() for plot in page.plots("roofline"))
        self.assertIn(f"fma {fma[len(fma) // 2]:.4g} GFLOP/s", text)
        # Under the flat ceiling: marks lie below the line, as their rows below the rate.
        flat = [float(line.attributes["y1"]) for line in ceilings
                if line.attributes["y1"] == line.attributes["y2"]
                and float(line.attributes["y1"]) > 20]
        self.assertEqual(len(flat), 1)
        for mark in page.marks("roofline"):
            self.assertGreater(float(mark.attributes["cy"]), flat[0])

    def test_one_roofline_for_each_isa_and_thread_count(self):
        self.assertEqual(len(self.page(long_run(40)).plots("roofline")), 2)

    def test_sweep(self):
        squares = [row for row in sample("run")["rows"]
                   if row["kernel"] == "gemm_nn" and len(set(row["shape"].split("x"))) == 1]
        page = self.page("run")
        table = page.table("sweep")
        self.assertGreaterEqual(len(squares), 4)
        self.assertEqual(len(table), len(squares))
        for row, shown in zip(sorted(squares, key=lambda r: int(r["shape"].split("x")[0])), table):
            self.assertEqual(number(shown["n"]), int(row["shape"].split("x")[0]))
            self.assertAlmostEqual(number(shown["GFLOP/s"]), row["gflops"], delta=0.0051)
            self.assertAlmostEqual(
                number(shown["ceiling"]), row["limit_rates"]["fma"], delta=0.051
            )
        top = max(row["limit_rates"]["fma"] for row in squares)
        self.assertIn(f"measured ceiling {top:.4g} GFLOP/s", page.plots("sweep")[0].text())

    def test_schema_1_kernels_have_a_ceiling_too(self):
        page = self.page("kernels-schema1")
        rows = [r for r in sample("kernels-schema1")["rows"] if len(set(r["shape"].split("x"))) == 1
                and r["shape"].count("x") == 2]
        top = max(100 * r["gflops"] / r["percent_of_limit"] for r in rows if r["limit"] == "fma")
        self.assertIn(f"measured ceiling {top:.4g} GFLOP/s", page.plots("sweep")[0].text())
        self.assertIsNone(page.section("roofline"))

    def check_changes(self, name):
        document = sample(name)
        page = self.page(name)
        rows = document["rows"]
        table = page.table("changes")
        rank = ["REGRESSED", "INCONCLUSIVE", "IMPROVED", "OK"]
        verdicts = [rank.index(shown["verdict"]) for shown in table]
        self.assertEqual(verdicts, sorted(verdicts))
        self.assertEqual(len(table), len(rows))
        left = {(r["verdict"], f"{100 * r['change']:+.2f}") for r in rows}
        self.assertEqual({(s["verdict"], s["change"].rstrip(" %")) for s in table}, left)
        for shown in table:
            row = min(rows, key=lambda r: abs(100 * r["low"] - number(shown["from"]))
                      + abs(100 * r["high"] - number(shown["to"])))
            self.assertEqual(row["verdict"], shown["verdict"])
            self.assertAlmostEqual(number(shown["change"]), 100 * row["change"], delta=0.0051)
        # A mark for each row, and for the suite; a whisker for each interval; one band.
        plots = page.plots("changes")
        whole = "suite" in document
        self.assertEqual(len(page.marks("changes")), len(rows) + whole)
        everything = [e for plot in plots for e in plot.walk()]
        self.assertEqual(len([e for e in everything if "whisker" in e.classes()]), len(rows) + whole)
        self.assertEqual(len([e for e in everything if "band" in e.classes()]), len(plots))
        # Verdicts differ by shape: the path or circle, without where it stands.
        shapes = {}
        for mark in page.marks("changes"):
            titles = mark.all("title")
            verdict = titles[0].text().rsplit(", ", 1)[-1] if titles else ""
            if verdict in rank:
                outline = re.sub(r"^M[-\d. ]+", "", mark.attributes.get("d", "circle"))
                shapes.setdefault(verdict, set()).add(outline)
        self.assertEqual(set(shapes), {row["verdict"] for row in rows})
        self.assertTrue(all(len(s) == 1 for s in shapes.values()), shapes)
        self.assertEqual(len({min(s) for s in shapes.values()}), len(shapes))
        counts = {v: sum(row["verdict"] == v for row in rows) for v in rank}
        self.assertIn(
            f"{len(rows)} rows: {counts['REGRESSED']} regressed, {counts['INCONCLUSIVE']} "
            f"inconclusive, {counts['IMPROVED']} improved, {counts['OK']} OK",
            page.root.all("header")[0].text(),
        )
        self.assertIn(f"VERDICT {document['verdict']}", page.root.all("header")[0].text())

    def test_ab(self):
        self.check_changes("ab")

    def test_check(self):
        self.check_changes("check")

    def test_strips(self):
        suspects = [row for row in sample("ab")["rows"] if row["stage"] == 2]
        launches = [launch for row in suspects for launch in row["launches"]]
        page = self.page("ab")
        table = page.table("strips")
        self.assertEqual(len(table), len(launches))
        marks = [mark for mark in page.marks("strips") if mark.all("title")]
        self.assertEqual(len(marks), 2 * len(launches))

        def median(values):
            values = sorted(values)
            middle = len(values) // 2
            return values[middle] if len(values) % 2 else sum(values[middle - 1 : middle + 1]) / 2

        for arm in ("new", "placebo"):
            expected = sorted(median(l[arm]) / median(l["old"]) - 1 for l in launches)
            shown = sorted(number(row[arm]) / 100 for row in table)
            for change, cell in zip(expected, shown):
                self.assertAlmostEqual(change, cell, delta=0.000051)

    def test_rows_on_one_side(self):
        document = sample("ab")
        document["only_new"] = ["brand_new/1x1"]
        rows = [(r["row"], r["only in"]) for r in self.page(document).table("lonely")]
        self.assertEqual(
            rows, [(name, "old") for name in document["only_old"]] + [("brand_new/1x1", "new")]
        )

    def test_train(self):
        rows = [row for row in sample("train")["rows"] if row["kind"] != "accuracy"]
        page = self.page("train")
        self.assertEqual(len(page.marks("rates")), len(rows))
        for row, shown in zip(rows, page.table("rates")):
            self.assertAlmostEqual(number(shown["samples/s"]), row["samples_per_second"], delta=0.51)
            ceiling = row["ceiling_samples_per_second"]
            self.assertAlmostEqual(number(shown["ceiling samples/s"]), ceiling, delta=0.51)
            self.assertAlmostEqual(
                number(shown["% of ceiling"]), 100 * row["samples_per_second"] / ceiling, delta=0.051
            )
        curves = {(row["network"], row["batch"]) for row in rows}
        areas = [e for plot in page.plots("rates") for e in plot.walk() if "under" in e.classes()]
        self.assertEqual(len(areas), len(curves))

    def test_parts(self):
        parts = [(name, part) for row in sample("train-schema1")["rows"]
                 for name, part in row["parts"].items()]
        table = self.page("train-schema1").table("parts")
        self.assertEqual([row["part"] for row in table], [name for name, _ in parts])
        for (_, part), shown in zip(parts, table):
            self.assertAlmostEqual(number(shown["% of time"]), part["percent_of_time"], delta=0.051)

    def test_accuracy(self):
        rows = [row for row in sample("train")["rows"] if row["kind"] == "accuracy"]
        seeds = [seed for row in rows for seed in row["seeds"]]
        page = self.page("train")
        self.assertEqual(len(page.marks("accuracy")), len(seeds))
        for seed, shown in zip(seeds, page.table("accuracy")):
            self.assertAlmostEqual(number(shown["seconds"]), seed["seconds"], delta=0.00051)
            self.assertAlmostEqual(number(shown["accuracy"]), seed["accuracy"], delta=0.000051)
            reached = seed.get("reached", seed["accuracy"] >= rows[0]["target"])
            self.assertEqual(shown["reached"], "yes" if reached else "no")

    def test_limits(self):
        rows = sample("limits")["rows"]
        page = self.page("limits")
        self.assertEqual(len(page.marks("limits")), len(rows))
        self.assertEqual(len(page.plots("limits")), len({row["unit"] for row in rows}))
        for row, shown in zip(rows, page.table("limits")):
            self.assertEqual((shown["limit"], shown["unit"]), (row["limit"], row["unit"]))
            self.assertAlmostEqual(number(shown["median"]), row["value"], delta=0.0051)

    def test_peers(self):
        rows = sample("peers")["rows"]
        page = self.page("peers")
        self.assertEqual(len(page.marks("peers")), len(rows))
        for row, shown in zip(rows, page.table("peers")):
            best = max(row["peers"], key=row["peers"].get)
            self.assertEqual(shown["fastest peer"], best)
            self.assertAlmostEqual(number(shown["ratio"]), row["ratio_to_best"], delta=0.00051)
            self.assertEqual(shown["wrong"], ", ".join(row["wrong"]))
        self.assertEqual(len(page.table("libraries")), len(sample("peers")["libraries"]))

    def test_selftest(self):
        rows = sample("selftest")["rows"]
        page = self.page("selftest")
        cells = [mark.text() for mark in page.marks("confusion")]
        expected = [f"{found}/{row['runs']}" for row in rows for found in row["detected"].values()]
        self.assertEqual([cell.strip() for cell in cells], expected)
        for row, shown in zip(rows, page.table("confusion")):
            for rule, found in row["detected"].items():
                self.assertEqual(number(shown[rule]), found)
            self.assertAlmostEqual(number(shown["pinion from"]), 100 * row["low"], delta=0.0051)

    def test_wrong_and_impossible_rows_stand_out(self):
        document = sample("run")
        for row in document["rows"]:
            row["impossible"] = False
        document["rows"][2]["correct"] = False
        document["rows"][4]["impossible"] = True
        page = self.page(document)
        notes = [row["note"] for row in page.table("percent")]
        self.assertEqual([i for i, note in enumerate(notes) if note], [2, 4])
        self.assertEqual((notes[2], notes[4]), ("WRONG", "IMPOSSIBLE"))
        self.assertIn("2 rows", page.root.all("header")[0].text())
        markdown = self.report(document, "--md")
        self.assertIn("| WRONG |", markdown.partition("<details>")[0])


class Plain(ReportTest):
    def test_text_fits(self):
        for name, document in [(n, sample(n)) for n in SAMPLES] + [("long", long_run())]:
            with self.subTest(document=name):
                text = self.report(document, "--text")
                tail = text.partition("\nAgain:")[0]  # commands may have words longer than a line
                self.assertLessEqual(max(map(len, tail.splitlines())), 100)
                self.assertNotRegex(text, r"[ \t]\n")

    def test_text_has_the_numbers(self):
        text = self.report("run", "--text")
        for row in sample("run")["rows"]:
            value = f"{row['percent_of_limit']:.1f}"
            self.assertRegex(text, rf"(?m)^\S+ +{row['shape']} .* {re.escape(value)}  {row['limit']}\b")

    def test_text_ends_with_the_verdict(self):
        for name in ("ab", "check", "selftest"):
            last = self.report(name, "--text").splitlines()[-1]
            self.assertEqual(last, f"VERDICT {sample(name)['verdict']}")

    def test_commands_on_lines_are_the_commands(self):
        document = sample("ab")
        row = next(r for r in document["rows"] if r["verdict"] == "REGRESSED")
        words = ["pinion-bench", "ab", *(f"--a-long-option-{i}=value" for i in range(9)),
                 "--filter", "^gemm_nn  two spaces   32x256$"]
        row["repro"] = shlex.join(words)
        text = self.report(document, "--text")
        start = text.index("pinion-bench ab --a-long")
        script = text[start : text.index("\n\n", start)].replace("pinion-bench", "printf '%s\\n'", 1)
        self.assertIn("\n", script)
        said = subprocess.run(["sh", "-c", script], capture_output=True, text=True, check=True)
        self.assertEqual(said.stdout.splitlines(), words[1:])

    def test_markdown(self):
        markdown = self.report("ab", "--md")
        self.assertTrue(markdown.startswith("**VERDICT REGRESSED** · "))
        first, _, rest = markdown.partition("<details>")
        regressed = [row for row in sample("ab")["rows"] if row["verdict"] == "REGRESSED"]
        self.assertEqual(first.count("| REGRESSED |"), len(regressed))
        self.assertNotIn("| OK |", first)
        self.assertEqual(rest.count("| OK |"), sum(r["verdict"] == "OK" for r in sample("ab")["rows"]))
        for row in regressed:
            self.assertIn(row["repro"] + "\n", markdown)

    def test_markdown_tables_are_whole(self):
        for name in SAMPLES:
            document = sample(name)
            for row in document["rows"]:
                for key in ("kernel", "shape", "network", "op", "limit", "injection"):
                    if key in row:
                        row[key] += " |`x`|"
            widths = None
            for line in self.report(document, "--md").splitlines():
                if line.startswith("|"):
                    width = len(re.findall(r"(?<!\\)\|", line))
                    widths = widths or width
                    self.assertEqual(width, widths, f"{name}: {line}")
                else:
                    widths = None


class Hostile(ReportTest):
    def documents(self):
        for name in SAMPLES:
            document = sample(name)
            for key in ("processor", "placement", "version", "date", "command_line", "isa"):
                document[key] = HOSTILE
            document["warnings"] = [{"code": HOSTILE, "text": HOSTILE}]
            document["machine"] = {"processor": HOSTILE, HOSTILE: HOSTILE, "isas": [HOSTILE]}
            for row in document["rows"]:
                for key, value in row.items():
                    if isinstance(value, str) and key not in ("verdict", "kind"):
                        row[key] = HOSTILE
                    if key in ("peers", "detected", "parts") and value:
                        row[key] = {HOSTILE: next(iter(value.values()))}
            yield name, document

    def test_page(self):
        clean = HOSTILE.replace("\n", " ")
        for c in "\x1b\u202e\u0085":
            clean = clean.replace(c, "\ufffd")
        for name, document in self.documents():
            with self.subTest(document=name):
                source = self.report(document)
                page = Page(source)
                self.assertEqual(page.problems, [])
                self.assertEqual(page.root.all("script"), [])
                self.assertIn(clean, page.root.all("header")[0].text())
                tags = {e.tag for e in page.root.walk()}
                self.assertLessEqual(tags, {e.tag for e in self.page("run").root.walk()}
                                     | {e.tag for e in self.page("train").root.walk()}
                                     | {e.tag for e in self.page("selftest").root.walk()})
                for element in page.root.walk():
                    handlers = [a for a in element.attributes if a.startswith("on")]
                    self.assertEqual(handlers, [])
                self.assertNotRegex(source, "[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e]")

    def test_text_and_markdown_steer_nothing(self):
        for name, document in self.documents():
            for markup in ("--text", "--md"):
                with self.subTest(document=name, markup=markup):
                    shown = self.report(document, markup)
                    self.assertNotRegex(shown, "[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e]")
            outside = re.sub(r"(?ms)^(`{3,}).*?^\1$", "", shown)
            self.assertNotIn("<script", outside)
            self.assertNotIn("@who", outside)
            self.assertNotRegex(outside, r"(?<!\\)`")

    def test_long_names(self):
        document = sample("run")
        for i, row in enumerate(document["rows"]):
            row["kernel"] = "ßé→" * 400 + str(i)
            row["shape"] = "9" * 900
        page = self.page(document)
        self.assertEqual(len(page.marks("percent")), len(document["rows"]))
        for plot in page.plots("percent"):
            for text in plot.all("text"):
                self.assertLessEqual(len(text.text()), 80)
        text = self.report(document, "--text")
        self.assertLessEqual(max(map(len, text.partition("\nAgain:")[0].splitlines())), 100)


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
            self.refuse(65, "not an object of results", "report", self.write("bad.json", json.dumps(other)))

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
