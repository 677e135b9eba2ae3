#!/usr/bin/env python3
"""README.md against the program: its lists of losses and variants, its `eval` examples, the files and options it names.

    LOSSBENCH=build/release/lossbench tests/readme_test.py --write    writes the two lists anew (from a build with CUDA)
"""

import json
import math
import os
import pathlib
import re
import shlex
import subprocess
import sys
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parent.parent
README = ROOT / "README.md"
LOSSBENCH = os.environ.get("LOSSBENCH", str(ROOT / "build" / "release" / "lossbench"))
PROGRAM_IN_README = "build/release/lossbench"


def registry():
    return json.loads(subprocess.run([LOSSBENCH, "list", "--json"], check=True, capture_output=True, text=True).stdout)


def block(text, name):
    """The lines between <!-- name --> and <!-- end of name -->."""
    return re.search(rf"<!-- {name} -->\n(.*?)<!-- end of {name} -->", text, re.S)[1]


def table(header, rows):
    lines = ["| " + " | ".join(cells) + " |" for cells in [header, ["---"] * len(header), *rows]]
    return "\n".join(lines) + "\n"


def rows_of(text):
    """The cells of a table's rows by the name in the first column."""
    rows = {}
    for line in text.strip().split("\n")[2:]:
        cells = [cell.strip() for cell in re.split(r"(?<!\\)\|", line.strip().strip("|"))]
        rows[cells[0].strip("`")] = cells
    return rows


def escaped(text):
    return text.replace("|", "\\|")


def loss_rows(data):
    """What every loss has in common (`reduction`, `grad_output`) is said once, above the table."""
    for loss in data["losses"]:
        inputs = ", ".join(f"[`{entry['name']}`]" if entry["optional"] else f"`{entry['name']}`" for entry in loss["inputs"]
                           if entry["name"] != "grad_output")
        options = ", ".join(f"`{option['name']}`" for option in loss["options"] if option["name"] != "reduction")
        yield [f"`{loss['name']}`", escaped(loss["summary"]), inputs, options]


def variant_rows(data):
    """One row a name; a variant that is built for the GPU and for the emulator is one variant."""
    variants = {}
    for variant in data["variants"]:
        variants.setdefault(variant["name"], []).append(variant)
    for name, builds in variants.items():
        entries = [entry for build in builds for entry in build["implementations"]]
        losses = {entry["loss"] for entry in entries}
        passes = [name for name in ("forward", "gradient") if any(entry["pass"] == name for entry in entries)]
        dtypes = [dtype for dtype in DTYPES if any(entry["dtype"] == dtype for entry in entries)]
        backends = [build["backend"] for build in builds]
        of = f"`{min(losses)}`" if len(losses) == 1 else f"{len(losses)} losses"
        yield [f"`{name}`", escaped(builds[0]["summary"]), of, ", ".join(passes), ", ".join(dtypes), places({build["backend"] for build in builds})]


def places(backends):
    """Where a variant runs. A kernel of ours that is built for the emulator is built for the GPU too, where there is CUDA."""
    if "simt" in backends:
        return "GPU, emulator"
    return ", ".join(place for place, names in (("CPU", {"scalar", "cpu"}), ("GPU", {"cuda"})) if names & backends)


DTYPES = ("f32", "f64", "f16", "bf16", "f8_e4m3", "f8_e5m2")
LISTS = {
    "losses": (["loss", "formula", "inputs", "options"], loss_rows),
    "variants": (["variant", "what it does", "for", "pass", "types", "runs on"], variant_rows),
}


class Lists(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.text, cls.data = README.read_text(encoding="utf-8"), registry()

    def test_losses(self):
        header, rows = LISTS["losses"]
        self.assertEqual(block(self.text, "losses"), table(header, rows(self.data)))

    def test_variants(self):
        header, rows = LISTS["variants"]
        if self.data["cuda"]["built"]:
            self.assertEqual(block(self.text, "variants"), table(header, rows(self.data)))
            return
        # Without CUDA the contenders that need a GPU are not built; every other row is there, in the same order.
        written = rows_of(block(self.text, "variants"))
        built = {cells[0].strip("`"): cells for cells in rows(self.data)}
        missing = [name for name in written if name not in built]
        self.assertTrue(all(written[name][-1] == "GPU" for name in missing), missing)
        self.assertEqual([name for name in written if name in built], list(built))
        for name, cells in built.items():
            self.assertEqual(written[name][1:-1], cells[1:-1], name)

    def test_which_variants_do_not_repeat(self):
        loose = {variant["name"] for variant in self.data["variants"] if variant["order"] == "none"}
        self.assertEqual(loose, {"naive_atomic"})
        self.assertIn("All but `naive_atomic` give the same bits in every run", self.text)


class Examples(unittest.TestCase):
    """Commands of the README that start with the program, each followed by what it prints."""

    def examples(self):
        return re.findall(r"```console\n(\$ build/release/lossbench eval.*?)```", README.read_text(encoding="utf-8"), re.S)

    def test_there_are_some(self):
        self.assertGreaterEqual(len(self.examples()), 3)

    def test_each_prints_what_the_readme_says(self):
        for text in self.examples():
            command, expected = re.match(r"\$ ((?:[^\n]*\\\n)*[^\n]*)\n(.*)", text, re.S).groups()
            words = shlex.split(command.replace("\\\n", " "))
            self.assertEqual(words[0], PROGRAM_IN_README)
            with self.subTest(command=command), tempfile.TemporaryDirectory() as folder:
                (pathlib.Path(folder) / "examples").symlink_to(ROOT / "examples")
                done = subprocess.run([os.path.abspath(LOSSBENCH), *words[1:]], cwd=folder, capture_output=True, text=True)
                self.assertEqual(done.returncode, 0, done.stderr)
                self.same(json.loads(done.stdout), json.loads(expected))
                for output in json.loads(expected)["outputs"].values():
                    if "file" in output:
                        self.assertTrue((pathlib.Path(folder) / output["file"]).is_file())

    def same(self, got, expected, where="output"):
        """Equal but for the last digits of numbers: the C library's exp and log differ between systems. On a machine with a GPU
        the default backend is the GPU."""
        if isinstance(expected, dict):
            self.assertEqual(list(got), list(expected), where)
            for key in expected:
                if key != "backend":
                    self.same(got[key], expected[key], f"{where}.{key}")
        elif isinstance(expected, float):
            self.assertTrue(math.isclose(got, expected, rel_tol=1e-6), f"{where}: {got} is not {expected}")
        else:
            self.assertEqual(got, expected, where)


class Names(unittest.TestCase):
    def test_files_exist(self):
        text = README.read_text(encoding="utf-8")
        for name in set(re.findall(r"\]\((?!http|#)([^)\s]+)\)", text)):
            self.assertTrue((ROOT / name).exists(), name)
        for name in set(re.findall(r"`((?:scripts|docs|examples|simt|core|kernels|reference|registry|bench|contenders|tests)/[\w./-]*)`", text)):
            self.assertTrue((ROOT / name).exists(), name)

    def test_picture_is_small(self):
        self.assertLess((ROOT / "docs" / "images" / "report.png").stat().st_size, 300_000)


def write():
    text, data = README.read_text(encoding="utf-8"), registry()
    blocks = {name: table(header, rows(data)) for name, (header, rows) in LISTS.items()}
    for name, lines in blocks.items():
        opening, closing = f"<!-- {name} -->\n", f"<!-- end of {name} -->"
        before, after = text.split(opening)[0], text.split(closing)[1]
        text = before + opening + lines + closing + after
    README.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    if sys.argv[1:] == ["--write"]:
        write()
    else:
        unittest.main()
