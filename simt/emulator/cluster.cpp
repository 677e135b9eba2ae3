#include "simt/emulator/cluster.h"

#include "simt/emulator/gang.h"
#include "simt/emulator/text.h"

namespace simt::inline SIMT_BUILD {

unsigned cluster_rank() { return current_lane->block->rank; }
unsigned cluster_size() { return current_gang->block_count(); }

void cluster_arrive(Site site) {
  Gang& gang = *current_gang;
  Lane& me = *current_lane;
  ClusterBarrier& barrier = gang.cluster;
  if (me.cluster_arrived) [[unlikely]] fail("cluster_arrive() for the second time: each arrival is followed by cluster_wait()", site);
  unsigned threads = 0;
  for (unsigned rank = 0; rank < gang.block_count(); ++rank) {
    const Block& block = gang.block(rank);
    threads += block.threads;
    if (block.first_exited) [[unlikely]]
      fail(text("cluster barrier: this thread arrives, but thread ", gang.name_of(*block.first_exited), " has exited"), site);
  }
  me.cluster_arrived = true;
  me.cluster_phase = barrier.phase;
  release(&barrier.order[barrier.phase & 1]);
  if (++barrier.arrived < threads) return;
  barrier.arrived = 0;
  ++barrier.phase;
  ++gang.events.cluster_barriers;
  gang.idle_rounds = 0;
  gang.wake(barrier.waiting);
  gang.draw_priorities();
}

void cluster_wait(Site site) {
  Gang& gang = *current_gang;
  Lane& me = *current_lane;
  ClusterBarrier& barrier = gang.cluster;
  if (!me.cluster_arrived) [[unlikely]] fail("cluster_wait() without cluster_arrive()", site);
  if (me.cluster_phase == barrier.phase) {
    me.site = site;
    me.state = State::at_cluster_barrier;
    gang.unready(me);
    barrier.waiting.push_back(&me);
    gang.suspend(me);
  }
  me.cluster_arrived = false;
  acquire(&barrier.order[me.cluster_phase & 1]);
}

void* remote_address(const void* mine, unsigned rank, std::size_t bytes, Site site) {
  Gang& gang = *current_gang;
  Block& own = *current_lane->block;
  if (rank >= gang.block_count()) [[unlikely]]
    fail(text("shared memory of block ", rank, " of a cluster of ", gang.block_count()), site);
  if (!own.arena.contains(mine, bytes)) [[unlikely]]
    fail("cluster_map of an address outside this block's shared memory", site);
  Block& other = gang.block(rank);
  if (&other != &own) {
    if (other.live == 0) [[unlikely]]
      fail(text("shared memory of block ", to_string(other.index), " of its cluster, which has exited"), site);
    if (gang.cluster.phase == 0) [[unlikely]]
      fail(text("shared memory of block ", to_string(other.index), " before the first cluster barrier: it may not have started"), site);
    other.visited = gang.cluster.phase + 1;
    other.visitor = &own;
  }
  if (preempting) maybe_preempt(site);
  return other.arena.at(own.arena.offset_of(mine));
}

}  // namespace simt::inline SIMT_BUILD
