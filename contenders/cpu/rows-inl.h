// How rows go from memory through a loss to memory, whatever the loss. Compiled once for each instruction set: see targets.h.
//
// A loss is a functor of vectors beside one of kernels/losses, which has the options and says, once a row, what its sums come to:
//   Scalar, scalar                   that functor
//   Sums                             what a lane adds up: join(other), enter(words), enter_lanes(words)
//   add(sums, x, lanes, base)        a vector of each operand; `lanes` says which of its lanes count
//   kFactors, factors(result, head, to)   numbers that the gradients of a row have in common
//   gradient(x, factors, lanes)      -> Gradients
// and may have
//   base(head)                       a number that add() wants to know of the row
//   join(words, more)                where two parts of a row are not joined by additions
//   find(row, words), seconds(…)     a column that differs from others, found once the sums are known
//   flat(result)                     whether all gradients of a row are 0, whatever it holds
//   reads_row(), reads_again()       whether its elements are wanted for the sums, or for the gradients
//   kLocal                           gradients that need no sums: value and gradients in one pass
//   gradient_of_kept(kept, x, factors)    gradients from what add() returned of the first operand: then nothing is computed twice
//
// A row that fits into the second-level cache is read from memory once: its gradients are written right after its sums are known.
// Short rows go side by side, a lane each; of others, neighbouring elements share a vector.
#if defined(LOSSBENCH_CPU_ROWS_INL_H) == defined(HWY_TARGET_TOGGLE)
#ifdef LOSSBENCH_CPU_ROWS_INL_H
#undef LOSSBENCH_CPU_ROWS_INL_H
#else
#define LOSSBENCH_CPU_ROWS_INL_H
#endif

#include <algorithm>
#include <variant>

#include "contenders/cpu/short_rows-inl.h"

HWY_BEFORE_NAMESPACE();
namespace lossbench::simd::HWY_NAMESPACE {

template <class T>
void put(float x, void* array, std::int64_t index) {
  if constexpr (sizeof(T) == 2) static_cast<std::uint16_t*>(array)[index] = to_bf16_bits(x);
  else static_cast<float*>(array)[index] = x;
}

/// The stretch [begin, end) of every gradient.
template <class T, int kCount>
struct Writers {
  GradientWriter<T> of[kCount];

  Writers(const RowWork& work, std::int64_t begin, std::int64_t end) : Writers(work, begin, end, std::make_integer_sequence<int, kCount>()) {}
  void zeros(std::int64_t count) {
    for (auto& writer : of) writer.zeros(count);
  }
  void finish() {
    for (auto& writer : of) writer.finish();
  }

 private:
  template <int... k>
  Writers(const RowWork& work, std::int64_t begin, std::int64_t end, std::integer_sequence<int, k...>)
      : of{GradientWriter<T>(place(work, k, begin), place(work, k, end), work.stream)...} {}
  static T* place(const RowWork& work, int k, std::int64_t index) {
    T* const array = static_cast<T*>(work.gradients[k]);
    return array ? array + index : nullptr;
  }
};

/// Sums of columns [begin, end), by slices.
template <class Loss, class T>
auto sums_of(const Loss& loss, const RowView<T, Loss::Scalar::kOperands>& row, std::int64_t begin, std::int64_t end, float* kept) {
  auto words = Loss::Scalar::template identity<float>();
  for (; begin < end; begin += kSlice) {
    auto more = Loss::Scalar::template identity<float>();
    walk<Visit::add, T>(loss, row, nullptr, begin, std::min(end, begin + kSlice), nullptr, kept).enter(more.word);
    join_words(loss, more.word, words.word);
  }
  return words;
}

template <class Loss, class T>
void write(const Loss& loss, const RowView<T, Loss::Scalar::kOperands>& row, const typename Loss::Scalar::Result& result, std::int64_t begin,
           std::int64_t end, GradientWriter<T>* writers, float* kept) {
  double factors[Loss::kFactors];
  loss.factors(result, row.head, factors);
  if constexpr (requires { loss.reads_again(); })
    if (!loss.reads_again()) return void(walk<Visit::write_unread, T>(loss, row, factors, begin, end, writers));
  walk<Visit::write, T>(loss, row, factors, begin, end, writers, kept);
}

/// A row that is read and written in one go. Returns its loss.
template <class Loss, class T>
double whole_row(const Loss& loss, const RowWork& work, std::int64_t index, Writers<T, Loss::Scalar::kGradients>* writers, float* kept) {
  RowView<T, Loss::Scalar::kOperands> row(work, index);
  if (!row.head.kept) {
    if (writers) writers->zeros(work.width);
    return 0;
  }
  auto words = Loss::Scalar::template identity<float>();
  if constexpr (requires { Loss::kLocal; }) {
    if (writers) {
      double factors[Loss::kFactors];
      loss.factors({}, row.head, factors);
      for (std::int64_t begin = 0; begin < work.width; begin += kSlice) {
        auto more = Loss::Scalar::template identity<float>();
        walk<Visit::both, T>(loss, row, factors, begin, std::min(work.width, begin + kSlice), writers->of).enter(more.word);
        join_words(loss, more.word, words.word);
      }
      return row.head.weight * loss.scalar.template finish<float>(words, row.head.side, work.width).loss;
    }
  }
  if (reads_row(loss)) words = sums_of<Loss, T>(loss, row, 0, work.width, kept);
  const auto result = loss.scalar.template finish<float>(words, row.head.side, work.width);
  if constexpr (!requires { Loss::kLocal; }) {
    if (writers && is_flat(loss, result)) {
      writers->zeros(work.width);
    } else if (writers) {
      if constexpr (requires { loss.find(row, words); }) loss.find(row, words);
      write<Loss, T>(loss, row, result, 0, work.width, writers->of, kept);
    }
  }
  return row.head.weight * result.loss;
}

/// Rows whose own elements are announced before their turn.
inline constexpr std::int64_t kRowsAhead = 16;

template <class Loss, class T>
double whole_rows(const Loss& loss, const RowWork& work, std::int64_t begin, std::int64_t end, float* kept) {
  double sum = 0;
  const auto enter = [&](std::int64_t row, double value) {
    if (work.losses) put<T>(static_cast<float>(value), work.losses, row);
    sum += value;
  };
  const bool gradients = work.wants_gradients();
  Writers<T, Loss::Scalar::kGradients> writers(work, begin * work.width, end * work.width);
  if (kLanes > 1 && work.width <= kShortRow && (gradients || reads_row(loss))) {
    SideBySide<T, Loss> rows(loss, work);
    double losses[kLanes];
    for (; begin + kLanes <= end; begin += kLanes) {
      rows.compute(begin, losses, gradients ? writers.of : nullptr);
      for (std::int64_t lane = 0; lane < kLanes; ++lane) enter(begin + lane, losses[lane]);
    }
  }
  for (; begin < end; ++begin) {
    if (Loss::Scalar::kLabels && !reads_row(loss))  // one element a row is all that memory is asked for: a wait each, unless they are under way
      if (const void* const own = work.own(begin + kRowsAhead)) hwy::Prefetch(static_cast<const char*>(own));
    enter(begin, whole_row<Loss, T>(loss, work, begin, gradients ? &writers : nullptr, kept));
  }
  writers.finish();
  return sum;
}

/// One slice of a long row.
template <class Loss, class T>
void visit_slice(const Loss& loss, const RowWork& work, const RowTask& task) {
  constexpr bool kLocal = requires { Loss::kLocal; };
  const RowView<T, Loss::Scalar::kOperands> row(work, task.row);
  const std::int64_t begin = task.slice * kSlice, end = std::min(work.width, begin + kSlice);
  float* const kept = task.kept ? task.kept - begin : nullptr;
  auto words = Loss::Scalar::template identity<float>();
  if (task.what == RowTask::Do::sums && !(kLocal && work.wants_gradients())) {
    words = sums_of<Loss, T>(loss, row, begin, end, kept);
    return void(std::copy(std::begin(words.word), std::end(words.word), task.words));
  }
  if (task.what == RowTask::Do::write && kLocal) return;
  Writers<T, Loss::Scalar::kGradients> writers(work, task.row * work.width + begin, task.row * work.width + end);
  if constexpr (kLocal) {
    double factors[Loss::kFactors];
    loss.factors({}, row.head, factors);
    walk<Visit::both, T>(loss, row, factors, begin, end, writers.of).enter(words.word);
    std::copy(std::begin(words.word), std::end(words.word), task.words);
  } else {
    std::copy_n(task.words, std::size(words.word), words.word);
    const auto result = loss.scalar.template finish<float>(words, row.head.side, work.width);
    if (is_flat(loss, result)) writers.zeros(end - begin);
    else write<Loss, T>(loss, row, result, begin, end, writers.of, kept);
  }
  writers.finish();
}

template <class Loss, class T>
double visit(const Loss& loss, const RowWork& work, const RowTask& task) {
  if (task.what == RowTask::Do::rows) return whole_rows<Loss, T>(loss, work, task.row, task.end, task.kept);
  if constexpr (!Loss::Scalar::kLabels) visit_slice<Loss, T>(loss, work, task);
  return 0;
}

template <class Loss>
double compute_rows_of(const Loss& loss, const RowWork& work, const RowTask& task) {
  return work.narrow ? visit<Loss, BFloat16>(loss, work, task) : visit<Loss, float>(loss, work, task);
}

}  // namespace lossbench::simd::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
