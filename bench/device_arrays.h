// Inputs and outputs of one problem on a device, in one piece of memory, with guard zones around each.
#pragma once

#include <string>
#include <vector>

#include "bench/device.h"
#include "bench/request.h"

namespace lossbench {

class DeviceArrays {
 public:
  /// Bytes that the arrays of `resolved` take, guards included: a multiple of 256.
  static std::size_t bytes_for(const Resolved& resolved, int misalignment = 0);

  /// Places the arrays in memory that the caller keeps, 256-byte aligned, `bytes_for` long. Each array starts `misalignment`
  /// elements after a 256-byte boundary. `resolved` must outlive this, or the next `upload`.
  DeviceArrays(Device& device, std::byte* memory, const Resolved& resolved, int misalignment = 0);

  /// Other inputs of the same names, types and shapes take the place of those there.
  void upload(const Resolved& resolved);
  /// Fills every output with a byte, by default 0xFF, which is NaN, or -1: what a kernel does not write is seen.
  void poison_outputs(unsigned char byte = 0xFF);

  /// The problem with its arrays on the device.
  const Problem& problem() const { return problem_; }
  Device& device() const { return *device_; }
  /// The output of that name as it stands now.
  Tensor output(const std::string& name) const;
  std::vector<Tensor> outputs() const;
  /// What was damaged: an input that changed, or bytes around an array that were written. Empty when nothing was.
  std::string damage() const;

 private:
  struct Piece {
    std::string name;
    std::byte* start;              ///< of the guard before the array
    std::size_t before, bytes;     ///< of that guard and of the array
    const Tensor* original;        ///< of an input
  };
  void place(NamedArray& entry, const Tensor* original, int misalignment);

  Device* device_;
  Problem problem_;
  std::byte* next_;
  std::vector<Piece> pieces_;
};

/// Bytes of the guard zone after each array, and at least before it.
inline constexpr std::size_t kGuard = 256;

/// Fills a guard zone; true where one still is as it was filled.
void fill_guard(Device& device, std::byte* data, std::size_t bytes);
bool guard_untouched(const std::byte* begin, const std::byte* end);

}  // namespace lossbench
