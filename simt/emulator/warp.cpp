// Warp operations: each lane publishes its request and waits; the last lane of the mask to arrive checks that all asked for the
// same thing and computes everybody's result. One switch a lane.
#include <algorithm>
#include <bit>
#include <cstdint>

#include "simt/emulator/gang.h"
#include "simt/emulator/text.h"

namespace simt::inline SIMT_BUILD {

namespace {

bool is_shuffle(WarpOp op) { return op >= WarpOp::shuffle && op <= WarpOp::shuffle_xor; }

template <class F>
void for_each_lane(std::uint32_t mask, F visit) {
  for (; mask; mask &= mask - 1) visit(static_cast<unsigned>(std::countr_zero(mask)));
}

[[gnu::cold, gnu::noinline]] void check_mask(const Warp& warp, const WarpRequest& request, unsigned lane, Site site) {
  const std::string op = name_of(request.op), mask = describe_mask(request.mask);
  if (!(request.mask >> lane & 1)) fail(text(op, ": lane ", lane, " is not in its own mask ", mask), site);
  if (request.mask & ~warp.existing)
    fail(text(op, ": mask ", mask, " names lanes the block does not have; this warp has ", describe_mask(warp.existing)), site);
  fail(text(op, ": mask ", mask, " names lanes that have exited: ", describe_mask(request.mask & warp.exited)), site);
}

[[gnu::cold, gnu::noinline]] void fail_mismatch(const Lane& other, const WarpRequest& request, Site site) {
  fail(text(name_of(request.op), " with mask ", describe_mask(request.mask), ", but lane ", other.lane, " of that mask waits in ",
            name_of(other.request.op), " with mask ", describe_mask(other.request.mask), " at ", to_string(other.site)), site);
}

/// The lane a shuffle reads: by the PTX rules, its own where the source falls outside its segment of `width` lanes.
unsigned source_of(const WarpRequest& request, unsigned lane) {
  const int self = static_cast<int>(lane), width = request.width, first = self & ~(width - 1), argument = request.argument;
  int source = self;
  switch (request.op) {
    case WarpOp::shuffle: source = first + (argument & (width - 1)); break;
    case WarpOp::shuffle_up: source = self - argument >= first ? self - argument : self; break;
    case WarpOp::shuffle_down: source = self + argument < first + width ? self + argument : self; break;
    default: source = (self ^ argument) < first + width ? self ^ argument : self; break;
  }
  return static_cast<unsigned>(source);
}

/// The one result that a vote or a reduction gives to all lanes.
std::uint64_t combine(Gang& gang, unsigned warp, const WarpRequest& request) {
  std::uint64_t ballot = 0;
  std::uint32_t result = static_cast<std::uint32_t>(request.value);
  bool first = true;
  for_each_lane(request.mask, [&](unsigned i) {
    const std::uint64_t value = gang.lane(warp, i).request.value;
    const auto word = static_cast<std::uint32_t>(value);
    const auto a = static_cast<std::int32_t>(result), b = static_cast<std::int32_t>(word);
    ballot |= std::uint64_t{value != 0} << i;
    if (first) {
      result = word;
      first = false;
      return;
    }
    switch (request.op) {
      case WarpOp::add: result += word; break;
      case WarpOp::min_unsigned: result = std::min(result, word); break;
      case WarpOp::max_unsigned: result = std::max(result, word); break;
      case WarpOp::min_signed: result = static_cast<std::uint32_t>(std::min(a, b)); break;
      case WarpOp::max_signed: result = static_cast<std::uint32_t>(std::max(a, b)); break;
      case WarpOp::bit_and: result &= word; break;
      case WarpOp::bit_or: result |= word; break;
      case WarpOp::bit_xor: result ^= word; break;
      default: break;
    }
  });
  switch (request.op) {
    case WarpOp::ballot: return ballot;
    case WarpOp::any: return ballot != 0;
    case WarpOp::all: return ballot == request.mask;
    default: return result;
  }
}

void count(Counters& events, WarpOp op) {
  if (op == WarpOp::sync) ++events.warp_barriers;
  else if (is_shuffle(op)) ++events.shuffles;
  else ++events.votes;
}

void answer(Gang& gang, unsigned warp, const WarpRequest& request, Site site) {
  if (is_shuffle(request.op)) {
    for_each_lane(request.mask, [&](unsigned i) {
      Lane& lane = gang.lane(warp, i);
      const int width = lane.request.width;
      if (width < 1 || width > 32 || (width & (width - 1)) != 0) [[unlikely]]
        fail(text(name_of(request.op), ": lane ", i, " gives width ", width, "; it must be a power of two up to 32"), site);
      const unsigned source = source_of(lane.request, i);
      if (!(request.mask >> source & 1)) [[unlikely]]
        fail(text(name_of(request.op), ": lane ", i, " reads lane ", source, ", which is not in mask ",
                  describe_mask(request.mask)), site);
      lane.result = gang.lane(warp, source).request.value;
    });
  } else if (request.op == WarpOp::match) {
    for_each_lane(request.mask, [&](unsigned i) {
      Lane& lane = gang.lane(warp, i);
      lane.result = 0;
      for_each_lane(request.mask, [&](unsigned k) {
        if (gang.lane(warp, k).request.value == lane.request.value) lane.result |= 1u << k;
      });
    });
  } else if (request.op != WarpOp::sync) {
    const std::uint64_t result = combine(gang, warp, request);
    for_each_lane(request.mask, [&](unsigned i) { gang.lane(warp, i).result = result; });
  }
}

}  // namespace

std::uint64_t warp_op(const WarpRequest& request, Site site) {
  Gang& gang = *current_gang;
  Lane& me = *current_lane;
  Warp& warp = gang.warp(me);
  const std::uint32_t mask = request.mask;
  if (!(mask >> me.lane & 1) || (mask & ~warp.existing) || (mask & warp.exited)) [[unlikely]]
    check_mask(warp, request, me.lane, site);
  me.request = request;
  me.site = site;
  me.state = State::in_warp_op;
  warp.waiting |= 1u << me.lane;
  // A shuffle or a vote orders no memory in CUDA's model; only __syncwarp does.
  WarpOrder& sync = warp.order[std::countr_zero(mask)];
  char* const order = request.op == WarpOp::sync ? &sync.object[sync.phase & 1] : nullptr;
  if (order) release(order);

  if ((warp.waiting & mask) == mask) {
    for_each_lane(mask, [&](unsigned i) {
      const Lane& other = gang.lane(me.warp, i);
      const bool same = other.request.mask == mask && other.request.op == request.op && other.request.size == request.size &&
                        other.site == site;
      if (!same) [[unlikely]] fail_mismatch(other, request, site);
    });
    answer(gang, me.warp, request, site);
    warp.waiting &= ~mask;
    if (order) ++sync.phase;
    gang.idle_rounds = 0;
    count(gang.events, request.op);
    gang.make_ready(me.warp, mask);
  } else {
    gang.unready(me);
  }
  gang.suspend(me);
  if (order) acquire(order);
  return me.result;
}

unsigned lane_id() { return current_lane->lane; }

const char* name_of(WarpOp op) {
  static constexpr const char* kNames[] = {
      "__syncwarp",        "__shfl_sync",       "__shfl_up_sync",    "__shfl_down_sync",  "__shfl_xor_sync",  "__ballot_sync",
      "__all_sync",        "__any_sync",        "__match_any_sync",  "__reduce_add_sync", "__reduce_min_sync", "__reduce_max_sync",
      "__reduce_min_sync", "__reduce_max_sync", "__reduce_and_sync", "__reduce_or_sync",  "__reduce_xor_sync"};
  return kNames[static_cast<int>(op)];
}

}  // namespace simt::inline SIMT_BUILD
