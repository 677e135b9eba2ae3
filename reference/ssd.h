// SSD's losses: the parts by themselves, and multibox with its hard negatives.   [Liu et al. 2016]
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <numeric>
#include <span>
#include <vector>

#include "reference/element.h"
#include "reference/smooth_l1.h"
#include "reference/softmax_cross_entropy.h"
#include "reference/sum.h"

namespace lossbench::reference {

/// -y·log max(p, eps), 0 for y = 0; derivative -y/p, 0 below eps.
inline Element ssd_conf_term(double p, double y, double eps) {
  if (y == 0) return {0.0, 0.0};
  const double kept = p < eps ? eps : p;
  return {-y * std::log(kept), p < eps ? 0.0 : -y / p};
}

/// What one prior's scores give, for a negative and for a positive alike.
struct PriorLoss {
  double value, condition;
};

struct MiningOptions {
  double ratio = 3;
  bool by_batch = false;
  std::int64_t least = 0;  ///< negatives of a batch, however few its positives
  std::int64_t cap = -1;   ///< -1: none
  double roundoff = 0;     ///< of the arithmetic whose choices are to be judged
};

/// Which negatives are kept, and which other arithmetic may choose differently.
struct Mining {
  std::vector<bool> kept;
  std::vector<bool> open;  ///< within rounding of the bound, and not exactly equal to it
};

/// The hardest negatives of one group of priors (an image, or the batch): those with the greatest losses, NaN first, the lower index
/// among equals. same_row(i, j) tells whether two rows of scores are equal but for a constant, so that any arithmetic gives them
/// equal losses.
template <class SameRow>
inline void mine_negatives(std::span<const PriorLoss> losses, std::span<const std::int64_t> labels, std::size_t first, std::size_t count,
                           std::int64_t positives, const MiningOptions& options, SameRow same_row, Mining& mining) {
  std::vector<std::size_t> candidates;
  for (std::size_t i = first; i < first + count; ++i)
    if (labels[i] == 0 && !(options.by_batch && losses[i].value == 0)) candidates.push_back(i);
  std::int64_t wanted = static_cast<std::int64_t>(options.ratio * static_cast<double>(positives));
  if (options.by_batch) wanted = std::max(wanted, options.least);
  if (options.cap >= 0) wanted = std::min(wanted, options.cap);
  wanted = std::min(wanted, static_cast<std::int64_t>(candidates.size()));
  if (wanted <= 0) return;
  const auto harder = [&](std::size_t a, std::size_t b) {
    const double x = losses[a].value, y = losses[b].value;
    if (std::isnan(x) != std::isnan(y)) return std::isnan(x);
    return x > y || (!(x < y) && a < b);
  };
  std::sort(candidates.begin(), candidates.end(), harder);
  for (std::size_t k = 0; k < static_cast<std::size_t>(wanted); ++k) mining.kept[candidates[k]] = true;

  if (static_cast<std::size_t>(wanted) == candidates.size() && !options.by_batch) return;  // all of them, whatever the order
  const std::size_t last = candidates[static_cast<std::size_t>(wanted) - 1];
  const double bound = losses[last].value;
  if (!std::isfinite(bound)) return;  // among NaN, and among infinite losses, the index decides
  const auto slack = [&](std::size_t i) { return 64 * options.roundoff * losses[i].condition; };
  std::vector<std::size_t> near;
  bool equal = true;
  for (const std::size_t i : candidates) {
    if (!(std::fabs(losses[i].value - bound) <= slack(i) + slack(last))) continue;
    near.push_back(i);
    equal = equal && same_row(i, last);
  }
  if (equal) return;
  for (const std::size_t i : near) mining.open[i] = true;
}

}  // namespace lossbench::reference
