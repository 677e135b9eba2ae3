// Bulk copies: what is checked when they are asked for, and what happens when they land.
#include "simt/emulator/bulk.h"

#include <algorithm>

#include "simt/emulator/gang.h"
#include "simt/emulator/text.h"

namespace simt::inline SIMT_BUILD {

void complete_bytes(Block& block, const Mbarrier* barrier, std::uint32_t bytes);
const MbarrierState& mbarrier_for_copy(const Mbarrier* barrier, Site site);

namespace {

constexpr char kUnlanded = static_cast<char>(0xff);

// Not memcpy: the race checker intercepts it, and would see the scheduler at work.
void move(char* to, const char* from, std::size_t bytes) {
  for (std::size_t i = 0; i < bytes; ++i) static_cast<volatile char*>(to)[i] = static_cast<const volatile char*>(from)[i];
}

void check_shapes(const char* what, const void* shared, const void* global, std::uint64_t bytes, const char* array, Site site) {
  const auto misaligned = [](const void* address) { return reinterpret_cast<std::uintptr_t>(address) % kBulkGrain != 0; };
  if (misaligned(global)) fail(text(what, " `", array, "`: its global address is not at a multiple of 16 bytes"), site);
  if (misaligned(shared)) fail(text(what, " `", array, "`: its shared address is not at a multiple of 16 bytes"), site);
  if (bytes == 0 || bytes % kBulkGrain != 0) fail(text(what, " `", array, "`: ", bytes, " bytes are no positive multiple of 16"), site);
  if (!current_lane->block->arena.contains(shared, bytes)) fail(text(what, " `", array, "`: outside this block's shared memory"), site);
}

bool finished(const BulkCopy& copy, bool only_read) { return only_read && copy.has_read; }

}  // namespace

void issue_bulk_load(void* shared, const void* global, std::uint64_t bytes, Mbarrier* barrier, const char* array, Site site) {
  Gang& gang = *current_gang;
  check_shapes("bulk load from", shared, global, bytes, array, site);
  mbarrier_for_copy(barrier, site);
  if (counting) gang.traffic.note_bulk(global, bytes, Access::load, array, site);
  char* const to = static_cast<char*>(shared);
  for (std::uint64_t i = 0; i < bytes; ++i) static_cast<volatile char*>(to)[i] = kUnlanded;
  forbid(to, bytes);
  gang.issue({.is_store = false, .owner = current_lane, .block = current_lane->block, .shared = to,
              .global = const_cast<char*>(static_cast<const char*>(global)), .bytes = static_cast<std::uint32_t>(bytes),
              .barrier = barrier});
}

void issue_bulk_store(void* global, const void* shared, std::uint64_t bytes, const char* array, Site site) {
  Gang& gang = *current_gang;
  Lane& me = *current_lane;
  const Block& block = *me.block;
  check_shapes("bulk store to", shared, global, bytes, array, site);
  if (!block.all_fenced && me.async_fence != block.barrier.phase + 1)
    fail(text("bulk store to `", array, "`: not all threads called fence_async_proxy() before the last __syncthreads(), and this one "
              "has not since: the copy may miss what they wrote"), site);
  if (counting) gang.traffic.note_bulk(global, bytes, Access::store, array, site);
  me.groups.open = true;
  gang.issue({.is_store = true, .owner = &me, .block = me.block, .shared = const_cast<char*>(static_cast<const char*>(shared)),
              .global = static_cast<char*>(global), .bytes = static_cast<std::uint32_t>(bytes), .group = me.groups.committed});
}

void fence_async_proxy(Site site) {
  Lane& me = *current_lane;
  Block& block = *me.block;
  note_fence(site);
  if (me.async_fence != block.barrier.phase + 1) ++block.async_fences;
  me.async_fence = block.barrier.phase + 1;
  for (MbarrierState& state : block.mbarriers) state.published |= state.initialiser == &me;
}

void bulk_commit(Site) {
  BulkGroups& groups = current_lane->groups;
  ++groups.committed;
  groups.open = false;
}

void wait_for_bulk_groups(unsigned still_open, bool only_read, Site site) {
  Gang& gang = *current_gang;
  Lane& me = *current_lane;
  const std::uint32_t first_open = me.groups.committed - std::min(me.groups.committed, still_open);
  while (gang.waits_for_stores(me, first_open, only_read)) {
    me.site = site;
    me.state = State::at_bulk_wait;
    gang.unready(me);
    gang.suspend(me);
  }
  me.groups.read = std::max(me.groups.read, first_open);
}

bool Gang::waits_for_stores(const Lane& lane, std::uint32_t first_open, bool only_read) const {
  return std::any_of(copies_.begin(), copies_.end(), [&](const BulkCopy& copy) {
    return copy.is_store && copy.owner == &lane && copy.group < first_open && !finished(copy, only_read);
  });
}

void Gang::issue(BulkCopy copy) {
  ++events.bulk_copies;
  copies_.push_back(std::move(copy));
  if (job->options.landing == Landing::eager)
    while (!copies_.empty()) land(0);
}

void Gang::wake(std::vector<Lane*>& lanes) {
  for (Lane* lane : lanes) make_ready(*lane);
  lanes.clear();
}

/// Lets one copy land; false when there is none.
bool Gang::land_one() {
  if (copies_.empty()) return false;
  const auto draws = static_cast<double>(copies_.size());
  land(job->options.landing == Landing::random ? static_cast<std::size_t>(draw() * draws) : 0);
  return true;
}

/// A load lands in one step. A store reads its source in one and writes in another: the end of the first is all that a thread
/// needs to know before it overwrites the source.
void Gang::land(std::size_t index) {
  BulkCopy& copy = copies_[index];
  if (copy.is_store && !copy.has_read) {
    copy.data.resize(copy.bytes);
    move(copy.data.data(), copy.shared, copy.bytes);
    copy.has_read = true;
    if (copy.owner->state == State::at_bulk_wait) make_ready(*copy.owner);
    return;
  }
  const BulkCopy landed = std::move(copy);
  copies_.erase(copies_.begin() + static_cast<std::ptrdiff_t>(index));
  if (landed.is_store) {
    move(landed.global, landed.data.data(), landed.bytes);
    if (landed.owner->state == State::at_bulk_wait) make_ready(*landed.owner);
  } else {
    permit(landed.shared, landed.bytes);
    move(landed.shared, landed.global, landed.bytes);
    complete_bytes(*landed.block, landed.barrier, landed.bytes);
  }
}

void Gang::land_the_rest() {
  while (!copies_.empty()) land(0);
}

void check_exit(Lane& lane) {
  const auto refuse = [&](const char* why) {
    current_gang->abandon(text("simt: ", describe_place(*current_gang->job, lane), ": exits ", why));
  };
  if (lane.cluster_arrived) refuse("between cluster_arrive() and cluster_wait()");
  if (current_gang->cluster.arrived > 0) refuse("while others wait for it at a cluster barrier");
  if (lane.groups.open) refuse("with bulk stores that were never committed");
  if (lane.groups.read < lane.groups.committed)
    refuse("before its bulk stores have read their shared memory: bulk_wait_read() is missing");
}

void check_block_exit(const Block& block, const std::vector<BulkCopy>& copies) {
  for (const BulkCopy& copy : copies)
    if (!copy.is_store && copy.block == &block)
      current_gang->abandon(text("simt: ", describe_place(*current_gang->job, block.index),
                                 ": exits while a bulk copy into its shared memory is under way"));
}

}  // namespace simt::inline SIMT_BUILD
