// mbarriers: arrivals and bytes of bulk copies that a phase waits for, in shared memory.
#pragma once

#include "simt/emulator/execution.h"

namespace simt::inline SIMT_BUILD {

// `Mbarrier` is declared shared: SIMT_SHARED(simt::Mbarrier, full, [2]);
//
// A phase ends when `count` threads have arrived and every byte announced with expect_tx has landed; the next one begins at once.
// Phases have parity 0, 1, 0, … in turn.

/// By one thread, once. Others may use the barrier after mbarrier_fence_init() by that thread and a block (or cluster) barrier.
void mbarrier_init(Mbarrier* barrier, unsigned count, SIMT_SITE);
void mbarrier_fence_init(SIMT_SITE);

void mbarrier_arrive(Mbarrier* barrier, SIMT_SITE);
/// Announces `bytes` of copies to the current phase.
void mbarrier_expect_tx(Mbarrier* barrier, unsigned bytes, SIMT_SITE);
/// Announces, then arrives.
void mbarrier_arrive_expect_tx(Mbarrier* barrier, unsigned bytes, SIMT_SITE);

/// Whether the phase of that parity has ended; may wait for a while, and may say no although it is about to.
bool mbarrier_try_wait(Mbarrier* barrier, unsigned parity, SIMT_SITE);
/// Waits until it has.
void mbarrier_wait(Mbarrier* barrier, unsigned parity, SIMT_SITE);

}  // namespace simt::inline SIMT_BUILD
