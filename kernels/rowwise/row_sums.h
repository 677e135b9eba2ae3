// From a source to the sums of a row, the same in every thread of the team.
#pragma once

#include "kernels/rowwise/row_sources.h"
#include "kernels/rowwise/teams.h"

namespace lossbench::inline SIMT_BUILD::rowwise {

template <class Real>
struct RowResult {
  RowSums<Real> sums;
  Best<Real> best;
  double floored = 0;  ///< Σ t_c·min(-log p_c, most) of the spread part, where there is a floor
};

/// The sums from one reading of the row: running maximum and rescaled sums (OnlineSum). The team agrees on the maximum, then every
/// thread rescales once and the sums are added.
template <bool kRich, bool kFast>
struct SumsInOnePass {
  static constexpr bool kIsRich = kRich, kIsFast = kFast;

  template <class Team, class Source, class T>
  static __device__ __forceinline__ RowResult<RealOf<T>> of(Team& team, const SoftmaxArguments<T>& arguments, const Source& source,
                                                            const TargetRow<T>& target, int label) {
    using Real = RealOf<T>;
    Tally<T, kRich, kFast> mine;
    source.first([&](auto& piece) { mine.add(arguments, target, label, piece); });
    RowResult<Real> row{{team.reduce(mine.sum.peak()), 0, {0, 0}}, no_best<Real>()};
    if (label < 0) row.sums.peak.label_logit = Real(-INFINITY);  // there is none, so it adds nothing
    mine.sum.settle(row.sums.peak.maximum);
    row.sums.others = team.reduce(mine.sum.others);
    if (arguments.spreads()) row.sums.shortfall = team.reduce(mine.sum.shortfall);
    if constexpr (kRich) {
      if (arguments.argmax) row.best = team.reduce(mine.best);
      if (arguments.spreads() && arguments.most < INFINITY) row.floored = team.reduce(floored(arguments, source, target, row.sums));
    }
    return row;
  }

  /// A floor under every class asks for log l before the first term: another look at the row.
  template <class Source, class T>
  static __device__ double floored(const SoftmaxArguments<T>& arguments, const Source& source, const TargetRow<T>& target,
                                   const RowSums<RealOf<T>>& sums) {
    const double log_l = double(sums.log_exponentials());
    double sum = 0;
    source.again([&](auto& piece) {
      target_weights<kRich>(arguments, target, piece, [&](int k, double t) {
        if (t == 0) return;
        const double surprise = log_l + (double(sums.peak.maximum) - double(seen<kRich>(arguments, piece.x[k])));
        sum += t * (surprise > arguments.most ? arguments.most : surprise);
      });
    });
    return sum;
  }
};

/// Error of adding `length` exponentials by a team of `threads`, in units of u of their sum: a piece in the arithmetic type,
/// then pieces and threads in double, which is nothing in units of u of a float.
inline double added_ulps(std::int64_t length, int threads, int piece, DType element) {
  const double per_thread = std::ceil(double(length) / (double(threads) * piece));
  return (piece - 1) + (per_thread + 14) * (element == DType::f64 ? 1.0 : 0x1p-29);
}

/// Rounding that rescaling adds, in units of u of the sum: 4 for each exponential (2 ulp), of which a term passes 2.1 + 0.26·ln n
/// in its thread on average and one more at the end, and kSlack twice over for exponents rounded above the reference. A fast
/// exponential (4u + 2u·|exponent|, where the accurate one has u·|exponent|) counts the exponents once more: kSlack again, and the
/// one to the row's maximum with the spread of the row, which the condition holds.
inline double rescaling_ulps(std::int64_t length) {
  return 4 * (3.1 + 1.03 / OnlineSum<float>::kSlack * std::log(double(length < 1 ? 1 : length))) + 4 * OnlineSum<float>::kSlack;
}

}  // namespace lossbench::inline SIMT_BUILD::rowwise
