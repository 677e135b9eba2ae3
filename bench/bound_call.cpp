#include "bench/bound_call.h"

#include <algorithm>
#include <cstring>

namespace lossbench {
namespace {

constexpr std::size_t kGuard = 256;
constexpr unsigned char kGuardByte = 0xA5;

bool untouched(const std::byte* begin, const std::byte* end) {
  return std::all_of(begin, end, [](std::byte byte) { return byte == std::byte{kGuardByte}; });
}

}  // namespace

BoundCall::BoundCall(Device& device, const Implementation& implementation, const Resolved& resolved, int misalignment)
    : device_(&device), implementation_(&implementation), problem_(resolved.problem) {
  const std::size_t offset = static_cast<std::size_t>(misalignment);
  const auto adopt = [&](NamedArray& entry, const Piece& piece) {
    entry.array.data = piece.memory.data() + piece.start;
    entry.array.where = device.where();
  };
  for (NamedArray& entry : problem_.inputs) {
    const auto tensor = std::find_if(resolved.inputs.begin(), resolved.inputs.end(), [&](const Tensor& t) { return t.name == entry.name; });
    Piece& piece = place(entry.name, tensor->bytes.size(), offset * size_of(tensor->dtype));
    piece.original = &*tensor;
    device.upload(piece.memory.data() + piece.start, tensor->bytes.data(), piece.bytes);
    adopt(entry, piece);
  }
  for (NamedArray& entry : problem_.outputs) {
    const std::size_t bytes = static_cast<std::size_t>(entry.array.bytes());
    adopt(entry, place(entry.name, bytes, offset * size_of(entry.array.dtype)));
  }
  workspace_.bytes = implementation.workspace_bytes ? implementation.workspace_bytes(problem_) : 0;
  if (workspace_.bytes) {
    const Piece& piece = place("workspace", workspace_.bytes, 0);
    workspace_.data = piece.memory.data() + piece.start;
    device.fill(workspace_.data, 0, workspace_.bytes);
  }
  poison_outputs();
}

BoundCall::Piece& BoundCall::place(const std::string& name, std::size_t bytes, std::size_t offset) {
  Piece piece{name, DeviceMemory(*device_, kGuard + offset + bytes + kGuard), kGuard + offset, bytes, nullptr};
  device_->fill(piece.memory.data(), kGuardByte, piece.memory.bytes());
  pieces_.push_back(std::move(piece));
  return pieces_.back();
}

void BoundCall::poison_outputs(unsigned char byte) {
  for (const NamedArray& entry : problem_.outputs) device_->fill(entry.array.data, byte, static_cast<std::size_t>(entry.array.bytes()));
}

Tensor BoundCall::output(const std::string& name) const {
  const Array& array = *problem_.output(name);
  Tensor tensor = Tensor::make(name, array.dtype, array.shape);
  device_->download(tensor.bytes.data(), array.data, tensor.bytes.size());
  return tensor;
}

std::vector<std::byte> BoundCall::download(const Piece& piece) const {
  std::vector<std::byte> bytes(piece.memory.bytes());
  device_->download(bytes.data(), piece.memory.data(), bytes.size());
  return bytes;
}

std::string BoundCall::damage() const {
  for (const Piece& piece : pieces_) {
    const std::vector<std::byte> bytes = download(piece);
    const std::byte* const begin = bytes.data() + piece.start;
    const std::byte* const end = begin + piece.bytes;
    if (!untouched(bytes.data(), begin)) return "bytes before '" + piece.name + "' were written";
    if (!untouched(end, bytes.data() + bytes.size())) return "bytes after '" + piece.name + "' were written";
    if (piece.original && piece.bytes && std::memcmp(begin, piece.original->bytes.data(), piece.bytes) != 0)
      return "input '" + piece.name + "' was changed";
  }
  return {};
}

std::size_t BoundCall::footprint() const {
  std::size_t bytes = 0;
  for (const Piece& piece : pieces_) bytes += piece.memory.bytes();
  return bytes;
}

}  // namespace lossbench
