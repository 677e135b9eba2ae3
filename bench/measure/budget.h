// What a run does with its time: first everything once, by worth, then the uncertain again. Pure.
#pragma once

#include <cstddef>
#include <vector>

#include "bench/measure/worth.h"

namespace lossbench {

class Budget {
 public:
  /// A case.
  struct Item {
    std::size_t piece = 0;  ///< items of one piece share its data, which are made whenever any of them is done
    Worth worth;
    double cost = 0;        ///< of its own, in expected seconds
    double sampling = 0;    ///< fewest seconds of samples, which pass alike on any machine
  };
  struct Plan {
    std::vector<std::size_t> items;  ///< by worth
    double seconds = 0;              ///< with the fewest samples
  };

  /// `data` are the costs of the pieces' data, in expected seconds. With `keeps_all`, the first case of every loss is done even where it does not fit.
  Budget(double seconds, std::vector<double> data, std::vector<Item> items, bool keeps_all);

  /// What is not done yet and fits, `spent` seconds after the start. Where the first case of a loss does not, nothing but first cases does; the
  /// worthiest of all fits in any case, for a run without results says nothing.
  Plan plan(double spent) const;
  /// Of that, the worthiest and what shares its data, in the order of the items.
  std::vector<std::size_t> next(double spent) const;
  /// Items were done, or given up, which took `seconds` beside their samples.
  void done(const std::vector<std::size_t>& items, double seconds);
  bool is_done(std::size_t item) const { return done_[item]; }

  /// Seconds that `items` of one piece will take beside their samples.
  double cost_of(const std::vector<std::size_t>& items) const;
  /// This machine is expected to take so many times as long as expected.
  void expect(double slowness) { known_seconds_ = slowness * kKnownBefore; }
  double slowness() const { return known_seconds_ / known_cost_; }

 private:
  /// What is expected of the machine beforehand weighs as much as so many seconds that it was seen at work.
  static constexpr double kKnownBefore = 0.5;

  /// What is begun is finished, so nothing is begun that might take longer than there is.
  static constexpr double kMargin = 1.5;

  double seconds_;
  std::vector<double> data_;
  std::vector<Item> items_;
  std::vector<std::size_t> order_;  // by worth
  bool keeps_all_;
  std::vector<bool> done_;
  double known_cost_ = kKnownBefore, known_seconds_ = kKnownBefore;
};

}  // namespace lossbench
