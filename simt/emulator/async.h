// Asynchronous copies and what they are waited for with: mbarriers and bulk groups.
//
// A copy is a note of what is to move. When it lands (its bytes move, and whoever waits for it may go on) is an option of the
// emulator, so that code that reads too early or overwrites too early is found: see Landing.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "simt/emulator/execution.h"

namespace simt::inline SIMT_BUILD {

struct Block;
struct Lane;

/// What lies behind a barrier's 8 bytes of shared memory.
struct MbarrierState {
  const Mbarrier* address;
  std::uint32_t expected;        ///< arrivals a phase
  std::uint32_t pending;         ///< arrivals still missing
  std::int64_t bytes = 0;        ///< expected, less those that have landed
  unsigned phase = 0;
  const Lane* initialiser;
  bool published = false;        ///< the initialisation was fenced: copies may use it
  std::vector<Lane*> waiting = {};
  char order[2] = {};            ///< addresses only: order waits after arrivals
};

/// Bulk stores of one thread, in groups.
struct BulkGroups {
  std::uint32_t committed = 0;  ///< groups closed so far
  std::uint32_t read = 0;       ///< of these, the first so many were waited for: their source was read …
  bool open = false;            ///< stores were issued since the last commit
};

struct BulkCopy {
  bool is_store;
  Lane* owner;
  Block* block;
  char* shared;
  char* global;
  std::uint32_t bytes;
  const Mbarrier* barrier = nullptr;  ///< of a load
  std::uint32_t group = 0;            ///< of a store: the number its group will have
  std::vector<char> data = {};        ///< of a store that has read its source
  bool has_read = false;
};

/// Errors that only show when a thread or a block exits.
void check_exit(Lane& lane);
void check_block_exit(const Block& block, const std::vector<BulkCopy>& copies);

}  // namespace simt::inline SIMT_BUILD
