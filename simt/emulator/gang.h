// A gang: the blocks that one OS thread runs together, and the scheduler of their threads.
//
// A gang is one block today. Blocks of a cluster wait for each other, so they will be one gang of several: lanes and warps are
// numbered through the gang, and everything that belongs to a block is in Block.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "simt/emulator/arena.h"
#include "simt/emulator/execution.h"
#include "simt/emulator/fiber.h"
#include "simt/emulator/job.h"
#include "simt/emulator/traffic.h"

namespace simt::inline SIMT_BUILD {

enum class State : std::uint8_t { ready, in_warp_op, at_barrier, polling, exited };

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

struct Block {
  uint3 index{};
  unsigned first_warp = 0, warps = 0;
  unsigned threads = 0, live = 0;
  Lane* first_exited = nullptr;
  Arena arena;
  Barrier barrier;
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
  /// Runs one block to its end, or to its first error.
  void run(std::uint64_t block);

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

  Job* job = nullptr;
  Block block;
  Counters events;
  Traffic traffic;
  std::vector<Lane*> polling;
  std::uint32_t idle_rounds = 0;  ///< rounds of polling since anything else happened
  char library_order = 0;         ///< address only: orders a lane that failed after the library code that said so

 private:
  struct Abandoned {};

  static void entry(boost::context::detail::transfer_t transfer);
  [[noreturn]] void live(Lane& me);
  void prepare(std::uint64_t block);
  void prepare_warp(unsigned warp);
  void grow(unsigned lanes);
  void retire(Lane& me);
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
  std::uint64_t ready_warps_ = 0;  ///< a bit per warp that has a ready lane
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
