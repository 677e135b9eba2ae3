"""Finds and loads liblossbench.so, and says to ctypes what capi/lossbench.h says to a compiler."""

import ctypes
import os
import pathlib

ABI_VERSION = 1
NAME = f"liblossbench.so.{ABI_VERSION}"
BUILD = pathlib.Path(__file__).resolve().parents[2] / "build" / "release"

STATUS_NAMES = ("ok", "invalid argument", "invalid request", "no device", "failed")


class Error(Exception):
    """What the library refused. `status` is the lossbench_status, `kind` its name in words."""

    def __init__(self, status, message):
        super().__init__(message)
        self.status = status
        self.kind = STATUS_NAMES[status] if 0 <= status < len(STATUS_NAMES) else str(status)


class Device(ctypes.Structure):
    _fields_ = [("device_type", ctypes.c_int32), ("device_id", ctypes.c_int32)]


class DataType(ctypes.Structure):
    _fields_ = [("code", ctypes.c_uint8), ("bits", ctypes.c_uint8), ("lanes", ctypes.c_uint16)]


class NamedTensor(ctypes.Structure):  # lossbench_array
    _fields_ = [("name", ctypes.c_char_p), ("tensor", ctypes.c_void_p)]


class NamedText(ctypes.Structure):  # lossbench_option
    _fields_ = [("name", ctypes.c_char_p), ("value", ctypes.c_char_p)]


class Request(ctypes.Structure):
    _fields_ = [("size", ctypes.c_size_t), ("loss", ctypes.c_char_p), ("variant", ctypes.c_char_p), ("backend", ctypes.c_char_p),
                ("pass_", ctypes.c_int), ("gradients", ctypes.c_char_p), ("inputs", ctypes.POINTER(NamedTensor)),
                ("input_count", ctypes.c_size_t), ("options", ctypes.POINTER(NamedText)), ("option_count", ctypes.c_size_t)]


class OutputDescription(ctypes.Structure):
    _fields_ = [("name", ctypes.c_char_p), ("dtype", DataType), ("ndim", ctypes.c_int32), ("shape", ctypes.POINTER(ctypes.c_int64))]


CALL = ctypes.c_void_p
FUNCTIONS = {
    "lossbench_version": (ctypes.c_char_p, []),
    "lossbench_abi_version": (ctypes.c_uint32, []),
    "lossbench_last_error": (ctypes.c_char_p, []),
    "lossbench_list": (ctypes.c_char_p, []),
    "lossbench_prepare": (ctypes.c_int, [ctypes.POINTER(Request), ctypes.POINTER(CALL)]),
    "lossbench_variant": (ctypes.c_char_p, [CALL]),
    "lossbench_backend": (ctypes.c_char_p, [CALL]),
    "lossbench_workspace_bytes": (ctypes.c_size_t, [CALL]),
    "lossbench_contract_bytes": (ctypes.c_int64, [CALL]),
    "lossbench_output_count": (ctypes.c_size_t, [CALL]),
    "lossbench_get_output": (ctypes.c_int, [CALL, ctypes.c_size_t, ctypes.POINTER(OutputDescription)]),
    "lossbench_run": (ctypes.c_int, [CALL, ctypes.POINTER(NamedTensor), ctypes.c_size_t, ctypes.c_void_p, ctypes.c_size_t, ctypes.c_void_p]),
    "lossbench_destroy": (None, [CALL]),
}

_library = None


def load(path=None):
    """The library, loaded at first use. `path` says where it is; afterwards it stays the one that was loaded."""
    global _library
    if _library is None:
        _library = _open(path)
    return _library


def version():
    return load().lossbench_version().decode()


def check(status):
    if status:
        raise Error(status, load().lossbench_last_error().decode())


def _open(path):
    path = path or os.environ.get("LOSSBENCH_LIBRARY")
    places = [str(path)] if path else [str(BUILD / NAME), NAME]
    failures = []
    for place in places:
        try:
            library = ctypes.CDLL(place)
            break
        except OSError as failure:
            failures.append(str(failure))
    else:
        raise OSError("liblossbench.so cannot be loaded (" + "; ".join(failures) + "); build it with `scripts/bench` or "
                      "`cmake --build --preset release --target lossbench_c`, or name it in $LOSSBENCH_LIBRARY")
    for name, (result, arguments) in FUNCTIONS.items():
        function = getattr(library, name)
        function.restype, function.argtypes = result, arguments
    if library.lossbench_abi_version() != ABI_VERSION:
        raise OSError(f"{place} has ABI version {library.lossbench_abi_version()}; this module needs {ABI_VERSION}")
    return library
