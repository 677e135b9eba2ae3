// All rows of a team: sums, loss, gradients. Shared by the steps that give a row to one team and write value and gradients in one
// launch; a step says how the elements of a row are read (and whether they are kept until the gradients are written).
#pragma once

#include "kernels/rows/teams.h"

namespace lossbench::inline SIMT_BUILD::rows {

/// Calls body(Together<n>, column) once for every run of columns in [begin, end) of a row: kWidth columns from a 16-byte boundary at
/// once where the arrays allow it, single ones before the first boundary and after the last.
template <int kWidth, class Team, class Arguments, class Body>
__device__ __forceinline__ void team_columns(const Team& team, const Arguments& arguments, std::int64_t row, std::int64_t begin,
                                             std::int64_t end, Body body) {
  if constexpr (kWidth == 1) {
    for (std::int64_t column = begin + team.rank(); column < end; column += Team::kSize) body(Together<1>{}, column);
  } else {
    const std::int64_t count = end - begin;
    std::int64_t head = arguments.operands[0].offset(row * arguments.width + begin).misalignment();
    head = head < count ? head : count;
    const std::int64_t vectors = arguments.in_phase ? (count - head) / kWidth : 0, rest = count - vectors * kWidth;
    for (std::int64_t i = team.rank(); i < rest; i += Team::kSize)
      body(Together<1>{}, begin + (i < head ? i : i + vectors * kWidth));
    for (std::int64_t v = team.rank(); v < vectors; v += Team::kSize) body(Together<kWidth>{}, begin + head + v * kWidth);
  }
}

/// Reads columns [begin, end) and adds them up.
template <int kWidth, class Team, class Arguments>
__device__ __forceinline__ void add_range(const Team& team, const Arguments& arguments, std::int64_t row, std::int64_t begin,
                                          std::int64_t end, const typename Arguments::Side& side, typename Arguments::Sums& sums) {
  team_columns<kWidth>(team, arguments, row, begin, end, [&](auto together, std::int64_t column) {
    typename Arguments::Real x[together.count][Arguments::Functor::kOperands];
    load_columns<together.count>(arguments, row * arguments.width + column, x);
    add_columns<together.count>(arguments, x, column, side, sums);
  });
}

/// Reads columns [begin, end) (again) and writes their gradients. Where the loss looks at its own class only, nothing is read.
template <int kWidth, class Team, class Arguments, class Result>
__device__ __forceinline__ void write_range(const Team& team, const Arguments& arguments, std::int64_t row, std::int64_t begin,
                                            std::int64_t end, const RowHead<typename Arguments::Real>& head, const Result& result) {
  team_columns<kWidth>(team, arguments, row, begin, end, [&](auto together, std::int64_t column) {
    typename Arguments::Real x[together.count][Arguments::Functor::kOperands] = {};
    if (reads_row(arguments.loss)) load_columns<together.count>(arguments, row * arguments.width + column, x);
    store_columns<together.count>(arguments, x, row, column, head, result);
  });
}

/// Gradients of a row that is not kept: exactly 0, whatever it holds.
template <int kWidth, class Team, class Arguments>
__device__ __forceinline__ void write_zeros(const Team& team, const Arguments& arguments, std::int64_t row, std::int64_t begin, std::int64_t end) {
  using T = typename Arguments::T;
  team_columns<kWidth>(team, arguments, row, begin, end, [&](auto together, std::int64_t column) {
    simt::Vec<T, together.count> zeros;
#pragma unroll
    for (int e = 0; e < together.count; ++e) zeros[e] = narrow<T>(0.0f);
#pragma unroll
    for (int k = 0; k < Arguments::Functor::kGradients; ++k)
      if (arguments.gradients[k]) simt::store<simt::Cache::streaming>(arguments.gradients[k], row * arguments.width + column, zeros);
  });
}

/// The leader enters a row that was reduced.
template <class Arguments, class Result>
__device__ __forceinline__ void enter_row(const Arguments& arguments, std::int64_t row, const RowHead<typename Arguments::Real>& head,
                                          const Result& result, RowTotals& totals) {
  const double loss = head.kept ? head.weight * result.loss : 0.0;
  totals.loss += loss;
  totals.weight += head.kept ? head.weight : 0.0;
  if (arguments.row_loss) simt::store(arguments.row_loss, row, narrow<typename Arguments::T>(typename Arguments::Real(loss)));
}

/// Reads a row twice where there is a gradient.
template <int kWidth>
struct ReadTwice {
  template <class Team, class Arguments>
  __device__ void add(const Team& team, const Arguments& arguments, std::int64_t row, const typename Arguments::Side& side,
                      typename Arguments::Sums& sums) {
    add_range<kWidth>(team, arguments, row, 0, arguments.width, side, sums);
  }
  template <class Team, class Arguments, class Result>
  __device__ void write(const Team& team, const Arguments& arguments, std::int64_t row, const RowHead<typename Arguments::Real>& head,
                        const Result& result) {
    write_range<kWidth>(team, arguments, row, 0, arguments.width, head, result);
  }
};

/// Order: rows go to teams in turn and are added in that order; the grid depends on the number of rows and on the device only.
template <class Step, Pass kPass, int kWidth, class Team, class Arguments>
__device__ __forceinline__ void row_losses(const Arguments& arguments, Team team, simt::Global<RowTotals> partials,
                                           simt::Global<unsigned> ticket) {
  using Functor = typename Arguments::Functor;
  RowTotals totals{0, 0};
  const double divisor = kPass == Pass::gradient && team.leads() ? known_divisor(arguments) : 1.0;
  const double upstream = kPass == Pass::gradient && team.leads() ? upstream_of(arguments) : 1.0;
  for (std::int64_t row = team.first_row(); row < arguments.rows; row += team.row_step()) {
    const auto head = team.template share<kPass>([&] { return row_head<kPass>(arguments, row, divisor, upstream); });
    typename Functor::Result result{};
    Step step;
    if (head.kept) {
      auto sums = Functor::template identity<typename Arguments::Real>();
      if (reads_row(arguments.loss)) {
        step.add(team, arguments, row, head.side, sums);
        sums = team.join(sums);
      }
      result = arguments.loss.finish(sums, head.side, arguments.width);
    }
    if (team.leads()) enter_row(arguments, row, head, result, totals);
    if constexpr (kPass == Pass::gradient) {
      if (head.kept) step.write(team, arguments, row, head, result);
      else write_zeros<kWidth>(team, arguments, row, 0, arguments.width);
    }
  }
  if (!arguments.reduced_loss) return;
  if (grid_sum(totals, partials, ticket)) {
    const double known = kPass == Pass::gradient ? known_divisor(arguments) : arguments.divisor.of(totals.weight);
    simt::store(arguments.reduced_loss, 0, Reduced<typename Arguments::T>(arguments.divisor.quotient(totals.loss, known)));
  }
}

/// Σ of the sample weights of the rows that are kept. Gradients are divided as they are written, so they need it beforehand.
template <class Arguments>
__global__ void __launch_bounds__(kBlockThreads)
weight_sum_kernel(Arguments arguments, simt::Global<RowTotals> partials, simt::Global<unsigned> ticket, simt::Global<double> weight_sum) {
  RowTotals totals{0, 0};
  grid_elements(arguments.rows, [&](std::int64_t row) {
    bool kept = true;
    if constexpr (Arguments::Functor::kLabels) {
      const std::int64_t label = arguments.labels[row];
      kept = label >= 0 && label < arguments.width;
    }
    if (kept) totals.weight += double(widen(simt::load(arguments.sample_weight, row)));
  });
  if (grid_sum(totals, partials, ticket)) simt::store(weight_sum, 0, totals.weight);
}

}  // namespace lossbench::inline SIMT_BUILD::rows
