"""Result documents for the tests of pinion-bench report, and what a page says when it is read."""

import json
import os
import subprocess
import tempfile
import unittest
from html.parser import HTMLParser

BENCH = os.environ.get("BENCH", "pinion-bench")
DATA = os.path.join(os.path.dirname(os.path.abspath(__file__)), "data")
SAMPLES = sorted(name[: -len(".json")] for name in os.listdir(DATA) if name.endswith(".json"))

VOID = {"meta", "link", "br", "hr", "img", "input", "wbr"}


def sample(name):
    with open(os.path.join(DATA, f"{name}.json"), encoding="utf-8") as file:
        return json.load(file)


def long_run(count=200):
    """Many rows of kernels with the longest names there are, in all cache states."""
    rows = sample("run")["rows"]
    caches = ("hot", "cold", "train")
    made = []
    for i in range(count):
        row = dict(rows[i % len(rows)])
        row["kernel"] = f"activation_gradient:leaky_exponential_{i // 20}"
        row["shape"] = f"{1024 + i}x1024x4096"
        row["cache"] = caches[i % 3]
        row["threads"] = 1 + i % 2
        row["percent_of_limit"] = 1 + (i * 37) % 107
        row["samples"] = [row["ns"] * (1 + 0.001 * j) for j in range(60)]
        row["name"] = (
            f"{row['kernel']}/{row['shape']}/f32/avx512/{row['cache']}/threads:{row['threads']}"
        )
        row["repro"] = f"pinion-bench run --filter '^{row['kernel']} {row['shape']}$'"
        made.append(row)
    return {**sample("run"), "rows": made}


def long_ab(count=150):
    rows = sample("ab")["rows"]
    made = []
    for i in range(count):
        row = dict(rows[i % len(rows)])
        row["kernel"] = f"activation_gradient:leaky_exponential_{i // 20}"
        row["shape"] = f"{1024 + i}x1024x4096"
        row["cache"] = ("hot", "cold", "train")[i % 3]
        row["name"] = f"{row['kernel']}/{row['shape']}/f32/avx512/{row['cache']}/threads:1"
        row["repro"] = f"pinion-bench ab a.so b.so --filter '^{row['kernel']} {row['shape']}$'"
        made.append(row)
    return {**sample("ab"), "rows": made}


def scorecard():
    """Two entries, as selftest --scorecard sums them up."""
    rows = sample("selftest")["rows"]
    twice = [
        {**row, "runs": 2 * row["runs"], "detected": {k: 2 * v for k, v in row["detected"].items()}}
        for row in rows[: len(rows) // 2]
    ]
    key = {"processor": "AMD EPYC", "isa": "avx512", "threads": 1, "caches": ["hot", "cold"],
           "version": "0.1.0", "budget": 10.5, "min_time_ms": 1.0, "filter": "",
           "virtual_machine": True}
    other = {**key, "processor": "Another", "threads": 2, "virtual_machine": False}
    then, later = "2026-11-28T12:00:00+00:00", "2026-11-29T01:02:03+00:00"
    entries = [{"key": key, "first": then, "last": later, "rows": rows},
               {"key": other, "first": then, "last": then, "rows": twice}]
    return {"schema": 2, "command": "scorecard", "entries": entries}


class Element:
    def __init__(self, tag, attributes, parent):
        self.tag, self.attributes, self.parent = tag, dict(attributes), parent
        self.children, self.pieces = [], []

    def walk(self):
        yield self
        for child in self.children:
            yield from child.walk()

    def all(self, tag):
        return [element for element in self.walk() if element.tag == tag]

    def text(self):
        return "".join(
            piece if isinstance(piece, str) else piece.text() for piece in self.pieces
        )

    def classes(self):
        return (self.attributes.get("class") or "").split()

    def marks(self):
        """Elements that stand for a number of the document."""
        return [e for e in self.walk() if {"mark", "mark-cell"} & set(e.classes())]


class Page(HTMLParser):
    """A tree; .problems lists what is not well-formed."""

    def __init__(self, source):
        super().__init__(convert_charrefs=True)
        self.root = self.current = Element("", {}, None)
        self.problems = []
        self.doctype = ""
        self.feed(source)
        self.close()
        if self.current is not self.root:
            self.problems.append(f"<{self.current.tag}> is never closed")

    def handle_decl(self, decl):
        self.doctype = decl

    def add(self, tag, attributes):
        names = [name for name, _ in attributes]
        if len(set(names)) != len(names):
            self.problems.append(f"<{tag}> repeats an attribute at {self.getpos()}")
        element = Element(tag, attributes, self.current)
        self.current.children.append(element)
        self.current.pieces.append(element)
        return element

    def handle_starttag(self, tag, attrs):
        element = self.add(tag, attrs)
        if tag not in VOID:
            self.current = element

    def handle_startendtag(self, tag, attrs):
        self.add(tag, attrs)

    def handle_endtag(self, tag):
        if self.current.tag != tag:
            self.problems.append(f"</{tag}> ends <{self.current.tag}> at {self.getpos()}")
        else:
            self.current = self.current.parent

    def handle_data(self, data):
        self.current.pieces.append(data)

    def by_id(self, name):
        found = [e for e in self.root.walk() if e.attributes.get("id") == name]
        return found[0] if found else None

    def section(self, name):
        heading = self.by_id(name)
        return heading.parent if heading else None

    def plots(self, name):
        """The SVGs of a section."""
        section = self.section(name)
        return section.all("svg") if section else []

    def marks(self, name):
        return [mark for plot in self.plots(name) for mark in plot.marks()]

    def table(self, name):
        """Rows as dictionaries by column title."""
        section = self.section(name)
        tables = section.all("table") if section else []
        if len(tables) != 1:
            raise AssertionError(f"section {name}: {len(tables)} tables")
        titles = [cell.text() for cell in tables[0].all("thead")[0].all("th")]
        rows = []
        for row in tables[0].all("tbody")[0].all("tr"):
            cells = [cell.text() for cell in row.children]
            if len(cells) != len(titles):
                raise AssertionError(f"section {name}: {len(cells)} cells under {len(titles)}")
            rows.append(dict(zip(titles, cells)))
        return rows


class ReportTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="pinion-report-")
        self.addCleanup(folder.cleanup)
        self.folder = folder.name

    def path(self, name):
        return os.path.join(self.folder, name)

    def write(self, name, content):
        """Text, bytes, or an object to be written as JSON."""
        if not isinstance(content, (str, bytes)):
            content = json.dumps(content)
        if isinstance(content, str):
            content = content.encode("utf-8", "surrogatepass")
        with open(self.path(name), "wb") as file:
            file.write(content)
        return self.path(name)

    def run_bench(self, *arguments):
        return subprocess.run(
            [BENCH, *arguments],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            cwd=self.folder,
            timeout=60,
        )

    def report(self, document, *options):
        """The report of a document, an object or a sample's name, on standard output."""
        if isinstance(document, str):
            document = sample(document)
        result = self.run_bench("report", self.write("document.json", document), *options)
        self.assertEqual((result.returncode, result.stderr), (0, b""))
        return result.stdout.decode("utf-8")

    def page(self, document):
        page = Page(self.report(document))
        self.assertEqual(page.problems, [])
        return page

    def refuse(self, status, pattern, *arguments):
        """One line of error that matches, this status, nothing on standard output."""
        result = self.run_bench(*arguments)
        message = result.stderr.decode()
        self.assertEqual(result.returncode, status, message)
        self.assertEqual(result.stdout, b"")
        self.assertEqual(len(message.splitlines()), 1, message)
        self.assertTrue(message.startswith("pinion-bench: "), message)
        self.assertRegex(message, pattern)
