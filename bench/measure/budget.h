// What fits into the time that a run was given. Pure.
#pragma once

#include <cstddef>
#include <optional>
#include <vector>

namespace lossbench {

class Budget {
 public:
  /// `expected` are the costs of the pieces of work in the order in which they will be done, in any unit: how long one lasts is learned
  /// from those already done. Without `seconds` everything fits.
  Budget(std::optional<double> seconds, std::vector<double> expected);

  /// Before piece `next`, `spent` seconds after the start: the pieces from `next` on that no longer fit, the costliest first to go.
  /// What was dropped once stays dropped.
  std::vector<std::size_t> drop(std::size_t next, double spent);
  /// Piece `index` took `seconds`.
  void done(std::size_t index, double seconds);

  bool dropped(std::size_t index) const { return dropped_[index]; }
  /// Seconds that the pieces from `next` on will take, as far as they are kept.
  double remaining(std::size_t next) const;
  /// Seconds of the budget that will be left over; infinite without one.
  double left(std::size_t next, double spent) const;

 private:
  double expected(std::size_t index) const { return scale_ * expected_[index]; }

  std::optional<double> seconds_;
  std::vector<double> expected_;
  std::vector<bool> dropped_;
  double done_expected_ = 0, done_seconds_ = 0, scale_ = 1;
};

}  // namespace lossbench
