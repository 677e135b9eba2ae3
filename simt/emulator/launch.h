// Launching on the emulator: returns when the grid has run, throws what went wrong in it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <tuple>
#include <type_traits>
#include <utility>

#include "simt/device_profile.h"
#include "simt/emulator/builtins.h"
#include "simt/emulator/counters.h"
#include "simt/emulator/memory.h"
#include "simt/emulator/options.h"
#include "simt/emulator/text.h"
#include "simt/error.h"

namespace simt::inline SIMT_BUILD {

struct Launch {
  const char* kernel;  ///< its name in errors
  dim3 grid;
  dim3 block;
  std::size_t shared_bytes = 0;
  void* stream = nullptr;  ///< no meaning here: a launch is complete when it returns
  dim3 cluster = 1;                  ///< blocks that run together and reach each other's shared memory
  bool non_portable_cluster = false;  ///< more than 8 of them, which not every device can run
};

/// Runs `thread(closure)` once per CUDA thread of the grid.
void run_grid(const Launch& config, void (*thread)(void*), void* closure);

/// A kernel with its arguments. Each CUDA thread gets its own copy of them.
template <class... P>
struct BoundKernel {
  void (*kernel)(P...);
  std::tuple<P...> arguments;

  static void run(void* self) { static_cast<BoundKernel*>(self)->call(std::index_sequence_for<P...>()); }
  template <std::size_t... I>
  void call(std::index_sequence<I...>) {
    kernel(std::get<I>(arguments)...);
  }
};

/// Runs `kernel` to its end. Arguments are converted to the kernel's parameter types.
template <class... P, class... A>
void launch(const Launch& config, void (*kernel)(P...), A&&... arguments) {
  static_assert(sizeof...(P) == sizeof...(A), "wrong number of kernel arguments");
  static_assert((!std::is_reference_v<P> && ...), "kernels take their parameters by value");
  BoundKernel<P...> bound{kernel, {static_cast<P>(std::forward<A>(arguments))...}};
  run_grid(config, BoundKernel<P...>::run, &bound);
}

/// The largest cluster this launch could have: the emulated device's limit, with any kernel.
template <class... P>
unsigned largest_cluster(const Launch&, void (*)(P...)) {
  return static_cast<unsigned>(device().max_cluster);
}

/// Sets the first `count` elements to zero bytes.
template <class T>
void fill_zero(Global<T> array, std::int64_t count, void*) {
  if (count > 0 && !array) throw Error("simt: fill_zero of a null array");
  if (count < 0 || array.first() + count > array.extent())
    throw Error(text("simt: fill_zero of ", count, " elements of `", array.name(), "`, which has ",
                     array.extent() - array.first()));
  if (count > 0) std::memset(static_cast<void*>(array.raw()), 0, static_cast<std::size_t>(count) * sizeof(T));
}

}  // namespace simt::inline SIMT_BUILD
