// The execution model: the one header a kernel file includes.
//
//   nvcc            simt/cuda/      CUDA itself, behind thin helpers
//   host compiler   simt/emulator/  the same vocabulary on the CPU, one fiber per CUDA thread; needs no CUDA toolkit
//
// Kernels are CUDA C++. They reach global memory through `Global<T>` handles with load, store and atomic_*; shared memory through
// SIMT_SHARED and dynamic_shared, of other blocks of a cluster through cluster_map; copies in bulk with bulk_load, bulk_store and
// mbarriers; and the host starts them with launch. Everything else is CUDA's own: threadIdx, __syncthreads,
// __shfl_xor_sync, fmaf. (f8 numbers are in simt/float8.h.)
#pragma once

#include "simt/device_profile.h"
#include "simt/error.h"
#include "simt/qualifiers.h"
#include "simt/vec.h"

#if defined(__CUDACC__)
#include "simt/cuda/atomics.h"
#include "simt/cuda/bulk.h"
#include "simt/cuda/cluster.h"
#include "simt/cuda/launch.h"
#include "simt/cuda/math.h"
#include "simt/cuda/mbarrier.h"
#include "simt/cuda/memory.h"
#include "simt/cuda/numbers.h"
#include "simt/cuda/shared.h"
#else
#include "simt/emulator/atomics.h"
#include "simt/emulator/builtins.h"
#include "simt/emulator/bulk.h"
#include "simt/emulator/cluster.h"
#include "simt/emulator/intrinsics.h"
#include "simt/emulator/launch.h"
#include "simt/emulator/math.h"
#include "simt/emulator/mbarrier.h"
#include "simt/emulator/memory.h"
#include "simt/emulator/numbers.h"
#include "simt/emulator/shared.h"
#endif
