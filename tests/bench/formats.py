"""What the tests of formats share: the program under test, its documents, a strict reader."""

import json
import os
import subprocess

TOOL = os.path.abspath(os.environ.get("FORMATS_TOOL", "formats_tool"))
DATA = os.path.join(os.path.dirname(os.path.abspath(__file__)), "data")
HOSTILE = ('"quotes" \\ and / and </script>', "new\nline\ttab\x01", "Ω ± 🏁",
           "=1+1,%s%n{}[$(id)", " ")


def refuse(word):
    raise ValueError(f"{word} is no JSON")


def strict(text):
    """json.loads as other languages' parsers are: no NaN, no Infinity, no key twice."""
    def pairs(items):
        keys = [key for key, _ in items]
        if len(keys) != len(set(keys)):
            raise ValueError("a key is there twice")
        return dict(items)
    return json.loads(text, parse_constant=refuse, object_pairs_hook=pairs)


def run_tool(*arguments, **options):
    return subprocess.run([TOOL, *arguments], capture_output=True, text=True, timeout=60,
                          encoding="utf-8", **options)


def document(name="run_old"):
    with open(os.path.join(DATA, name + ".json"), encoding="utf-8") as file:
        return json.load(file)


def export(doc, form):
    result = run_tool("export", form, input=doc if isinstance(doc, str) else json.dumps(doc))
    if result.returncode != 0:
        raise AssertionError(f"{form}: {result.returncode}: {result.stderr}")
    return strict(result.stdout)
