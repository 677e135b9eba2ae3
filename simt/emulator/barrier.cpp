// __syncthreads and its voting forms.
//
// Stricter than the hardware on purpose: all threads of the block must arrive at the same place in the source, and none may have
// exited. Code that breaks this runs on today's GPUs by luck.
#include "simt/emulator/gang.h"
#include "simt/emulator/text.h"

namespace simt::inline SIMT_BUILD {

namespace {

[[gnu::cold, gnu::noinline]] void fail_divergent(const Lane& other, Site site) {
  const bool exited = other.state == State::exited;
  fail(text("divergent barrier: this thread arrives at __syncthreads(), but thread ", to_string(other.thread), " of the block ",
            exited ? "has exited" : text("waits at another one, at ", to_string(other.site))), site);
}

int result_of(Vote vote, std::uint32_t votes, std::uint32_t threads) {
  switch (vote) {
    case Vote::count: return static_cast<int>(votes);
    case Vote::all: return votes == threads;
    case Vote::any: return votes != 0;
    default: return 0;
  }
}

}  // namespace

int block_barrier(Vote vote, bool predicate, Site site) {
  Gang& gang = *current_gang;
  Lane& me = *current_lane;
  Block& block = *me.block;
  Barrier& barrier = block.barrier;
  if (block.first_exited) [[unlikely]] fail_divergent(*block.first_exited, site);
  if (barrier.arrived == 0) {
    barrier.site = site;
    barrier.first = &me;
    barrier.votes = 0;
  } else if (!(barrier.site == site)) [[unlikely]] {
    fail_divergent(*barrier.first, site);
  }
  ++barrier.arrived;
  barrier.votes += predicate;
  me.site = site;
  me.state = State::at_barrier;
  barrier.waiting[me.warp - block.first_warp] |= 1u << me.lane;
  char* const order = &barrier.order[barrier.phase & 1];
  release(order);
  if (barrier.arrived < block.threads) {
    gang.unready(me);
  } else {
    barrier.result = result_of(vote, barrier.votes, block.threads);
    barrier.arrived = 0;
    ++barrier.phase;
    block.all_fenced = block.async_fences == block.threads;
    block.async_fences = 0;
    for (unsigned w = 0; w < block.warps; ++w) {
      gang.make_ready(block.first_warp + w, barrier.waiting[w]);
      barrier.waiting[w] = 0;
    }
    ++gang.events.block_barriers;
    gang.idle_rounds = 0;
    gang.draw_priorities();
  }
  gang.suspend(me);
  acquire(order);
  return barrier.result;
}

}  // namespace simt::inline SIMT_BUILD
