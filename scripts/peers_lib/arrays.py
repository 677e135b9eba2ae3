"""One set of inputs as every contender wants it: the same memory for PyTorch, NumPy and us."""

import numpy as np

TYPES = {"f32": np.float32, "f64": np.float64, "f16": np.float16}
DTYPES = ("f32", "f64", "f16", "bf16")


class InputSet:
    """Inputs by name. `torch` is the module or None; without it there is no bf16 and no GPU."""

    def __init__(self, values, dtype, torch, device):
        self.torch, self.device = torch, device
        self._arrays = {name: self._rounded(value, dtype) for name, value in values.items()}
        self._first = {name: array.copy() if torch is None else array.clone() for name, array in self._arrays.items()}

    def _rounded(self, value, dtype):
        if value.dtype.kind == "i":
            array = np.array(value, np.int64)
        elif dtype == "bf16":
            return self.torch.from_numpy(np.ascontiguousarray(value)).to(self.torch.bfloat16).to(self.device)
        else:
            array = np.array(value, TYPES[dtype])
        return array if self.torch is None else self.torch.from_numpy(array).to(self.device)

    def native(self):
        """What we are given: PyTorch's tensors where it is there, else NumPy's arrays. Both lend their memory."""
        return dict(self._arrays)

    def numpy(self):
        """Views of the same memory. Raises TypeError where NumPy has no such type, and on a GPU."""
        return {name: array if self.torch is None else array.numpy() for name, array in self._arrays.items()}

    def wide(self):
        """Copies in double on the host, for the reference: exactly the rounded numbers."""
        return {name: wide(array) for name, array in self._arrays.items()}

    def changed(self):
        """Whether a bit is not what it was at first."""
        if self.torch is None:
            return not all(np.array_equal(self._bits(array), self._bits(self._first[name])) for name, array in self._arrays.items())
        return not all(self.torch.equal(self._bits(array), self._bits(self._first[name])) for name, array in self._arrays.items())

    def restore(self):
        """Writes the first values again, into the memory that contenders hold."""
        for name, array in self._arrays.items():
            array[...] = self._first[name]

    def _bits(self, array):
        """As integers, of which each equals itself."""
        types = self.torch or np
        size = array.itemsize if self.torch is None else array.element_size()
        return array.view({2: types.int16, 4: types.int32, 8: types.int64}[size])

    def bytes(self):
        return sum(array.nbytes if self.torch is None else array.numel() * array.element_size() for array in self._arrays.values())


def on_host(array):
    """An array or tensor of any library as NumPy's; without a copy where that can be, and bf16, which NumPy does not have, as f32."""
    if hasattr(array, "detach"):
        array = array.detach().cpu()
        array = (array.float() if str(array.dtype) == "torch.bfloat16" else array).numpy()
    return np.asarray(array)


def wide(array):
    """A copy as NumPy's doubles, or 64-bit labels."""
    array = on_host(array)
    return array.astype(np.int64 if array.dtype.kind == "i" else np.float64)
