// Memory itself, as one more contestant of a group: what it does in their rounds is what they are held against.
#pragma once

#include <memory>
#include <vector>

#include "bench/measure/ceilings.h"
#include "bench/measure/sampler.h"

namespace lossbench {

/// A ceiling looked at minutes before or after a figure says what a machine could do then. One that takes turns with the contestants has
/// the same neighbours, clock and heat as they have.
class MemoryPace {
 public:
  /// Looks at the ceiling first where nobody has.
  MemoryPace(Ceilings& ceilings, TrafficShape shape, std::size_t bytes);

  /// Takes samples, in the group's `number`th round, until there is one for every fourth of the contestants', and kLeast more at least. Not
  /// for more than `most_seconds`.
  void round(int number, std::size_t samples_of_contestants, double most_seconds);
  /// Lets the ceiling know.
  void finish();
  /// The samples, as seconds for so many bytes.
  std::vector<Sample> samples_for(std::int64_t bytes) const;

 private:
  static constexpr std::size_t kLeast = 2, kShare = 4;

  Ceilings* ceilings_;
  Ceiling ceiling_;
  std::unique_ptr<Rotation> rotation_;
  Sampler sampler_;
};

}  // namespace lossbench
