"""`lossbench run` and `lossbench compare` as users see them: tables, records, budgets, verdicts, refusals.

Run with LOSSBENCH=<program> or --binary <program>.
"""

import json
import re
import subprocess
import time

import program
from program import WithFolder, lossbench, main


class Run(WithFolder):
    def run_json(self, *flags, status=0):
        path = self.folder / "run.json"
        done = lossbench("run", "--allow-debug", "--benchmark_repetitions=3", "--out", path, *flags)
        self.assertEqual(done.returncode, status, done.stdout + done.stderr)
        return json.loads(path.read_text()), done.stdout

    def test_emulated_cases_carry_counts_and_no_throughput(self):
        record, table = self.run_json("--loss", "l2,softmax*", "--backend", "simt", "--shape", "4096,8x100")
        self.assertTrue(record["benchmarks"])
        for row in record["benchmarks"]:
            loss, variant, backend, which, dtype, shape = row["run_name"].split("/")[:6]
            self.assertEqual(backend, "simt")
            self.assertNotIn("GB/s", row)
            self.assertNotIn("bytes_per_second", row)
            self.assertEqual(row["real_time"], 0)
            self.assertEqual(row["emulated"], 1)
            self.assertGreaterEqual(row["counted_bytes"], row["contract_bytes"], row["name"])
            self.assertNotIn("predicted_us", row)
            self.assertGreaterEqual(row["launches"], 1)
            self.assertLessEqual(row["atomics_on_one_address"], row["atomics"])
            self.assertIn("barriers_in_one_block", row)
            self.assertLessEqual(row["error"], row["bound"])
        naive = next(row for row in record["benchmarks"] if row["run_name"].startswith("l2/naive_atomic/simt/forward/f32/4096"))
        self.assertEqual((naive["atomics"], naive["atomics_on_one_address"]), (4096, 4096))  # which all take turns
        self.assertRegex(table, r"(?m)^l2 forward f32 4096\n  naive_atomic +1\.00x +2 +4096 +4096 +0 +[\d.]+ %$")
        self.assertNotIn("GB/s", table)
        for line in table.splitlines():
            self.assertLessEqual(len(line), 100)

    def test_measured_cases_carry_time_and_throughput(self):
        record, table = self.run_json("--loss", "l2", "--backend", "scalar,cpu", "--shape", "20000", "--budget", "6s")
        rows = [row for row in record["benchmarks"] if row["run_type"] == "iteration"]
        self.assertGreaterEqual(len(rows), 3 * len({row["run_name"] for row in rows}))
        for row in rows:
            self.assertGreater(row["real_time"], 0)
            self.assertAlmostEqual(row["GB/s"], row["contract_bytes"] / row["real_time"] * {"ns": 1, "us": 1e-3}[row["time_unit"]], delta=1e-6 * row["GB/s"])
        self.assertIn("GB/s", table)
        self.assertIn("timed figures are good to about", table)

    def stopped(self, *flags, when):
        """A run that is asked to end after it has said a line that contains `when`: its record and its table."""
        path = self.folder / "run.json"
        running = subprocess.Popen([program.BINARY, "run", "--allow-debug", "--progress", "--out", path, *flags],
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        while when not in running.stderr.readline():
            self.assertIsNone(running.poll(), "it ended before it said: " + when)
        running.terminate()
        asked = time.monotonic()
        table, _ = running.communicate(timeout=60)
        self.assertLess(time.monotonic() - asked, 5)
        self.assertEqual(running.returncode, 1)
        return json.loads(path.read_text()), table

    def test_a_run_that_is_asked_to_end_writes_what_it_has(self):
        record, table = self.stopped("--backend", "simt", "--budget", "none", when="%")  # it is at the first loss
        self.assertIn("softmax_cross_entropy/", record["context"]["dropped"])
        self.assertIn("dropped, because the run was asked to end: ", table)

    def test_a_run_that_is_asked_to_end_while_it_measures_again_keeps_all(self):
        record, table = self.stopped("--loss", "l2", "--variant", "simd", "--shape", "20000", "--budget", "60s", when="again")
        self.assertEqual({row["run_name"].split("/")[3] for row in record["benchmarks"]}, {"forward", "gradient"})
        self.assertNotIn("dropped", record["context"])

    def test_time_is_bounded_by_what_was_asked(self):
        start = time.monotonic()
        done = lossbench("run", "--allow-debug", "--loss", "l2", "--variant", "simd", "--pass", "forward", "--shape", "20000")
        spent = time.monotonic() - start
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertLess(spent, 3 * 1 + 5)
        (announced,) = re.findall(r"^1 case, about (\d+) s$", done.stderr, re.MULTILINE)
        self.assertLess(abs(spent - int(announced)), int(announced) / 3 + 1)

    def test_record_says_how_it_was_measured(self):
        record, _ = self.run_json("--loss", "l2", "--variant", "simd", "--pass", "forward", "--dtype", "f32", "--shape", "20000", "--mode", "single",
                                  "--budget", "6s")
        (row, *_) = [row for row in record["benchmarks"] if row["run_type"] == "iteration"]
        for counter in ["p5_us", "p95_us", "samples", "converged", "uncertainty", "percent_of_ceiling", "ceiling_GB/s", "input_sets",
                        "calls_per_sample", "clock_MHz", "error", "bound"]:
            self.assertIn(counter, row)
        self.assertEqual(row["calls_per_sample"], 1)
        self.assertLessEqual(row["p5_us"], row["p95_us"])
        context = record["context"]
        self.assertEqual(context["mode"], "single")
        for key in ["cpu", "cpu_cache_bytes", "system", "cuda_compiler", "budget_seconds", "revisit_spread", "cpu_launch_us"]:
            self.assertIn(key, context)
        self.assertTrue(any(key.startswith("ceiling cpu 2R") for key in context))
        samples = json.loads((self.folder / "run.samples.json").read_text())["cases"]
        (own,) = samples.values()
        self.assertEqual(len(own["seconds"]), row["samples"])
        self.assertEqual({len(column) for column in own.values()}, {len(own["seconds"])})

    def test_budget(self):
        start = time.monotonic()
        record, table = self.run_json("--loss", "l1,l2,huber,bce", "--backend", "cpu,scalar", "--shape", "20000", "--budget", "5s")
        self.assertLess(time.monotonic() - start, 12)
        self.assertIn("dropped, for they did not fit into 5 s", table)
        dropped = record["context"]["dropped"].split()
        measured = {row["run_name"].split("/iterations")[0] for row in record["benchmarks"]}
        self.assertTrue(dropped and measured)
        self.assertFalse(measured & set(dropped))
        self.assertIn(f"into 5 s: {len(dropped)} case", table)
        for name in dropped[:8]:
            self.assertIn(f"\n  {name}\n", table)
        for name in dropped[8:]:
            self.assertNotIn(f"  {name}\n", table)

    def test_refusals_of_run(self):
        for flags, naming in [(["--budget", "soon"], ["--budget", "seconds"]), (["--patience", "long"], ["--patience", "seconds"]),
                              (["--patience", "3s", "--budget", "9s"], ["--patience", "--budget"]),
                              (["--budget", "-3s"], ["--budget"]), (["--mode", "warm"], ["steady", "single"]),
                              (["--benchmark_filter=["], ["--benchmark_filter"]), (["--benchmark_filter=nothing"], ["--benchmark_filter"])]:
            self.refused("run", "--loss", "l1", "--shape", "10", *flags, naming=naming)

    def test_context(self):
        record, _ = self.run_json("--loss", "l1", "--variant", "fused", "--shape", "1000", "--seed", "42")
        context = record["context"]
        for key in ["lossbench_version", "commit", "compiler", "flags", "build_type", "cuda_built", "device", "command_line"]:
            self.assertIn(key, context)
        self.assertEqual(context["seed"], "42")
        self.assertIn("--seed 42", context["command_line"])

    def test_options_reach_the_name(self):
        record, _ = self.run_json("--loss", "smooth_l1", "--variant", "fused", "--shape", "1000", "--opt", "sigma=3", "--opt", "reduction=sum")
        self.assertTrue(record["benchmarks"][0]["run_name"].startswith("smooth_l1/fused/simt/gradient/f32/1000/sigma=3,reduction=sum"))

    def test_google_benchmark_filter_and_format(self):
        done = lossbench("run", "--allow-debug", "--loss", "l2", "--backend", "simt", "--shape", "500", "--benchmark_filter=single_pass",
                         "--benchmark_format=json")
        record = json.loads(done.stdout)
        self.assertTrue(all("single_pass" in row["name"] for row in record["benchmarks"]))


class Compare(WithFolder):
    """Two records made by hand, so that what is right is known."""

    def record(self, name, factor, **context):
        rows = [{"name": f"{case}/iterations:1/repeats:9/manual_time", "run_name": f"{case}/iterations:1/repeats:9/manual_time", "run_type": "iteration",
                 "real_time": 1000 * own * (1 + 0.001 * i), "time_unit": "ns", "revisit_ratio": 1.002}
                for case, own in [("l2/thrust/cpu/forward/f32/1000", factor), ("l1/thrust/cpu/forward/f32/1000", 1)] for i in range(9)]
        path = self.folder / name
        path.write_text(json.dumps({"context": {"cpu": "one", "flags": "-O2", "mode": "steady", "commit": name, **context}, "benchmarks": rows}))
        return path

    def test_slower_faster_and_the_same(self):
        base = self.record("base.json", 1)
        for factor, word, status in [(1.2, "1 slower, 1 no difference", 1), (0.8, "1 faster, 1 no difference", 0), (1, "2 no difference", 0)]:
            done = lossbench("compare", base, self.record("other.json", factor))
            self.assertEqual(done.returncode, status, done.stdout + done.stderr)
            self.assertIn(word, done.stdout)

    def test_threshold(self):
        self.assertEqual(lossbench("compare", self.record("a.json", 1), self.record("b.json", 1.2), "--threshold", "25").returncode, 0)

    def test_files(self):
        markdown, result = self.folder / "c.md", self.folder / "c.json"
        lossbench("compare", self.record("a.json", 1), self.record("b.json", 1.2), "--markdown", markdown, "--json", result)
        comparison = json.loads(result.read_text())
        self.assertTrue(comparison["regressed"])
        self.assertEqual([case["change"] for case in comparison["cases"]], ["slower", "no difference"])
        self.assertAlmostEqual(comparison["cases"][0]["ratio"], 1.2, delta=0.001)
        self.assertIn("| **slower** |", markdown.read_text())

    def test_refusals(self):
        base = self.record("base.json", 1)
        self.refused("compare", base, self.folder / "nothing.json", naming="nothing.json")
        self.refused("compare", base, self.record("other.json", 1, cpu="two"), naming=["cpu", "'one' and 'two'", "--across device"])
        self.refused("compare", base, self.record("built.json", 1, flags="-O3"), naming=["flags", "--across build"])
        self.refused("compare", base, self.record("cold.json", 1, mode="single"), naming="mode")
        self.refused("compare", base, base, "--across", "weather", naming=["weather", "device, build"])
        torn = self.folder / "torn.json"
        torn.write_text('{"benchmarks": [')
        self.refused("compare", base, torn, naming="torn.json")
        self.assertEqual(lossbench("compare", base, self.record("other.json", 1, cpu="two"), "--across", "device").returncode, 0)

    def test_records_of_run(self):
        path = self.folder / "run.json"
        self.assertEqual(lossbench("run", "--loss", "l2", "--variant", "fused", "--shape", "1000", "--out", path, "--allow-debug").returncode, 0)
        done = lossbench("compare", path, path)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("counted", done.stdout)
        self.assertIn("1 no difference", done.stdout)


if __name__ == "__main__":
    main()
