#!/usr/bin/env python3
"""The two builds of the kernels share no symbol.

Every kernel header is compiled twice into one program: by nvcc for the GPU, by the host compiler for the emulator. A function
that both define under one name would be merged by the linker, silently and at its choice. So everything in simt/ and kernels/
lives in an inline namespace named after its build. What both libraries may define is what does not depend on the build: inline
functions of core/, and instantiations of the standard library.
"""

import os
import pathlib
import re
import subprocess
import sys
import unittest

ROOT = pathlib.Path(__file__).resolve().parent.parent
BUILD = pathlib.Path(os.environ.get("LOSSBENCH_BUILD", ROOT / "build" / "release"))
BUILDS = {"cuda_build": "liblossbench_kernels_cuda.a", "simt_build": "liblossbench_kernels_simt.a"}
DEFINED = set("TDBRWVuSG")  # code, data, read-only data, weak, unique, small: whatever a linker can merge or clash on


def defined_symbols(nm_output):
    """Mangled name by demangled name is no use: two manglings may read alike. So mangled names, external definitions only."""
    symbols = set()
    for line in nm_output.split("\n"):
        match = re.match(r"^(?:[0-9a-f]+)?\s+([A-Za-z]) (\S+)$", line)
        if match and match[1] in DEFINED:
            symbols.add(match[2])
    return symbols


def demangle(symbols):
    symbols = sorted(symbols)
    text = subprocess.run(["c++filt"], input="\n".join(symbols), capture_output=True, text=True, check=True).stdout
    return dict(zip(symbols, text.split("\n")))


def own_name(demangled):
    """The name a symbol is filed under, without return type, template arguments and parameters: "lossbench::Options::flag"."""
    text = re.sub(r"^(?:guard variable|vtable|typeinfo(?: name)?|VTT|non-virtual thunk|virtual thunk)(?: to| for) ", "", demangled)
    previous = None
    while previous != text:  # innermost brackets first
        previous, text = text, re.sub(r"<[^<>]*>", "", text.replace("operator()", "call").replace("operator<", "less"))
    text = text.split("(")[0].strip()
    return text.split(" ")[-1]


def shared_wrongly(first, second, core_names):
    """Names defined in both that should not be. `core_names` are the identifiers that core/ declares in namespace lossbench."""
    wrong = []
    for symbol, name in demangle(first & second).items():
        owner = own_name(name)
        if owner.startswith("simt::") or "cuda_build" in name or "simt_build" in name:
            wrong.append(name)
        elif owner.startswith("lossbench::") and owner.split("::")[1].split("[")[0] not in core_names:
            wrong.append(name)
    return wrong


def core_names():
    text = "\n".join(path.read_text(encoding="utf-8") for path in sorted((ROOT / "core").glob("*.h")))
    return set(re.findall(r"\b[A-Za-z_]\w*\b", re.sub(r"//[^\n]*", "", text)))


class Rule(unittest.TestCase):
    FUNCTION = "_ZN9lossbench{0}1fEv"

    def test_function_without_its_build_in_the_name_is_caught(self):
        plain = "_ZN9lossbench9warp_haltEv"
        self.assertEqual(shared_wrongly({plain}, {plain}, {"Options"}), ["lossbench::warp_halt()"])
        self.assertEqual(shared_wrongly({"_ZN4simt4loadEv"}, {"_ZN4simt4loadEv"}, {"load"}), ["simt::load()"])

    def test_names_that_differ_by_build_are_not(self):
        cuda, simt = self.FUNCTION.format("10cuda_build"), self.FUNCTION.format("10simt_build")
        self.assertEqual(shared_wrongly({cuda}, {simt}, set()), [])

    def test_core_and_the_standard_library_are_allowed(self):
        core, standard = "_ZNK9lossbench5Array5countEv", "_ZNSt6vectorIN9lossbench10NamedArrayESaIS1_EED1Ev"
        self.assertEqual(shared_wrongly({core, standard}, {core, standard}, {"Array"}), [])

    def test_undefined_and_local_symbols_do_not_count(self):
        lines = "0000 T strong\n     U undefined\n0000 t local\n0000 W weak\nfile.o:\n0000 V object\n"
        self.assertEqual(defined_symbols(lines), {"strong", "weak", "object"})


class Libraries(unittest.TestCase):
    def symbols(self, library):
        found = sorted(BUILD.rglob(library))
        self.assertEqual(len(found), 1, f"{library} under {BUILD}: {found}")
        return defined_symbols(subprocess.run(["nm", "--extern-only", str(found[0])], capture_output=True, text=True, check=True).stdout)

    def test_no_symbol_is_defined_in_both_builds(self):
        symbols = {build: self.symbols(library) for build, library in BUILDS.items()}
        for build, names in symbols.items():
            own = [name for name in names if build in name]
            self.assertGreater(len(own), 100, f"{BUILDS[build]} defines next to nothing in {build}: is it the right file?")
        self.assertEqual(shared_wrongly(*symbols.values(), core_names()), [])


if __name__ == "__main__":
    sys.dont_write_bytecode = True
    unittest.main()
