#include "simt/emulator/mbarrier.h"

#include "simt/emulator/gang.h"
#include "simt/emulator/text.h"

namespace simt::inline SIMT_BUILD {

namespace {

constexpr unsigned kMostArrivals = (1u << 20) - 1;
constexpr std::int64_t kMostBytes = (std::int64_t{1} << 20) - 1;
constexpr std::uint64_t kMark = 0x6d62617272696572;  // what an initialised barrier's memory holds, plus its number

MbarrierState& state_of(const Mbarrier* barrier, Site site) {
  std::vector<MbarrierState>& states = current_lane->block->mbarriers;
  for (std::size_t i = 0; i < states.size(); ++i) {
    if (states[i].address != barrier) continue;
    if (barrier->word != kMark + i) fail("mbarrier: its shared memory was overwritten", site);
    return states[i];
  }
  fail("mbarrier: not initialised", site);
}

void end_phase_if_due(MbarrierState& state) {
  if (state.pending != 0 || state.bytes != 0) return;
  ++state.phase;
  state.pending = state.expected;
  current_gang->idle_rounds = 0;
  current_gang->wake(state.waiting);
}

void expect(MbarrierState& state, std::int64_t bytes, Site site) {
  state.bytes += bytes;
  if (state.bytes > kMostBytes)
    fail(text("mbarrier: ", state.bytes, " bytes expected at a time; at most ", kMostBytes, " are possible"), site);
}

void arrive(MbarrierState& state) {
  release(&state.order[state.phase & 1]);
  --state.pending;
  end_phase_if_due(state);
}

/// A phase has ended when the current one has another parity.
bool has_ended(const MbarrierState& state, unsigned parity) { return (state.phase & 1) != (parity & 1); }

}  // namespace

void mbarrier_init(Mbarrier* barrier, unsigned count, Site site) {
  Block& block = *current_lane->block;
  if (!block.arena.contains(barrier, sizeof *barrier)) fail("mbarrier_init outside this block's shared memory", site);
  if (count < 1 || count > kMostArrivals) fail(text("mbarrier_init with ", count, " arrivals; 1 to ", kMostArrivals, " are possible"), site);
  if (block.mbarriers.capacity() == 0) block.mbarriers.reserve(64);
  std::size_t i = 0;
  while (i < block.mbarriers.size() && block.mbarriers[i].address != barrier) ++i;
  if (i < block.mbarriers.size() && !block.mbarriers[i].waiting.empty()) fail("mbarrier_init while threads wait for it", site);
  const MbarrierState fresh{.address = barrier, .expected = count, .pending = count, .initialiser = current_lane};
  if (i < block.mbarriers.size()) block.mbarriers[i] = fresh;
  else block.mbarriers.push_back(fresh);
  barrier->word = kMark + i;
}

void mbarrier_fence_init(Site site) {
  note_fence(site);
  for (MbarrierState& state : current_lane->block->mbarriers) state.published |= state.initialiser == current_lane;
}

void mbarrier_arrive(Mbarrier* barrier, Site site) { arrive(state_of(barrier, site)); }

void mbarrier_expect_tx(Mbarrier* barrier, unsigned bytes, Site site) { expect(state_of(barrier, site), bytes, site); }

void mbarrier_arrive_expect_tx(Mbarrier* barrier, unsigned bytes, Site site) {
  MbarrierState& state = state_of(barrier, site);
  expect(state, bytes, site);
  arrive(state);
}

bool mbarrier_try_wait(Mbarrier* barrier, unsigned parity, Site site) {
  if (!has_ended(state_of(barrier, site), parity)) yield(site);
  MbarrierState& state = state_of(barrier, site);
  if (!has_ended(state, parity)) return false;
  acquire(&state.order[(state.phase - 1) & 1]);
  return true;
}

void mbarrier_wait(Mbarrier* barrier, unsigned parity, Site site) {
  Gang& gang = *current_gang;
  Lane& me = *current_lane;
  while (!has_ended(state_of(barrier, site), parity)) {
    me.site = site;
    me.state = State::at_mbarrier;
    gang.unready(me);
    state_of(barrier, site).waiting.push_back(&me);
    gang.suspend(me);
  }
  MbarrierState& state = state_of(barrier, site);
  acquire(&state.order[(state.phase - 1) & 1]);
}

/// For copies, which land on behalf of no thread in particular.
void complete_bytes(Block& block, const Mbarrier* barrier, std::uint32_t bytes) {
  for (MbarrierState& state : block.mbarriers) {
    if (state.address != barrier) continue;
    release(&state.order[state.phase & 1]);
    state.bytes -= bytes;
    end_phase_if_due(state);
    return;
  }
}

const MbarrierState& mbarrier_for_copy(const Mbarrier* barrier, Site site) {
  const MbarrierState& state = state_of(barrier, site);
  if (!state.published) fail("bulk copy to an mbarrier that was initialised without mbarrier_fence_init()", site);
  return state;
}

}  // namespace simt::inline SIMT_BUILD
