#!/usr/bin/env python3
"""Looks at what became of every kernel, as the build made it or for the architectures that LOSSBENCH_ARCHITECTURES lists.

  - no kernel spills registers (ptxas -v), but for a short list with a limit each
  - vectorised variants read their operands 16 bytes at a time (PTX)

Compiling for other architectures takes minutes, so what was found is kept in the build directory and used again while neither the command nor any file
that went into it has changed.
"""

import concurrent.futures
import hashlib
import json
import os
import pathlib
import re
import sys
import unittest

ROOT = pathlib.Path(__file__).resolve().parent.parent
BUILD = pathlib.Path(os.environ.get("LOSSBENCH_BUILD", ROOT / "build" / "release"))
sys.path.insert(0, str(ROOT / "tests"))
sys.dont_write_bytecode = True

from device_code import compiler, ptx, ptxas  # noqa: E402
from device_code.known_spills import KNOWN_SPILLS  # noqa: E402

# Variants that promise 16-byte loads: the name of the kernel that makes them, and how many of its operands they read so.
# A loss with more operands (weights) may read those element by element.
VECTORISED = {
    "vectorized": ("vectorized_kernel", 2),
    "single_pass": ("single_pass_kernel", 2),
    "compensated": ("compensated_kernel", 2),
    "fused": ("fused_kernel", 2),
}

TYPES = {"f": "f32", "d": "f64", "6__half": "f16", "13__nv_bfloat16": "bf16"}  # as they stand in mangled names


def listed(architecture):
    """The architecture as the list names it: 9.0 may have been built without its own features."""
    return "sm_90a" if architecture == "sm_90" else architecture


def dtype_of(kernel):
    """The element type that a kernel is instantiated for: the first among the arguments of its mangled name; "" where there is none."""
    found = re.search(r"13__nv_bfloat16|6__half|__nv_fp8_e\dm\d|(?<=E)[df](?=[ENLS\d])|(?<=kernelI)[df](?=[ENLS\d])", kernel["name"])
    return TYPES.get(found[0], "f8") if found else ""


def allowed_spill(variant, kernel):
    """Bytes this kernel may spill: none, unless it is on the list."""
    return next((most for (known_variant, dtype, functor), most in KNOWN_SPILLS.get(listed(kernel["architecture"]), {}).items()
                 if (known_variant, dtype) == (variant, dtype_of(kernel)) and f"{len(functor)}{functor}" in kernel["name"]), 0)


def kernel_sources():
    """(variant, path) of every generated translation unit."""
    lines = (BUILD / "registry" / "kernel_sources.txt").read_text(encoding="utf-8").split("\n")
    return [tuple(line.split(None, 1)) for line in lines if line.strip()]


class Parsers(unittest.TestCase):
    """A parser that finds nothing would pass everything."""

    def test_spills_are_found(self):
        report = ("ptxas info    : 0 bytes gmem\nptxas info    : Compiling entry function '_Z1k' for 'sm_80'\n"
                  "ptxas info    : Function properties for _Z1k\n    16 bytes stack frame, {0} bytes spill stores, 8 bytes spill loads\n"
                  "ptxas info    : Used 255 registers, used 1 barriers, 352 bytes cmem[0]\n")
        kernel = ptxas.kernels(report.format(12))[0]
        self.assertEqual((kernel["name"], kernel["architecture"], kernel["registers"]), ("_Z1k", "sm_80", 255))
        self.assertEqual(kernel["spilled"], 20)

    def test_a_spill_is_allowed_only_where_it_is_known(self):
        kernel = {"name": "_Z17vectorized_kernelIN6losses9BceLogitsEdEvv", "architecture": "sm_100"}
        self.assertEqual(allowed_spill("vectorized", kernel), 16)
        self.assertEqual(allowed_spill("single_pass", {**kernel, "name": kernel["name"].replace("Ed", "Ef")}), 0)
        self.assertEqual(allowed_spill("vectorized", {**kernel, "architecture": "sm_80"}), 0)
        self.assertEqual(allowed_spill("vectorized", {**kernel, "name": "_Z17vectorized_kernelIN6losses2L2EdEvv"}), 0)

    def test_the_type_of_a_kernel_is_found(self):
        for name, dtype in [("_Z18single_pass_kernelIN6losses2L2Ef7WideSumEvv", "f32"), ("_Z12fused_kernelIN6losses5HuberE13__nv_bfloat167WideSumEvv", "bf16"),
                            ("_Z20register_rows_kernelI12RowArgumentsIN6losses6NormL1E6__halfEL4Pass1EEvT_", "f16"),
                            ("_Z16all_parts_kernelIdL4Pass1EEvv", "f64"), ("_Z6finishv", "")]:
            self.assertEqual(dtype_of({"name": name}), dtype, name)

    def test_load_widths(self):
        for line, width in [
            ("ld.global.nc.v4.f32 {%f1, %f2, %f3, %f4}, [%rd1];", 16),
            ("ld.global.L1::no_allocate.L2::evict_first.v4.u32 {%r1, %r2, %r3, %r4}, [%rd1];", 16),
            ("ld.global.cs.v2.f64 {%fd1, %fd2}, [%rd1+16];", 16),
            ("ld.global.nc.v2.b64 {%rd1, %rd2}, [%rd1];", 16),
            ("ld.global.v8.b32 {%r1, %r2, %r3, %r4, %r5, %r6, %r7, %r8}, [%rd1];", 32),
            ("ld.global.f32 %f1, [%rd1];", 4),
            ("ld.global.v2.f32 {%f1, %f2}, [%rd1];", 8),
            ("ld.global.b128 %rq1, [%rd1];", 16),
        ]:
            self.assertEqual(ptx.loads(line), [width], line)
        for line in ("ld.shared.v4.f32 {%f1, %f2, %f3, %f4}, [%r1];", "ld.param.v4.u32 {%r1}, [p];", "st.global.v4.f32 [%rd1], {%f1};",
                     "// ld.global.v4.f32"):
            self.assertEqual(ptx.loads(line), [], line)

    def test_entries_are_told_apart(self):
        text = ".visible .entry _Z1a(\n.param .u64 p\n)\n{\nld.global.v4.f32 {%f1}, [%rd1];\n}\n.visible .entry _Z1b(\n)\n{\n ret;\n}\n"
        self.assertEqual(ptx.entries(text), {"_Z1a": [16], "_Z1b": []})


class DeviceCode(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.sources = kernel_sources()
        commands = {entry["file"]: entry for entry in json.loads((BUILD / "compile_commands.json").read_text(encoding="utf-8"))}
        cls.cache = BUILD / "device_code"
        cls.cache.mkdir(exist_ok=True)
        with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
            jobs = [pool.submit(compiler.examine, commands[path], cls.cache / hashlib.sha256(path.encode()).hexdigest()[:16], variant in VECTORISED)
                    for variant, path in cls.sources]
            cls.results = []
            for (variant, _), job in zip(cls.sources, jobs):
                cls.results.append((variant, job.result()))
                print(f"  {len(cls.results)}/{len(jobs)} {variant}", flush=True)

    def test_every_translation_unit_compiles_for_every_architecture(self):
        self.assertTrue(self.results)
        for variant, result in self.results:
            self.assertEqual(result["failure"], "", variant)
            self.assertTrue(result["kernels"], f"{variant}: no kernel")
            for architecture in compiler.ARCHITECTURES:
                kernels = [kernel for kernel in result["kernels"] if kernel["architecture"] == architecture]
                self.assertTrue(kernels, f"{variant}: no kernel for {architecture}")

    def test_no_kernel_spills(self):
        """None but those on the list, and those no more than it says. What could not be read (-1) fails."""
        spilled = [f"{variant} {dtype_of(kernel)} {kernel['architecture']}: {kernel['spilled']} bytes, {kernel['registers']} registers: {kernel['name']}"
                   for variant, result in self.results for kernel in result["kernels"]
                   if not 0 <= kernel["spilled"] <= allowed_spill(variant, kernel)]
        self.assertFalse(spilled, "\n" + "\n".join(spilled))

    def test_vectorised_variants_load_16_bytes(self):
        seen = set()
        for variant, result in self.results:
            if variant not in VECTORISED:
                continue
            kernel_name, operands = VECTORISED[variant]
            entries = {name: loads for name, loads in result["loads"].items() if kernel_name in name}
            self.assertTrue(entries, f"{variant}: no kernel named {kernel_name}")
            for name, loads in entries.items():
                wide = [width for width in loads if width >= 16]
                self.assertGreaterEqual(len(wide), operands, f"{variant}: 16-byte loads of {name}")
            seen.add(variant)
        self.assertEqual(seen, set(VECTORISED))


if __name__ == "__main__":
    unittest.main()
