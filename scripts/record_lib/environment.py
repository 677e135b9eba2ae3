"""What the machine is: enough to know whether two records may be compared, and to build the same again."""

import os
import platform
import re
import shutil

from . import process

QUERY = ",".join(("name", "driver_version", "vbios_version", "memory.total", "clocks.max.sm", "clocks.max.memory", "clocks.current.sm", "power.limit",
                  "ecc.mode.current", "mig.mode.current", "persistence_mode", "temperature.gpu"))


def gpu_name():
    """The first card, as the driver names it; empty where there is none."""
    if not shutil.which("nvidia-smi"):
        return ""
    done = process.run(["nvidia-smi", "--query-gpu=name", "--format=csv,noheader"], 20)
    return done.output.strip().split("\n")[0].strip() if done.status == 0 else ""


def cpu_name():
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as file:
            match = re.search(r"^model name\s*:\s*(.+)$", file.read(), re.M)
    except OSError:
        match = None
    return match[1].strip() if match else platform.machine()


def folder_name(text):
    """"NVIDIA H200" as "nvidia-h200"."""
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-") or "unknown"


def tool(name):
    """A program of the CUDA toolkit, whose installer leaves them off the PATH; empty where there is none."""
    homes = (os.environ.get("CUDA_HOME"), os.environ.get("CUDA_PATH"), "/usr/local/cuda")
    folders = [os.environ.get("PATH", os.defpath), *(f"{home}/bin" for home in homes if home)]
    return shutil.which(name, path=os.pathsep.join(folders)) or ""


def describe(root, lossbench, command, build):
    """Everything as one dictionary. What cannot be asked is left out. `build` is what the program says of its own: it may come from elsewhere, as a
    copy without a repository."""
    facts = {"build": build or {}, "command": command, "cpu": cpu_name(), "cores": os.cpu_count(), "python": platform.python_version(),
             "system": f"{platform.system()} {platform.release()} {platform.machine()}"}
    for name, words in {
        "lossbench": [lossbench, "--version"],
        "commit": ["git", "-C", root, "rev-parse", "HEAD"] if (root / ".git").exists() else [],
        "compiler": ["c++", "--version"],
        "nvcc": [tool("nvcc"), "--version"],
        "sanitizer": [tool("compute-sanitizer"), "--version"],
        "lscpu": ["lscpu"],
    }.items():
        if not words or not words[0]:
            continue
        done = process.run(words, 20)
        if done.status == 0:
            facts[name] = done.output.strip()
    if "commit" in facts:
        done = process.run(["git", "-C", root, "status", "--porcelain", "--untracked-files=no"], 20)
        facts["uncommitted_changes"] = bool(done.output.strip())
    elif facts["build"].get("commit"):
        facts["commit"] = facts["build"]["commit"]
    done = process.run(["nvidia-smi", f"--query-gpu={QUERY}", "--format=csv"], 20)
    if done.status == 0:
        facts["gpu"] = done.output.strip()
    return facts
