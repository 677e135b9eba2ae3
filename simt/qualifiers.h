// CUDA's keywords for both builds of a kernel file, and the name that keeps the two builds apart.
//
// The same text becomes two object files of one program: nvcc's, and the host compiler's for the emulator. Everything in it lives
// in `inline namespace SIMT_BUILD`, so that no symbol has two definitions.
#pragma once

#if defined(__CUDACC__)

#define SIMT_BUILD cuda_build
#define SIMT_FN __host__ __device__ __forceinline__

#else

#define SIMT_BUILD simt_build
#define SIMT_FN inline

#if !defined(__device__)  // a host file that uses Thrust has the toolkit's already, and runs no kernel
#define __global__
#define __device__
#define __host__
#define __forceinline__ inline __attribute__((always_inline))
#define __launch_bounds__(...)
#define __grid_constant__
#endif
// `__noinline__` stays undefined: the standard library spells an attribute that way. So does `__shared__`: shared memory is
// declared with SIMT_SHARED, which the emulator can guard.

#endif
