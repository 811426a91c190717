"""Pages of pinion-bench report in headless Chromium: what is laid out, seen and printed. Exits 77
where there is no Chromium."""

import json
import os
import shutil
import struct
import subprocess
import sys
import unittest
import zlib

from report_pages import SAMPLES, Page, ReportTest, long_ab, long_run, sample

NAMES = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")
BROWSER = next(filter(None, map(shutil.which, NAMES)), None)

# Added to a copy of the page: leaves in the document what the layout came to.
MEASURE = """<script>
const plots = [...document.querySelectorAll('main svg')].map(svg => {
    const frame = svg.getBoundingClientRect();
    const texts = [...svg.querySelectorAll('text')].map(text => {
        const box = text.getBoundingClientRect();
        return {text: text.textContent, left: box.left - frame.left, right: box.right - frame.left,
                top: box.top - frame.top, bottom: box.bottom - frame.top};
    });
    const marks = [...svg.querySelectorAll('.mark, .mark-cell')].map(mark => {
        const box = mark.getBoundingClientRect();
        const style = getComputedStyle(mark);
        return {left: box.left - frame.left, right: box.right - frame.left,
                top: box.top - frame.top, bottom: box.bottom - frame.top, fill: style.fill,
                cell: mark.classList.contains('mark-cell')};
    });
    return {id: svg.id, width: frame.width, height: frame.height, texts, marks};
});
const tables = [...document.querySelectorAll('table')].map(table => table.offsetHeight);
const measured = document.createElement('script');
measured.type = 'application/json';
measured.id = 'measured';
measured.textContent = JSON.stringify({plots, tables, wide: document.body.scrollWidth,
                                       paper: getComputedStyle(document.body).backgroundColor,
                                       ink: getComputedStyle(document.body).color});
document.body.append(measured);
</script>"""


def read_png(path):
    """Width, height, and rows of (red, green, blue)."""
    with open(path, "rb") as file:
        data = file.read()
    assert data[:8] == b"\x89PNG\r\n\x1a\n"
    place, packed, header = 8, b"", None
    while place < len(data):
        size, kind = struct.unpack(">I4s", data[place : place + 8])
        if kind == b"IHDR":
            header = struct.unpack(">IIBBBBB", data[place + 8 : place + 8 + size])
        elif kind == b"IDAT":
            packed += data[place + 8 : place + 8 + size]
        place += size + 12
    width, height, depth, colour, _, _, interlace = header
    assert depth == 8 and colour in (2, 6) and interlace == 0
    step = 3 if colour == 2 else 4
    raw, rows, above = zlib.decompress(packed), [], bytearray(width * step)
    for y in range(height):
        start = y * (width * step + 1)
        kind, line = raw[start], bytearray(raw[start + 1 : start + 1 + width * step])
        if kind:
            unfilter(kind, line, above, step)
        rows.append([tuple(line[x : x + 3]) for x in range(0, width * step, step)])
        above = line
    return width, height, rows


def unfilter(kind, line, above, step):
    for i, value in enumerate(line):
        left = line[i - step] if i >= step else 0
        up = above[i]
        if kind == 4:
            corner = above[i - step] if i >= step else 0
            guess = left + up - corner
            near = min((left, up, corner), key=lambda v: abs(guess - v))
        else:
            near = (0, left, up, (left + up) // 2)[kind]
        line[i] = (value + near) & 255


def overlap(a, b):
    """Pixels by which two boxes overlap in the direction where it is least."""
    return min(
        min(a["right"], b["right"]) - max(a["left"], b["left"]),
        min(a["bottom"], b["bottom"]) - max(a["top"], b["top"]),
    )


class BrowserTest(ReportTest):
    def chromium(self, page, *options):
        """Standard output of a run that succeeds."""
        result = subprocess.run(
            [BROWSER, "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
             "--hide-scrollbars", f"--user-data-dir={self.path('profile')}", *options,
             f"file://{page}"],
            stdin=subprocess.DEVNULL, capture_output=True, cwd=self.folder, timeout=120,
            env={**os.environ, "HOME": self.folder},
        )
        self.assertEqual(result.returncode, 0, result.stderr.decode(errors="replace"))
        return result.stdout.decode("utf-8")

    def measure(self, document, *options):
        source = self.report(document).replace("</body>", MEASURE + "</body>")
        page = Page(self.chromium(self.write("measured.html", source), "--window-size=1100,2000",
                                  "--dump-dom", *options))
        return json.loads(page.by_id("measured").text())

    def screenshot(self, document, *options):
        page = self.write("page.html", self.report(document))
        self.chromium(page, "--window-size=1000,800", f"--screenshot={self.path('shot.png')}",
                      *options)
        return read_png(self.path("shot.png"))


DARK = "--blink-settings=preferredColorScheme=0"


@unittest.skipUnless(BROWSER, "no Chromium")
class Browser(BrowserTest):
    def test_plots_are_in_the_dom(self):
        """What the browser makes of the page is what the page says."""
        for name in SAMPLES:
            source = self.report(name)
            mine = Page(source)
            seen = Page(self.chromium(self.write("page.html", source), "--dump-dom"))
            plots, rendered = (
                {svg.attributes["id"]: len(svg.marks()) for svg in page.root.all("main")[0].all("svg")}
                for page in (mine, seen)
            )
            with self.subTest(document=name):
                self.assertTrue(plots)
                self.assertEqual(rendered, plots)
                self.assertTrue(all(rendered.values()), rendered)

    def check_layout(self, document, *options):
        measured = self.measure(document, *options)
        self.assertTrue(measured["plots"])
        self.assertLessEqual(measured["wide"], 1100)
        for plot in measured["plots"]:
            with self.subTest(plot=plot["id"]):
                self.assertGreater(plot["width"], 700)
                self.assertGreater(plot["height"], 50)
                self.assertTrue(plot["marks"])
                for box in plot["texts"] + plot["marks"]:
                    self.assertGreater(box["right"], box["left"], box)
                    self.assertGreaterEqual(box["left"], -1.5, box)
                    self.assertLessEqual(box["right"], plot["width"] + 1.5, box)
                    self.assertGreaterEqual(box["top"], -3, box)
                    self.assertLessEqual(box["bottom"], plot["height"] + 1.5, box)
                texts = sorted(plot["texts"], key=lambda box: box["top"])
                for i, box in enumerate(texts):
                    for other in texts[i + 1 :]:
                        if other["top"] >= box["bottom"]:
                            break
                        # Boxes are of whole lines: letters are lower.
                        self.assertLess(overlap(box, other), 4, (box, other))
                for mark in plot["marks"]:
                    for box in texts if mark["cell"] is False else []:
                        self.assertLess(overlap(mark, box), 4, (mark, box))

    def test_nothing_overlaps_or_is_cut(self):
        for name in SAMPLES:
            with self.subTest(document=name):
                self.check_layout(name)

    def test_nothing_overlaps_with_many_long_names(self):
        self.check_layout(long_run(150))
        self.check_layout(long_ab(150))

    def test_marks_of_changes_stand_where_they_should(self):
        """In pixels: the order of marks from left to right is that of the changes."""
        document = sample("check")
        marks = [m for p in self.measure(document)["plots"] for m in p["marks"]]
        changes = sorted((row["change"] for row in document["rows"]), reverse=True)
        rank = {"REGRESSED": 0, "INCONCLUSIVE": 1, "IMPROVED": 2, "OK": 3}
        rows = sorted(document["rows"], key=lambda row: (rank[row["verdict"]], -row["change"]))
        self.assertEqual(len(marks), len(rows))
        middles = [((m["left"] + m["right"]) / 2, row["change"]) for m, row in zip(marks, rows)]
        self.assertEqual([change for _, change in sorted(middles, reverse=True)], changes)
        (x0, c0), (x1, c1) = min(middles), max(middles)
        for x, change in middles:
            self.assertAlmostEqual(x, x0 + (x1 - x0) * (change - c0) / (c1 - c0), delta=3)

    def test_screenshot(self):
        for name in ("run", "ab", "train", "selftest"):
            width, height, rows = self.screenshot(name)
            with self.subTest(document=name):
                self.assertEqual((width, height), (1000, 800))
                pixels = [pixel for row in rows for pixel in row]
                paper = rows[2][2]
                self.assertEqual(paper, (255, 255, 255))
                drawn = sum(pixel != paper for pixel in pixels)
                self.assertGreater(drawn, 0.01 * len(pixels))
                self.assertLess(drawn, 0.6 * len(pixels))
                self.assertGreater(len(set(pixels)), 50)
                lower = [pixel for row in rows[400:] for pixel in row]
                self.assertGreater(len(set(lower)), 10)

    def test_dark_mode(self):
        light, dark = self.measure("run"), self.measure("run", DARK)
        self.assertNotEqual(light["paper"], dark["paper"])
        for plot, other in zip(light["plots"], dark["plots"]):
            fills = {mark["fill"] for mark in plot["marks"]}
            self.assertTrue(fills.isdisjoint({mark["fill"] for mark in other["marks"]}))
        _, _, rows = self.screenshot("run", DARK)
        self.assertLess(sum(rows[2][2]), 150)
        self.assertGreater(max(sum(pixel) for row in rows for pixel in row), 600)

    def test_contrast(self):
        """Text and marks against the paper, by the formula of the accessibility guidelines."""

        def luminance(colour):
            parts = [float(p) / 255 for p in colour[colour.index("(") + 1 : -1].split(",")[:3]]
            linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
            return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

        def contrast(a, b):
            light, dark = sorted((luminance(a), luminance(b)), reverse=True)
            return (light + 0.05) / (dark + 0.05)

        for options in ((), (DARK,)):
            for name in ("run", "check", "train", "limits"):
                measured = self.measure(name, *options)
                self.assertGreaterEqual(contrast(measured["ink"], measured["paper"]), 7)
                for fill in {m["fill"] for plot in measured["plots"] for m in plot["marks"]}:
                    if fill != measured["paper"]:  # open marks are drawn by their rim
                        self.assertGreaterEqual(contrast(fill, measured["paper"]), 3, (name, fill))

    @unittest.skipUnless(shutil.which("pdftotext"), "no pdftotext to read what is printed")
    def test_print(self):
        """Tables that are folded on the screen are there on paper."""
        document = long_run(60)
        page = self.write("page.html", self.report(document))
        self.chromium(page, "--no-pdf-header-footer", f"--print-to-pdf={self.path('page.pdf')}")
        said = subprocess.run(["pdftotext", "-layout", self.path("page.pdf"), "-"],
                              capture_output=True, text=True, check=True).stdout
        for row in document["rows"]:
            self.assertIn(f"{row['ns']:,.1f}", said)
            self.assertIn(row["shape"], said)
        self.assertIn(document["warnings"][0]["text"], said)


if __name__ == "__main__":
    if BROWSER is None:
        print(f"skipped: needs a browser, one of {', '.join(NAMES)}", file=sys.stderr)
        sys.exit(77)
    unittest.main()
