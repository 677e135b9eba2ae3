// What a running CUDA thread asks of the emulator: the border between the headers that kernels see and the scheduler behind them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "simt/emulator/site.h"

namespace simt::inline SIMT_BUILD {

// ---- warps -----------------------------------------------------------------------------------------------------------
enum class WarpOp : std::uint8_t {
  sync, shuffle, shuffle_up, shuffle_down, shuffle_xor, ballot, all, any, match,
  add, min_unsigned, max_unsigned, min_signed, max_signed, bit_and, bit_or, bit_xor,
};

struct WarpRequest {
  WarpOp op;
  std::uint8_t size = 0;  ///< of the value, in bytes
  std::uint32_t mask = 0;
  std::uint64_t value = 0;
  int argument = 0;       ///< of a shuffle: source lane, distance or xor mask
  int width = 32;
};
/// Publishes the request, waits for the other lanes of the mask, and returns this lane's result.
std::uint64_t warp_op(const WarpRequest& request, Site site);
unsigned lane_id();

// ---- blocks ----------------------------------------------------------------------------------------------------------
enum class Vote : std::uint8_t { none, count, all, any };
int block_barrier(Vote vote, bool predicate, Site site);

/// What kernels declare as an mbarrier: 8 bytes of shared memory. All else about it is the scheduler's.
struct Mbarrier {
  std::uint64_t word;
};

/// A shared variable of a kernel: one object per declaration, for all blocks; each block keeps its own copy in its arena.
struct SharedSlot {
  std::uint32_t size;
  std::uint32_t alignment;
  const char* name;
  std::uint32_t id = 0;  ///< given at first use

  constexpr SharedSlot(std::size_t size_, std::size_t alignment_, const char* name_)
      : size(static_cast<std::uint32_t>(size_)), alignment(static_cast<std::uint32_t>(alignment_)), name(name_) {}
};
void* shared_slot(SharedSlot& slot, Site site);
void* dynamic_shared_memory();
bool in_shared_memory(const void* address, std::size_t bytes);

// ---- global memory ---------------------------------------------------------------------------------------------------
enum class Access : std::uint8_t { load, store, atomic };

extern constinit thread_local bool counting;    ///< count this block's traffic
extern constinit thread_local bool preempting;  ///< a global access may switch threads

void note_access(const void* address, unsigned bytes, Access access, const char* array, Site site);
void maybe_preempt(Site site);
void note_store();  ///< a store after the last fence is not published by the next atomic (race checker)

/// A thread read what may be a flag of another thread. After a number of reads of one address in a row it lets others run.
void note_poll(const void* address, Site site);
/// Memory that a thread may be polling has changed.
void note_progress();
void yield(Site site);

/// Counts, and lets the race checker see that a fence and an atomic together order memory.
void note_fence(Site site);
void begin_atomic(const void* address, bool shared, Site site);
void end_atomic(const void* address);

/// Ends the launch with an Error that names kernel, block, thread and site.
[[noreturn]] void fail(const std::string& what, Site site);

}  // namespace simt::inline SIMT_BUILD
