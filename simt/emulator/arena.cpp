#include "simt/emulator/arena.h"

#include <sys/mman.h>

#include <algorithm>
#include <atomic>
#include <cstring>

#include "simt/emulator/sanitizers.h"
#include "simt/emulator/text.h"
#include "simt/error.h"

namespace simt::inline SIMT_BUILD {

namespace {

constexpr std::uint8_t kPoison = 0xff;  // NaN as float, half and bfloat16; -1 as int
constexpr std::uint32_t kRedZone = 64;
constexpr std::uint32_t kGrain = 16;
constexpr std::uint32_t kMaxSlots = 256;
// Room for all the red zones and alignment gaps that the limits on shared memory allow.
constexpr std::size_t kArenaBytes = 512 << 10;

std::uint32_t round_up(std::uint32_t value, std::uint32_t multiple) { return (value + multiple - 1) / multiple * multiple; }

std::uint32_t id_of(SharedSlot& slot) {
  static std::atomic<std::uint32_t> next{1};
  std::atomic_ref<std::uint32_t> id(slot.id);
  if (id.load(std::memory_order_relaxed) == 0) {
    std::uint32_t none = 0;
    id.compare_exchange_strong(none, next.fetch_add(1));
  }
  return id.load(std::memory_order_relaxed);
}

void poison(char* memory, std::size_t bytes) {
#if SIMT_TSAN
  // Not memset, which the race checker intercepts: it would see a write by the scheduler.
  for (volatile char* byte = memory; byte != memory + bytes; byte = byte + 1) *byte = static_cast<char>(kPoison);
#else
  std::memset(memory, kPoison, bytes);
#endif
}

char* map_arena() {
  void* memory = mmap(nullptr, kArenaBytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (memory == MAP_FAILED) throw Error("simt: cannot map shared memory");
  return static_cast<char*>(memory);
}

}  // namespace

Arena::~Arena() {
  if (memory_) munmap(memory_, kArenaBytes);
}

void Arena::begin_launch(std::uint32_t dynamic_bytes) {
  if (!memory_) memory_ = map_arena();
  dynamic_bytes_ = dynamic_bytes;
  static_bytes_ = 0;
  top_ = round_up(dynamic_bytes, kGrain) + kRedZone;
  std::fill(offset_.begin(), offset_.end(), 0);
  placed_.clear();
}

void Arena::begin_block() {
  permit(memory_, kArenaBytes);
#if SIMT_TSAN
  // A fresh mapping makes the race checker forget the block before.
  mmap(memory_, kArenaBytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
#endif
  poison(memory_, top_);
  forbid(memory_, kArenaBytes);
  permit(memory_, dynamic_bytes_);
  for (const Placed& placed : placed_) permit(memory_ + placed.offset, placed.slot->size);
}

std::optional<std::string> Arena::overrun() const {
#if !SIMT_ASAN
  auto touched = [&](std::uint32_t first, std::uint32_t end) {
    return std::any_of(memory_ + first, memory_ + end, [](char c) { return static_cast<std::uint8_t>(c) != kPoison; });
  };
  const std::uint32_t statics = round_up(dynamic_bytes_, kGrain) + kRedZone;
  if (touched(dynamic_bytes_, statics)) return "dynamic shared memory";
  for (const Placed& placed : placed_) {
    const std::uint32_t end = placed.offset + placed.slot->size;
    if (touched(end, round_up(end, kGrain) + kRedZone)) return text("`", placed.slot->name, "`");
  }
#endif
  return std::nullopt;
}

void Arena::close() { forbid(memory_, kArenaBytes); }

void Arena::end_block() { permit(memory_, kArenaBytes); }

void* Arena::find(const SharedSlot& slot) const {
  const std::uint32_t id = std::atomic_ref(const_cast<std::uint32_t&>(slot.id)).load(std::memory_order_relaxed);
  return id == 0 || id >= offset_.size() || offset_[id] == 0 ? nullptr : memory_ + offset_[id];
}

void Arena::place(SharedSlot& slot, Site site) {
  const std::uint32_t id = id_of(slot);
  if (offset_.size() <= id) offset_.resize(std::max(id + 1, kMaxSlots));
  static_bytes_ += slot.size;
  if (static_bytes_ > kStaticLimit)
    fail(text("static shared memory is limited to 48 KB; with `", slot.name, "` it is ", static_bytes_, " bytes"), site);
  const std::uint32_t bytes = static_bytes_ + dynamic_bytes_;
  if (bytes > kSharedLimit)
    fail(text("shared memory is limited to 227 KB; with `", slot.name, "` it is ", bytes, " bytes"), site);
  const std::uint32_t offset = round_up(top_, std::max(kGrain, slot.alignment));
  const std::uint32_t end = offset + slot.size;
  const std::uint32_t next = round_up(end, kGrain) + kRedZone;
  if (next > kArenaBytes) fail(text("too many shared variables: no room for the red zone of `", slot.name, "`"), site);
  permit(memory_ + top_, next - top_);
  poison(memory_ + top_, next - top_);
  forbid(memory_ + top_, next - top_);
  permit(memory_ + offset, slot.size);
  top_ = next;
  offset_[id] = offset;
  placed_.push_back({offset, &slot});
}

bool Arena::contains(const void* address, std::size_t bytes) const {
  const char* first = static_cast<const char*>(address);
  return first >= memory_ && first + bytes <= memory_ + top_;
}

}  // namespace simt::inline SIMT_BUILD
