// Memory as a running thread sees it: counting, polling, preemption, fences and atomics.
#include "simt/emulator/gang.h"

namespace simt::inline SIMT_BUILD {

namespace {

/// Library code that allocates while a lane runs does it under the OS thread's own name: otherwise the race checker would see one
/// CUDA thread grow a table that another filled.
class OutsideRaceFiber {
 public:
#if SIMT_TSAN
  OutsideRaceFiber() : lane_(__tsan_get_current_fiber()) { __tsan_switch_to_fiber(current_gang->library_fiber(), 1); }
  ~OutsideRaceFiber() {
    release(&current_gang->library_order);
    __tsan_switch_to_fiber(lane_, 1);
  }

 private:
  void* lane_;
#else
  OutsideRaceFiber() {}
#endif
};

constexpr std::uint32_t kPollsInARow = 32;

}  // namespace

void note_access(const void* address, unsigned bytes, Access access, const char* array, Site site) {
  OutsideRaceFiber outside;
  const Lane& me = *current_lane;
  current_gang->traffic.note(me.warp * 32u + me.lane, address, bytes, access, array, site);
}

void maybe_preempt(Site site) {
  Gang& gang = *current_gang;
  if (gang.draw() >= gang.job->options.preempt) return;
  Lane& me = *current_lane;
  me.site = site;
  gang.draw_priorities();
  gang.suspend(me);
}

void yield(Site site) {
  Gang& gang = *current_gang;
  Lane& me = *current_lane;
  me.site = site;
  me.state = State::polling;
  gang.unready(me);
  gang.polling.push_back(&me);
  gang.suspend(me);
}

void note_poll(const void* address, Site site) {
  if (!current_lane) return;
  Lane& me = *current_lane;
  if (me.polled != address) {
    me.polled = address;
    me.polls = 0;
  } else if (++me.polls % kPollsInARow == 0) {
    yield(site);
  }
}

void note_progress() { current_gang->idle_rounds = 0; }

void note_store() {
  if (current_lane) current_lane->fenced = false;
}

void note_fence(Site site) {
  ++current_gang->events.fences;
  current_lane->fenced = true;
  if (preempting) maybe_preempt(site);
}

void begin_atomic(const void* address, bool shared, Site site) {
  if (!current_gang) [[unlikely]] fail("atomic", site);
  ++(shared ? current_gang->events.shared_atomics : current_gang->events.atomics);
  if (current_lane->fenced) release(const_cast<void*>(address));
}

void end_atomic(const void* address) { acquire(const_cast<void*>(address)); }

void* shared_slot(SharedSlot& slot, Site site) {
  if (!current_gang) fail("shared memory used", site);
  OutsideRaceFiber outside;
  const Arena& arena = current_lane->block->arena;
  if (!arena.find(slot)) [[unlikely]] current_gang->place(slot, site);
  return arena.find(slot);
}

void* dynamic_shared_memory() { return current_lane->block->arena.dynamic(); }

bool in_shared_memory(const void* address, std::size_t bytes) { return current_lane->block->arena.contains(address, bytes); }

}  // namespace simt::inline SIMT_BUILD
