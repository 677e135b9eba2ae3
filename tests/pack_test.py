#!/usr/bin/env python3
"""scripts/pack: what it packs runs, by the libraries that it packed."""

import os
import pathlib
import shutil
import subprocess
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parent.parent
LOSSBENCH = pathlib.Path(os.environ.get("LOSSBENCH", ROOT / "build" / "release" / "lossbench")).resolve()


def pack(*words):
    return subprocess.run(["bash", str(ROOT / "scripts" / "pack"), *map(str, words)], capture_output=True, text=True)


class Pack(unittest.TestCase):
    def setUp(self):
        temporary = tempfile.TemporaryDirectory()
        self.addCleanup(temporary.cleanup)
        self.folder = pathlib.Path(temporary.name)

    def test_what_is_packed_runs_from_there(self):
        self.assertEqual(pack(f"--lossbench={LOSSBENCH}", f"--out={self.folder / 'packed'}").returncode, 0)
        packed = self.folder / "moved"  # where it was packed does not matter
        (self.folder / "packed").rename(packed)
        done = subprocess.run([packed / "lossbench", "list", "--json"], capture_output=True, text=True)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        libraries = subprocess.run(["ldd", packed / "lossbench"], capture_output=True, text=True).stdout
        for name in ("fmt", "benchmark", "hwy", "boost_context"):
            self.assertIn(f"=> {packed}/lib{name}.so", libraries)
        for name in ("c", "stdc++"):  # these belong to the system
            self.assertNotIn(f"{packed}/lib{name}.so", libraries)

    def test_the_library_comes_along(self):
        build = self.folder / "build"
        build.mkdir()
        shutil.copy(LOSSBENCH, build)
        (build / "liblossbench.so").write_bytes((LOSSBENCH.parent / "liblossbench.so").read_bytes())
        self.assertEqual(pack(f"--lossbench={build / 'lossbench'}", f"--out={self.folder / 'packed'}").returncode, 0)
        self.assertTrue((self.folder / "packed" / "liblossbench.so").exists())

    def test_nothing_of_the_users_is_removed(self):
        (self.folder / "mine").touch()
        done = pack(f"--lossbench={LOSSBENCH}", f"--out={self.folder}")
        self.assertEqual(done.returncode, 1)
        self.assertIn("was not packed here", done.stderr)
        self.assertTrue((self.folder / "mine").exists())
        self.assertEqual(pack(f"--lossbench={self.folder / 'none'}", "--out=x").returncode, 1)


if __name__ == "__main__":
    unittest.main()
