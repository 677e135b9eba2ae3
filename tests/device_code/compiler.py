"""What became of one kernel source on a GPU.

The build keeps what ptxas said of the architecture it was made for. LOSSBENCH_ARCHITECTURES lists others to compile for, which takes minutes
each: `scripts/check_device_code` lists all that are supported.
"""

import hashlib
import json
import os
import pathlib
import shlex
import shutil
import subprocess

from . import ptx, ptxas

ARCHITECTURES = tuple(f"sm_{number}" for number in os.environ.get("LOSSBENCH_ARCHITECTURES", "").split(",") if number)
PTX_OF = "compute_90a"  # loads look the same in all; one is read


def object_of(entry):
    """The object that the build makes of the source."""
    words = shlex.split(entry["command"])
    return pathlib.Path(entry["directory"]) / words[words.index("-o") + 1]


def bare_command(entry):
    """The command that built the source, without compiler caches, outputs and architectures."""
    words = shlex.split(entry["command"])
    words = words[next(i for i, word in enumerate(words) if word.endswith("nvcc")):]
    kept, skip = [], False
    for word in words:
        if skip:
            skip = False
        elif word in ("-o", "-MF", "-MT", "-c"):
            skip = word != "-c"
        elif not word.startswith(("--generate-code", "-gencode", "-arch", "-MD", "-Xptxas")):
            kept.append(word)
    return kept


def device_command(entry, outputs):
    """The same for our architectures and for the device alone."""
    kept = bare_command(entry)
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


def as_built(entry, with_loads):
    """{"failure", "kernels", "loads"} of one source as the build left it. Loads are read from PTX, which is made for that."""
    report = pathlib.Path(str(object_of(entry)) + ".ptxas")
    if not report.exists():
        return {"failure": f"{report} is not there: the build makes it", "kernels": [], "loads": {}}
    result = {"failure": "", "kernels": ptxas.kernels(report.read_text(encoding="utf-8")), "loads": {}}
    if with_loads:
        done = subprocess.run(bare_command(entry) + ["-arch=" + PTX_OF, "--ptx", "-o", "-"], cwd=entry["directory"], capture_output=True,
                              text=True, stdin=subprocess.DEVNULL)
        result["failure"] = "" if done.returncode == 0 else done.stdout + done.stderr
        result["loads"] = ptx.entries(done.stdout)
    return result


def examine(entry, place, with_loads):
    """{"failure", "kernels", "loads"} of one source. `place` is where it is kept."""
    if not ARCHITECTURES:
        return as_built(entry, with_loads)
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
    texts = [path.read_text(encoding="utf-8") for path in place.glob("*.ptx")
             if len(ARCHITECTURES) == 1 or PTX_OF in path.name]  # of one alone, the name does not say which
    result = {"failure": "", "kernels": ptxas.kernels(done.stdout + done.stderr),
              "loads": {name: loads for text in texts for name, loads in ptx.entries(text).items()}}
    files = dependencies(place / "depends", entry["directory"])
    record.write_text(json.dumps({"fingerprint": fingerprint(command, files), "files": files, "result": result}), encoding="utf-8")
    shutil.rmtree(place)
    return result
