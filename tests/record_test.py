#!/usr/bin/env python3
"""scripts/record: as if there were a GPU, with programs that play their part; and the steps that take no clock with the real program."""

import json
import os
import pathlib
import subprocess
import sys
import tempfile
import textwrap
import time
import unittest
import unittest.mock

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "scripts"))
sys.dont_write_bytecode = True

from record_lib import checks, environment, measurements, process  # noqa: E402
from record_lib import main as record_main  # noqa: E402

LOSSBENCH = os.environ.get("LOSSBENCH", str(ROOT / "build" / "release" / "lossbench"))
PATIENCE = 300  # seconds, for what would otherwise never end

# Each plays the part of a program: it notes how it was called, and does what TROUBLE says.
COMMON = """\
#!{python} -SE
import json, os, pathlib, sys, time
name = pathlib.Path(sys.argv[0]).name
with open(os.environ["CALLS"], "a") as file:
    file.write(name + " " + " ".join(sys.argv[1:]) + "\\n")
trouble = os.environ.get("TROUBLE", "")
def value(flag, otherwise=""):
    return sys.argv[sys.argv.index(flag) + 1] if flag in sys.argv else otherwise
def record(backends, variant, **counters):
    entry = dict(run_type="iteration", real_time=1.0, time_unit="ms", contract_bytes=8e6, elements=1e6, error=0.0, bound=1.0, error_ulps_of_largest=0.0,
                 error_over_bound=0.0, **counters)
    names = [f"{{loss}}/{{variant}}/{{backend}}/forward/f32/1000000" for loss in ("l2", "nll") for backend in backends]
    entries = [dict(entry, name=name, run_name=name) for name in names]
    pathlib.Path(value("--out")).write_text(json.dumps(dict(context=dict(cpu="X", device="Made-up GPU"), benchmarks=entries)))
"""
PROGRAMS = {
    "lossbench": """\
        if sys.argv[1] == "list":
            print(json.dumps(dict(losses=[dict(name="l2"), dict(name="nll")], cuda=dict(device="Made-up GPU"), build=dict(commit="abc"))))
        elif sys.argv[1] == "validate":
            missed = ("miss" in trouble or "lost" in trouble) and value("--loss") == "nll"
            if trouble == "abort" and value("--loss") == "nll":
                os.abort()
            wrong = "33 plain: cudaMalloc: an illegal access; the device is lost by that, and all that comes after" if trouble == "lost" else "33 plain: wrong"
            line = dict(loss=value("--loss"), variant="v", dtype="f32", misses=int(missed), culprits=[wrong] * missed)
            line["pass"] = "forward"
            print(json.dumps(dict(cases=7, skipped=1, misses=int(missed), lines=[line])))
            sys.exit(missed)
        elif sys.argv[1] == "run":
            if trouble == "hang" and value("--backend") == "simt":
                time.sleep(600)
            if trouble == "crash" and value("--backend") == "cuda" and "--shape" not in sys.argv:
                pathlib.Path(value("--out")).write_text('{"context": {')
                sys.exit("out of memory")
            record(["cpu" if "cpu" in value("--backend") else value("--backend")], "single_pass", counted_bytes=8e6, order=1)
        """,
    "nvidia-smi": """\
        print("Made-up GPU" if "noheader" in " ".join(sys.argv) else "name, driver_version\\nMade-up GPU, 1.2")
        """,
    "compute-sanitizer": """\
        tool = value("--tool")
        if trouble == "refusal":
            sys.exit("========= Error: device not supported")
        if trouble == "slow":
            print("========= Invalid __global__ read of size 4 bytes")
            print("the program's own words\\n" * 50, flush=True)
            time.sleep(600)
        errors = 3 if "hazard" in trouble and tool == "racecheck" else 0
        print(f"========= RACECHECK SUMMARY: {errors} hazards displayed" if tool == "racecheck" else "========= ERROR SUMMARY: 0 errors")
        """,
    "peers": """\
        record(["cuda"], "single_pass")
        """,
}


class Made(unittest.TestCase):
    """With programs that play their part."""

    def setUp(self):
        temporary = tempfile.TemporaryDirectory()
        self.addCleanup(temporary.cleanup)
        self.folder = pathlib.Path(temporary.name)
        (self.folder / "bin").mkdir()
        for name, body in PROGRAMS.items():
            path = self.folder / "bin" / name
            path.write_text(COMMON.format(python=sys.executable) + textwrap.dedent(body))
            path.chmod(0o755)
        (self.folder / "bin" / "liblossbench.so").touch()
        self.results = self.folder / "results"

    def variables(self, trouble):
        return {**os.environ, "PATH": f"{self.folder / 'bin'}:{os.environ['PATH']}", "CALLS": str(self.folder / "calls"), "TROUBLE": trouble,
                "LOSSBENCH_PYTHON": sys.executable}

    def record(self, trouble="", budget="200s", *more):
        return subprocess.run(["bash", str(ROOT / "scripts" / "record"), f"--lossbench={self.folder / 'bin' / 'lossbench'}",
                               f"--peers={self.folder / 'bin' / 'peers'}", f"--out={self.results}", f"--budget={budget}", *more],
                              env=self.variables(trouble), capture_output=True, text=True, timeout=PATIENCE)

    def steps(self, name="made-up-gpu"):
        return {step["step"]: step for step in json.loads((self.results / name / "steps.json").read_text())}

    def test_paths_in_a_record_are_from_the_root(self):
        folder, target = self.folder / "results" / ".card.x1", self.folder / "results" / "card"
        folder.mkdir(parents=True)
        (folder / "run.json").write_text(json.dumps({"command_line": f"{self.folder}/build/lossbench run --out {folder}/run.json"}))
        record_main.from_the_root(folder, target, self.folder)
        self.assertEqual(json.loads((folder / "run.json").read_text())["command_line"], "build/lossbench run --out results/card/run.json")

    def test_with_a_gpu_every_step_is_done(self):
        done = self.record()
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertEqual([path.name for path in self.results.iterdir()], ["made-up-gpu"])  # and nothing half-written beside it
        self.assertEqual({step["status"] for step in self.steps().values()}, {"done"}, self.steps())
        self.assertEqual({path.name for path in (self.results / "made-up-gpu").iterdir()},
                         {"run.json", "cpu.json", "counts.json", "sizes.json", "row_sizes.json", "peers.json", "kernelbench.json", "validation.json",
                          "validation_large.json", "sanitizer.txt", "environment.json", "steps.json", "report.html", "report.md", "headline.md",
                          "plots"})
        calls = (self.folder / "calls").read_text()
        for call in ("lossbench validate --json --loss nll --backend cuda\n",
                     "lossbench validate --json --loss l2 --backend cuda --device-reference --most-elements 33554432\n",
                     "run --loss l2,nll --budget", "--backend simt", "--backend cuda --shape 65536,", "--backend cpu,scalar", "peers --budget",
                     "peers --workload kernelbench --budget"):
            self.assertIn(call, calls)
        for tool in ("memcheck", "racecheck", "initcheck", "synccheck"):
            self.assertRegex(calls, f"compute-sanitizer --tool {tool} .*--error-exitcode 99")
        # What a record that is ended early must have comes first, and what fills any time last.
        self.assertEqual([step["step"] for step in json.loads((self.results / "made-up-gpu" / "steps.json").read_text())],
                         ["validate", "ladder", "sizes", "peers", "validate large sizes", "KernelBench", "counts", "CPU", "compute-sanitizer", "report"])
        validation = json.loads((self.results / "made-up-gpu" / "validation.json").read_text())
        self.assertEqual((validation["cases"], validation["losses"]), (14, ["l2", "nll"]))
        facts = json.loads((self.results / "made-up-gpu" / "environment.json").read_text())
        self.assertIn("Made-up GPU, 1.2", facts["gpu"])
        self.assertIn("scripts/record --budget=200s", (self.results / "made-up-gpu" / "report.html").read_text())

    def test_what_fails_is_named_and_loses_nothing_else(self):
        """The card is the one that the program sees, though there be no nvidia-smi, as in a container that has the driver alone."""
        (self.folder / "bin" / "nvidia-smi").unlink()
        done = self.record("miss and hazard")
        self.assertEqual(done.returncode, 1)
        for step, words in (("validate", "nll/v f32 forward: 33 plain: wrong"), ("compute-sanitizer", "racecheck: 3 errors in l2")):
            self.assertIn(f"failed: {step}: ", done.stdout)
            self.assertIn(words, self.steps()[step]["note"])
        self.assertEqual({self.steps()[step]["status"] for step in ("ladder", "report")}, {"done"})
        self.assertTrue((self.results / "made-up-gpu" / "report.html").exists())

    def test_a_sanitizer_that_refuses_is_skipped_and_said_so(self):
        job = record_main.Job(ROOT, "lossbench", "peers", self.folder, "Made-up GPU", ["l2"], False, "")
        with unittest.mock.patch.dict(os.environ, self.variables("refusal")):
            result = checks.sanitize(job, 10)
        self.assertEqual(result.status, "skipped")
        self.assertIn("memcheck: refused here: Error: device not supported", result.note)

    def test_what_a_sanitizer_found_counts_though_it_was_ended(self):
        job = record_main.Job(ROOT, "lossbench", "peers", self.folder, "Made-up GPU", ["l2"], False, "")
        with unittest.mock.patch.dict(os.environ, self.variables("slow")):
            for limit in (2, 20, 200):  # on a busy machine a tool may take its time to say anything
                result = checks.sanitize(job, limit)
                if result.status == "failed":
                    break
        self.assertEqual(result.status, "failed")
        self.assertIn("memcheck: Invalid __global__ read of size 4 bytes in l2, before its time was up", result.note)
        log = (self.folder / "sanitizer.txt").read_text()
        self.assertIn("Invalid __global__ read", log)
        self.assertNotIn("the program's own words", log)

    def test_without_a_ladder_the_older_record_stays(self):
        (self.results / "made-up-gpu").mkdir(parents=True)
        (self.results / "made-up-gpu" / "run.json").write_text("older")
        done = self.record("crash")
        self.assertEqual(done.returncode, 1)
        self.assertIn("no record: out of memory", done.stdout)
        self.assertEqual(sorted(path.name for path in self.results.iterdir()), ["made-up-gpu", "made-up-gpu.incomplete"])
        self.assertEqual([path.name for path in (self.results / "made-up-gpu").iterdir()], ["run.json"])
        self.assertIn("out of memory", (self.results / "made-up-gpu.incomplete" / "steps.json").read_text())  # what there is to find the reason by
        self.assertTrue((self.results / "made-up-gpu.incomplete" / "validation.json").exists())

    def test_who_is_stopped_keeps_what_there_is(self):
        running = subprocess.Popen(["bash", str(ROOT / "scripts" / "record"), f"--lossbench={self.folder / 'bin' / 'lossbench'}",
                                    f"--peers={self.folder / 'bin' / 'peers'}", f"--out={self.results}"], env=self.variables("hang"),
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        calls, deadline = self.folder / "calls", time.monotonic() + PATIENCE
        while not (calls.exists() and "--backend simt" in calls.read_text()) and time.monotonic() < deadline:
            time.sleep(0.05)
        running.terminate()
        output, errors = running.communicate(timeout=PATIENCE)
        self.assertEqual((running.returncode, errors), (1, ""))
        self.assertIn("failed: counts: stopped by SIGTERM", output)
        self.assertEqual({name: step["note"] for name, step in self.steps().items() if step["status"] != "done"},
                         {"counts": "stopped by SIGTERM", **dict.fromkeys(("CPU", "compute-sanitizer", "report"), "not begun: stopped by SIGTERM")})
        for file in ("run.json", "sizes.json", "validation.json"):
            self.assertTrue((self.results / "made-up-gpu" / file).exists(), file)

    def test_a_loss_that_the_card_is_lost_by_is_left_out_of_what_follows(self):
        done = self.record("lost")
        self.assertEqual(done.returncode, 1)
        self.assertIn("nll is left out of what follows: the card was lost by it (an illegal access)", self.steps()["ladder"]["note"])
        self.assertEqual(self.steps()["validate"]["status"], "failed")
        calls = (self.folder / "calls").read_text()
        self.assertRegex(calls, r"run --loss l2 --budget \S+ --out \S+/run.json")
        self.assertRegex(calls, r"run --loss l2 --budget \S+ --out \S+/sizes.json")

    def test_so_is_one_that_ends_the_program(self):
        job = record_main.Job(ROOT, self.folder / "bin" / "lossbench", "peers", self.folder, "Made-up GPU", ["l2", "nll"], False, "")
        with unittest.mock.patch.dict(os.environ, self.variables("abort")):
            self.assertEqual(checks.validate_small(job, 100).status, "failed")
        self.assertEqual(job.left_out, {"nll": "nll is left out of what follows: the program was ended by signal 6"})

    def test_a_copy_without_a_repository_knows_the_commit_of_its_build(self):
        with unittest.mock.patch.dict(os.environ, self.variables("")):
            facts = environment.describe(self.folder, self.folder / "bin" / "lossbench", "again", {"commit": "abc"})
            self.assertEqual((facts["commit"], facts["build"]), ("abc", {"commit": "abc"}))

    def test_tools_of_the_toolkit_need_not_be_on_the_path(self):
        (self.folder / "cuda").mkdir()
        (self.folder / "bin").rename(self.folder / "cuda" / "bin")
        with unittest.mock.patch.dict(os.environ, {"PATH": "", "CUDA_HOME": str(self.folder / "cuda")}):
            self.assertEqual(environment.tool("compute-sanitizer"), str(self.folder / "cuda" / "bin" / "compute-sanitizer"))
            self.assertEqual(environment.tool("no-such-tool"), "")

    def test_what_hangs_is_ended_with_all_it_started(self):
        for limit in (0.5, 5, 50):  # on a busy machine it may take its time to say anything
            done = process.run(["bash", "-c", "sleep 600 & echo $!; wait"], limit)
            self.assertTrue(done.timed_out)
            if done.output:
                break
        deadline = time.monotonic() + PATIENCE
        while self.state(int(done.output)) not in ("gone", "Z") and time.monotonic() < deadline:
            time.sleep(0.05)
        self.assertIn(self.state(int(done.output)), ("gone", "Z"))  # Z: ended, though nobody has asked how

    def state(self, pid):
        """Of a process: the letter that the system gives it, or "gone"."""
        try:
            return pathlib.Path(f"/proc/{pid}/stat").read_text().split()[2]
        except FileNotFoundError:
            return "gone"

    def test_a_card_that_cannot_be_used_is_recorded_as_none(self):
        for driver, cuda, gpu, words in (
                ("", {"device": None}, "", "no GPU here"),
                ("H200", {"device": None}, "", "there is a H200, but the program cannot use it (it was built without CUDA)"),
                ("H200", {"device": None, "reason": "the driver is old"}, "", "cannot use it (the driver is old)"),
                ("H200", {"device": "NVIDIA H200 MIG 1g.18gb"}, "NVIDIA H200 MIG 1g.18gb", "recording NVIDIA H200 MIG 1g.18gb")):
            with unittest.mock.patch.object(environment, "gpu_name", lambda: driver):
                found, sentence = record_main.card(cuda)
            self.assertEqual(found, gpu)
            self.assertIn(words, sentence)

    def test_bad_input_is_one_line(self):
        for arguments, culprit in ((["20 minutes"], "--budget '20 minutes' is no time"), (["0s"], "--budget '0s'"),
                                   (["5s", "--loss=nothing"], "--loss 'nothing' matches nothing; accepted: l2, nll"), (["5s", "--frob"], "--frob")):
            done = self.record("", *arguments)
            self.assertEqual(done.returncode, 2, done)
            self.assertEqual(done.stderr.count("\n"), 1, done.stderr)
            self.assertIn(culprit, done.stderr)
            self.assertFalse(self.results.exists())


class Real(unittest.TestCase):
    def test_steps_that_take_no_clock(self):
        """Validation, counts under the emulator, and their report, by the commands that a record takes."""
        with tempfile.TemporaryDirectory() as name:
            job = record_main.Job(ROOT, pathlib.Path(LOSSBENCH).resolve(), pathlib.Path(name) / "none", pathlib.Path(name), "", ["nll"], True, "again")
            self.assertEqual(checks.validate_small(job, 100).status, "done")
            validation = json.loads((job.folder / "validation.json").read_text())
            self.assertGreater(validation["cases"], 100)
            self.assertEqual((validation["misses"], validation["losses"], validation["not_reached"]), (0, ["nll"], []))
            self.assertEqual(measurements.run(job, 100, "run.json", "--backend", "simt").status, "done")
            self.assertEqual([measurements.sizes(job, 100).status, measurements.peers(job, 100).status], ["skipped", "skipped"])
            self.assertEqual(measurements.report(job, 100).status, "done")
            self.assertIn("`gather_label`", (job.folder / "headline.md").read_text())
            self.assertIn("again", (job.folder / "report.html").read_text())

    def test_the_device_reference_holds_production_variants(self):
        done = subprocess.run([LOSSBENCH, "validate", "--device-reference", "--loss", "l2", "--backend", "simt", "--dtype", "f32,bf16",
                               "--shape", "70000", "--json"], capture_output=True, text=True)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        lines = json.loads(done.stdout)["lines"]
        held = {line["variant"] for line in lines if line["cases"]}
        self.assertLessEqual({"single_pass", "compensated", "fused"}, held)
        self.assertEqual([line["cases"] for line in lines if line["variant"] == "naive_atomic"], [0])  # it promises nothing of the kind
        for line in lines:
            self.assertEqual(line["misses"], 0)
            self.assertRegex(line["worst"]["input"], r"70000 plain against \w+ in f64")
            self.assertTrue(line["cases"] == 0 or 0 < line["worst"]["error_over_bound"] <= 1, line)


if __name__ == "__main__":
    unittest.main()
