#include "bench/measure/rank_test.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "bench/measure/statistics.h"

namespace lossbench {
namespace {

/// Largest size of either set for which the distribution of U is counted out.
constexpr std::size_t kExact = 40;

/// P(U <= u) for u = 0 … m·n where both sets are from one distribution: shares of the coefficients of the Gaussian binomial
/// (m+n choose m)_q, built one factor (1 - q^(n+i))/(1 - q^i) at a time.
std::vector<double> distribution_of_u(std::size_t m, std::size_t n) {
  const std::size_t largest = m * n;
  std::vector<double> ways(largest + 1, 0.0);
  ways[0] = 1;
  for (std::size_t i = 1; i <= m; ++i) {
    for (std::size_t u = largest + 1; u-- > n + i;) ways[u] -= ways[u - n - i];
    for (std::size_t u = i; u <= largest; ++u) ways[u] += ways[u - i];
  }
  double total = 0;
  for (const double w : ways) total += w;
  double sum = 0;
  for (double& w : ways) w = (sum += w) / total;
  return ways;
}

double normal_tail(double z) { return std::erfc(z / std::sqrt(2.0)); }  ///< P(|Z| >= z)

struct Ranks {
  double u = 0;          ///< pairs with b < a, ties counting half
  double tie_cubes = 0;  ///< Σ (t³ - t) over groups of t equal values
};

Ranks rank(const std::vector<double>& a, const std::vector<double>& b) {
  Ranks ranks;
  for (const double x : a)
    for (const double y : b) ranks.u += y < x ? 1 : y == x ? 0.5 : 0;
  std::vector<double> all = a;
  all.insert(all.end(), b.begin(), b.end());
  std::sort(all.begin(), all.end());
  for (std::size_t i = 0, j = 0; i < all.size(); i = j) {
    while (j < all.size() && all[j] == all[i]) ++j;
    const double t = static_cast<double>(j - i);
    ranks.tie_cubes += t * t * t - t;
  }
  return ranks;
}

double variance_of_u(double m, double n, double tie_cubes) {
  const double total = m + n;
  return m * n / 12 * (total + 1 - tie_cubes / (total * (total - 1)));
}

}  // namespace

double mann_whitney(const std::vector<double>& a, const std::vector<double>& b) {
  if (a.empty() || b.empty()) return 1;
  const Ranks ranks = rank(a, b);
  const double m = static_cast<double>(a.size()), n = static_cast<double>(b.size());
  const double smaller = std::min(ranks.u, m * n - ranks.u);
  if (ranks.tie_cubes == 0 && std::max(a.size(), b.size()) <= kExact)
    return std::min(1.0, 2 * distribution_of_u(a.size(), b.size())[static_cast<std::size_t>(smaller)]);
  const double variance = variance_of_u(m, n, ranks.tie_cubes);
  if (!(variance > 0)) return 1;  // every sample equals every other
  return std::min(1.0, normal_tail(std::max(0.0, m * n / 2 - smaller - 0.5) / std::sqrt(variance)));
}

RatioEstimate ratio_of(const std::vector<double>& a, const std::vector<double>& b, double confidence) {
  RatioEstimate estimate{.ratio = 1, .low = 0, .high = std::numeric_limits<double>::infinity(), .p = mann_whitney(a, b)};
  std::vector<double> ratios;
  for (const double x : a)
    for (const double y : b) ratios.push_back(y / x);
  if (ratios.empty()) return estimate;
  std::sort(ratios.begin(), ratios.end());
  estimate.ratio = quantile(ratios, 0.5);

  // The interval holds the ratios by which b could be divided without the test noticing: it drops as many at either end as U may
  // reach with probability (1 - confidence)/2.
  const double tail = (1 - confidence) / 2;
  std::size_t dropped = 0;  // ratios beyond the interval, at either end, and the one that bounds it
  if (std::max(a.size(), b.size()) <= kExact) {
    const std::vector<double> cumulative = distribution_of_u(a.size(), b.size());
    while (cumulative[dropped] <= tail) ++dropped;
  } else {
    const double m = static_cast<double>(a.size()), n = static_cast<double>(b.size());
    double z = 0;
    while (normal_tail(z) > 2 * tail) z += 1e-3;
    dropped = static_cast<std::size_t>(std::max(0.0, std::floor(m * n / 2 - z * std::sqrt(variance_of_u(m, n, 0)))));
  }
  if (dropped == 0) return estimate;
  estimate.low = ratios[dropped - 1];
  estimate.high = ratios[ratios.size() - dropped];
  return estimate;
}

}  // namespace lossbench
