// Kernels whose PTX access_widths.cmake reads: each access must come out as one instruction of its full width.
#include "simt/simt.h"

namespace simt_test::inline SIMT_BUILD {

template <class T, int N, simt::Cache C>
__global__ void copy_read_only(simt::Global<const T> in, simt::Global<T> out) {
  simt::store<C>(out, threadIdx.x * N, simt::load<N, C>(in, threadIdx.x * N));
}
template <class T, int N, simt::Cache C>
__global__ void copy_writable(simt::Global<T> in, simt::Global<T> out) {
  simt::store<C>(out, threadIdx.x * N, simt::load<N, C>(in, threadIdx.x * N));
}

#define WIDTHS(T, N)                                                                                                \
  template __global__ void copy_read_only<T, N, simt::Cache::normal>(simt::Global<const T>, simt::Global<T>);        \
  template __global__ void copy_read_only<T, N, simt::Cache::streaming>(simt::Global<const T>, simt::Global<T>);     \
  template __global__ void copy_read_only<T, N, simt::Cache::l2>(simt::Global<const T>, simt::Global<T>);            \
  template __global__ void copy_writable<T, N, simt::Cache::normal>(simt::Global<T>, simt::Global<T>);
WIDTHS(float, 4)
WIDTHS(float, 1)
WIDTHS(double, 2)
WIDTHS(simt::half, 8)
WIDTHS(simt::bfloat16, 4)
WIDTHS(unsigned char, 1)

}  // namespace simt_test::inline SIMT_BUILD
