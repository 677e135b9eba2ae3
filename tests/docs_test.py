"""The code that docs/ quotes is the code that is compiled: every block that begins with a path equals that file."""

import pathlib
import re
import unittest

ROOT = pathlib.Path(__file__).resolve().parent.parent


def quoted_files(text):
    """(path, code) of every block of C++, C or Python whose first line is a comment with a path."""
    for block in re.findall(r"```(?:cpp|c|python)\n(.*?)```", text, re.S):
        first, _, code = block.partition("\n")
        match = re.fullmatch(r"(?://|#|/\*) (docs/examples/\S+)(?: \*/)?", first)
        if match:
            yield match.group(1), code


class DocsTest(unittest.TestCase):
    def test_quoted_code_is_the_compiled_code(self):
        seen = set()
        for page in sorted((ROOT / "docs").glob("*.md")):
            for path, code in quoted_files(page.read_text()):
                self.assertEqual(code, (ROOT / path).read_text(), f"{page.name} quotes {path}")
                seen.add(path)
        self.assertEqual(seen, {f"docs/examples/{p.name}" for p in (ROOT / "docs/examples").iterdir()})

    def test_links_lead_somewhere(self):
        for page in [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]:
            prose = re.sub(r"```.*?```", "", page.read_text(), flags=re.S)
            for target in re.findall(r"\]\((?!https?:)([^)#]+)\)", prose):
                self.assertTrue((page.parent / target).exists(), f"{page.name} links to {target}")


if __name__ == "__main__":
    unittest.main()
