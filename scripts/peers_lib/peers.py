"""Which peers there are on this machine, and why the others are not."""

import importlib
import os

from . import array_peers, torch_peers

NAMES = ("torch", "torch_compile", "liger", "quack", "jax", "numpy")


def import_or_none(name):
    """(module, "") or (None, why not)."""
    try:
        return importlib.import_module(name), ""
    except ImportError as failure:
        return None, "not installed" if failure.name == name.split(".")[0] else str(failure)
    except Exception as failure:  # a package that is there but broken: its name and its words, and go on
        return None, f"cannot be imported: {failure}"


def find(torch, device, wanted):
    """(peers, {name: why it is missing}) for a device, "cpu" or "cuda"."""
    found, missing = [], {}

    def add(name, make):
        if name not in wanted:
            return
        try:
            found.append(make())
        except Missing as reason:
            missing[name] = str(reason)
        except Exception as failure:
            missing[name] = f"cannot be used: {failure}"

    add("torch", lambda: torch_peers.Eager(need_torch(torch), device))
    add("torch_compile", lambda: compiled(need_torch(torch), device))
    add("liger", lambda: on_gpu_alone(torch_peers.Liger, "liger_kernel", torch, device))
    add("quack", lambda: on_gpu_alone(torch_peers.Quack, "quack", torch, device))
    add("jax", lambda: jax_peer(device))
    add("numpy", lambda: numpy_peer(device))
    return found, missing


class Missing(Exception):
    pass


def need_torch(torch):
    if torch is None:
        raise Missing("PyTorch is not installed for this Python")
    return torch


def compiled(torch, device):
    if not hasattr(torch, "compile"):
        raise Missing(f"PyTorch {torch.__version__} has no torch.compile")
    return torch_peers.Compiled(torch, device)


def on_gpu_alone(kind, module, torch, device):
    if import_or_none(module)[0] is None:
        raise Missing(import_or_none(module)[1])
    if device != "cuda":
        raise Missing("needs a GPU")
    return kind(need_torch(torch), device)


def jax_peer(device):
    os.environ.setdefault("XLA_PYTHON_CLIENT_PREALLOCATE", "false")  # or it takes three quarters of a GPU's memory, which is for everybody
    jax, reason = import_or_none("jax")
    if jax is None:
        raise Missing(reason)
    importlib.import_module("jax.dlpack")
    if device == "cuda" and jax.default_backend() != "gpu":
        raise Missing("this JAX has no GPU")
    if device == "cpu":
        jax.config.update("jax_platforms", "cpu")
    jax.config.update("jax_enable_x64", True)
    return array_peers.Jax(jax, device)


def numpy_peer(device):
    if device != "cpu":
        raise Missing("computes on the host")
    return array_peers.NumPy()
