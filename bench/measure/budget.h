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

  /// Whether piece `index` is to be done now, `spent` seconds after the start: of those not done, the cheapest that fit together are.
  bool fits(std::size_t index, double spent) const;
  /// Piece `index` took `seconds`.
  void done(std::size_t index, double seconds);

  /// Of the pieces not done, the cheapest that still fits; none where none does.
  std::optional<std::size_t> next_that_fits(double spent) const;
  bool is_done(std::size_t index) const { return done_[index]; }
  /// Seconds that the pieces that fit will take.
  double remaining(double spent) const;

 private:
  double expected(std::size_t index) const { return scale_ * expected_[index]; }
  /// Pieces not done that fit together, cheapest first.
  std::vector<std::size_t> plan(double spent) const;

  std::optional<double> seconds_;
  std::vector<double> expected_;
  std::vector<bool> done_;
  double done_expected_ = 0, done_seconds_ = 0, scale_ = 1;
};

}  // namespace lossbench
