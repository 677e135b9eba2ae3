// The part of softmax cross-entropy that all variants share: from the sums of a row to its loss and gradient, and from the rows
// to the reduced loss. What differs, who works on a row and how its sums are found, comes in as `Team` and `Sums`.
#pragma once

#include "core/problem.h"
#include "kernels/primitives/accumulators.h"
#include "kernels/primitives/grid_reduce.h"
#include "kernels/rowwise/softmax_arguments.h"
#include "kernels/rowwise/teams.h"

namespace lossbench::inline SIMT_BUILD::rowwise {

/// Logits a thread has in flight.
constexpr int kChunk = 4;

/// Error of adding `length` exponentials by a team of `threads`, in units of u of their sum: a chunk in the arithmetic type,
/// then chunks and threads in double, which is nothing in units of u of a float.
inline double added_ulps(std::int64_t length, int threads, DType element) {
  const double per_thread = std::ceil(double(length) / (double(threads) * kChunk));
  return (kChunk - 1) + (per_thread + 10) * (element == DType::f64 ? 1.0 : 0x1p-29);
}

/// Reads the share of this thread, kChunk logits at a time: body(x, c) with c[k] the class of x[k]. Where the row has ended,
/// x[k] is -inf and c[k] is not below `classes`.
template <simt::Cache kCache, class Team, class T, class Body>
__device__ __forceinline__ void read_row(const Team& team, const SoftmaxArguments<T>& arguments, simt::Global<const T> logits, Body body) {
  using Real = RealOf<T>;
  for (int first = team.rank(); first < arguments.classes; first += Team::kSize * kChunk) {
    Real x[kChunk];
    int c[kChunk];
#pragma unroll
    for (int k = 0; k < kChunk; ++k) {
      c[k] = first + k * Team::kSize;
      x[k] = c[k] < arguments.classes ? Real(simt::to_float(simt::load<kCache>(logits, c[k] * arguments.layout.class_stride)))
                                      : Real(-INFINITY);
    }
    body(x, c);
  }
}

/// Loss of a kept row: Σ t_c·(log l + m - x_c) over target weights t_c = w_c·((1-ε)·[c = y] + ε/C), terms with t_c = 0 left out.
/// No term is negative and log l is at most log C, so nothing cancels and nothing is lost at any offset of the logits.
template <class T>
__device__ double row_loss(const SoftmaxArguments<T>& arguments, const RowSums<RealOf<T>>& sums, const RowTarget<RealOf<T>>& target) {
  const double log_l = double(sums.log_exponentials());
  double loss = log_l != log_l ? log_l : 0;
  const double own = arguments.own * double(target.weight);
  if (own != 0) loss += own * (log_l + (double(sums.peak.maximum) - double(sums.peak.label_logit)));
  if (arguments.share != 0) loss += arguments.share * (sums.shortfall.weight * log_l + sums.shortfall.below);
  return loss;
}

/// Writes the gradient of a kept row, s·(Σt·p_c - t_c); at the label it is formed as s·(p_y·(Σt - t_y) - t_y·(1 - p_y)) with
/// 1 - p_y = others/l, which keeps its digits when p_y is almost 1. Second read of the logits, the last use of them.
template <class Team, class T>
__device__ void write_gradient(const Team& team, const SoftmaxArguments<T>& arguments, simt::Global<const T> logits,
                               std::int64_t row, const RowSums<RealOf<T>>& sums, const RowTarget<RealOf<T>>& target) {
  using Real = RealOf<T>;
  const double l = sums.exponentials(), weight = double(target.weight);
  const double total = arguments.own * weight + arguments.share * sums.shortfall.weight;
  const double label_probability = double(math::exp(sums.peak.label_logit - sums.peak.maximum)) / l;
  const Real at_label = Real(target.scale * (label_probability * arguments.share * (sums.shortfall.weight - weight) -
                                             weight * (arguments.own + arguments.share) * (sums.others / l)));
  const Real factor = Real(target.scale * total / l), share = Real(target.scale * arguments.share), maximum = sums.peak.maximum;
  const auto gradient = arguments.gradient.offset(arguments.gradient_layout.first_class(row));
  const std::int64_t stride = arguments.gradient_layout.class_stride;
  read_row<simt::Cache::streaming>(team, arguments, logits, [&](const Real(&x)[kChunk], const int(&c)[kChunk]) {
#pragma unroll
    for (int k = 0; k < kChunk; ++k) {
      if (c[k] >= arguments.classes) continue;
      Real slope = factor * math::exp(x[k] - maximum);
      if (arguments.share != 0) slope -= share * arguments.class_weight(c[k]);
      if (c[k] == target.label) slope = at_label;
      simt::store<simt::Cache::streaming>(gradient, c[k] * stride, simt::from_float<T>(slope));
    }
  });
}

template <class Team, class T>
__device__ void write_zeros(const Team& team, const SoftmaxArguments<T>& arguments, std::int64_t row) {
  const auto gradient = arguments.gradient.offset(arguments.gradient_layout.first_class(row));
  for (int c = team.rank(); c < arguments.classes; c += Team::kSize)
    simt::store<simt::Cache::streaming>(gradient, c * arguments.gradient_layout.class_stride, simt::from_float<T>(0.0f));
}

/// The divisor before any row is read: a constant, or what the divisor kernel found.
template <class T>
__device__ double known_divisor(const SoftmaxArguments<T>& arguments) {
  return arguments.divisor.of(arguments.label_sum ? simt::load<simt::Cache::l2>(arguments.label_sum, 0) : 0.0);
}

/// All rows of a team, then the sum over the grid.
/// `Sums::of(team, arguments, logits, label)` reduces one row and gives every thread of the team the same RowSums.
/// Order: rows go to teams in turn and are added in that order; the grid depends on the number of rows and on the device only.
template <class Sums, Pass kPass, class Team, class T>
__device__ __forceinline__ void softmax_rows(const SoftmaxArguments<T>& arguments, Team team) {
  using Real = RealOf<T>;
  using Reduced = typename SoftmaxArguments<T>::Reduced;
  TeamLedger& ledger = team.ledger();
  if (team.leads()) {
    ledger.losses = ledger.weights = {0, 0};
    ledger.divisor = ledger.scale = 1;
    if constexpr (kPass == Pass::gradient) {
      ledger.divisor = known_divisor(arguments);
      ledger.scale = (arguments.upstream ? double(simt::load(arguments.upstream, 0)) : 1.0) / ledger.divisor;
    }
  }
  // For the leader. With a divisor of 0 the loss does not depend on the rows and every gradient is 0: all are ignored.
  const auto fetch = [&](std::int64_t row) -> RowTarget<Real> {
    const int label = row < arguments.rows && ledger.divisor != 0 ? arguments.kept_label(row) : -1;
    if (label < 0) return {-1, 0, 0};
    double scale = ledger.scale;
    if (kPass == Pass::gradient && arguments.row_upstream) scale *= double(simt::to_float(simt::load(arguments.row_upstream, row)));
    return {label, arguments.class_weight(label), scale};
  };

  team.begin(fetch);
  for (std::int64_t row = team.first_row(); row < arguments.rows; row += team.row_step()) {
    const RowTarget<Real> target = team.target(fetch, row + team.row_step());
    const bool wants_gradient = kPass == Pass::gradient && arguments.gradient;
    if (target.label < 0) {
      team.skip();
      if (arguments.row_loss && team.leads()) simt::store(arguments.row_loss, row, simt::from_float<T>(0.0f));
      if (wants_gradient) write_zeros(team, arguments, row);
      continue;
    }
    const auto logits = arguments.logits.offset(arguments.layout.first_class(row));
    const RowSums<Real> sums = Sums::of(team, arguments, logits, target.label);
    if (team.leads()) {
      const double loss = row_loss(arguments, sums, target);
      ledger.losses.add(loss);
      ledger.weights.add(arguments.divisor.weighted ? double(target.weight) : 1.0);
      if (arguments.row_loss) simt::store(arguments.row_loss, row, simt::from_float<T>(loss));
    }
    if (wants_gradient) write_gradient(team, arguments, logits, row, sums, target);
  }

  if (!arguments.reduced_loss) return;
  RowTotals totals{0, 0};
  if (team.leads()) totals = {ledger.losses.result(), ledger.weights.result()};
  if (grid_sum(totals, arguments.partials, arguments.ticket)) {
    const double divisor = kPass == Pass::gradient ? known_divisor(arguments) : arguments.divisor.of(totals.divisor);
    simt::store(arguments.reduced_loss, 0, Reduced(arguments.divisor.quotient(totals.loss, divisor)));
  }
}

/// Σ over kept rows of what each counts in the divisor. The gradient pass needs it before the first gradient is written; the
/// forward pass adds it up beside the losses.
template <class T>
__global__ void __launch_bounds__(kBlockThreads) divisor_kernel(SoftmaxArguments<T> arguments) {
  RowTotals totals{0, 0};
  grid_elements(arguments.rows, [&](std::int64_t row) {
    const int label = arguments.kept_label(row);
    if (label >= 0) totals.divisor += arguments.divisor.weighted ? double(arguments.class_weight(label)) : 1.0;
  });
  if (grid_sum(totals, arguments.partials, arguments.ticket)) simt::store(arguments.label_sum, 0, totals.divisor);
}

}  // namespace lossbench::inline SIMT_BUILD::rowwise
