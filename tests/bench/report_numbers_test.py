"""The plots and tables of pinion-bench report show the numbers of the document."""

import re
import unittest

from report_pages import ReportTest, long_run, sample, scorecard


def number(text):
    return float(text.replace(",", "").rstrip(" %"))


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
            percent = number(shown["% of limit"])
            self.assertAlmostEqual(percent, row["percent_of_limit"], delta=0.051)
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
        whiskers = [e for e in everything if "whisker" in e.classes()]
        self.assertEqual(len(whiskers), len(rows) + whole)
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
            rate, ceiling = row["samples_per_second"], row["ceiling_samples_per_second"]
            self.assertAlmostEqual(number(shown["samples/s"]), rate, delta=0.51)
            self.assertAlmostEqual(number(shown["ceiling samples/s"]), ceiling, delta=0.51)
            self.assertAlmostEqual(
                number(shown["% of ceiling"]), 100 * rate / ceiling, delta=0.051
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

    def test_scorecard(self):
        document = scorecard()
        page = self.page(document)
        text, markdown = (self.report(document, markup) for markup in ("--text", "--md"))
        keys = ["AMD EPYC, isa avx512, threads 1, caches hot,cold, version 0.1.0, budget 10.5, "
                "min time ms 1, virtual machine yes, measured 2026-11-28T12:00:00+00:00 to "
                "2026-11-29T01:02:03+00:00",
                "Another, isa avx512, threads 2, caches hot,cold, version 0.1.0, budget 10.5, "
                "min time ms 1, virtual machine no, measured 2026-11-28T12:00:00+00:00"]
        for number_of, (entry, key) in enumerate(zip(document["entries"], keys), 1):
            name = f"entry-{number_of}"
            self.assertEqual(page.section(name).all("p")[0].text(), key)
            expected = [f"{found}/{row['runs']}" for row in entry["rows"]
                        for found in row["detected"].values()]
            self.assertEqual([mark.text().strip() for mark in page.marks(name)], expected)
            table = page.table(name)
            self.assertEqual(len(table), len(entry["rows"]))
            for row, shown in zip(entry["rows"], table):
                self.assertEqual(number(shown["runs"]), row["runs"])
                self.assertEqual(number(shown["criterion"]), row["detected"]["criterion"])
                counts = " +".join(str(found) for found in row["detected"].values())
                start = rf"(?m)^{row['condition']} +{re.escape(row['injection'])} +{row['runs']} +"
                self.assertRegex(text, start + counts)
            self.assertIn(" ".join(key.split()), " ".join(text.split()))
            self.assertIn(f"Entry {number_of}: {key}\n", markdown)
        self.assertEqual(markdown.count("<details>"), 2)
        # Without entries, or with one that has no rows, there is nothing to plot.
        empty = {**document, "entries": [{"key": {}, "rows": []}]}
        for other in (empty, {**document, "entries": []}):
            self.assertEqual(self.page(other).root.all("svg"), [])
            self.assertIn("0 combinations", self.report(other, "--text"))

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


if __name__ == "__main__":
    unittest.main()
