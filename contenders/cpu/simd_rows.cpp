// Contender `simd`, from a problem of whole rows to its rows, or to the slices of long ones.
#include <type_traits>

#include "contenders/cpu/parts.h"
#include "contenders/cpu/row_work.h"
#include "contenders/cpu/simd.h"
#include "contenders/cpu/whole_problem.h"
#include "core/host_cache.h"
#include "registry/instantiate_rows.h"

namespace lossbench::simd {
namespace {

/// The first family that has the functor.
template <class Functor, class Family, class... Others>
struct FirstWith : std::conditional_t<std::is_constructible_v<Family, Functor>, std::type_identity<Family>, FirstWith<Functor, Others...>> {};
template <class Functor, class Family>
struct FirstWith<Functor, Family> : std::type_identity<Family> {};
template <class Functor>
using FamilyOf = typename FirstWith<Functor, Distances, Maps, Norms, HingeClasses, LogLossClasses>::type;

template <class Functor>
constexpr int kWords = Functor::template kWords<float>;

template <class Entry>
std::string rejects(const Problem& problem) {
  if constexpr (std::is_same_v<typename Entry::Functor, losses::TripletMargin>)
    if (const double p = problem.options.real("p"); p != 1 && p != 2)
      return "simd: option 'p' is " + to_string(OptionValue(p)) + "; accepted here: 1, 2";
  return {};
}

/// Rows that are cut into slices. Those of a label are not: what is special about it is found once a row.
template <class Entry>
bool by_slices(const RowWork& work) { return !Entry::Functor::kLabels && work.width > kLongRow; }

/// Whether the sigmoids of a map are kept until its gradients are written. Those of a map too large for any cache are computed twice. The
/// workspace is asked for before anybody says where the gradients go.
template <class Entry>
bool keeps(const Problem& problem, const RowWork& work) {
  if constexpr (std::is_same_v<typename Entry::Functor, losses::Dice>)
    return Entry::bind(problem).from_logits && problem.pass == Pass::gradient && work.width <= kBatch;
  return false;
}

/// Workspace: what each part comes to; for long rows the words of each slice of a batch; what is kept of a thread's row, or of a batch.
struct Layout {
  std::int64_t sums = 0, words = 0;  ///< doubles
  std::int64_t kept = 0, places = 0; ///< floats of one place, and how many there are

  template <class Entry>
  static Layout of(const Problem& problem, const RowWork& work) {
    const bool keeps_some = keeps<Entry>(problem, work);
    if (!by_slices<Entry>(work))
      return {work.parts(), 0, keeps_some ? std::min(work.width, kLongRow) + kKeptSpare : 0, HostThreads::instance().size()};
    const std::int64_t slices = std::min(work.rows, work.rows_of_batch()) * work.slices();
    return {std::max(slices, work.parts()), slices * kWords<typename Entry::Functor>, keeps_some ? kSlice + kKeptSpare : 0, slices};
  }
  std::int64_t bytes() const { return (sums + words) * std::int64_t(sizeof(double)) + kept * places * std::int64_t(sizeof(float)); }
};

/// Whether more of a row is wanted, or written, than the element at its label.
template <class Entry>
bool reads_rows(const Problem& problem) {
  if constexpr (requires(const typename Entry::Functor& functor) { functor.reads_row(); })
    return problem.pass == Pass::gradient || Entry::bind(problem).reads_row();
  else return true;
}

template <class Entry>
RowWork work_of(const Problem& problem) {
  RowWork work;
  const rows::RowShape shape = rows::rows_of<Entry>(problem);
  work.rows = shape.rows, work.width = shape.width;
  work.touched = reads_rows<Entry>(problem) ? work.width : std::min<std::int64_t>(work.width, 16);
  work.narrow = problem.dtype == DType::bf16;
  const auto data_of = [](const Array* array) { return array ? array->data : nullptr; };
  for (std::size_t k = 0; k < Entry::kOperands.size(); ++k) work.operands[k] = problem.input(Entry::kOperands[k])->data;
  if constexpr (Entry::Functor::kLabels) {
    const Array& target = *problem.input("target");
    if (target.dtype == DType::i32) work.labels = target.as<const std::int32_t>();
    else work.wide_labels = target.as<const std::int64_t>();
  }
  if constexpr (requires { Entry::kRowFactor; }) work.row_factor = data_of(problem.input(Entry::kRowFactor));
  if constexpr (requires { Entry::kClassWeight; }) work.class_weight = data_of(problem.input(Entry::kClassWeight));
  work.sample_weight = data_of(problem.input("sample_weight"));
  if (!problem.reduces()) work.losses = data_of(problem.output("loss"));
  if (problem.pass == Pass::forward) return work;
  if (!problem.reduces()) work.upstream = data_of(problem.input("grad_output"));
  for (std::size_t k = 0; k < std::size_t(Entry::Functor::kGradients); ++k)
    work.gradients[k] = data_of(problem.output("grad_" + std::string(Entry::kOperands[k])));
  return work;
}

/// One call: the loss with its options, its arrays, and where sums are kept.
template <class Entry>
class Call {
 public:
  using Functor = typename Entry::Functor;

  Call(const Problem& problem, Workspace workspace)
      : problem_(problem), functor_(Entry::bind(problem)), family_(functor_), work_(work_of<Entry>(problem)), bytes_(bytes_of(problem)),
        layout_(Layout::of<Entry>(problem, work_)), sums_(static_cast<double*>(workspace.data)), words_(sums_ + layout_.sums),
        kept_(reinterpret_cast<float*>(words_ + layout_.words)) {}

  void run() {
    const rows::RowDivisor rule = rows::row_divisor<Entry>(problem_);
    const double divisor = rule.weighted ? weight_of_rows() : rule.constant;
    if (problem_.pass == Pass::gradient) {
      if (divisor == 0) return write_empty(problem_);
      const Array* upstream = problem_.reduces() ? problem_.input("grad_output") : nullptr;
      work_.factor = (upstream ? double(*upstream->as<const float>()) : 1.0) / divisor;
      work_.stream = work_.wants_gradients() && bytes_ > static_cast<std::int64_t>(last_level_cache_bytes());
    }
    const double total = by_slices<Entry>(work_) ? sum_of_long_rows() : sum_of_rows();
    if (problem_.reduces()) write_loss(problem_, quotient(problem_, total, divisor));
  }

 private:
  double sum_of_rows() {
    const std::int64_t step = work_.rows_of_part();
    return sum_of_parts(work_.parts(), bytes_, sums_, [&](std::int64_t part, int thread) {
      return compute_rows(family_, work_, {.what = RowTask::Do::rows, .row = part * step, .end = std::min(work_.rows, (part + 1) * step),
                                           .kept = place(thread)});
    });
  }

  double sum_of_long_rows() {
    double total = 0;
    for (std::int64_t row = 0; row < work_.rows; row += work_.rows_of_batch()) {
      const std::int64_t rows = std::min(work_.rows_of_batch(), work_.rows - row);
      visit_slices(RowTask::Do::sums, row, rows);
      for (std::int64_t one = row; one < row + rows; ++one) total += finish(one, words_ + (one - row) * work_.slices() * kWords<Functor>);
      if (work_.wants_gradients()) visit_slices(RowTask::Do::write, row, rows);
    }
    return total;
  }

  /// Every slice has words of its own; after finish() the words of a row are those of its first.
  void visit_slices(RowTask::Do what, std::int64_t row, std::int64_t rows) {
    const std::int64_t slices = work_.slices();
    sum_of_parts(rows * slices, bytes_, sums_, [&](std::int64_t part, int) {
      const std::int64_t words = what == RowTask::Do::sums ? part : part / slices * slices;
      return compute_rows(family_, work_, {.what = what, .row = row + part / slices, .slice = part % slices,
                                           .words = words_ + words * kWords<Functor>, .kept = place(part)});
    });
  }

  /// Joins the words of a row's slices in their order. Returns its loss.
  double finish(std::int64_t row, double* words) {
    auto sums = Functor::template identity<float>();
    for (std::int64_t slice = 0; slice < work_.slices(); ++slice)
      for (int k = 0; k < kWords<Functor>; ++k) sums.word[k] += words[slice * kWords<Functor> + k];
    std::copy_n(sums.word, kWords<Functor>, words);
    const RowHead head = work_.head(row);
    const double loss = head.weight * functor_.template finish<float>(sums, head.side, work_.width).loss;
    if (work_.losses) write_row_loss(row, static_cast<float>(loss));
    return loss;
  }

  float* place(std::int64_t index) const { return layout_.kept > 0 ? kept_ + index * layout_.kept : nullptr; }

  double weight_of_rows() {
    return sum_of_parts((work_.rows + kSlice - 1) / kSlice, work_.rows * 4, sums_, [&](std::int64_t part, int) {
      double sum = 0;
      for (std::int64_t row = part * kSlice; row < std::min(work_.rows, (part + 1) * kSlice); ++row)
        if (work_.keeps(row)) sum += work_.at(work_.sample_weight, row);
      return sum;
    });
  }

  void write_row_loss(std::int64_t row, float loss) {
    if (work_.narrow) static_cast<std::uint16_t*>(work_.losses)[row] = to_bf16_bits(loss);
    else static_cast<float*>(work_.losses)[row] = loss;
  }

  const Problem& problem_;
  Functor functor_;
  FamilyOf<Functor> family_;
  RowWork work_;
  std::int64_t bytes_;
  Layout layout_;
  double *sums_, *words_;
  float* kept_;
};

template <class Entry>
void add_entry(Variant& variant) {
  for (const DType element : {DType::f32, DType::bf16})
    for (const Pass pass : {Pass::forward, Pass::gradient}) {
      Implementation row{.loss = Entry::kLoss, .element = element, .pass = pass, .rejects = rejects<Entry>,
                         .workspace_bytes = [](const Problem& problem) {
                           return static_cast<std::size_t>(Layout::of<Entry>(problem, work_of<Entry>(problem)).bytes());
                         },
                         .run = [](const Problem& problem, Workspace workspace, Stream) { Call<Entry>(problem, workspace).run(); },
                         .workspace_traffic = [](const Problem& problem) {
                           const RowWork work = work_of<Entry>(problem);
                           const std::int64_t kept = keeps<Entry>(problem, work) ? work.rows * work.width * std::int64_t(sizeof(float)) : 0;
                           Layout layout = Layout::of<Entry>(problem, work);
                           layout.kept = 0;
                           return 2 * (layout.bytes() + kept);
                         },
                         .launches = [](const Problem&) { return 0; }};
      if constexpr (requires { Entry::kForm; }) row.form = Entry::kForm, row.accepts = Entry::accepts;
      variant.implementations.push_back(std::move(row));
    }
}

template <class... Entries>
void add_entries(Variant& variant, EntryList<Entries...>) { (add_entry<Entries>(variant), ...); }

}  // namespace

void add_rows(Variant& variant) { add_entries(variant, RowEntries{}); }

}  // namespace lossbench::simd
