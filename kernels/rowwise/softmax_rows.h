// The part of softmax cross-entropy that all variants share: from the sums of a row to its loss and gradient, and from the rows
// to the reduced loss. What differs comes in as `Team` (who works on a row), `Rows` (where its logits come from) and `Sums` (how they
// are reduced).
#pragma once

#include "core/problem.h"
#include "kernels/primitives/accumulators.h"
#include "kernels/primitives/grid_reduce.h"
#include "kernels/rowwise/row_sums.h"

namespace lossbench::inline SIMT_BUILD::rowwise {

/// Another look at the row, the last use of it: the gradient of a kept row, zeros for an ignored one.
template <bool kRich, bool kFast, class Source, class T>
__device__ __forceinline__ void write_gradient(const SoftmaxArguments<T>& arguments, const Source& source, const TargetRow<T>& targets,
                                               const RowSums<RealOf<T>>& sums, const RowTarget<RealOf<T>>& target) {
  const RowSlopes<T, kRich, kFast> slopes(arguments, sums, target);
  source.again([&](auto& piece) {
    RealOf<T> slope[std::remove_reference_t<decltype(piece)>::kCount];
    slopes.of(arguments, targets, piece, slope);
    source.put(piece, slope);
  });
}

template <class Team, class T>
__device__ void write_zeros(const Team& team, const SoftmaxArguments<T>& arguments, std::int64_t row) {
  const auto gradient = arguments.gradient.offset(arguments.gradient_layout.first_class(row));
  const int part = team.part(), threads = Team::kSize * team.parts();
  for (int c = part * Team::kSize + team.rank(); c < arguments.classes; c += threads)
    simt::store<simt::Cache::streaming>(gradient, c * arguments.gradient_layout.class_stride, simt::from_float<T>(0.0f));
}

/// The divisor before any row is read: a constant, or what the divisor kernel found.
template <class T>
__device__ double known_divisor(const SoftmaxArguments<T>& arguments) {
  return arguments.divisor.of(arguments.label_sum ? simt::load<simt::Cache::l2>(arguments.label_sum, 0) : 0.0);
}

/// Begins the ledger of a team's leader.
template <Pass kPass, class T>
__device__ void open_ledger(const SoftmaxArguments<T>& arguments, TeamLedger& ledger) {
  ledger.losses = ledger.weights = {0, 0};
  ledger.divisor = ledger.scale = 1;
  if constexpr (kPass == Pass::gradient) {
    ledger.divisor = known_divisor(arguments);
    ledger.scale = (arguments.upstream ? double(simt::load(arguments.upstream, 0)) : 1.0) / ledger.divisor;
  }
}

/// Target of a row, for the leader. With a divisor of 0 the loss does not depend on the rows and every gradient is 0: all are
/// ignored.
template <Pass kPass, class T>
__device__ RowTarget<RealOf<T>> row_target(const SoftmaxArguments<T>& arguments, const TeamLedger& ledger, std::int64_t row) {
  const int label = row < arguments.rows && ledger.divisor != 0 ? arguments.kept_label(row) : kIgnored;
  if (label == kIgnored) return {kIgnored, 0, 0};
  double scale = ledger.scale;
  if (kPass == Pass::gradient && arguments.row_upstream) scale *= double(simt::to_float(simt::load(arguments.row_upstream, row)));
  return {label, label >= 0 ? arguments.class_weight(label) : RealOf<T>(0), scale};
}

/// What becomes of a row that was reduced: its loss in the ledger, its outputs. For the one thread that speaks for the row.
template <class T>
__device__ void enter_row(const SoftmaxArguments<T>& arguments, TeamLedger& ledger, std::int64_t row, const RowResult<RealOf<T>>& result,
                          const RowTarget<RealOf<T>>& target) {
  const bool kept = target.label != kIgnored;
  const double loss = kept ? row_loss(arguments, result.sums, target, result.floored) : 0;
  if (kept) {
    ledger.losses.add(loss);
    ledger.weights.add(arguments.divisor.weighted ? double(target.weight) : 1.0);
  }
  using Reduced = typename SoftmaxArguments<T>::Reduced;
  if (arguments.row_loss) simt::store(arguments.row_loss, row, simt::from_float<CompanionOf<T>>(loss));
  if (arguments.log_sum_exp) simt::store(arguments.log_sum_exp, row, Reduced(result.sums.log_sum_exp()));
  if (arguments.argmax) simt::store(arguments.argmax, row, std::int64_t(result.best.c == result.best.kNone ? 0 : result.best.c));
}

/// Sum over the grid of what the teams' speakers have in their ledgers, divided by who comes last. Every thread calls.
template <Pass kPass, class T>
__device__ __forceinline__ void reduce_losses(const SoftmaxArguments<T>& arguments, bool speaks, const TeamLedger& ledger) {
  using Reduced = typename SoftmaxArguments<T>::Reduced;
  if (!arguments.reduced_loss) return;
  RowTotals totals{0, 0};
  if (speaks) totals = {ledger.losses.result(), ledger.weights.result()};
  if (grid_sum(totals, arguments.partials, arguments.ticket)) {
    const double divisor = kPass == Pass::gradient ? known_divisor(arguments) : arguments.divisor.of(totals.divisor);
    simt::store(arguments.reduced_loss, 0, Reduced(arguments.divisor.quotient(totals.loss, divisor)));
  }
}

/// All rows of a team, then the sum over the grid.
///   rows.open(arguments, team, row)  the source of a row that is about to be reduced
///   rows.reduced(arguments, team)    every thread of the team has seen the sums of a row, so it has done with the row before it
/// Order: rows go to teams in turn and are added in that order; the grid depends on the problem and on the device only.
template <class Sums, Pass kPass, class Team, class Rows, class T>
__device__ __forceinline__ void softmax_rows(const SoftmaxArguments<T>& arguments, Team team, Rows rows) {
  using Real = RealOf<T>;
  TeamLedger& ledger = team.ledger();
  if (team.leads()) open_ledger<kPass>(arguments, ledger);
  const auto fetch = [&](std::int64_t row) { return row_target<kPass>(arguments, ledger, row); };

  team.begin(fetch);
  rows.begin(arguments, team);
  for (std::int64_t row = team.first_row(); row < arguments.rows; row += team.row_step()) {
    const RowTarget<Real> target = team.target(fetch, row);
    if (target.label == kIgnored && !arguments.describes_rows()) {
      team.skip();
      if (arguments.row_loss && team.speaks()) simt::store(arguments.row_loss, row, simt::from_float<CompanionOf<T>>(0.0f));
      if constexpr (kPass == Pass::gradient)
        if (arguments.gradient) write_zeros(team, arguments, row);
      continue;
    }
    const auto source = rows.open(arguments, team, row);
    TargetRow<T> targets(arguments, row);
    source.line_up(targets);
    const RowResult<Real> result = Sums::of(team, arguments, source, targets, target.label);
    rows.reduced(arguments, team);
    if (team.speaks()) enter_row(arguments, ledger, row, result, target);
    if constexpr (kPass == Pass::gradient) {
      if (!arguments.gradient) continue;
      if (target.label == kIgnored) write_zeros(team, arguments, row);
      else write_gradient<Sums::kIsRich, Sums::kIsFast>(arguments, source, targets, result.sums, target);
    }
  }
  team.finish();
  reduce_losses<kPass>(arguments, team.speaks(), ledger);
}

/// Rows whose sources need nothing but their arguments: `Source(arguments, row, rank, threads)`.
template <class Source>
struct PlainRows {
  template <class T, class Team>
  __device__ void begin(const SoftmaxArguments<T>&, Team&) {}
  template <class T, class Team>
  __device__ Source open(const SoftmaxArguments<T>& arguments, Team& team, std::int64_t row) {
    return Source(arguments, row, team.rank(), Team::kSize);
  }
  template <class T, class Team>
  __device__ void reduced(const SoftmaxArguments<T>&, Team&) {}
};

/// Σ over kept rows of what each counts in the divisor. The gradient pass needs it before the first gradient is written; the
/// forward pass adds it up beside the losses.
template <class T>
__global__ void __launch_bounds__(kBlockThreads) divisor_kernel(SoftmaxArguments<T> arguments) {
  RowTotals totals{0, 0};
  grid_elements(arguments.rows, [&](std::int64_t row) {
    const int label = arguments.kept_label(row);
    if (label != kIgnored) totals.divisor += arguments.divisor.weighted ? double(arguments.class_weight(label)) : 1.0;
  });
  if (grid_sum(totals, arguments.partials, arguments.ticket)) simt::store(arguments.label_sum, 0, totals.divisor);
}

}  // namespace lossbench::inline SIMT_BUILD::rowwise
