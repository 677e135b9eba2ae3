// Who runs next. The ready set is a mask of lanes per warp and a mask of warps, so that a pick is a few bit operations.
#include <algorithm>
#include <bit>
#include <utility>

#include "simt/emulator/gang.h"

namespace simt::inline SIMT_BUILD {

namespace {

std::uint64_t splitmix(std::uint64_t& state) {
  std::uint64_t z = (state += 0x9e3779b97f4a7c15u);
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
  return z ^ (z >> 31);
}

unsigned lowest(std::uint32_t mask) { return static_cast<unsigned>(std::countr_zero(mask)); }
unsigned highest(std::uint32_t mask) { return 31 - static_cast<unsigned>(std::countl_zero(mask)); }

}  // namespace

void Gang::make_ready(Lane& lane) { make_ready(lane.warp, 1u << lane.lane); }

void Gang::make_ready(unsigned warp, std::uint32_t lanes) {
  if (!lanes) return;
  warps_[warp].ready |= lanes;
  ready_warps_.insert(warp);
  for (; lanes; lanes &= lanes - 1) lane(warp, lowest(lanes)).state = State::ready;
}

void Gang::unready(Lane& lane) {
  Warp& warp = warps_[lane.warp];
  warp.ready &= ~(1u << lane.lane);
  if (!warp.ready) ready_warps_.erase(lane.warp);
}

double Gang::draw() { return static_cast<double>(splitmix(random_) >> 11) * 0x1p-53; }

void Gang::draw_priorities() {
  if (order_ != Order::random) return;
  for (std::size_t i = priority_.size(); i > 1; --i) std::swap(priority_[i - 1], priority_[splitmix(random_) % i]);
}

Lane* Gang::pick_ready() {
  if (ready_warps_.empty()) return nullptr;
  if (order_ == Order::ascending) {
    const unsigned w = ready_warps_.lowest();
    return &lane(w, lowest(warps_[w].ready));
  }
  if (order_ == Order::descending) {
    const unsigned w = ready_warps_.highest();
    return &lane(w, highest(warps_[w].ready));
  }
  // Priorities among warps, because uniform picks almost never let one warp run far ahead of another; uniform among lanes.
  for (const std::uint16_t w : priority_) {
    if (const std::uint32_t ready = warps_[w].ready) {
      const auto turn = static_cast<int>(splitmix(random_) & 31);
      return &lane(w, (lowest(std::rotr(ready, turn)) + static_cast<unsigned>(turn)) & 31);
    }
  }
  return nullptr;
}

/// Abandons the block when no lane can ever run again.
Lane& Gang::pick() {
  for (;;) {
    if (!copies_.empty() && job->options.landing == Landing::random && draw() < 0.2) land_one();
    if (Lane* next = pick_ready()) return *next;
    if (land_one()) {
      for (Lane* lane : polling) make_ready(*lane);  // it may be what they wait for
      polling.clear();
      continue;
    }
    if (polling.empty() || ++idle_rounds > job->options.spin_limit) abandon(describe_stuck());
    for (Lane* lane : polling) make_ready(*lane);
    polling.clear();
  }
}

void Gang::suspend(Lane& me) {
  Lane& next = pick();
  if (&next != &me) switch_to(me, next);
}

void Gang::switch_to(Lane& from, Lane& to) {
  current_lane = &to;
  threadIdx = to.thread;
  if (to.block) blockIdx = to.block->index;
  switch_fiber(from.fiber, to.fiber);
}

}  // namespace simt::inline SIMT_BUILD
