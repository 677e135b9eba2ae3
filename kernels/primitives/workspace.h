// Dividing the workspace among the arrays a variant needs: one walk serves both "how much" and "where".
#pragma once

#include <cstddef>
#include <cstdint>

#include "core/variant.h"
#include "simt/simt.h"

namespace lossbench::inline SIMT_BUILD {

/// Hands out 256-byte aligned arrays one after another. Made without memory, it only counts.
class WorkspaceWalk {
 public:
  explicit WorkspaceWalk(Workspace workspace = {}) : base_(static_cast<std::byte*>(workspace.data)) {}

  /// `name` is the array's name in counters and errors.
  template <class T>
  simt::Global<T> take(std::int64_t count, const char* name) {
    std::byte* place = base_ ? base_ + bytes_ : nullptr;
    bytes_ += (std::size_t(count) * sizeof(T) + 255) / 256 * 256;
    return place ? simt::global(reinterpret_cast<T*>(place), count, name) : simt::Global<T>();
  }

  std::size_t bytes() const { return bytes_; }

 private:
  std::byte* base_;
  std::size_t bytes_ = 0;
};

}  // namespace lossbench::inline SIMT_BUILD
