// A gang's life: fibers made once and kept, blocks run on them one after another.
#include "simt/emulator/gang.h"

#include <algorithm>
#include <cstdio>
#include <exception>

#include "simt/emulator/text.h"

namespace simt::inline SIMT_BUILD {

constinit thread_local uint3 threadIdx{};
constinit thread_local uint3 blockIdx{};
constinit thread_local dim3 blockDim{1, 1, 1};
constinit thread_local dim3 gridDim{1, 1, 1};

constinit thread_local bool counting = false;
constinit thread_local bool preempting = false;
constinit thread_local Gang* current_gang = nullptr;
constinit thread_local Lane* current_lane = nullptr;

namespace {

unsigned volume(dim3 d) { return d.x * d.y * d.z; }

uint3 coordinates(std::uint64_t index, dim3 extent) {
  return {static_cast<unsigned>(index % extent.x), static_cast<unsigned>(index / extent.x % extent.y),
          static_cast<unsigned>(index / extent.x / extent.y)};
}

}  // namespace

Gang::~Gang() { destroy_race_fibers(); }

void Gang::begin(Job& next) {
  job = &next;
  order_ = next.options.order;
  const unsigned threads = volume(next.launch.block), warps = (threads + 31) / 32;
  block_count_ = volume(next.launch.cluster);
  warp_count_ = block_count_ * warps;
  while (blocks_.size() < block_count_) blocks_.push_back(std::make_unique<Block>());
  for (unsigned rank = 0; rank < block_count_; ++rank) {
    Block& block = *blocks_[rank];
    block.rank = rank;
    block.threads = threads;
    block.first_warp = rank * warps;
    block.warps = warps;
    block.arena.begin_launch(static_cast<std::uint32_t>(next.launch.shared_bytes));
  }
  if (stack_bytes_ != next.options.stack) {
    destroy_race_fibers();
    lanes_.clear();
    stacks_.clear();
    stack_bytes_ = next.options.stack;
  }
  grow(warp_count_ * 32);
  warps_.resize(std::max<std::size_t>(warps_.size(), warp_count_));
  priority_.resize(warp_count_);
  polling.reserve(lanes_.size());
  gridDim = next.launch.grid;
  blockDim = next.launch.block;
  events = {};
  most_barriers = 0;
  counting = next.count;
  preempting = next.options.preempt > 0 && order_ == Order::random;
}

void Gang::end() {
  counting = preempting = false;
  traffic.collect(events);
}

void Gang::grow(unsigned count) {
  if (lanes_.size() >= count) return;
  const std::size_t first = lanes_.size();
  lanes_.resize(count);
  struct Fibers {
    std::vector<Lane>& lanes;
    Fiber& operator[](std::size_t i) { return lanes[i].fiber; }
  };
  stacks_.give(Fibers{lanes_}, first, count - first, stack_bytes_);
  for (Lane& lane : lanes_) restart(lane.fiber, entry);  // resize moved them all
}

void Gang::place(SharedSlot& slot, Site site) {
  for (unsigned rank = 0; rank < block_count_; ++rank) blocks_[rank]->arena.place(slot, site);
}

void Gang::prepare_block(unsigned rank, uint3 index) {
  Block& block = *blocks_[rank];
  block.index = index;
  block.live = block.threads;
  block.first_exited = nullptr;
  block.barrier = {};
  block.visited = 0;
  block.async_fences = 0;
  block.all_fenced = false;
  block.mbarriers.clear();
  block.arena.begin_block();
  for (unsigned w = 0; w < block.warps; ++w) prepare_warp(block, w);
}

void Gang::prepare(std::uint64_t index) {
  random_ = job->options.seed * 0x9e3779b97f4a7c15u + index * 0xd1342543de82ef95u + 1;
  for (std::size_t w = 0; w < priority_.size(); ++w) priority_[w] = static_cast<std::uint16_t>(w);
  draw_priorities();
  ready_warps_.clear();
  copies_.clear();
  cluster.arrived = 0;
  cluster.phase = 0;
  cluster.waiting.clear();
  const dim3 size = job->launch.cluster, grid = job->launch.grid;
  const uint3 place = coordinates(index, dim3(grid.x / size.x, grid.y / size.y, grid.z / size.z));
  live_ = 0;
  for (unsigned rank = 0; rank < block_count_; ++rank) {
    const uint3 within = coordinates(rank, size);
    prepare_block(rank, {place.x * size.x + within.x, place.y * size.y + within.y, place.z * size.z + within.z});
    live_ += blocks_[rank]->threads;
  }
  if (counting) traffic.prepare(warp_count_ * 32);
  polling.clear();
  idle_rounds = 0;
  error_.clear();
}

void Gang::prepare_warp(Block& block, unsigned of_block) {
  const unsigned count = std::min(32u, block.threads - of_block * 32), w = block.first_warp + of_block;
  Warp& warp = warps_[w];
  warp = {};
  warp.existing = count == 32 ? ~0u : (1u << count) - 1;
  for (unsigned i = 0; i < 32; ++i) {
    Lane& it = lane(w, i);
    it.warp = static_cast<std::uint16_t>(w);
    it.lane = static_cast<std::uint8_t>(i);
    it.block = i < count ? &block : nullptr;
    it.state = State::exited;
    it.fenced = it.cluster_arrived = false;
    it.async_fence = 0;
    it.groups = {};
    it.polled = nullptr;
    it.polls = 0;
    if (i >= count) continue;
    it.thread = coordinates(of_block * 32 + i, job->launch.block);
    name_race_fiber(it);
  }
  make_ready(w, warp.existing);
}

/// ThreadSanitizer's fibers are kept for good, since making one takes 0.4 ms; only their names change.
void Gang::name_race_fiber([[maybe_unused]] Lane& lane) {
#if SIMT_TSAN
  if (!lane.fiber.race_fiber) lane.fiber.race_fiber = __tsan_create_fiber(0);
  char name[64];
  const uint3 b = lane.block->index, t = lane.thread;
  std::snprintf(name, sizeof name, "block (%u,%u,%u) thread (%u,%u,%u)", b.x, b.y, b.z, t.x, t.y, t.z);
  __tsan_set_fiber_name(lane.fiber.race_fiber, name);
#endif
}

/// What the lane did happened before whatever the host does next; its call stack is never unwound, so it cannot be used again.
void Gang::forget_race_fiber([[maybe_unused]] Lane& lane) {
#if SIMT_TSAN
  if (!lane.fiber.race_fiber) return;
  __tsan_switch_to_fiber(lane.fiber.race_fiber, 1);
  release(&job->finished);
  __tsan_switch_to_fiber(main_.fiber.race_fiber, 1);
  __tsan_destroy_fiber(lane.fiber.race_fiber);
  lane.fiber.race_fiber = nullptr;
#endif
}

void Gang::destroy_race_fibers() {
#if SIMT_TSAN
  for (Lane& lane : lanes_)
    if (lane.fiber.race_fiber) __tsan_destroy_fiber(lane.fiber.race_fiber);
#endif
}

void Gang::run(std::uint64_t index) {
  prepare(index);
  current_gang = this;
#if SIMT_TSAN
  main_.fiber.race_fiber = __tsan_get_current_fiber();
#endif
  release(&block_order_);
  switch_to(main_, pick());
  current_gang = nullptr;
  current_lane = nullptr;
  finish();
}

void Gang::finish() {
  if (error_.empty()) land_the_rest();
  for (unsigned rank = 0; rank < block_count_; ++rank) {
    Block& block = *blocks_[rank];
    block.arena.end_block();
    if (!error_.empty()) continue;
    ++events.blocks;
    most_barriers = std::max<std::uint64_t>(most_barriers, block.barrier.phase);
    if (const auto name = block.arena.overrun())
      job->report(text("simt: ", describe_place(*job, block.index), ": a thread wrote past the end of ", *name,
                       " (found when the block ended)"));
  }
  if (error_.empty()) return;
  // The other lanes are forgotten where they stand: device code owns nothing that would need a destructor.
  for (Lane& lane : lanes_) {
    forget_race_fiber(lane);
    restart(lane.fiber, entry);
  }
  acquire(&job->finished);  // only now: it orders the next block after this one, and would hide races between them
  job->report(error_);
  traffic.discard();
}

void Gang::entry(boost::context::detail::transfer_t transfer) {
  Lane& me = *current_lane;
  complete_switch(me.fiber, transfer);
  current_gang->live(me);
}

/// A fiber's whole life: a thread of one block, then a thread of the next.
void Gang::live(Lane& me) {
  for (;;) {
    acquire(&job->started);
    acquire(&block_order_);
    Lane* next = &main_;  // also after an error
    try {
      job->thread(job->closure);
      retire(me);
      if (live_) next = &pick();
    } catch (const Abandoned&) {
      acquire(&library_order);
    } catch (const std::exception& error) {
      error_ = text("simt: ", describe_place(*job, me), ": exception: ", error.what());
    } catch (...) {
      error_ = text("simt: ", describe_place(*job, me), ": exception that is no std::exception");
    }
    release(&job->finished);
    switch_to(me, *next);
  }
}

void Gang::retire(Lane& me) {
  Block& block = *me.block;
  Barrier& barrier = block.barrier;
  if (barrier.arrived)
    fail(text("divergent barrier: this thread exits, but thread ", to_string(barrier.first->thread),
              " of the block waits here in __syncthreads()"), barrier.site);
  check_exit(me);
  me.state = State::exited;
  unready(me);
  idle_rounds = 0;
  Warp& w = warp(me);
  w.exited |= 1u << me.lane;
  if (counting && w.exited == w.existing) traffic.close_warp(me.warp);
  if (!block.first_exited) block.first_exited = &me;
  --live_;
  if (--block.live == 0) leave(block);
  release(&job->finished);
}

/// The block is done: nobody may come for its shared memory any more, and nobody may have come without a barrier to hold it.
void Gang::leave(Block& block) {
  if (block.visited == cluster.phase + 1)
    abandon(text("simt: ", describe_place(*job, block.index), ": exits, but block ", to_string(block.visitor->index),
                 " used its shared memory since the last cluster barrier: nothing keeps it until then"));
  check_block_exit(block, copies_);
  if (block_count_ > 1) block.arena.close();
}

void Gang::abandon(std::string message) {
  error_ = std::move(message);
  throw Abandoned{};
}

}  // namespace simt::inline SIMT_BUILD
