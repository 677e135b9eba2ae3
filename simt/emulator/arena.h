// The shared memory of one block.
//
// Dynamic shared memory comes first, then the static variables in the order in which kernels first reach them. Everything is
// poisoned with 0xFF before a block starts. After each piece lies a red zone: AddressSanitizer reports an access to it at once;
// without it, the zone is checked when the block ends.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "simt/emulator/execution.h"

namespace simt::inline SIMT_BUILD {

inline constexpr std::uint32_t kSharedLimit = 227 << 10;  ///< per block, as on sm_90 and sm_100
inline constexpr std::uint32_t kStaticLimit = 48 << 10;

class Arena {
 public:
  Arena() = default;
  Arena(const Arena&) = delete;
  Arena& operator=(const Arena&) = delete;
  ~Arena();

  /// Forgets the static variables of the launch before.
  void begin_launch(std::uint32_t dynamic_bytes);
  /// Poisons everything for the next block.
  void begin_block();
  /// What was written beyond, if anything: "`part`".
  std::optional<std::string> overrun() const;
  void end_block();
  /// The block has exited: what is left is only compared by overrun().
  void close();

  void* dynamic() const { return memory_; }
  /// The block's copy of the variable, or null where it has no place yet.
  void* find(const SharedSlot& slot) const;
  /// Gives the variable the next place; the blocks of a cluster do it together, so that it lies at the same offset in all.
  void place(SharedSlot& slot, Site site);
  std::size_t offset_of(const void* address) const { return static_cast<std::size_t>(static_cast<const char*>(address) - memory_); }
  void* at(std::size_t offset) const { return memory_ + offset; }
  bool contains(const void* address, std::size_t bytes) const;

 private:
  struct Placed {
    std::uint32_t offset;
    const SharedSlot* slot;
  };

  char* memory_ = nullptr;
  std::uint32_t dynamic_bytes_ = 0;
  std::uint32_t static_bytes_ = 0;
  std::uint32_t top_ = 0;  ///< first byte not in use
  std::vector<std::uint32_t> offset_;  ///< by slot id; 0: not placed
  std::vector<Placed> placed_;
};

}  // namespace simt::inline SIMT_BUILD
