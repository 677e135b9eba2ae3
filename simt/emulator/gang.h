// A gang: the blocks that one OS thread runs together, and the scheduler of their threads.
//
// A gang is one block, or the blocks of a cluster, which wait for each other. Lanes and warps are numbered through the gang, and
// everything that belongs to a block is in Block.
#pragma once

#include <array>
#include <bit>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "simt/emulator/arena.h"
#include "simt/emulator/async.h"
#include "simt/emulator/execution.h"
#include "simt/emulator/fiber.h"
#include "simt/emulator/job.h"
#include "simt/emulator/traffic.h"

namespace simt::inline SIMT_BUILD {

enum class State : std::uint8_t { ready, in_warp_op, at_barrier, at_cluster_barrier, at_mbarrier, at_bulk_wait, polling, exited };

struct Block;

/// One CUDA thread.
struct alignas(64) Lane {
  Fiber fiber;
  uint3 thread{};
  Block* block = nullptr;  ///< null for the places of a last warp that the block does not fill
  std::uint16_t warp = 0;  ///< within the gang
  std::uint8_t lane = 0;
  State state = State::exited;
  bool fenced = false;  ///< has fenced, and not stored since
  bool cluster_arrived = false;  ///< and not waited yet …
  unsigned cluster_phase = 0;    ///< … in this phase of the cluster barrier
  unsigned async_fence = 0;      ///< the block barriers passed when it last fenced the asynchronous proxy, plus one; 0: never
  BulkGroups groups{};
  WarpRequest request{};
  std::uint64_t result = 0;
  Site site{};
  const void* polled = nullptr;
  std::uint32_t polls = 0;
};

/// What the race checker orders the lanes of a __syncwarp by: two objects in turn, of which only the addresses matter.
struct WarpOrder {
  unsigned phase = 0;
  char object[2] = {};
};

struct Warp {
  std::uint32_t ready = 0, waiting = 0, exited = 0, existing = 0;
  std::array<WarpOrder, 32> order;  ///< by the lowest lane of the mask
};

struct Barrier {
  std::uint32_t arrived = 0;
  std::uint32_t votes = 0;
  int result = 0;
  unsigned phase = 0;
  Site site{};
  Lane* first = nullptr;
  char order[2] = {};
  std::array<std::uint32_t, 32> waiting{};  ///< a mask per warp of the block
};

/// What keeps a cluster's blocks in step. Stricter than the hardware: no thread may have exited, and each arrival has its wait.
struct ClusterBarrier {
  std::uint32_t arrived = 0;
  unsigned phase = 0;
  char order[2] = {};
  std::vector<Lane*> waiting;
};

struct Block {
  uint3 index{};
  unsigned rank = 0;           ///< in its cluster
  unsigned visited = 0;        ///< by another block of the cluster, in the phase of the cluster barrier with this number; 0: never
  Block* visitor = nullptr;
  unsigned async_fences = 0;   ///< threads that fenced the asynchronous proxy since the last block barrier
  bool all_fenced = false;     ///< all of them did before it
  std::vector<MbarrierState> mbarriers;
  unsigned first_warp = 0, warps = 0;
  unsigned threads = 0, live = 0;
  Lane* first_exited = nullptr;
  Arena arena;
  Barrier barrier;
};

/// A set of warps, of which the lowest and the highest are found in a few steps: a bit each, and a bit for each word of them.
class WarpSet {
 public:
  void clear() { *this = {}; }
  bool empty() const { return words_ == 0; }
  void insert(unsigned warp) {
    bits_[warp / 64] |= std::uint64_t{1} << (warp % 64);
    words_ |= 1u << (warp / 64);
  }
  void erase(unsigned warp) {
    if (!(bits_[warp / 64] &= ~(std::uint64_t{1} << (warp % 64)))) words_ &= ~(1u << (warp / 64));
  }
  unsigned lowest() const {
    const auto word = static_cast<unsigned>(std::countr_zero(words_));
    return word * 64 + static_cast<unsigned>(std::countr_zero(bits_[word]));
  }
  unsigned highest() const {
    const auto word = 31 - static_cast<unsigned>(std::countl_zero(words_));
    return word * 64 + 63 - static_cast<unsigned>(std::countl_zero(bits_[word]));
  }

 private:
  std::uint32_t words_ = 0;
  std::array<std::uint64_t, 8> bits_{};  ///< 16 blocks of 32 warps
};

class Gang {
 public:
  Gang() = default;
  ~Gang();
  Gang(const Gang&) = delete;
  Gang& operator=(const Gang&) = delete;

  /// Before the first block of a launch, and after the last.
  void begin(Job& job);
  void end();
  /// Runs one block, or the blocks of one cluster, to the end or to the first error.
  void run(std::uint64_t index);

  /// Called from a lane: lets another run until this one is ready again.
  void suspend(Lane& me);
  void make_ready(Lane& lane);
  void make_ready(unsigned warp, std::uint32_t lanes);
  void unready(Lane& lane);
  void draw_priorities();  ///< random order: which warps go first from now on
  double draw();           ///< uniform in [0, 1)
  [[noreturn]] void abandon(std::string message);

  Lane& lane(unsigned warp, unsigned index) { return lanes_[warp * 32 + index]; }
  Warp& warp(const Lane& lane) { return warps_[lane.warp]; }

  void* library_fiber() const { return main_.fiber.race_fiber; }

  /// Gives a shared variable its place in every block of the gang.
  void place(SharedSlot& slot, Site site);
  Block& block(unsigned rank) { return *blocks_[rank]; }
  unsigned block_count() const { return block_count_; }
  std::string name_of(const Lane& lane) const;  ///< "(3,0,0)", with its block where there are several

  // Bulk copies under way (async.cpp).
  void issue(BulkCopy copy);
  bool waits_for_stores(const Lane& lane, std::uint32_t first_open, bool only_read) const;
  void wake(std::vector<Lane*>& lanes);

  Job* job = nullptr;
  ClusterBarrier cluster;
  Counters events;
  std::uint64_t most_barriers = 0;  ///< of one block
  Traffic traffic;
  std::vector<Lane*> polling;
  std::uint32_t idle_rounds = 0;  ///< rounds of polling since anything else happened
  char library_order = 0;         ///< address only: orders a lane that failed after the library code that said so

 private:
  struct Abandoned {};

  static void entry(boost::context::detail::transfer_t transfer);
  [[noreturn]] void live(Lane& me);
  void prepare(std::uint64_t index);
  void prepare_block(unsigned rank, uint3 index);
  void prepare_warp(Block& block, unsigned warp);
  void grow(unsigned lanes);
  void retire(Lane& me);
  void leave(Block& block);
  bool land_one();
  void land(std::size_t copy);
  void land_the_rest();
  void finish();
  Lane& pick();
  Lane* pick_ready();
  void switch_to(Lane& from, Lane& to);
  std::string describe_stuck();
  void name_race_fiber(Lane& lane);
  void forget_race_fiber(Lane& lane);
  void destroy_race_fibers();

  Lane main_;
  std::vector<Lane> lanes_;
  std::vector<Warp> warps_;
  WarpSet ready_warps_;  ///< those that have a ready lane
  std::vector<std::unique_ptr<Block>> blocks_;
  unsigned block_count_ = 0, live_ = 0, warp_count_ = 0;
  std::vector<BulkCopy> copies_;
  std::vector<std::uint16_t> priority_;
  Order order_ = Order::ascending;
  std::uint64_t random_ = 1;
  std::size_t stack_bytes_ = 0;
  Stacks stacks_;
  std::string error_;
  char block_order_ = 0;  ///< address only: orders a block after the gang's preparation of it
};

/// The gang and the lane that this OS thread is running; null outside kernels.
extern constinit thread_local Gang* current_gang;
extern constinit thread_local Lane* current_lane;

/// "kernel 'sum', block (0,0,0)" and "kernel 'sum', block (0,0,0), thread (3,0,0)"
std::string describe_place(const Job& job, uint3 block);
std::string describe_place(const Job& job, const Lane& lane);
std::string to_string(uint3 value);
const char* name_of(WarpOp op);
std::string describe_mask(std::uint32_t mask);

}  // namespace simt::inline SIMT_BUILD
