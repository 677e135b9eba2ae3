#include "simt/emulator/traffic.h"

#include <algorithm>
#include <bit>

namespace simt::inline SIMT_BUILD {

void Traffic::prepare(unsigned lanes) {
  lanes_ = lanes;
  for (Stream& stream : streams_) {
    stream.turns.assign(lanes, 0);
    stream.warps.resize(lanes / 32);
  }
}

Traffic::Stream& Traffic::stream(Access access, const char* array, Site site) {
  auto is_it = [&](std::uint32_t i) {
    const Stream& s = streams_[i];
    return s.site.line == site.line && s.site.column == site.column && s.array == array && s.access == access && s.site == site;
  };
  const auto count = static_cast<std::uint32_t>(streams_.size());
  // Kernels are loops: after this stream comes what came after it the last time.
  if (last_ < count) {
    const std::uint32_t guess = streams_[last_].successor;
    if (guess < count && is_it(guess)) return streams_[last_ = guess];
  }
  std::uint32_t found = 0;
  while (found < count && !is_it(found)) ++found;
  if (found == count) {
    streams_.push_back({site, access, array, 0, {}, {}, {}});
    streams_.back().turns.assign(lanes_, 0);
    streams_.back().warps.resize(lanes_ / 32);
  }
  if (last_ < count) streams_[last_].successor = found;
  return streams_[last_ = found];
}

void Traffic::mark(WarpLog& log, Window& request, std::uint64_t number, std::uint64_t sectors) {
  Window* window = &request;
  if (window->number == ~std::uint64_t{0}) window->number = number;
  while (window->number != number) {
    if (window->next == 0) {
      window->next = static_cast<std::uint32_t>(log.more.size() + 1);  // before push_back, which may move `window`
      log.more.push_back({number, sectors, 0});
      return;
    }
    window = &log.more[window->next - 1];
  }
  window->sectors |= sectors;
}

void Traffic::note(unsigned lane, const void* address, unsigned bytes, Access access, const char* array, Site site) {
  Stream& s = stream(access, array, site);
  if (access == Access::atomic) {
    ++s.sum.atomics;
    note_atomic(address);
    return;
  }
  (access == Access::load ? s.sum.load_bytes : s.sum.store_bytes) += bytes;
  const std::uint32_t turn = s.turns[lane]++;
  WarpLog& log = s.warps[lane / 32];
  if (log.requests.size() <= turn) log.requests.resize(turn + 1);
  // An access is aligned to its size of at most 16 bytes: it lies in one sector.
  const std::uint64_t sector = reinterpret_cast<std::uintptr_t>(address) / 32;
  mark(log, log.requests[turn], sector / 64, std::uint64_t{1} << (sector % 64));
}

void Traffic::note_atomic(const void* address) {
  if (!latest_atomic_ || latest_atomic_->first != address) latest_atomic_ = &*atomics_.try_emplace(address, 0).first;  // which stays where it is
  ++latest_atomic_->second;
}

void Traffic::note_bulk(const void* address, std::uint64_t bytes, Access access, const char* array, Site site) {
  ArrayCount& sum = stream(access, array, site).sum;
  const std::uint64_t first = reinterpret_cast<std::uintptr_t>(address), sectors = (first + bytes - 1) / 32 - first / 32 + 1;
  const bool load = access == Access::load;
  (load ? sum.load_bytes : sum.store_bytes) += bytes;
  (load ? sum.load_requests : sum.store_requests) += 1;
  (load ? sum.load_sectors : sum.store_sectors) += sectors;
}

void Traffic::close_warp(unsigned warp) {
  for (Stream& s : streams_) {
    if (s.access == Access::atomic) continue;
    WarpLog& log = s.warps[warp];
    std::uint64_t sectors = 0;
    for (const Window& window : log.requests) sectors += static_cast<unsigned>(std::popcount(window.sectors));
    for (const Window& window : log.more) sectors += static_cast<unsigned>(std::popcount(window.sectors));
    (s.access == Access::load ? s.sum.load_sectors : s.sum.store_sectors) += sectors;
    (s.access == Access::load ? s.sum.load_requests : s.sum.store_requests) += log.requests.size();
    log.requests.clear();
    log.more.clear();
  }
}

void Traffic::discard() {
  streams_.clear();
  atomics_.clear();
  latest_atomic_ = nullptr;
}

void Traffic::collect(Counters& counters) {
  for (const Stream& s : streams_) counters.arrays[s.array] += s.sum;
  streams_.clear();
}

void Traffic::collect(AtomicsByAddress& atomics) {
  for (const auto& [address, count] : atomics_) atomics[address] += count;
  atomics_.clear();
  latest_atomic_ = nullptr;
}

}  // namespace simt::inline SIMT_BUILD
