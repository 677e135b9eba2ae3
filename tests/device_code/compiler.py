"""Compiles one kernel source, for every architecture at once, and keeps what it found.

That is sm_90a, unless LOSSBENCH_ARCHITECTURES lists others: each costs minutes. `scripts/check_device_code` lists all that are supported.
"""

import hashlib
import json
import os
import pathlib
import shlex
import shutil
import subprocess

from . import ptx, ptxas

ARCHITECTURES = tuple(f"sm_{number}" for number in os.environ.get("LOSSBENCH_ARCHITECTURES", "90a").split(","))
PTX_OF = ARCHITECTURES[-1].replace("sm", "compute")  # loads look the same in all; one is read


def device_command(entry, outputs):
    """The command that built the source, for our architectures and for the device alone."""
    words = shlex.split(entry["command"])
    if not words[0].endswith("nvcc"):
        words = words[1:]  # a compiler cache
    kept, skip = [], False
    for word in words:
        if skip:
            skip = False
        elif word in ("-o", "-MF", "-MT", "-c"):
            skip = word != "-c"
        elif not word.startswith(("--generate-code", "-gencode", "-arch", "-MD")):
            kept.append(word)
    for architecture in ARCHITECTURES:
        kept.append(f"--generate-code=arch={architecture.replace('sm', 'compute')},code={architecture}")
    return kept + ["-Xptxas=-v", "--fatbin", "-MD", "-MF", str(outputs / "depends"), "--keep", "--keep-dir", str(outputs),
                   "-o", str(outputs / "kernels.fatbin")]


def fingerprint(command, files):
    """Of a command and the contents of all files that go into it; empty if one is gone."""
    digest = hashlib.sha256("\0".join(command).encode())
    for name in files:
        try:
            digest.update(name.encode() + b"\0" + pathlib.Path(name).read_bytes())
        except OSError:
            return ""
    return digest.hexdigest()


def dependencies(depfile, directory):
    """Files that a compilation read, from a make rule; those of the toolkit and the system only by name."""
    text = depfile.read_text(encoding="utf-8").replace("\\\n", " ").split(":", 1)[1]
    return sorted({str((pathlib.Path(directory) / name).resolve()) for name in text.split()})


def examine(entry, place):
    """{"failure", "kernels", "loads"} of one source. `place` is where it is kept."""
    record = place.with_suffix(".json")
    command = device_command(entry, place)
    if record.exists():
        kept = json.loads(record.read_text(encoding="utf-8"))
        if kept["fingerprint"] and kept["fingerprint"] == fingerprint(command, kept["files"]):
            return kept["result"]

    shutil.rmtree(place, ignore_errors=True)
    place.mkdir(parents=True)
    done = subprocess.run(command, cwd=entry["directory"], capture_output=True, text=True, stdin=subprocess.DEVNULL)
    if done.returncode != 0:
        return {"failure": done.stdout + done.stderr, "kernels": [], "loads": {}}
    texts = [path.read_text(encoding="utf-8") for path in place.glob("*.ptx") if PTX_OF in path.name]
    result = {"failure": "", "kernels": ptxas.kernels(done.stdout + done.stderr),
              "loads": {name: loads for text in texts for name, loads in ptx.entries(text).items()}}
    files = dependencies(place / "depends", entry["directory"])
    record.write_text(json.dumps({"fingerprint": fingerprint(command, files), "files": files, "result": result}), encoding="utf-8")
    shutil.rmtree(place)
    return result
