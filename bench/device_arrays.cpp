#include "bench/device_arrays.h"

#include <algorithm>
#include <cstring>

namespace lossbench {
namespace {

constexpr unsigned char kGuardByte = 0xA5;

/// Memory of one array: a guard, the offset that misaligns it, its bytes, a guard, up to the next boundary.
std::size_t piece_bytes(std::size_t bytes, std::size_t offset) { return (kGuard + offset + bytes + kGuard + 255) / 256 * 256; }

const Tensor& tensor_of(const Resolved& resolved, const std::string& name) {
  return *std::find_if(resolved.inputs.begin(), resolved.inputs.end(), [&](const Tensor& tensor) { return tensor.name == name; });
}

/// Bytes that the array's memory takes: those of the tensor behind an input, which may be longer than a dense array.
std::size_t bytes_of(const Resolved& resolved, const NamedArray& entry, bool input) {
  return input ? tensor_of(resolved, entry.name).bytes.size() : static_cast<std::size_t>(entry.array.bytes());
}

}  // namespace

void fill_guard(Device& device, std::byte* data, std::size_t bytes) { device.fill(data, kGuardByte, bytes); }

bool guard_untouched(const std::byte* begin, const std::byte* end) {
  return std::all_of(begin, end, [](std::byte byte) { return byte == std::byte{kGuardByte}; });
}

std::size_t DeviceArrays::bytes_for(const Resolved& resolved, int misalignment) {
  std::size_t sum = 0;
  const auto add = [&](const std::vector<NamedArray>& arrays, bool input) {
    for (const NamedArray& entry : arrays)
      sum += piece_bytes(bytes_of(resolved, entry, input), static_cast<std::size_t>(misalignment) * size_of(entry.array.dtype));
  };
  add(resolved.problem.inputs, true);
  add(resolved.problem.outputs, false);
  return sum;
}

DeviceArrays::DeviceArrays(Device& device, std::byte* memory, const Resolved& resolved, int misalignment)
    : device_(&device), problem_(resolved.problem), next_(memory) {
  for (NamedArray& entry : problem_.inputs) place(entry, &tensor_of(resolved, entry.name), misalignment);
  for (NamedArray& entry : problem_.outputs) place(entry, nullptr, misalignment);
  upload(resolved);
  poison_outputs();
}

void DeviceArrays::place(NamedArray& entry, const Tensor* original, int misalignment) {
  const std::size_t offset = static_cast<std::size_t>(misalignment) * size_of(entry.array.dtype);
  const std::size_t bytes = original ? original->bytes.size() : static_cast<std::size_t>(entry.array.bytes());
  const Piece piece{entry.name, next_, kGuard + offset, bytes, original};
  fill_guard(*device_, next_, piece.before);
  fill_guard(*device_, next_ + piece.before + bytes, kGuard);
  next_ += piece_bytes(bytes, offset);
  entry.array.data = piece.start + piece.before;
  entry.array.where = device_->where();
  pieces_.push_back(piece);
}

void DeviceArrays::upload(const Resolved& resolved) {
  for (Piece& piece : pieces_)
    if (piece.original) {
      piece.original = &tensor_of(resolved, piece.name);
      device_->upload(piece.start + piece.before, piece.original->bytes.data(), piece.bytes);
    }
}

void DeviceArrays::poison_outputs(unsigned char byte) {
  for (const NamedArray& entry : problem_.outputs) device_->fill(entry.array.data, byte, static_cast<std::size_t>(entry.array.bytes()));
}

Tensor DeviceArrays::output(const std::string& name) const {
  const Array& array = *problem_.output(name);
  Tensor tensor = Tensor::make(name, array.dtype, array.shape);
  device_->download(tensor.bytes.data(), array.data, tensor.bytes.size());
  return tensor;
}

std::vector<Tensor> DeviceArrays::outputs() const {
  std::vector<Tensor> tensors;
  for (const NamedArray& entry : problem_.outputs) tensors.push_back(output(entry.name));
  return tensors;
}

std::string DeviceArrays::damage() const {
  std::vector<std::byte> bytes;
  for (const Piece& piece : pieces_) {
    bytes.resize(piece.before + piece.bytes + kGuard);
    device_->download(bytes.data(), piece.start, bytes.size());
    const std::byte* const begin = bytes.data() + piece.before;
    const std::byte* const end = begin + piece.bytes;
    if (!guard_untouched(bytes.data(), begin)) return "bytes before '" + piece.name + "' were written";
    if (!guard_untouched(end, end + kGuard)) return "bytes after '" + piece.name + "' were written";
    if (piece.original && piece.bytes && std::memcmp(begin, piece.original->bytes.data(), piece.bytes) != 0)
      return "input '" + piece.name + "' was changed";
  }
  return {};
}

}  // namespace lossbench
