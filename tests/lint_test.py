#!/usr/bin/env python3
"""Holds every source file to the rules of tests/lint, and every rule to a bad snippet that it must catch."""

import pathlib
import subprocess
import sys
import unittest

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests"))
sys.dont_write_bytecode = True

from lint import file_rules, include_rules, kernel_rules  # noqa: E402

CPP = (".h", ".c", ".cpp", ".cu", ".cuh", ".in")
PYTHON_AND_SHELL = (".py", ".sh", ".cmake")
CPP_RULES = [kernel_rules.forbidden_words, kernel_rules.raw_global_access, include_rules.upward_includes,
             include_rules.rooted_includes, file_rules.header_guard]
FILE_RULES = [file_rules.length, file_rules.width, file_rules.whitespace, file_rules.unfinished]
ABOUT_RULES = ("tests/lint/", "tests/lint_test.py")  # they spell out what they forbid


def sources():
    """Paths of our source files. Without git (an unpacked archive), whatever is there."""
    try:
        names = subprocess.run(["git", "ls-files", "--cached", "--others", "--exclude-standard"], cwd=ROOT, check=True,
                               capture_output=True, text=True).stdout.split("\n")
    except (OSError, subprocess.CalledProcessError):
        names = [str(path.relative_to(ROOT)) for path in ROOT.rglob("*") if ".venv" not in path.parts and "build" not in path.parts]
    return sorted(name for name in names if name.endswith(CPP + PYTHON_AND_SHELL) and (ROOT / name).is_file())


def findings(path, text):
    rules = list(FILE_RULES)
    if path.endswith(CPP):
        rules += CPP_RULES
    for rule in rules:
        if rule is file_rules.unfinished and path.startswith(ABOUT_RULES):
            continue
        for line, message in rule(path, text):
            yield f"{path}:{line}: {message} [{rule.__name__}]"


class Sources(unittest.TestCase):
    def test_there_are_sources_of_every_kind(self):
        names = sources()
        for folder in ("core/", "simt/", "reference/", "kernels/", "registry/", "bench/", "capi/", "tests/"):
            self.assertTrue(any(name.startswith(folder) for name in names), folder)

    def test_every_source_follows_the_rules(self):
        found = [line for path in sources() for line in findings(path, (ROOT / path).read_text(encoding="utf-8"))]
        self.assertFalse(found, "\n" + "\n".join(found))


KERNEL = "#pragma once\n__global__ void __launch_bounds__(256)\nk({parameters}) {{\n{body}\n}}\n"


class Rules(unittest.TestCase):
    """Each snippet breaks one rule. `clean` is the same with the fault repaired."""

    def caught(self, rule, path, bad, clean, line=None):
        found = list(rule(path, bad))
        self.assertTrue(found, f"{rule.__name__} missed:\n{bad}")
        if line is not None:
            self.assertEqual(found[0][0], line, found)
        self.assertEqual(list(rule(path, clean)), [], f"{rule.__name__} objects to:\n{clean}")

    def kernel(self, bad="", clean="", bad_parameters="int n", clean_parameters="int n", rule=kernel_rules.raw_global_access, line=None):
        self.caught(rule, "kernels/pointwise/x.h", KERNEL.format(parameters=bad_parameters, body=bad),
                    KERNEL.format(parameters=clean_parameters, body=clean), line)

    def test_kernel_parameters(self):
        self.kernel(bad_parameters="const float* x, int n", clean_parameters="simt::Global<const float> x, int n", line=3)
        self.kernel(bad_parameters="Box<int, 2> a, T *y", clean_parameters="Box<int, 2> a, T y")
        self.kernel(bad_parameters="float* shared", clean_parameters="float shared")  # shared memory does not cross a launch

    def test_device_function_parameters(self):
        text = "{} T f(T value, {}) {{ return value; }}"
        for word in ("__device__ __forceinline__", "SIMT_FN", "__host__ __device__"):
            self.caught(kernel_rules.raw_global_access, "kernels/primitives/x.h", text.format(word, "const T* values"),
                        text.format(word, "T* shared"))
        self.caught(kernel_rules.raw_global_access, "kernels/primitives/x.h", "struct S { __device__ T operator()(T* p) const { return *p; } };",
                    "struct S { __device__ T operator()(T p) const { return p; } };")

    def test_device_bodies(self):
        self.kernel("auto p = reinterpret_cast<float4*>(q);", "auto p = simt::load<4>(q, 0);", line=4)
        self.kernel("float x = *static_cast<float*>(a.data);", "float x = simt::load(a, 0);")
        self.kernel("const float* p = &x[0];", "float* shared_row = &tile[0];")
        self.kernel("f(array.as<float>());", "f(array);")

    def test_members_that_point_to_elements(self):
        self.caught(kernel_rules.raw_global_access, "kernels/pointwise/x.h", "struct Arguments {\n  const T* values;\n};\n",
                    "struct Arguments {\n  simt::Global<const T> values;\n};\n", line=2)

    def test_host_code_of_a_kernel_file_may_use_descriptors(self):
        host = "void run(const Problem& p) { auto x = simt::global(p.input(\"x\")->as<float>(), 3, \"x\"); }\n"
        self.assertEqual(list(kernel_rules.raw_global_access("kernels/pointwise/x.h", host)), [])

    def test_words_forbidden_everywhere(self):
        for bad in ("k<<<1, 2>>>(x);", "unsigned m = __activemask();", "asm volatile(\"\");", "float x = __ldg(p);"):
            self.caught(kernel_rules.forbidden_words, "bench/x.cu", f"void f() {{ {bad} }}\n",
                        f"// {bad.replace('//', '')}\nvoid f() {{ say(\"__ldg(p) <<<\"); }}\n")
            self.assertEqual(list(kernel_rules.forbidden_words("simt/cuda/x.h", bad)), [])

    def test_words_forbidden_in_kernels(self):
        for bad in ("__shared__ float s[3];", "cudaMalloc(&p, 3);", "cudaMemsetAsync(p, 0, 3);", "const_cast<T&>(x);", "__ldcg(p);",
                    "__stcs(p, 1);", "auto p = new float[3];", "free(p);", "__cvta_generic_to_shared(p);"):
            self.kernel(bad, "x += 1;", rule=kernel_rules.forbidden_words, line=4)

    def test_floors(self):
        def include(name):
            return f'#pragma once\n#include "{name}"\n'

        for path, bad, clean in [
            ("core/a.h", "registry/registry.h", "core/b.h"),
            ("core/a.h", "simt/simt.h", "core/b.h"),
            ("simt/a.h", "kernels/primitives/warp_reduce.h", "simt/b.h"),
            ("kernels/primitives/a.h", "kernels/pointwise/b.h", "simt/simt.h"),
            ("kernels/primitives/a.h", "kernels/losses/b.h", "kernels/primitives/b.h"),
            ("kernels/losses/a.h", "kernels/pointwise/b.h", "kernels/losses/b.h"),
            ("kernels/pointwise/a.h", "registry/b.h", "kernels/primitives/b.h"),
            ("kernels/pointwise/a.h", "reference/l2.h", "kernels/losses/l2.h"),
            ("kernels/pointwise/a.h", "simt/emulator/memory.h", "simt/simt.h"),
            ("reference/l2.h", "kernels/losses/l2.h", "reference/sum.h"),
            ("reference/l2.h", "core/wide.h", "reference/sum.h"),
            ("contenders/cub/a.h", "registry/b.h", "core/b.h"),
            ("registry/a.h", "bench/b.h", "reference/b.h"),
            ("registry/a.h", "capi/b.h", "reference/b.h"),
            ("capi/a.h", "bench/b.h", "registry/b.h"),
            ("bench/a.h", "capi/b.h", "registry/b.h"),
        ]:
            self.caught(include_rules.upward_includes, path, include(bad), include(clean), line=2)
        # A contender's own translation unit instantiates it for the registry; its headers do not know the registry.
        self.caught(include_rules.upward_includes, "contenders/cub/a.h", include("registry/contenders.h"), include("core/b.h"))
        self.caught(include_rules.upward_includes, "contenders/cub/a.cu", include("registry/registry.h"), include("registry/contenders.h"))

    def test_includes_are_rooted(self):
        self.caught(include_rules.rooted_includes, "core/a.h", '#include "array.h"\n', '#include "core/array.h"\n#include <array>\n', 1)
        self.caught(include_rules.rooted_includes, "tests/a.cpp", '#include "../core/array.h"\n', '#include "check.h"\n', 1)

    def test_files(self):
        self.caught(file_rules.length, "core/a.h", "x;\n" * 301, "x;\n" * 300)
        self.caught(file_rules.length, "tests/a.cpp", "x;\n" * 421, "x;\n" * 420)
        self.caught(file_rules.width, "core/a.h", "x" * 161 + "\n", "x" * 160 + "\n")
        self.caught(file_rules.whitespace, "core/a.h", "x; \n", "x;\n")
        self.caught(file_rules.whitespace, "core/a.h", "\tx;\n", "  x;\n")
        self.caught(file_rules.whitespace, "core/a.h", "x;", "x;\n")
        self.caught(file_rules.header_guard, "core/a.h", "int x;\n", "// why\n#pragma once\nint x;\n")
        toggle = "#if defined(A) == defined(HWY_TARGET_TOGGLE)\n#ifdef A\n#undef A\n#else\n#define A\n#endif\n"
        self.caught(file_rules.header_guard, "contenders/cpu/a-inl.h", "#pragma once\n", toggle)
        self.caught(file_rules.header_guard, "contenders/cpu/a-inl.h", toggle.replace("#undef A", "#undef B"), toggle)
        self.caught(file_rules.unfinished, "core/a.h", "// TODO later\n", "// later\n")


if __name__ == "__main__":
    unittest.main()
