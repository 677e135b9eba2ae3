#!/usr/bin/env python3
"""scripts/measure_losses, scripts/measure_cross_entropy and scripts/count_instructions: what they run, what they count, what they print.

Run with LOSSBENCH=<program>.
"""

import importlib.machinery
import importlib.util
import json
import math
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "scripts"))
sys.dont_write_bytecode = True

from measure_lib import groups, instructions, sass  # noqa: E402
from report_lib import records  # noqa: E402


def script(name):
    """A script without .py as a module."""
    loader = importlib.machinery.SourceFileLoader(name, str(ROOT / "scripts" / name))
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader(name, loader))
    loader.exec_module(module)
    return module


# A round reads two vectors of two arrays. One branch goes round a call, one round three instructions of a special case, one round the store
# of a second result; one of them has another side of ten instructions. A smaller loop before it reads singly.
LISTING = """
\t\tFunction : _Z1kv
\t.headerflags\t@"EF_CUDA_SM90"
        /*0000*/                   MOV R1, c[0x0][0x28] ;                                /* 0x00000a0000017a02 */
                                                                                         /* 0x000fe40000000f00 */
        /*0010*/                   LDG.E.EF R2, desc[UR4][R2.64] ;
        /*0020*/              @!P0 BRA 0x10 ;
        /*0030*/                   LDG.E.EF.128 R4, desc[UR4][R2.64] ;
        /*0040*/               @P0 LDG.E.EF.128 R8, desc[UR4][R6.64] ;
        /*0050*/                   LDG.E.EF.128 R12, desc[UR4][R2.64+0x10] ;
        /*0060*/               @P0 LDG.E.EF.128 R16, desc[UR4][R6.64+0x10] ;
        /*0070*/                   FMUL R4, R4, R8 ;
        /*0080*/                   MUFU.RCP R5, R5 ;
        /*0090*/               @P1 BRA 0x160 ;
        /*00a0*/                   FADD R4, R4, R9 ;
        /*00b0*/                   FADD R4, R4, R9 ;
        /*00c0*/                   FADD R4, R4, R9 ;
        /*00d0*/                   FADD R4, R4, R9 ;
        /*00e0*/                   FADD R4, R4, R9 ;
        /*00f0*/                   FADD R4, R4, R9 ;
        /*0100*/                   FADD R4, R4, R9 ;
        /*0110*/                   FADD R4, R4, R9 ;
        /*0120*/                   FADD R4, R4, R9 ;
        /*0130*/                   FADD R4, R4, R9 ;
        /*0140*/                   IMAD.MOV.U32 R4, RZ, RZ, R9 ;
        /*0150*/                   LOP3.LUT R4, R4, 0x1, RZ, 0xc0, !PT ;
        /*0160*/              @!P2 BRA 0x1a0 ;
        /*0170*/                   MOV R20, 0x190 ;
        /*0180*/                   CALL.REL.NOINC 0x400 ;
        /*0190*/                   MOV R4, R20 ;
        /*01a0*/              @!P3 BRA 0x1e0 ;
        /*01b0*/                   FSEL R4, R4, +INF , P4 ;
        /*01c0*/                   FSEL R4, R4, -INF , P4 ;
        /*01d0*/                   FSEL R4, R4, RZ, P4 ;
        /*01e0*/                   F2F.F64.F32 R22, R4 ;
        /*01f0*/                   DADD R24, R24, R22 ;
        /*0200*/                   STG.E.EF.128 desc[UR4][R2.64], R4 ;
        /*0210*/               @P5 BRA 0x2b0 ;
        /*0220*/                   FADD R4, -R4, -RZ ;
        /*0230*/                   FADD R5, -R5, -RZ ;
        /*0240*/                   FADD R6, -R6, -RZ ;
        /*0250*/                   FADD R7, -R7, -RZ ;
        /*0260*/                   FADD R4, -R4, -RZ ;
        /*0270*/                   FADD R5, -R5, -RZ ;
        /*0280*/                   FADD R6, -R6, -RZ ;
        /*0290*/                   FADD R7, -R7, -RZ ;
        /*02a0*/                   STG.E.EF.128 desc[UR4][R6.64], R4 ;
        /*02b0*/                   UIADD3 UR5, UR5, 0x1, URZ ;
        /*02c0*/              @!P0 BRA 0x30 ;
        /*02d0*/                   EXIT ;
        /*02e0*/                   BRA 0x2e0;
"""


class MachineCode(unittest.TestCase):
    def setUp(self):
        (self.code,) = sass.functions(LISTING).values()
        self.loop = sass.vector_loop(self.code)

    def test_the_loop_over_vectors_is_found(self):
        self.assertEqual((self.loop.body[0].address, self.loop.body[-1].address), (0x30, 0x2c0))
        self.assertEqual(self.loop.vector_loads, 4)
        self.assertIsNone(sass.vector_loop(self.code[:3]))

    def test_special_cases_calls_and_second_results_are_left_out_and_the_rest_counts(self):
        self.assertEqual(dict(sass.by_pipe(self.loop.usual())), {"memory": 5, "fma": 11, "xu": 2, "control": 5, "imad": 1, "alu": 1, "double": 1,
                                                                 "uniform": 1})

    def test_counts_of_a_kernel(self):
        count = instructions.count_kernel(self.code, "l2", "f32")
        self.assertEqual((count["elements"], count["at_most"]), (8, 42))
        self.assertEqual(sum(count["pipes"].values()), 27)
        self.assertEqual(instructions.count_kernel(self.code, "l2", "bf16")["elements"], 16)

    def test_no_instruction_of_a_counted_kernel_is_unknown(self):
        for name, count in instructions.read()["cases"].items():
            self.assertNotIn("unknown", count["pipes"], name)


class Limits(unittest.TestCase):
    """264 instructions a round of 8 elements: 66 clocks a warp on four schedulers."""

    def test_issue_slots(self):
        count = {"elements": 8, "pipes": {"fma": 200, "alu": 64}}
        limit, seconds = instructions.limit_of("logistic/forward/bf16", count)
        self.assertEqual(limit, "issue")
        self.assertAlmostEqual(seconds, 66 / (32 * 8) / (132 * 1.7e9), delta=1e-20)

    def test_a_slow_unit(self):
        limit, seconds = instructions.limit_of("logistic/forward/bf16", {"elements": 8, "pipes": {"fma": 200, "xu": 64}})
        self.assertEqual(limit, "xu")
        self.assertAlmostEqual(seconds, 128 / (32 * 8) / (132 * 1.7e9), delta=1e-20)
        self.assertEqual(instructions.limit_of("logistic/forward/bf16", {"elements": 8, "pipes": {"alu": 260, "fma": 40}})[0], "alu")

    def test_memory(self):
        limit, seconds = instructions.limit_of("gaussian_nll/gradient/f32", {"elements": 8, "pipes": {"fma": 100}})
        self.assertEqual((limit, seconds), ("memory", 16 / 4.8e12))

    def test_the_page_has_the_counts_that_are_kept(self):
        counting = script("count_instructions")
        page = counting.PAGE.read_text(encoding="utf-8")
        self.assertEqual(page, counting.with_table(page, instructions.read()), "scripts/count_instructions --write puts them there")

    @unittest.skipUnless(shutil.which("nvcc") and shutil.which("cuobjdump"), "needs nvcc and cuobjdump")
    def test_counts_are_those_of_this_compiler(self):
        found, kept = script("count_instructions").count("nvcc", "cuobjdump"), instructions.read()
        self.assertEqual(list(found["cases"]), list(kept["cases"]))
        for name, count in found["cases"].items():
            if found["compiler"] == kept["compiler"]:
                self.assertEqual(count, kept["cases"][name], name)
            self.assertGreater(sum(count["pipes"].values()), 5 * count["elements"], name)


def entry(variant, microseconds, **counters):
    name = f"ssd_multibox/{variant}/cuda/gradient/f32/32x8732x21/iterations:1/repeats:9/manual_time"
    return {"name": name, "run_name": name, "run_type": "iteration", "real_time": microseconds, "time_unit": "us", "contract_bytes": 48e6,
            "ceiling_GB/s": 4000, "percent_of_ceiling": 60, "launches": 3, **counters}


class Tables(unittest.TestCase):
    group = script("measure_losses").GROUPS[1]

    def lines(self, *entries, launch="2"):
        return groups.table(self.group, records.parse(json.dumps({"context": {"gpu_launch_us": launch}, "benchmarks": list(entries)})))

    def test_measured_beside_predicted_and_target(self):
        # 48 MB at 4.8 TB/s are 10 us, and three launches 4.5 us; 85 % of 4 TB/s take 14.1 us.
        head, fast, slow = self.lines(entry("radix_mining", 14), entry("unfused", 70))
        self.assertEqual(fast.split(), "ssd_multibox radix_mining gradient f32 32x8732x21 3 14.5 14.0 14.1 60.0 5.0 met".split())
        self.assertEqual(slow.split()[-3:], ["14.1", "60.0", "missed"])
        self.assertIn("× unfused", head)

    def test_two_launches_may_be_more_than_the_traffic(self):
        self.assertEqual(self.lines(entry("radix_mining", 14.5), launch="10")[1].split()[-3:], ["20.0", "60.0", "met"])

    def test_a_failure_is_said(self):
        self.assertTrue(self.lines(entry("radix_mining", 0, error_occurred=True, error_message="loss is wrong"))[1].endswith("loss is wrong"))

    def test_a_faster_rcnn_step_is_held_against_four_launches(self):
        losses = script("measure_losses")
        run = records.parse(json.dumps({"context": {"gpu_launch_us": "1.5"}, "benchmarks": [entry("all_parts", 6.1)]}))
        self.assertAlmostEqual(losses.within_four_launches(run.cases[0], run), 6e-6)

    def test_sizes_that_are_cut(self):
        losses = script("measure_losses")
        self.assertEqual(losses.fewer_priors((32, 8732, 21), 1 << 28), (32, 8732, 21))
        self.assertEqual(losses.fewer_priors((32, 8732, 21), 400000), (2, 8732, 21))
        self.assertEqual(losses.fewer_priors((32, 8732, 21), 210), (1, 10, 21))
        self.assertEqual(losses.fewer_images((6, 32, 38, 19, 82, 46), 1 << 28), (6, 32, 38, 19, 82, 46))
        self.assertEqual(losses.fewer_images((6, 32, 38, 19, 82, 46), 3 * 342 * 82 * 46), (6, 3, 38, 19, 82, 46))
        self.assertEqual(losses.fewer_images((6, 32, 38, 19, 82, 46), 342 * 46 * 2), (6, 1, 38, 19, 2, 46))


class Emulated(unittest.TestCase):
    """The scripts as a whole, at sizes that say nothing but that they work."""

    def rows(self, name, *flags):
        with tempfile.TemporaryDirectory() as folder:
            done = subprocess.run([sys.executable, "-B", str(ROOT / "scripts" / name), "--lossbench", os.environ["LOSSBENCH"], "--out", folder,
                                   "--backend", "simt", *flags], capture_output=True, text=True, timeout=300)
            self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
            runs = {path.name: records.read(path) for path in pathlib.Path(folder).glob("*.json") if "samples" not in path.name}
        tables = done.stdout[done.stdout.index(", times in µs"):]
        return [line.split() for line in tables.split("\n") if re.search(r"\bemulated\b", line)], runs

    def test_losses(self):
        rows, runs = self.rows("measure_losses", "--most-elements", "2000")
        self.assertEqual(len(runs), len(script("measure_losses").GROUPS))
        cases = [case for run in runs.values() for case in run.cases]
        self.assertEqual(len(rows), len(cases))
        self.assertFalse([case.failure for case in cases if case.failed])
        launches = {(row[0], row[1], row[2]): row[5] for row in rows}
        for case, expected in [(("faster_rcnn", "all_parts", "gradient"), "2"), (("faster_rcnn", "unfused", "gradient"), "29"),
                               (("ssd_multibox", "radix_mining", "forward"), "2"), (("ssd_multibox", "radix_mining", "gradient"), "3"),
                               (("openpose", "all_stages", "gradient"), "1"), (("openpose", "unfused", "gradient"), "60"),
                               (("l2", "single_pass", "forward"), "1"), (("kl_div", "fused", "gradient"), "1")]:
            self.assertEqual(launches[case], expected, case)
        (step,) = [case for case in cases if (case.loss, case.variant, case.pass_, case.dtype) == ("faster_rcnn", "all_parts", "gradient", "f32")]
        predicted = step.counter("counted_bytes") / 4.8e12 * 1e6 + 2 * 1.5
        (row,) = [row for row in rows if row[:4] == ["faster_rcnn", "all_parts", "gradient", "f32"]]
        self.assertAlmostEqual(float(row[6]), predicted, delta=0.051)

    def test_cross_entropy(self):
        rows, runs = self.rows("measure_cross_entropy", "--most-elements", "1000", "--groups", "few classes", "--variants", "online,auto")
        self.assertEqual({row[1] for row in rows}, {"online", "auto"})
        self.assertEqual({(row[2], row[3], row[4]) for row in rows},
                         {(which, dtype, shape) for which in ("forward", "gradient") for dtype in ("f32", "bf16")
                          for shape in ("100x10", "47x21", "12x81", "3x256", "1x1000")})
        self.assertTrue(all(math.isnan(case.gb_per_s) for run in runs.values() for case in run.cases))

    def test_refusals(self):
        for name, flags, naming in [("measure_losses", ["--lossbench", os.environ["LOSSBENCH"], "--groups", "ssd"], "ssd_multibox"),
                                    ("measure_cross_entropy", ["--lossbench", "no-such-program"], "no-such-program"),
                                    ("count_instructions", ["--nvcc", "no-such-compiler"], "no-such-compiler")]:
            done = subprocess.run([sys.executable, "-B", str(ROOT / "scripts" / name), *flags], capture_output=True, text=True)
            self.assertEqual((done.returncode, done.stdout, done.stderr.count("\n")), (2, "", 1), name + done.stderr)
            self.assertIn(naming, done.stderr)


if __name__ == "__main__":
    unittest.main()
