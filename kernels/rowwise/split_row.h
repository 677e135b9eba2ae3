// Variant `split_row`. Builds on `vectorized_online`; changes one thing: a row is divided over the grid, for rows that are few and long.
//
//   Why      1 to 64 rows of a large vocabulary keep 1 to 64 of 132 multiprocessors busy when a block, or a cluster, takes a row. Here
//            every row is cut into so many parts that the grid is full. Blocks leave the sums of their part in memory; the block
//            that finishes a row last combines them in the order of the parts, and the last row adds up the losses.
//   Moves    logits: 1 read; with the gradient 2 reads + 1 write, in a second launch, when every row has its sums. Rows this few are
//            found in the L2 the second time, up to some 40 MB of them. Labels once a part; 128 bytes a part beside it.
//   Needs    256 threads a block; up to 4096 rows; neighbouring classes, any alignment, padded rows. Every option but a floor under
//            smoothed or probability targets, which asks for log l before the first term.
//   Order    fixed for a fixed device: the number of parts depends on the shape and the device, and parts are combined by a tree.
//   Error    as vectorized_online, and one more rescaling of each part.
//   Holds    4 blocks a multiprocessor at 64 registers a thread (3 in f64, 2 where the row is rich).
#pragma once

#include "kernels/rowwise/vectorized_online.h"

namespace lossbench::inline SIMT_BUILD {

namespace rowwise {

/// What a part of a row leaves for the others, and a row for its gradient: doubles, since one access moves 16 bytes.
constexpr int kPartDoubles = 8;
constexpr int kRowDoubles = 5;
/// A part below this many classes is not worth a block.
constexpr std::int64_t kPartLeast = 1024;
constexpr int kMostRowParts = kBlockThreads;
constexpr std::int64_t kMostSplitRows = 4096;

template <class T>
struct SplitArguments {
  SoftmaxArguments<T> softmax;
  int parts = 1;
  simt::Global<double> part_sums;     ///< rows x parts x kPartDoubles
  simt::Global<double> row_sums;      ///< rows x kRowDoubles
  simt::Global<RowTotals> row_totals;
  simt::Global<unsigned> tickets;     ///< one a row, and one for all rows
};

/// A thread's tally as the part of a row it may stand for.
template <class T, bool kRich>
__device__ void load_part(const SplitArguments<T>& arguments, std::int64_t part, Tally<T, kRich, true>& tally) {
  using Real = RealOf<T>;
  double value[kPartDoubles];
#pragma unroll
  for (int k = 0; k < kPartDoubles; ++k) value[k] = simt::load<simt::Cache::l2>(arguments.part_sums, part * kPartDoubles + k);
  tally.sum.maximum = Real(value[0]);
  if (tally.sum.maximum > Real(-INFINITY)) tally.sum.reference = tally.sum.maximum;
  tally.sum.label_logit = Real(value[1]);
  tally.sum.others = value[2];
  tally.sum.shortfall = {value[3], value[4]};
  tally.best = {Real(value[5]), typename Best<Real>::Index(value[6])};
}

/// The tallies of all threads as one, in every thread: the second half of SumsInOnePass.
template <class Team, class T, bool kRich>
__device__ __forceinline__ RowResult<RealOf<T>> join_tallies(Team& team, const SoftmaxArguments<T>& arguments, Tally<T, kRich, true>& tally) {
  using Real = RealOf<T>;
  RowResult<Real> row{{team.reduce(tally.sum.peak()), 0, {0, 0}}, no_best<Real>()};
  tally.sum.settle(row.sums.peak.maximum);
  row.sums.others = team.reduce(tally.sum.others);
  if (arguments.spreads()) row.sums.shortfall = team.reduce(tally.sum.shortfall);
  if constexpr (kRich)
    if (arguments.argmax) row.best = team.reduce(tally.best);
  return row;
}

template <class T>
__device__ void store_part(const SplitArguments<T>& arguments, std::int64_t part, const RowResult<RealOf<T>>& result) {
  const double value[kPartDoubles] = {double(result.sums.peak.maximum), double(result.sums.peak.label_logit), result.sums.others,
                                      result.sums.shortfall.weight, result.sums.shortfall.below, double(result.best.value),
                                      double(result.best.c), 0};
#pragma unroll
  for (int k = 0; k < kPartDoubles; ++k) simt::store(arguments.part_sums, part * kPartDoubles + k, value[k]);
}

/// Block p of row r reduces its part; the last of a row's blocks combines the parts, the last row's adds up the losses.
template <class T, bool kRich>
__global__ void __launch_bounds__(kBlockThreads, (kBlocksHeld<T, kRich>)) split_sums_kernel(SplitArguments<T> arguments) {
  using Real = RealOf<T>;
  using Shared = BlockShared<Real>;
  using Reduced = typename SoftmaxArguments<T>::Reduced;
  const SoftmaxArguments<T>& softmax = arguments.softmax;
  SIMT_SHARED(Shared, shared);
  SIMT_SHARED(RowTotals, totals, [kBlockThreads / kWarp]);
  SIMT_SHARED(bool, is_last);
  BlockTeam<Real> team(shared);
  const std::int64_t row = blockIdx.x / unsigned(arguments.parts);
  const int part = int(blockIdx.x % unsigned(arguments.parts));
  if (team.leads()) open_ledger<Pass::forward>(softmax, team.ledger());
  team.begin([&](std::int64_t) { return row_target<Pass::forward>(softmax, team.ledger(), row); });
  const RowTarget<Real> target = shared.ahead[0];
  const bool reads = target.label != kIgnored || softmax.describes_rows();

  Tally<T, kRich, true> mine;
  if (reads) {
    const VectorSource<T, simt::Cache::normal> source(softmax, row, team.rank(), kBlockThreads, part, arguments.parts);
    TargetRow<T> targets(softmax, row);
    source.line_up(targets);
    source.first([&](auto& piece) { mine.add(softmax, targets, target.label, piece); });
  }
  const RowResult<Real> part_result = join_tallies(team, softmax, mine);
  if (team.leads()) {
    store_part(arguments, blockIdx.x, part_result);
    __threadfence();  // the sums are visible before the ticket says so
    is_last = simt::atomic_inc(arguments.tickets, row, unsigned(arguments.parts) - 1) == unsigned(arguments.parts) - 1;
  }
  __syncthreads();
  if (!is_last) return;
  __threadfence();

  Tally<T, kRich, true> theirs;
  if (team.rank() < arguments.parts) load_part(arguments, row * arguments.parts + team.rank(), theirs);
  RowResult<Real> result = join_tallies(team, softmax, theirs);
  if (target.label < 0) result.sums.peak.label_logit = Real(-INFINITY);
  if (team.leads()) {
    if (reads) enter_row(softmax, team.ledger(), row, result, target);
    else if (softmax.row_loss) simt::store(softmax.row_loss, row, simt::from_float<CompanionOf<T>>(0.0f));
    if (arguments.row_sums) {
      const double value[kRowDoubles] = {double(result.sums.peak.maximum), double(result.sums.peak.label_logit), result.sums.others,
                                         result.sums.shortfall.weight, result.sums.shortfall.below};
      for (int k = 0; k < kRowDoubles; ++k) simt::store(arguments.row_sums, row * kRowDoubles + k, value[k]);
    }
    is_last = false;
    if (softmax.reduced_loss) {
      simt::store(arguments.row_totals, row, RowTotals{team.ledger().losses.result(), team.ledger().weights.result()});
      __threadfence();
      is_last = simt::atomic_inc(arguments.tickets, softmax.rows, unsigned(softmax.rows) - 1) == unsigned(softmax.rows) - 1;
    }
  }
  __syncthreads();
  if (!is_last) return;
  __threadfence();
  const RowTotals sum = block_sum_of<RowTotals>(arguments.row_totals, softmax.rows, totals);
  if (team.leads())
    simt::store(softmax.reduced_loss, 0, Reduced(softmax.divisor.quotient(sum.loss, softmax.divisor.of(sum.divisor))));
}

/// With no rows there is no last one.
template <class T>
__global__ void split_nothing_kernel(SplitArguments<T> arguments) {
  using Reduced = typename SoftmaxArguments<T>::Reduced;
  const RowDivisor& divisor = arguments.softmax.divisor;
  simt::store(arguments.softmax.reduced_loss, 0, Reduced(divisor.quotient(0.0, divisor.of(0.0))));
}

template <class T, bool kRich>
__global__ void __launch_bounds__(kBlockThreads, (kBlocksHeld<T, kRich>)) split_gradient_kernel(SplitArguments<T> arguments) {
  using Real = RealOf<T>;
  using Shared = BlockShared<Real>;
  const SoftmaxArguments<T>& softmax = arguments.softmax;
  SIMT_SHARED(Shared, shared);
  SIMT_SHARED(double, sums, [kRowDoubles]);
  BlockTeam<Real> team(shared);
  const std::int64_t row = blockIdx.x / unsigned(arguments.parts);
  const int part = int(blockIdx.x % unsigned(arguments.parts));
  if (team.leads()) {
    open_ledger<Pass::gradient>(softmax, team.ledger());
    for (int k = 0; k < kRowDoubles; ++k) sums[k] = simt::load(arguments.row_sums, row * kRowDoubles + k);
  }
  team.begin([&](std::int64_t) { return row_target<Pass::gradient>(softmax, team.ledger(), row); });
  const RowTarget<Real> target = shared.ahead[0];
  const VectorSource<T, simt::Cache::normal> source(softmax, row, team.rank(), kBlockThreads, part, arguments.parts);
  TargetRow<T> targets(softmax, row);
  source.line_up(targets);
  if (target.label == kIgnored) {
    source.fill(simt::from_float<T>(0.0f));
    return;
  }
  const RowSums<Real> row_sums{{Real(sums[0]), Real(sums[1])}, sums[2], {sums[3], sums[4]}};
  write_gradient<kRich, true>(softmax, source, targets, row_sums, target);
}

}  // namespace rowwise

struct SplitRow {
  static constexpr const char* kName = "split_row";
  static constexpr const char* kSummary = "a row divided over the grid, combined in a fixed order: for few long rows";
  static constexpr const char* kLoss = "softmax_cross_entropy";
  static constexpr Order kOrder = Order::run_to_run;
  static constexpr bool kProduction = true;
  static constexpr bool kRich = true;

  static double sum_ulps(std::int64_t length, DType element) { return rowwise::vector_ulps(length, kBlockThreads, element) + 6; }

  template <class T>
  static std::string rejects(const Problem& problem) {
    if (std::string reason = rowwise::rejects_strided_classes(problem, kName); !reason.empty()) return reason;
    const std::int64_t rows = rowwise::row_count(problem.inputs.front().array);
    if (rows > rowwise::kMostSplitRows)
      return std::string(kName) + ": 'logits' has " + std::to_string(rows) + " rows; accepted here: up to " +
             std::to_string(rowwise::kMostSplitRows);
    if (rowwise::number(problem, "prob_floor") > 0 && (rowwise::has_probabilities(problem) || rowwise::number(problem, "label_smoothing") > 0))
      return std::string(kName) + ": option 'prob_floor' is computed here without label_smoothing and with target=index only";
    return {};
  }

  /// Parts of each row: enough for four blocks a multiprocessor, none below kPartLeast classes.
  static int parts(const Problem& problem) {
    const Array& logits = problem.inputs.front().array;
    const std::int64_t rows = rowwise::row_count(logits), wanted = std::int64_t(simt::device().sm_count) * 4;
    std::int64_t parts = rows > 0 ? (wanted + rows - 1) / rows : 1;
    const std::int64_t most = logits.shape[1] / rowwise::kPartLeast;
    parts = parts > most ? most : parts;
    return int(parts < 1 ? 1 : parts > rowwise::kMostRowParts ? rowwise::kMostRowParts : parts);
  }

  template <class T, Pass kPass>
  struct Run {
    using Common = rowwise::SoftmaxRun<SplitRow, T, kPass>;
    using Arguments = rowwise::SplitArguments<T>;

    static std::string rejects(const Problem& problem) { return Common::rejects(problem); }
    static std::int64_t rows(const Problem& problem) { return rowwise::row_count(problem.inputs.front().array); }
    static bool wants_gradient(const Problem& problem) { return kPass == Pass::gradient && problem.output("grad_logits"); }
    static bool needs_divisor(const Problem& problem) { return wants_gradient(problem) && Common::needs_divisor(problem); }

    static std::size_t place_workspace(const Problem& problem, Workspace workspace, Arguments& arguments) {
      WorkspaceWalk walk(workspace);
      const std::int64_t count = rows(problem), parts = count * SplitRow::parts(problem);
      arguments.tickets = walk.take<unsigned>(count + 2, "workspace");
      arguments.part_sums = walk.take<double>(parts * rowwise::kPartDoubles, "workspace");
      arguments.row_totals = walk.take<rowwise::RowTotals>(count, "workspace");
      if (wants_gradient(problem)) arguments.row_sums = walk.take<double>(count * rowwise::kRowDoubles, "workspace");
      if (needs_divisor(problem)) {
        arguments.softmax.label_sum = walk.take<double>(1, "workspace");
        arguments.softmax.partials = walk.take<rowwise::RowTotals>(Common::divisor_blocks(problem), "workspace");
        arguments.softmax.ticket = arguments.tickets.offset(count + 1);
      }
      return walk.bytes();
    }
    static std::size_t workspace_bytes(const Problem& problem) {
      Arguments unused;
      return place_workspace(problem, {}, unused);
    }
    /// Sums of parts, written and read; of rows, written, and read by every part of the gradient; losses of rows; the divisor.
    static std::int64_t workspace_traffic(const Problem& problem) {
      const std::int64_t count = rows(problem), parts = count * SplitRow::parts(problem), pair = 2 * std::int64_t(sizeof(rowwise::RowTotals));
      std::int64_t doubles = 2 * parts * rowwise::kPartDoubles;
      if (wants_gradient(problem)) doubles += (count + parts) * rowwise::kRowDoubles;
      std::int64_t bytes = 8 * doubles;
      if (problem.reduction() != Reduction::none) bytes += count * pair;
      if (needs_divisor(problem)) bytes += Common::divisor_blocks(problem) * pair + 8 * (1 + parts);
      return bytes;
    }
    static int launches(const Problem& problem) {
      if (rows(problem) == 0) return problem.reduction() != Reduction::none;
      return 1 + wants_gradient(problem) + needs_divisor(problem);
    }

    static void run(const Problem& problem, Workspace workspace, Stream stream) {
      if (launches(problem) == 0) return;
      Arguments arguments;
      arguments.softmax = rowwise::softmax_arguments<T>(problem);
      place_workspace(problem, workspace, arguments);
      if (rows(problem) == 0)
        return simt::launch({.kernel = "split_nothing", .grid = 1, .block = 1, .stream = stream}, rowwise::split_nothing_kernel<T>, arguments);
      arguments.parts = SplitRow::parts(problem);
      arguments.softmax.slice = rowwise::slice_of<T>(arguments.softmax.classes, arguments.parts);
      const bool rich = rowwise::is_rich(problem);
      const unsigned blocks = unsigned(rows(problem)) * unsigned(arguments.parts);
      if (needs_divisor(problem))
        simt::launch({.kernel = "divisor", .grid = Common::divisor_blocks(problem), .block = kBlockThreads, .stream = stream},
                     rowwise::divisor_kernel<T>, arguments.softmax);
      simt::launch({.kernel = kName, .grid = blocks, .block = kBlockThreads, .stream = stream},
                   rich ? rowwise::split_sums_kernel<T, true> : rowwise::split_sums_kernel<T, false>, arguments);
      if constexpr (kPass == Pass::gradient)
        if (wants_gradient(problem))
          simt::launch({.kernel = "split_gradient", .grid = blocks, .block = kBlockThreads, .stream = stream},
                       rich ? rowwise::split_gradient_kernel<T, true> : rowwise::split_gradient_kernel<T, false>, arguments);
    }
  };

  template <class T, Pass kPass>
  static rowwise::RowPlan plan(const Problem&) { return {}; }
};

}  // namespace lossbench::inline SIMT_BUILD
