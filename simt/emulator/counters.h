// What launches did, counted exactly: the same figures for every schedule and any number of OS threads.
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "simt/qualifiers.h"

namespace simt::inline SIMT_BUILD {

/// Traffic of one global array. A request is one access by the lanes of a warp that make it together; sectors are the distinct
/// 32-byte pieces of memory a request touches.
struct ArrayCount {
  std::uint64_t load_bytes = 0, store_bytes = 0;
  std::uint64_t load_requests = 0, store_requests = 0;
  std::uint64_t load_sectors = 0, store_sectors = 0;
  std::uint64_t atomics = 0;  ///< one per lane
  ArrayCount& operator+=(const ArrayCount& other);
  bool operator==(const ArrayCount&) const = default;
};

struct Counters {
  std::uint64_t launches = 0, blocks = 0;
  std::uint64_t shuffles = 0, votes = 0, warp_barriers = 0;  ///< one per warp
  std::uint64_t block_barriers = 0;                          ///< one per block
  std::uint64_t cluster_barriers = 0;                        ///< one per cluster
  std::uint64_t bulk_copies = 0;                             ///< one per copy; their bytes are in `arrays`
  std::uint64_t atomics = 0, shared_atomics = 0, fences = 0; ///< one per lane; `atomics` are those on global arrays
  std::map<std::string, ArrayCount> arrays;                  ///< by the name given to global()

  /// The array of that name; all zero when no launch touched one.
  ArrayCount array(const std::string& name) const;
  /// Sum over all arrays.
  ArrayCount total() const;

  Counters& operator+=(const Counters& other);
  bool operator==(const Counters&) const = default;
};

/// Counts the launches this host thread makes while it lives. Scopes nest: an outer one counts what an inner one does.
class CountScope {
 public:
  CountScope();
  ~CountScope();
  CountScope(const CountScope&) = delete;
  CountScope& operator=(const CountScope&) = delete;

  const Counters& counters() const { return counters_; }
  const Counters* operator->() const { return &counters_; }

  /// Adds one launch to every scope of this host thread.
  static void add(const Counters& launch);
  static bool any();

 private:
  Counters counters_;
  CountScope* outer_;
};

/// Of this host thread's latest launch that was counted.
const Counters& last_counters();

}  // namespace simt::inline SIMT_BUILD
