"""Arrays of any library as the DLTensor that they export."""

import ctypes

CUDA_DEVICES = (2, 13)  # kDLCUDA, kDLCUDAManaged
WITHOUT_WAITING = -1    # the producer enqueues no synchronisation: the caller names the stream

_pointer_of = ctypes.pythonapi.PyCapsule_GetPointer
_pointer_of.restype, _pointer_of.argtypes = ctypes.c_void_p, [ctypes.py_object, ctypes.c_char_p]


def borrow(array, what):
    """(capsule, address of its DLTensor). The tensor lives as long as the capsule, which is never consumed."""
    if not hasattr(array, "__dlpack__"):
        raise TypeError(f"{what} is a {type(array).__name__}, which has no __dlpack__; accepted: arrays of NumPy, PyTorch, JAX, CuPy, …")
    on_gpu = array.__dlpack_device__()[0] in CUDA_DEVICES
    capsule = array.__dlpack__(stream=WITHOUT_WAITING) if on_gpu else array.__dlpack__()
    return capsule, _pointer_of(capsule, b"dltensor")


def address_and_bytes(array, what):
    """Where the memory of a contiguous array is and how long it is."""
    capsule, tensor = borrow(array, what)
    view = _Tensor.from_address(tensor)
    count = 1
    for axis in range(view.ndim):
        count *= view.shape[axis]
    return (view.data or 0) + view.byte_offset, count * view.bits // 8


class _Tensor(ctypes.Structure):  # DLTensor, its small structures written out
    _fields_ = [("data", ctypes.c_void_p), ("device_type", ctypes.c_int32), ("device_id", ctypes.c_int32), ("ndim", ctypes.c_int32),
                ("code", ctypes.c_uint8), ("bits", ctypes.c_uint8), ("lanes", ctypes.c_uint16), ("shape", ctypes.POINTER(ctypes.c_int64)),
                ("strides", ctypes.POINTER(ctypes.c_int64)), ("byte_offset", ctypes.c_uint64)]
