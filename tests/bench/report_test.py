"""pinion-bench report: the page's structure, text, Markdown, and names that would do harm."""

import re
import shlex
import subprocess
import unittest

from report_pages import SAMPLES, Page, ReportTest, long_ab, long_run, sample, scorecard

HOSTILE = "<script>alert('x')</script>&\"|`\\\x1b[31m\u202e\u0085*_#@who\n$1"


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
        documents["scorecard"] = scorecard()
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
        shown = [rows[key] for key in ("steal percent", "boost", "policy")]
        self.assertEqual(shown, ["0.5", "yes", "x"])

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


class Plain(ReportTest):
    def test_text_fits(self):
        for name, document in [(n, sample(n)) for n in SAMPLES] + [
            ("long", long_run()), ("scorecard", scorecard())
        ]:
            with self.subTest(document=name):
                text = self.report(document, "--text")
                tail = text.partition("\nAgain:")[0]  # commands may have words longer than a line
                self.assertLessEqual(max(map(len, tail.splitlines())), 100)
                self.assertNotRegex(text, r"[ \t]\n")

    def test_text_has_the_numbers(self):
        text = self.report("run", "--text")
        for row in sample("run")["rows"]:
            value = f"{row['percent_of_limit']:.1f}"
            line = rf"(?m)^\S+ +{row['shape']} .* {re.escape(value)}  {row['limit']}\b"
            self.assertRegex(text, line)

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
        script = text[start : text.index("\n\n", start)]
        script = script.replace("pinion-bench", "printf '%s\\n'", 1)
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
        equal = [row for row in sample("ab")["rows"] if row["verdict"] == "OK"]
        self.assertEqual(rest.count("| OK |"), len(equal))
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
        document = scorecard()
        for entry in document["entries"]:
            entry["key"] = {HOSTILE: HOSTILE, "processor": HOSTILE, "caches": [HOSTILE, {}, None]}
            entry["first"] = entry["last"] = HOSTILE
            for row in entry["rows"]:
                row.update(condition=HOSTILE, injection=HOSTILE, detected={HOSTILE: 1})
        yield "scorecard", document

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
                where = "main" if name == "scorecard" else "header"  # what says it
                self.assertIn(clean, page.root.all(where)[0].text())
                tags = {e.tag for e in page.root.walk()}
                usual = (self.page(other).root.walk() for other in ("run", "train", "selftest"))
                self.assertLessEqual(tags, {e.tag for elements in usual for e in elements})
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


if __name__ == "__main__":
    unittest.main()
