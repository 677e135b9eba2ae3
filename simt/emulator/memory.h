// Global memory: handles that know their extent and name, and the accesses that go through them.
//
// A kernel holds no raw pointer, so every access is checked (bounds, alignment, null) and, when asked for, counted.
#pragma once

#include <cstdint>
#include <type_traits>

#include "simt/emulator/execution.h"
#include "simt/vec.h"

namespace simt::inline SIMT_BUILD {

/// A global array. `Global<const T>` promises that nobody writes it while the kernel runs: its loads use the read-only path.
template <class T>
class Global {
 public:
  Global() = default;
  Global(T* base, std::int64_t extent, const char* name, std::int64_t first = 0)
      : base_(base), first_(first), extent_(extent), name_(name) {}
  template <class U>
    requires(std::is_same_v<T, const U>)
  Global(Global<U> other) : Global(other.base(), other.extent(), other.name(), other.first()) {}

  explicit operator bool() const { return base_ != nullptr; }

  /// The sub-array that starts at element `i`. Only an access is checked, and against the whole array.
  Global offset(std::int64_t i) const { return Global(base_, extent_, name_, first_ + i); }

  /// Elements to skip until the address is a multiple of `bytes`.
  int misalignment(int bytes = 16) const {
    const auto over = static_cast<int>(reinterpret_cast<std::uintptr_t>(base_ + first_) & static_cast<unsigned>(bytes - 1));
    return over == 0 ? 0 : (bytes - over) / static_cast<int>(sizeof(T));
  }

  T* raw() const { return base_ + first_; }  ///< for the primitives of this folder and for libraries, not for kernels
  T* base() const { return base_; }
  std::int64_t first() const { return first_; }
  std::int64_t extent() const { return extent_; }
  const char* name() const { return name_; }

 private:
  T* base_ = nullptr;
  std::int64_t first_ = 0;
  std::int64_t extent_ = 0;
  const char* name_ = "(null)";
};

/// Wraps `count` elements. `name` is the array's name in errors and counters; it must outlive the launches.
template <class T>
Global<T> global(T* pointer, std::int64_t count, const char* name) {
  return Global<T>(pointer, count, name);
}

/// Explains a bad access: `index` and `extent` count elements of the whole array.
[[noreturn]] void fail_access(Access access, const char* array, bool null, std::int64_t index, int elements, std::int64_t extent,
                              Site site);
[[noreturn]] void fail_alignment(Access access, const char* array, std::int64_t index, unsigned bytes, Site site);

/// Address of elements i … i+N-1 after all checks; counts the access and may switch threads.
template <int N, class T>
inline T* checked_address(Global<T> array, std::int64_t i, Access access, Site site) {
  static_assert(sizeof(T) * N <= 16, "one access moves at most 16 bytes");
  const std::int64_t index = array.first() + i;
  if (!array || index < 0 || index > array.extent() - N) [[unlikely]]
    fail_access(access, array.name(), !array, index, N, array.extent(), site);
  T* address = array.base() + index;
  if (reinterpret_cast<std::uintptr_t>(address) % (sizeof(T) * N) != 0) [[unlikely]]
    fail_alignment(access, array.name(), index, sizeof(T) * N, site);
  if (counting) [[unlikely]] note_access(address, sizeof(T) * N, access, array.name(), site);
  if (preempting) [[unlikely]] maybe_preempt(site);
  return address;
}

/// Elements i … i+N-1 in one access; the address must be a multiple of its N·sizeof(T) <= 16 bytes.
template <int N, Cache C = Cache::normal, class T>
inline Vec<std::remove_const_t<T>, N> load(Global<T> array, std::int64_t i, SIMT_SITE) {
  const T* address = checked_address<N>(array, i, Access::load, site);
  if constexpr (C == Cache::l2) note_poll(address, site);
  return *reinterpret_cast<const Vec<std::remove_const_t<T>, N>*>(address);
}

template <Cache C = Cache::normal, class T>
inline std::remove_const_t<T> load(Global<T> array, std::int64_t i, SIMT_SITE) {
  const T* address = checked_address<1>(array, i, Access::load, site);
  if constexpr (C == Cache::l2) note_poll(address, site);
  return *address;
}

template <Cache C = Cache::normal, class T, int N>
inline void store(Global<T> array, std::int64_t i, Vec<T, N> values, SIMT_SITE) {
  T* address = checked_address<N>(array, i, Access::store, site);
  note_store();
  *reinterpret_cast<Vec<T, N>*>(address) = values;
}

template <Cache C = Cache::normal, class T>
inline void store(Global<T> array, std::int64_t i, std::type_identity_t<T> value, SIMT_SITE) {
  T* address = checked_address<1>(array, i, Access::store, site);
  note_store();
  *address = value;
}

}  // namespace simt::inline SIMT_BUILD
