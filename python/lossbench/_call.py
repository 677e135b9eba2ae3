"""Preparing and running calls."""

import ctypes
import json
import weakref
from dataclasses import dataclass

from . import _dlpack
from ._library import NamedTensor, NamedText, OutputDescription, Request, check, load

ALIGNMENT = 256
FLOAT, BFLOAT = 2, 4  # DLPack's type codes
PASSES = ("forward", "gradient")


@dataclass(frozen=True)
class Output:
    """An output as it must be allocated: row-major, on the device of the inputs."""

    name: str
    dtype: str  # "f32", "bf16", "i64", …
    shape: tuple


def listing():
    """Losses, variants, options and types: what `lossbench list --json` prints."""
    text = load().lossbench_list()
    if text is None:
        raise RuntimeError(load().lossbench_last_error().decode())
    return json.loads(text)


def prepare(loss, inputs, *, variant=None, backend=None, gradients=False, options=None):
    """A Call of `loss` on named arrays. `gradients`: False for the value alone, True for those of the predictions too, or names of inputs.
    `options` are names and values, as text or as numbers. Raises Error, with one line that names the culprit and what is accepted."""
    return Call(loss, inputs, variant, backend, gradients, options or {})


class Call:
    """A prepared computation; it keeps its inputs alive."""

    def __init__(self, loss, inputs, variant, backend, gradients, options):
        self._library = load()
        self._kept, given = _named_tensors(inputs, "input")
        request = Request(size=ctypes.sizeof(Request), loss=_bytes(loss), variant=_bytes(variant), backend=_bytes(backend),
                          pass_=int(bool(gradients)), inputs=given, input_count=len(inputs), option_count=len(options),
                          options=(NamedText * len(options))(*[(_bytes(name), _text(value)) for name, value in options.items()]))
        if gradients and gradients is not True:
            request.gradients = _bytes(gradients if isinstance(gradients, str) else ",".join(gradients))
        handle = ctypes.c_void_p()
        check(self._library.lossbench_prepare(ctypes.byref(request), ctypes.byref(handle)))
        self._handle = handle
        weakref.finalize(self, self._library.lossbench_destroy, handle)
        self._workspace = None

        self.loss = loss
        self.pass_ = PASSES[request.pass_]
        self.variant = self._library.lossbench_variant(handle).decode()
        self.backend = self._library.lossbench_backend(handle).decode()
        self.workspace_bytes = self._library.lossbench_workspace_bytes(handle)
        self.contract_bytes = self._library.lossbench_contract_bytes(handle)
        self.outputs = [self._output(index) for index in range(self._library.lossbench_output_count(handle))]

    def run(self, outputs, workspace=None, stream=None):
        """Fills `outputs`, arrays by name, all of them. `workspace`: an array of at least `workspace_bytes` bytes, zeroed before the first
        run and 256-byte aligned; on the host it may be left out, and the call makes one at its first run. `stream`: a CUDA stream's number.
        On the host the work is done on return; on a GPU it is enqueued, and the arrays must live until it is done."""
        check(self.bind(outputs, workspace, stream)())

    def bind(self, outputs, workspace=None, stream=None):
        """A function without arguments that does what `run` does with these arguments, for timing: nothing is looked up in it but by the
        library. It returns the status instead of raising."""
        kept, tensors = _named_tensors(outputs, "output")
        if workspace is not None:
            address, size = _dlpack.address_and_bytes(workspace, "the workspace")
        else:
            address, size = self._own_workspace()
        library, handle, count = self._library.lossbench_run, self._handle, len(outputs)
        keep = (self, kept, workspace)

        def run(_keep=keep):
            return library(handle, tensors, count, address, size, stream)

        return run

    def _own_workspace(self):
        """Zeroed host memory. On a GPU nobody can write there for us, and the library says that the workspace is missing."""
        if not self.workspace_bytes or self.backend == "cuda":
            return None, self.workspace_bytes if self.backend == "cuda" else 0
        if self._workspace is None:
            self._workspace = ctypes.create_string_buffer(self.workspace_bytes + ALIGNMENT)
        start = ctypes.addressof(self._workspace)
        return start + -start % ALIGNMENT, self.workspace_bytes

    def _output(self, index):
        description = OutputDescription()
        check(self._library.lossbench_get_output(self._handle, index, ctypes.byref(description)))
        letter = {FLOAT: "f", BFLOAT: "bf"}.get(description.dtype.code, "i")
        return Output(description.name.decode(), f"{letter}{description.dtype.bits}", tuple(description.shape[:description.ndim]))


def _named_tensors(arrays, what):
    """What keeps the tensors alive, and the C array of names and tensors. None stays a null pointer, which the library refuses."""
    kept = [(array, *_dlpack.borrow(array, f"{what} '{name}'")) if array is not None else (None, None, None) for name, array in arrays.items()]
    tensors = (NamedTensor * len(kept))(*[(_bytes(name), tensor) for name, (_, _, tensor) in zip(arrays, kept)])
    return kept, tensors


def _bytes(text):
    return None if text is None else text.encode()


def _text(value):
    """true, 0.1, sum, 1,0.5: as options are written."""
    if isinstance(value, bool):
        return b"true" if value else b"false"
    if isinstance(value, (list, tuple)):
        return ",".join(repr(number) for number in value).encode()
    return str(value).encode()
