// Global memory of the CUDA build: a handle is its pointer, an access one instruction of up to 16 bytes.
#pragma once

#include <cstdint>
#include <type_traits>

#include "simt/vec.h"

namespace simt::inline SIMT_BUILD {

/// A global array. `Global<const T>` promises that nobody writes it while the kernel runs: its loads use the read-only path.
template <class T>
class Global {
 public:
  Global() = default;
  SIMT_FN explicit Global(T* pointer) : pointer_(pointer) {}
  template <class U>
    requires(std::is_same_v<T, const U>)
  SIMT_FN Global(Global<U> other) : pointer_(other.raw()) {}

  SIMT_FN explicit operator bool() const { return pointer_ != nullptr; }

  /// The sub-array that starts at element `i`.
  SIMT_FN Global offset(std::int64_t i) const { return Global(pointer_ + i); }

  /// Elements to skip until the address is a multiple of `bytes`.
  SIMT_FN int misalignment(int bytes = 16) const {
    const auto over = static_cast<unsigned>(reinterpret_cast<std::uintptr_t>(pointer_) & static_cast<unsigned>(bytes - 1));
    return over == 0 ? 0 : static_cast<int>((static_cast<unsigned>(bytes) - over) / sizeof(T));
  }

  SIMT_FN T* raw() const { return pointer_; }  ///< for the primitives of this folder and for libraries, not for kernels

 private:
  T* pointer_ = nullptr;
};

/// Wraps a device pointer. Count and name serve the emulator's checks and counters.
template <class T>
Global<T> global(T* pointer, std::int64_t, const char*) {
  return Global<T>(pointer);
}

namespace detail {

template <int Bytes>
struct Word;
template <>
struct Word<1> { using type = unsigned char; };
template <>
struct Word<2> { using type = unsigned short; };
template <>
struct Word<4> { using type = unsigned; };
template <>
struct Word<8> { using type = uint2; };
template <>
struct Word<16> { using type = uint4; };

template <Cache C, bool kReadOnly, class W>
__device__ __forceinline__ W load_word(const W* address) {
  if constexpr (C == Cache::streaming) return __ldcs(address);
  else if constexpr (C == Cache::l2) {
    // The intrinsic tells the compiler nothing about memory; it must not move ahead of the atomic that announced the data.
    asm volatile("" ::: "memory");
    return __ldcg(address);
  } else if constexpr (kReadOnly) return __ldg(address);
  else return *address;
}

template <Cache C, class W>
__device__ __forceinline__ void store_word(W* address, W word) {
  if constexpr (C == Cache::streaming) __stcs(address, word);
  else if constexpr (C == Cache::l2) __stcg(address, word);
  else *address = word;
}

}  // namespace detail

/// Elements i … i+N-1 in one access; the address must be a multiple of its N·sizeof(T) <= 16 bytes.
template <int N, Cache C = Cache::normal, class T>
__device__ __forceinline__ Vec<std::remove_const_t<T>, N> load(Global<T> array, std::int64_t i) {
  static_assert(sizeof(T) * N <= 16, "one access moves at most 16 bytes");
  using Word = typename detail::Word<static_cast<int>(sizeof(T) * N)>::type;
  const Word word = detail::load_word<C, std::is_const_v<T>>(reinterpret_cast<const Word*>(array.raw() + i));
  Vec<std::remove_const_t<T>, N> values;
  __builtin_memcpy(&values, &word, sizeof values);
  return values;
}

template <Cache C = Cache::normal, class T>
__device__ __forceinline__ std::remove_const_t<T> load(Global<T> array, std::int64_t i) {
  return load<1, C>(array, i)[0];
}

template <Cache C = Cache::normal, class T, int N>
__device__ __forceinline__ void store(Global<T> array, std::int64_t i, Vec<T, N> values) {
  static_assert(sizeof(T) * N <= 16, "one access moves at most 16 bytes");
  using Word = typename detail::Word<static_cast<int>(sizeof(T) * N)>::type;
  Word word;
  __builtin_memcpy(&word, &values, sizeof values);
  detail::store_word<C>(reinterpret_cast<Word*>(array.raw() + i), word);
}

template <Cache C = Cache::normal, class T>
__device__ __forceinline__ void store(Global<T> array, std::int64_t i, std::type_identity_t<T> value) {
  store<C>(array, i, Vec<T, 1>{{value}});
}

}  // namespace simt::inline SIMT_BUILD
