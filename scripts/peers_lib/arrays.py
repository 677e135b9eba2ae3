"""One set of inputs as every contender wants it: the same memory for PyTorch, NumPy and us."""

import numpy as np

TYPES = {"f32": np.float32, "f64": np.float64, "f16": np.float16}
DTYPES = ("f32", "f64", "f16", "bf16")


class InputSet:
    """Inputs by name. `torch` is the module or None; without it there is no bf16 and no GPU."""

    def __init__(self, values, dtype, torch, device):
        self.torch, self.device = torch, device
        self._arrays = {name: self._rounded(value, dtype) for name, value in values.items()}

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

    def restore(self, values, dtype):
        """Writes the first values again, into the memory that contenders hold."""
        for name, value in values.items():
            array = self._arrays[name]
            array[...] = self._rounded(value, dtype)

    def bits(self):
        """What NumPy can look at to see that nothing has changed."""
        for array in self._arrays.values():
            if self.torch is not None:
                array = array.cpu()
                array = (array.view(self.torch.int16) if array.dtype is self.torch.bfloat16 else array).numpy()
            yield array

    def bytes(self):
        return sum(array.nbytes if self.torch is None else array.numel() * array.element_size() for array in self._arrays.values())


def one_stream(torch):
    """A stream for everybody. PyTorch's fills and copies go there too, in line with what others enqueue: from another stream they would overtake it, so
    that a workspace is zeroed late, and a result read early."""
    stream = torch.cuda.Stream()
    torch.cuda.set_stream(stream)
    return stream


def wide(array):
    """An array or tensor of any library as NumPy's doubles, or 64-bit labels."""
    if hasattr(array, "detach"):
        array = array.detach().cpu()
        array = (array.double() if array.is_floating_point() else array.long()).numpy()
    array = np.asarray(array)
    return array.astype(np.int64 if array.dtype.kind == "i" else np.float64)
