// Variant `rows_per_block`. Builds on `warp_per_row`; changes one thing: a block reads a tile of whole rows as one run of vectors, and
// as few lanes work on a row as it needs.
//
//   Why      with 10 classes a warp has 22 lanes too many and asks for 40 bytes at a time. Neighbouring rows are one stretch of
//            memory: read in 16-byte vectors into shared memory, and dealt out there to 1, 2, 4 … 32 lanes a row, about eight
//            logits a lane. Launches of such sizes last microseconds, and this is what they consist of.
//   Moves    logits: 1 read; with the gradient 1 read + 1 write, since a tile stays in shared memory. Rows of an ignored label are
//            read with their neighbours, and not used.
//   Needs    256 threads a block; a tile of 256/lanes rows of up to 48 KB: up to 1500 classes of f32, 3000 of bf16, 6000 of f8; neighbouring
//            classes, any alignment; padded rows are read and written element by element. Every option.
//   Order    as three_pass.
//   Error    as warp_per_row, with the fast exponential of vectorized_online.
//   Holds    4 blocks a multiprocessor at 64 registers a thread (3 in f64, 2 where rows are rich), fewer where tiles are above 42 KB.
#pragma once

#include "kernels/rowwise/shared_row.h"

namespace lossbench::inline SIMT_BUILD {

namespace rowwise {

/// 1 to 32 neighbouring lanes a row. All lanes of a warp reduce together, whether their row is there or not.
template <class Real>
class LanesTeam {
 public:
  __device__ explicit LanesTeam(int lanes) : lanes_(lanes) {}

  __device__ int rank() const { return int(threadIdx.x) & (lanes_ - 1); }
  __device__ int threads() const { return lanes_; }
  __device__ bool leads() const { return rank() == 0; }
  __device__ int row_in_tile() const { return int(threadIdx.x) / lanes_; }

  /// `target` of the leader, in every lane of the row.
  __device__ RowTarget<Real> broadcast(RowTarget<Real> target) const {
    const int leader = int(threadIdx.x) % kWarp & ~(lanes_ - 1);
    return {warp_broadcast(target.label, leader), warp_broadcast(target.weight, leader), warp_broadcast(target.scale, leader)};
  }

  __device__ Peak<Real> reduce(Peak<Real> peak) const { return join(peak, JoinPeaks{}); }
  __device__ double reduce(double sum) const { return join(sum, Plus{}); }
  __device__ Shortfall reduce(Shortfall shortfall) const { return join(shortfall, Plus{}); }
  __device__ Best<Real> reduce(Best<Real> best) const { return join(best, JoinBests{}); }

 private:
  template <class Value, class Op>
  __device__ Value join(Value value, Op op) const {
    for (int offset = 1; offset < lanes_; offset *= 2) {
      const Value other = warp_exchange(value, offset);
      value = (threadIdx.x & unsigned(offset)) != 0 ? op(other, value) : op(value, other);
    }
    return value;
  }
  int lanes_;
};

/// One row of a tile; nothing where `classes` is 0. The gradient replaces the logits.
template <class T>
struct TileSource {
  using Real = RealOf<T>;
  T* shared_row;
  int rank, threads, classes;

  __device__ void line_up(TargetRow<T>&) const {}
  template <class Body>
  __device__ __forceinline__ void first(Body body) const {
    single_pieces<Real>(rank, threads, 0, classes, [&](int c) { return Real(simt::to_float(shared_row[c])); }, body);
  }
  template <class Body>
  __device__ __forceinline__ void again(Body body) const { first(body); }
  template <class P>
  __device__ __forceinline__ void put(const P& piece, const Real (&values)[P::kCount]) const {
#pragma unroll
    for (int k = 0; k < P::kCount; ++k)
      if (piece.holds(k)) shared_row[piece.c(k)] = simt::from_float<T>(values[k]);
  }
};

/// Rows first to first+count-1 of a tile, as one run of memory where rows follow each other, in either direction.
template <class T>
struct Tile {
  T* shared_tile;     ///< element 0 of the tile
  std::int64_t first;
  int count, classes;

  __device__ bool is_run(const RowLayout& layout) const { return layout.inner == 1 && layout.sample_stride == classes; }

  __device__ void read(const SoftmaxArguments<T>& arguments, T* shared_memory) {
    const RowLayout& layout = arguments.layout;
    const auto from = arguments.logits.offset(layout.first_class(first));
    if (!is_run(layout)) {
      shared_tile = shared_memory;
      for (int i = int(threadIdx.x); i < count * classes; i += kBlockThreads)
        shared_tile[i] = simt::load<simt::Cache::streaming>(arguments.logits.offset(layout.first_class(first + i / classes)), i % classes);
      return;
    }
    const Span span = span_of(from, 0, count * classes);
    shared_tile = shared_memory + kSector<T> - span.head();
    const auto keep = [](auto&) {};
    vector_pieces<kInFlight, T>(
        int(threadIdx.x), kBlockThreads, span,
        [&](int i) {
          const T x = simt::load<simt::Cache::streaming>(from, i);
          shared_tile[i] = x;
          return x;
        },
        [&](int i) {
          const auto x = simt::load<kVector<T>, simt::Cache::streaming>(from, i);
          simt::store_shared(shared_tile, i, x);
          return x;
        },
        keep);
  }

  __device__ void write(const SoftmaxArguments<T>& arguments) const {
    const RowLayout& layout = arguments.gradient_layout;
    const auto to = arguments.gradient.offset(layout.first_class(first));
    if (!is_run(layout)) {
      for (int i = int(threadIdx.x); i < count * classes; i += kBlockThreads)
        simt::store<simt::Cache::streaming>(arguments.gradient.offset(layout.first_class(first + i / classes)), i % classes, shared_tile[i]);
      return;
    }
    const Span span = span_of(simt::Global<const T>(to), 0, count * classes);
    for (int i = int(threadIdx.x); i < span.singles(); i += kBlockThreads)
      simt::store<simt::Cache::streaming>(to, span.single(i), shared_tile[span.single(i)]);
    for (int v = int(threadIdx.x); v < span.vectors; v += kBlockThreads) {
      const int at = span.first + v * kVector<T>;
      simt::Vec<T, kVector<T>> out;
#pragma unroll
      for (int k = 0; k < kVector<T>; ++k) out[k] = shared_tile[at + k];  // the gradient may lie out of phase with the logits
      simt::store<simt::Cache::streaming>(to, at, out);
    }
  }
};

template <class T, Pass kPass, bool kRich>
__global__ void __launch_bounds__(kBlockThreads, (kBlocksHeld<T, kRich>)) rows_per_block_kernel(SoftmaxArguments<T> arguments) {
  using Real = RealOf<T>;
  SIMT_SHARED(TeamLedger, ledgers, [kBlockThreads]);
  TeamLedger& ledger = ledgers[threadIdx.x];
  const LanesTeam<Real> team(arguments.slice);
  const int rows = kBlockThreads / team.threads();
  if (team.leads()) open_ledger<kPass>(arguments, ledger);

  Tile<T> tile{nullptr, 0, 0, arguments.classes};
  for (tile.first = std::int64_t(blockIdx.x) * rows; tile.first < arguments.rows; tile.first += std::int64_t(gridDim.x) * rows) {
    const std::int64_t row = tile.first + team.row_in_tile(), left = arguments.rows - tile.first;
    tile.count = int(left < rows ? left : rows);
    tile.read(arguments, simt::dynamic_shared<T>());
    const RowTarget<Real> target =
        team.broadcast(team.leads() ? row_target<kPass>(arguments, ledger, row) : RowTarget<Real>{kIgnored, 0, 0});
    const bool there = row < arguments.rows, kept = target.label != kIgnored, reads = there && (kept || arguments.describes_rows());
    __syncthreads();  // the tile is there

    const TileSource<T> source{tile.shared_tile + team.row_in_tile() * arguments.classes, team.rank(), team.threads(),
                               reads ? arguments.classes : 0};
    const TargetRow<T> targets(arguments, there ? row : 0);
    const RowResult<Real> result = SumsInOnePass<kRich, true>::of(team, arguments, source, targets, target.label);
    if (reads && team.leads()) enter_row(arguments, ledger, row, result, target);
    else if (there && team.leads() && arguments.row_loss) simt::store(arguments.row_loss, row, simt::from_float<CompanionOf<T>>(0.0f));
    if constexpr (kPass == Pass::gradient)
      if (arguments.gradient) {
        if (kept) write_gradient<kRich, true>(arguments, source, targets, result.sums, target);
        else if (there)
          for (int c = team.rank(); c < arguments.classes; c += team.threads()) source.shared_row[c] = simt::from_float<T>(0.0f);
        __syncthreads();  // the gradient is there
        tile.write(arguments);
      }
    __syncthreads();  // the tile is done with
  }
  reduce_losses<kPass>(arguments, team.leads(), ledger);
}

}  // namespace rowwise

struct RowsPerBlock {
  static constexpr const char* kName = "rows_per_block";
  static constexpr const char* kSummary = "tiles of whole rows in shared memory, 1 to 32 lanes a row: for few classes";
  static constexpr const char* kLoss = "softmax_cross_entropy";
  static constexpr Order kOrder = Order::run_to_run;
  static constexpr bool kProduction = true;
  static constexpr bool kRich = true;
  static constexpr std::int64_t kMostBytes = 48 << 10;

  static double sum_ulps(std::int64_t length, DType element) {
    const int threads = lanes(length < 1 ? 1 : length);
    return rowwise::added_ulps(length, threads, rowwise::kChunk, element) + rowwise::rescaling_ulps(length);
  }

  /// Lanes a row: about eight logits each.
  static int lanes(std::int64_t classes) {
    int lanes = 1;
    while (lanes < kWarp && lanes * 8 < classes) lanes *= 2;
    return lanes;
  }

  template <class T>
  static std::int64_t tile_bytes(std::int64_t classes) {
    return rowwise::kept_bytes<T>(rowwise::slice_of<T>(classes * (kBlockThreads / lanes(classes)), 1));
  }

  template <class T>
  static std::string rejects(const Problem& problem) {
    if (std::string reason = rowwise::rejects_strided_classes(problem, kName); !reason.empty()) return reason;
    const std::int64_t classes = problem.inputs.front().array.shape[1], bytes = tile_bytes<T>(classes);
    if (bytes <= kMostBytes) return {};
    return std::string(kName) + ": a tile of rows of " + std::to_string(classes) + " classes takes " + std::to_string(bytes) +
           " bytes of shared memory; accepted here: up to " + std::to_string(kMostBytes);
  }

  template <class T, Pass kPass>
  static rowwise::RowPlan plan(const Problem& problem) {
    const Array& logits = problem.inputs.front().array;
    rowwise::RowPlan plan;
    plan.slice = lanes(logits.shape[1]);
    const int rows = kBlockThreads / plan.slice;
    plan.blocks = rowwise::row_blocks(rowwise::row_count(logits), rows);
    plan.readers = plan.blocks * unsigned(rows);
    plan.shared_bytes = std::size_t(tile_bytes<T>(logits.shape[1]));
    return plan;
  }

  template <class T, Pass kPass, bool kWantsRich>
  static auto main() { return rowwise::rows_per_block_kernel<T, kPass, kWantsRich>; }

  template <class T, Pass kPass>
  struct Run : rowwise::SoftmaxRun<RowsPerBlock, T, kPass> {};
};

}  // namespace lossbench::inline SIMT_BUILD
