// Memory traffic of a gang, rebuilt per warp request.
//
// Lanes run one after another, so the accesses that a warp would make together arrive apart. They are put together again by call
// site, array and turn: the n-th time a lane executes a load belongs to the n-th time its warp does. That is exact wherever the
// lanes of a warp agree on how often they pass a site, and the same for every schedule.
#pragma once

#include <cstdint>
#include <vector>

#include "simt/emulator/counters.h"
#include "simt/emulator/execution.h"
#include "simt/emulator/serial.h"

namespace simt::inline SIMT_BUILD {

class Traffic {
 public:
  void prepare(unsigned lanes);
  /// `lane` is numbered through the gang: its warp is lane / 32.
  void note(unsigned lane, const void* address, unsigned bytes, Access access, const char* array, Site site);
  /// A bulk copy: one request of one thread, for as many sectors as it spans.
  void note_bulk(const void* address, std::uint64_t bytes, Access access, const char* array, Site site);
  /// The warp is done: its requests become sums.
  void close_warp(unsigned warp);
  /// Forgets what the warps of a failed block did.
  void discard();
  /// Adds all sums to `counters` and forgets them.
  void collect(Counters& counters);
  /// Adds the atomics to those of other gangs and forgets them.
  void collect(AtomicsByAddress& atomics);

 private:
  /// Sectors touched within one window of 64 sectors (2 KB); further windows of the same request follow by `next`.
  struct Window {
    std::uint64_t number = ~std::uint64_t{0};
    std::uint64_t sectors = 0;
    std::uint32_t next = 0;  ///< index into `more` plus one; 0: none
  };
  struct WarpLog {
    std::vector<Window> requests;
    std::vector<Window> more;
  };
  struct Stream {  ///< one call site on one array
    Site site;
    Access access;
    const char* array;
    std::uint32_t successor = 0;  ///< the stream that was used after this one the last time
    std::vector<std::uint32_t> turns;  ///< by lane
    std::vector<WarpLog> warps;
    ArrayCount sum;
  };

  Stream& stream(Access access, const char* array, Site site);
  static void mark(WarpLog& log, Window& request, std::uint64_t number, std::uint64_t sectors);

  void note_atomic(const void* address);

  std::vector<Stream> streams_;
  AtomicsByAddress atomics_;
  AtomicsByAddress::value_type* latest_atomic_ = nullptr;  ///< they mostly go on where the one before went
  std::uint32_t last_ = 0;
  unsigned lanes_ = 0;
};

}  // namespace simt::inline SIMT_BUILD
