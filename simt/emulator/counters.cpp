#include "simt/emulator/counters.h"

namespace simt::inline SIMT_BUILD {

namespace {
constinit thread_local CountScope* innermost = nullptr;
}

ArrayCount& ArrayCount::operator+=(const ArrayCount& other) {
  load_bytes += other.load_bytes;
  store_bytes += other.store_bytes;
  load_requests += other.load_requests;
  store_requests += other.store_requests;
  load_sectors += other.load_sectors;
  store_sectors += other.store_sectors;
  atomics += other.atomics;
  return *this;
}

ArrayCount Counters::array(const std::string& name) const {
  const auto found = arrays.find(name);
  return found == arrays.end() ? ArrayCount{} : found->second;
}

ArrayCount Counters::total() const {
  ArrayCount sum;
  for (const auto& [name, count] : arrays) sum += count;
  return sum;
}

Counters& Counters::operator+=(const Counters& other) {
  launches += other.launches;
  blocks += other.blocks;
  shuffles += other.shuffles;
  votes += other.votes;
  warp_barriers += other.warp_barriers;
  block_barriers += other.block_barriers;
  cluster_barriers += other.cluster_barriers;
  bulk_copies += other.bulk_copies;
  atomics += other.atomics;
  shared_atomics += other.shared_atomics;
  fences += other.fences;
  for (const auto& [name, count] : other.arrays) arrays[name] += count;
  return *this;
}

CountScope::CountScope() : outer_(innermost) { innermost = this; }
CountScope::~CountScope() { innermost = outer_; }

void CountScope::add(const Counters& launch) {
  for (CountScope* scope = innermost; scope; scope = scope->outer_) scope->counters_ += launch;
}

bool CountScope::any() { return innermost != nullptr; }

}  // namespace simt::inline SIMT_BUILD
