#!/usr/bin/env python3
"""scripts/bench, scripts/test and scripts/check_noise: what they decide and pass on, with programs that play their part.

The scripts run as copies in a folder whose name has a space, on a PATH that holds the made-up programs and the shell's tools alone.
"""

import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parent.parent

TOOLS = "bash basename cat cksum cp date dirname env grep id ln mkdir mktemp nproc printf rm rmdir sed tee touch".split()
NOTE = '#!/usr/bin/env bash\necho "${0##*/} $*" >>"$CALLS"\n'
LOSSBENCH = NOTE + 'while [[ $# -gt 0 ]]; do if [[ $1 == --out ]]; then echo "{}" >"$2"; fi; shift; done; echo a table\n'
PROGRAMS = {
    "cmake": NOTE + 'mkdir -p build/release && echo "-- lossbench: Release build"\n',
    "ninja": NOTE + 'cp "$LOSSBENCH_MADE" build/release/lossbench\necho "@1/1@0.1@ last"\n',
    "ctest": NOTE + 'echo "throttled ${LOSSBENCH_FORCE_THROTTLED:-no}" >>"$CALLS"\necho "100% tests passed, 0 tests failed out of 3"\n'
                    'exit "${CTEST_STATUS:-0}"\n',
    "dpkg-query": NOTE.replace('echo "${0##*/} $*" >>"$CALLS"', '[[ ${!#} == "$ABSENT" ]] || printf installed'),
    "apt-get": NOTE,
    "g++": NOTE,
}
NVCC = {"nvcc": NOTE}
CARD = {"nvidia-smi": "#!/usr/bin/env bash\necho Made-up GPU\n"}


def has_torch(python):
    find = "import importlib.util, sys; sys.exit(importlib.util.find_spec('torch') is None)"
    return os.path.exists(python) and subprocess.run([python, "-c", find], capture_output=True).returncode == 0


class Commands(unittest.TestCase):
    def setUp(self):
        temporary = tempfile.TemporaryDirectory(suffix=" of a test")
        self.addCleanup(temporary.cleanup)
        self.root = pathlib.Path(temporary.name)
        self.calls = self.root / "calls"
        (self.root / "bin").mkdir()
        for name in TOOLS:
            if shutil.which(name):
                (self.root / "bin" / name).symlink_to(shutil.which(name))
        (self.root / "bin" / "python3").symlink_to(sys.executable)
        self.install({**PROGRAMS, "made": LOSSBENCH})
        scripts = self.root / "scripts"
        shutil.copytree(ROOT / "scripts" / "lib", scripts / "lib")
        for name in ("bench", "test", "check_noise", "requirements.txt"):
            shutil.copy(ROOT / "scripts" / name, scripts)
        (scripts / "peers").write_text(LOSSBENCH)
        (scripts / "peers").chmod(0o755)
        (scripts / "report").write_text("import sys; open(sys.argv[sys.argv.index('--html') + 1], 'w').close()\n")
        environment = self.root / ".venv" / "bin"
        environment.mkdir(parents=True)
        (environment / "python").symlink_to(sys.executable)
        with open(scripts / "requirements.txt") as wanted, open(self.root / ".venv" / "lossbench-ready", "w") as stamp:
            subprocess.run(["cksum"], stdin=wanted, stdout=stamp, check=True)

    def install(self, programs):
        for name, text in programs.items():
            path = self.root / "bin" / name
            path.unlink(missing_ok=True)
            path.write_text(text)
            path.chmod(0o755)

    def run_script(self, name, *arguments, status=0, **variables):
        """What it printed; `called` is what it called, a program a line."""
        self.calls.write_text("")
        clean = {"PATH": str(self.root / "bin"), "CALLS": str(self.calls), "LOSSBENCH_MADE": str(self.root / "bin" / "made"), "ABSENT": "", "HOME": "/"}
        done = subprocess.run(["bash", str(self.root / "scripts" / name), *arguments], env={**clean, **variables}, cwd="/", capture_output=True,
                              text=True)
        self.assertEqual(done.returncode, status, done.stdout + done.stderr)
        self.called = self.calls.read_text()
        self.errors = done.stderr
        return done.stdout

    def call_of(self, program):
        (line,) = [line for line in self.called.split("\n") if line.startswith(f"{program} ")]
        return line


class Decisions(Commands):
    def cuda(self, *arguments, **variables):
        text = self.run_script("test", *arguments, **variables)
        self.lines = [line.strip() for line in text.split("\n") if "left out" in line]
        return self.call_of("cmake").split("-DLOSSBENCH_CUDA=")[1].split()[0]

    @unittest.skipIf(os.path.exists("/usr/local/cuda/bin/nvcc"), "there is a toolkit in its usual place")
    def test_without_a_toolkit(self):
        self.assertEqual(self.cuda(), "OFF")
        self.assertIn("a toolkit", self.lines[0])
        self.run_script("test", "--cuda=on", status=1)
        self.assertEqual(self.errors.count("\n"), 1)
        self.assertIn("no nvcc", self.errors)

    def test_a_toolkit_without_a_card_compiles_on_demand_only(self):
        self.install(NVCC)
        self.assertEqual(self.cuda(), "OFF")
        self.assertEqual(len(self.lines), 1)
        self.assertIn("--cuda=on", self.lines[0])
        self.assertEqual(self.cuda("--cuda=on"), "ON")
        self.assertEqual(self.lines, [])
        self.assertEqual(self.cuda(LOSSBENCH_CUDA="off"), "OFF")
        self.assertEqual(self.cuda(LOSSBENCH_CUDA="ON"), "ON")

    def test_a_card_and_a_toolkit(self):
        self.install({**NVCC, **CARD})
        self.assertEqual(self.cuda(), "AUTO")
        self.assertEqual(self.lines, [])
        self.assertEqual(self.cuda("--cuda=off"), "OFF")

    def test_an_unknown_answer(self):
        self.run_script("test", "--cuda=maybe", status=1)
        self.assertEqual(self.errors, "error: --cuda (or LOSSBENCH_CUDA) is 'maybe'; accepted: auto, on, off\n")

    def test_a_configuration_that_fails_is_shown(self):
        self.install({"cmake": "#!/usr/bin/env bash\necho wrong; exit 1\n"})
        self.run_script("test", status=1)
        self.assertEqual(self.errors, "wrong\nerror: configuration failed\n")
        self.assertNotIn("ninja", self.called)


class Packages(Commands):
    def test_what_is_missing_is_installed_in_one_call(self):
        self.run_script("test", "--no-install", ABSENT="libfmt-dev", status=1)
        self.assertIn("missing packages: libfmt-dev (--no-install was given)", self.errors)
        self.assertNotIn("apt-get", self.called)
        self.install({"id": "#!/usr/bin/env bash\necho 0\n"})
        self.run_script("test", ABSENT="libfmt-dev")
        self.assertTrue(self.call_of("apt-get").endswith("install -y --no-install-recommends libfmt-dev"), self.called)

    def test_who_is_not_root_is_told(self):
        self.install({"id": "#!/usr/bin/env bash\necho 1000\n"})
        self.run_script("test", ABSENT="libfmt-dev", status=1)
        self.assertEqual(self.errors, "error: packages are missing, and only root can install them: apt-get install libfmt-dev\n")


class Test(Commands):
    def test_it_ends_as_ctest_does(self):
        for status in (0, 8):
            printed = self.run_script("test", "-R", "a name", status=status, CTEST_STATUS=str(status))
            self.assertEqual(printed.strip().split("\n")[-1], "100% tests passed, 0 tests failed out of 3")
            self.assertTrue(self.call_of("ctest").endswith("-R a name"))


class Bench(Commands):
    def setUp(self):
        super().setUp()
        (self.root / "bin" / "apt-get").unlink()  # or it would install PyTorch

    def bench(self, *arguments, **variables):
        self.printed = self.run_script("bench", *arguments, **variables)
        return self.call_of("lossbench").split(" --out ")[1].split(".json", 1)[1].strip()

    def test_without_a_card_all_of_it_has_ten_minutes(self):
        self.assertEqual(self.bench(), "--budget 150s")
        self.assertIn("--budget 75s", self.call_of("peers"))
        self.assertTrue(self.call_of("ninja").endswith(" lossbench lossbench_c"))
        for name in ("table.txt", "bench.json", "peers.json", "report.html"):
            self.assertTrue((self.root / "build" / "release" / "results" / "latest" / name).exists(), name)

    def test_what_the_user_says_wins(self):
        self.assertEqual(self.bench("--budget=20s"), "--budget=20s")
        self.assertIn("peers ", self.called)
        self.assertEqual(self.bench("--loss", "l1"), "--loss l1")  # a selection: by its own measure, and without peers
        self.assertNotIn("peers ", self.called)
        self.assertTrue(self.call_of("ninja").endswith(" lossbench"))
        self.bench("--loss", "l1", "--peers")
        self.assertIn("peers ", self.called)

    def test_what_is_left_of_ten_minutes_is_shared_out(self):
        for spent, words, expected in [(20, "65 60 150", "150s"), (400, "65 60 150", "117s"), (520, "65 60 150", "60s"), (900, "65 60 150", "60s"),
                                       (545, "100 30 75", "35s"), (100, "100 30 75", "75s")]:
            done = subprocess.run(["bash", "-c", f"source '{ROOT}/scripts/lib/common.sh'; SECONDS={spent}; seconds_left {words}"],
                                  capture_output=True, text=True, check=True)
            self.assertEqual(done.stdout.strip(), expected, spent)

    def test_a_card_has_the_program_s_own_budget(self):
        self.install({**NVCC, **CARD})
        self.assertEqual(self.bench(), "")
        self.assertIn("--budget 180s", self.call_of("peers"))

    def test_a_first_look(self):
        flags = self.bench("--quick")
        self.assertRegex(flags, r"^--loss l2,\S*faster_rcnn\S* --dtype f32 --budget 40s$")
        self.assertNotIn("peers ", self.called)
        self.assertRegex(self.bench("--quick", "--budget", "9s", "--loss=l1"), r"^--budget 9s --loss=l1 --dtype f32$")

    @unittest.skipIf(any(has_torch(python) for python in (sys.executable, "/usr/bin/python3")), "there is a PyTorch")
    def test_pytorch_comes_while_the_program_is_built(self):
        self.install({"apt-get": NOTE, "id": "#!/usr/bin/env bash\necho 0\n"})
        self.bench()
        self.assertTrue(self.call_of("apt-get").endswith("install -y --no-install-recommends python3-torch python3-numpy"), self.called)
        self.assertLess(self.called.index("apt-get "), self.called.index("peers "))  # the build has waited for it
        for arguments in (["--no-install"], ["--quick"]):
            self.bench(*arguments)
            self.assertNotIn("apt-get", self.called)

    def test_no_record_no_report(self):
        self.install({"made": "#!/usr/bin/env bash\nexit 2\n"})
        self.run_script("bench", status=2)
        self.assertEqual(list((self.root / "build" / "release" / "results").iterdir()), [])


class Noise(Commands):
    def test_runs_are_counted(self):
        self.run_script("check_noise", status=1)
        self.assertIn("there is no build/release", self.errors)
        (self.root / "build" / "release").mkdir(parents=True)
        printed = self.run_script("check_noise", "--runs=2", "-R", "some")
        self.assertEqual([line for line in self.called.split("\n") if "throttled" in line], ["throttled no", "throttled 1", "throttled 1"])
        self.assertIn("2 of 2 runs passed in time", printed)
        self.install({"ctest": "#!/usr/bin/env bash\n[[ -z ${LOSSBENCH_FORCE_THROTTLED:-} ]]\n"})
        self.assertIn("0 of 2 runs passed in time", self.run_script("check_noise", "--runs=2", status=1))


if __name__ == "__main__":
    unittest.main()
