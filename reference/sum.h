// Accurate sums: every reduction of the reference goes through here.
#pragma once

#include <cmath>
#include <cstddef>
#include <span>

namespace lossbench::reference {

/// Sum of any number of terms in double.
///
/// Terms collect in blocks of 64. A block is added as a binary tree (six roundings deep) and joins the total with Neumaier's
/// compensation (u for the last rounding, n²u² for n blocks), so with u = 2^-53 the error is at most 8u·Σ|term| <
/// 9e-16·Σ|term| for up to 2^32 terms, at the cost of one plain addition a term.
/// An infinite total stays infinite (the compensation of inf would be NaN); inf - inf and NaN terms give NaN.
class Sum {
 public:
  void add(double term) {
    block_[count_] = term;
    if (++count_ == kBlock) {
      join(total_, compensation_, tree(block_));
      count_ = 0;
    }
  }

  void add(std::span<const double> terms) {
    std::size_t i = 0;
    for (; i < terms.size() && count_ != 0; ++i) add(terms[i]);
    for (; i + kBlock <= terms.size(); i += kBlock) join(total_, compensation_, tree(&terms[i]));
    for (; i < terms.size(); ++i) add(terms[i]);
  }

  /// The sum of what was added so far; more may follow.
  double value() const {
    double total = total_, compensation = compensation_;
    if (count_ > 0) {
      double rest[kBlock] = {};
      for (std::size_t i = 0; i < count_; ++i) rest[i] = block_[i];
      join(total, compensation, tree(rest));
    }
    return total + compensation;
  }

 private:
  static constexpr std::size_t kBlock = 64;

  static double tree(const double* terms) {
    double part[kBlock / 2];
    for (std::size_t i = 0; i < kBlock / 2; ++i) part[i] = terms[i] + terms[i + kBlock / 2];
    for (std::size_t width = kBlock / 4; width > 0; width /= 2)
      for (std::size_t i = 0; i < width; ++i) part[i] += part[i + width];
    return part[0];
  }

  static void join(double& total, double& compensation, double term) {
    const double sum = total + term;
    if (std::isfinite(sum)) compensation += std::fabs(total) >= std::fabs(term) ? (total - sum) + term : (term - sum) + total;
    total = sum;
  }

  double total_ = 0, compensation_ = 0;
  std::size_t count_ = 0;
  double block_[kBlock];
};

}  // namespace lossbench::reference
