#include "capi/tensors.h"

#include <algorithm>
#include <cstdint>
#include <optional>

#include "capi/cuda.h"
#include "capi/errors.h"
#include "core/error.h"

namespace lossbench::capi {
namespace {

constexpr std::uint8_t kDLE4m3 = 10, kDLE5m2 = 12;  // as DLPack numbers them from version 1.1 on; older headers have no names for them

alignas(256) std::byte nothing[256];  // what an array without elements points to

std::optional<DType> type_of(DLDataType type) {
  if (type.lanes != 1) return std::nullopt;
  for (const DType known : {DType::f64, DType::f32, DType::f16, DType::bf16, DType::i32, DType::i64, DType::f8_e4m3, DType::f8_e5m2}) {
    const DLDataType same = dlpack_type(known);
    if (same.code == type.code && same.bits == type.bits) return known;
  }
  return std::nullopt;
}

std::string text_of(DLDataType type) {
  constexpr const char* names[] = {"int", "unsigned int", "float", "opaque handle", "bfloat", "complex"};
  const std::string name = type.code < std::size(names) ? names[type.code] : "type code " + std::to_string(type.code) + ",";
  return name + " of " + std::to_string(type.bits) + " bits" + (type.lanes == 1 ? "" : " in " + std::to_string(type.lanes) + " lanes");
}

Place place_of(DLDevice device, const std::string& what) {
  switch (device.device_type) {
    case kDLCPU:
    case kDLCUDAHost: return {};
    case kDLCUDA:
    case kDLCUDAManaged: {
      const int number = device.device_type == kDLCUDA ? device.device_id : 0;
      try {
        need_device(number);
      } catch (const NoDeviceError& error) {
        throw NoDeviceError(what + " is on CUDA device " + std::to_string(number) + ": " + error.what());
      }
      return {Where::cuda, number};
    }
    default:
      throw InputError(what + " is on a device of DLPack type " + std::to_string(static_cast<int>(device.device_type)) +
                       "; accepted: 1 (CPU), 2 (CUDA), 3 (CUDA's host memory), 13 (CUDA's managed memory)");
  }
}

/// Extents and strides; nothing that they reach may be further away than an int64_t of bytes.
void copy_layout(const DLTensor& tensor, const std::string& what, Array& array) {
  if (tensor.ndim < 0) throw ArgumentError(what + ": ndim is " + std::to_string(tensor.ndim));
  if (tensor.ndim > 0 && !tensor.shape) throw ArgumentError(what + ": shape is a null pointer");
  array.shape.assign(tensor.shape, tensor.shape + tensor.ndim);
  std::int64_t count = static_cast<std::int64_t>(size_of(array.dtype)), reach = count;
  const bool empty = std::find(array.shape.begin(), array.shape.end(), 0) != array.shape.end();
  for (std::int32_t axis = 0; axis < tensor.ndim; ++axis) {
    const std::int64_t extent = array.shape[static_cast<std::size_t>(axis)];
    if (extent < 0) throw ArgumentError(what + ": shape is " + lossbench::to_string(array.shape));
    if (!empty && __builtin_mul_overflow(count, extent, &count)) throw ArgumentError(what + ": shape " + lossbench::to_string(array.shape) + " is too large");
  }
  if (!tensor.strides || empty) {
    array = Array::contiguous(array.data, array.dtype, std::move(array.shape), array.where);
    return;
  }
  array.strides.assign(tensor.strides, tensor.strides + tensor.ndim);
  for (std::size_t axis = 0; axis < array.strides.size(); ++axis) {
    if (array.strides[axis] < 0) throw InputError(what + " has strides " + lossbench::to_string(array.strides) + "; accepted: strides >= 0");
    std::int64_t step = 0;
    if (__builtin_mul_overflow(array.strides[axis], (array.shape[axis] - 1) * static_cast<std::int64_t>(size_of(array.dtype)), &step) ||
        __builtin_add_overflow(reach, step, &reach))
      throw ArgumentError(what + ": strides " + lossbench::to_string(array.strides) + " are too large");
  }
}

/// Bytes from the first to the end of the last that the strides reach.
std::int64_t reach_of(const Array& array) {
  if (array.count() == 0) return 0;
  std::int64_t last = 0;
  for (std::size_t axis = 0; axis < array.shape.size(); ++axis) last += (array.shape[axis] - 1) * array.strides[axis];
  return (last + 1) * static_cast<std::int64_t>(size_of(array.dtype));
}

}  // namespace

std::string to_string(const Place& place) { return place.where == Where::host ? "the host" : "CUDA device " + std::to_string(place.device); }

DLDataType dlpack_type(DType type) {
  const auto code = [type]() -> std::uint8_t {
    switch (type) {
      case DType::bf16: return kDLBfloat;
      case DType::f8_e4m3: return kDLE4m3;
      case DType::f8_e5m2: return kDLE5m2;
      default: return is_real(type) ? kDLFloat : kDLInt;
    }
  };
  return {code(), static_cast<std::uint8_t>(8 * size_of(type)), 1};
}

View view_of(const DLTensor* tensor, const std::string& what) {
  if (!tensor) throw ArgumentError(what + ": the tensor is a null pointer");
  const std::optional<DType> type = type_of(tensor->dtype);
  if (!type)
    throw InputError(what + " holds " + text_of(tensor->dtype) +
                     "; accepted: float of 16, 32 or 64 bits, bfloat of 16, float8_e4m3fn, float8_e5m2, int of 32 or 64");
  View view;
  view.place = place_of(tensor->device, what);
  view.array.dtype = *type;
  view.array.where = view.place.where;
  copy_layout(*tensor, what, view.array);
  if (view.array.count() == 0) {
    view.array.data = nothing;
    return view;
  }
  if (!tensor->data) throw ArgumentError(what + ": data is a null pointer");
  view.array.data = static_cast<std::byte*>(tensor->data) + tensor->byte_offset;
  if (reinterpret_cast<std::uintptr_t>(view.array.data) % size_of(*type) != 0)
    throw ArgumentError(what + ": its elements are not aligned to their size, " + std::to_string(size_of(*type)) + " bytes");
  return view;
}

bool overlap(const Array& a, const Array& b) {
  const auto begin_a = reinterpret_cast<std::uintptr_t>(a.data), begin_b = reinterpret_cast<std::uintptr_t>(b.data);
  return begin_a < begin_b + static_cast<std::uintptr_t>(reach_of(b)) && begin_b < begin_a + static_cast<std::uintptr_t>(reach_of(a));
}

}  // namespace lossbench::capi
