// Contender `simd`, from a problem to its parts: the pointwise losses, and the row of the variant table.
#include "contenders/cpu/simd.h"

#include <algorithm>
#include <type_traits>
#include <variant>

#include "contenders/cpu/parts.h"
#include "contenders/cpu/whole_problem.h"
#include "core/host_cache.h"
#include "kernels/pointwise/broadcast_map.h"
#include "registry/contenders.h"
#include "registry/instantiate_pointwise.h"

namespace lossbench {

namespace simd {
namespace {

struct BFloat16;  ///< stands for elements of 16 bits where a type is asked for

template <class Functor, class Family>
constexpr bool kHolds = false;
template <class Functor, class... Members>
constexpr bool kHolds<Functor, std::variant<Members...>> = (std::is_same_v<Functor, Members> || ...);

template <class Functor>
using FamilyOf = std::conditional_t<kHolds<Functor, Regression>, Regression,
                                    std::conditional_t<kHolds<Functor, Margin>, Margin,
                                                       std::conditional_t<kHolds<Functor, Likelihood>, Likelihood, BinaryCrossEntropy>>>;
template <class Functor>
constexpr bool kServed = kHolds<Functor, FamilyOf<Functor>> || TakesLabels<Functor>;

/// The entries whose functor has a form for vectors here.
template <class... Kept>
auto served(EntryList<Kept...> kept, EntryList<>) { return kept; }
template <class... Kept, class First, class... Rest>
auto served(EntryList<Kept...> kept, EntryList<First, Rest...>) {
  if constexpr (kServed<typename First::Functor>) return served(EntryList<Kept..., First>{}, EntryList<Rest...>{});
  else return served(kept, EntryList<Rest...>{});
}

template <class Entry>
constexpr const char* second_input() {
  if constexpr (requires { Entry::kSecondGradient; }) return Entry::kSecondGradient;
  else return "target";
}

template <class Entry>
Work work_of(const Problem& problem) {
  const Array& first = *problem.input(Entry::kOperands[0]);
  Work work;
  work.count = first.count();
  work.narrow = first.dtype == DType::bf16;
  for (std::size_t k = 0; k < Entry::kOperands.size(); ++k)
    if (const Array* array = problem.input(Entry::kOperands[k])) work.operands[k] = {array->data, broadcast_map(*array, first.shape)};
  if (problem.pass == Pass::gradient) {
    const auto place = [&](const char* input) {
      const Array* array = problem.output("grad_" + std::string(input));
      return array ? array->data : nullptr;
    };
    work.gradient = place(Entry::kOperands[0]);
    work.second_gradient = place(second_input<Entry>());
  }
  if (problem.reduction() == Reduction::none) {
    if (const Array* losses = problem.output("loss")) work.losses = losses->data;
    if (const Array* upstream = problem.input("grad_output")) work.upstream = upstream->data;
  }
  return work;
}

struct Simd {
  static constexpr const char* kName = "simd";
  static constexpr const char* kSummary = "vectors of the widest instruction set at hand, on all cores (Google Highway)";
  static constexpr Order kOrder = Order::run_to_run;
  static constexpr bool kProduction = true;

  static double sum_ulps(std::int64_t length, DType element) { return simd::sum_ulps(length, element); }

  template <class Entry, class T, Pass kPass>
  struct Run {
    using Functor = typename Entry::Functor;
    static constexpr bool kOnLabels = TakesLabels<Functor>;

    static std::string rejects(const Problem& problem) {
      if constexpr (requires { Entry::rejects(problem); })
        if (std::string reason = Entry::rejects(problem); !reason.empty()) return "simd " + reason;
      if (kOnLabels && problem.reduction() == Reduction::none)
        return "simd counts labels: option 'reduction' takes sum, mean, batch here";
      return {};
    }
    static std::int64_t parts(const Problem& problem) { return (problem.inputs.front().array.count() + kPart - 1) / kPart; }
    static std::size_t workspace_bytes(const Problem& problem) { return static_cast<std::size_t>(parts(problem)) * sizeof(double); }
    static std::int64_t workspace_traffic(const Problem& problem) { return 2 * static_cast<std::int64_t>(workspace_bytes(problem)); }
    static int launches(const Problem&) { return 0; }

    static void run(const Problem& problem, Workspace workspace, Stream) {
      double* const sums = static_cast<double*>(workspace.data);
      if constexpr (kOnLabels) count_labels(problem, sums);
      else compute(problem, sums);
    }

   private:
    static void count_labels(const Problem& problem, double* sums) {
      const T *a = problem.input(Entry::kOperands[0])->template as<const T>(), *b = problem.input(Entry::kOperands[1])->template as<const T>();
      const std::int64_t count = problem.inputs.front().array.count();
      const double wrong = sum_of_parts(parts(problem), bytes_of(problem), sums, [&](std::int64_t part, int) {
        return static_cast<double>(count_different(a, b, part * kPart, std::min(count, (part + 1) * kPart)));
      });
      write_loss(problem, quotient(problem, wrong, divisor_of(divisor_rule<Entry>(problem))));
    }

    static void compute(const Problem& problem, double* sums) {
      const FamilyOf<Functor> loss(std::in_place_type<Functor>, Entry::bind(problem));
      const bool none = problem.reduction() == Reduction::none;
      const std::int64_t bytes = bytes_of(problem);
      Work work = work_of<Entry>(problem);
      const auto sum = [&](Ask ask) {
        return sum_of_parts(work.parts(), bytes, sums, [&](std::int64_t part, int) { return compute_part(loss, work, ask, part); });
      };
      const DivisorRule rule = none ? DivisorRule{} : divisor_rule<Entry>(problem);
      const double divisor = divisor_of(rule, rule.computed ? sum(Ask::divisor) : 0);
      if (kPass == Pass::gradient) {
        if (divisor == 0) return write_empty(problem);
        const Array* upstream = none ? nullptr : problem.input("grad_output");
        work.factor = static_cast<float>((upstream ? double(*upstream->template as<const float>()) : 1.0) / divisor);
        work.stream = work.gradient && bytes > static_cast<std::int64_t>(last_level_cache_bytes());
      }
      const double total = sum(Ask::loss);
      if (!none) write_loss(problem, quotient(problem, total, divisor));
    }
  };
};

}  // namespace
}  // namespace simd

inline namespace SIMT_BUILD {
template <> struct ElementType<simd::BFloat16> { static constexpr DType kType = DType::bf16; };
}  // namespace SIMT_BUILD

Variant simd_on_host() {
  const auto entries = simd::served(EntryList<>{}, PointwiseEntries{});
  Variant variant = pointwise_part<simd::Simd, float>(entries);
  for (Implementation& row : pointwise_part<simd::Simd, simd::BFloat16>(entries).implementations)
    variant.implementations.push_back(std::move(row));
  simd::add_softmax(variant);
  simd::add_rows(variant);
  variant.backend = Backend::cpu;
  return variant;
}

}  // namespace lossbench
