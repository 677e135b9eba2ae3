// Contender `simd`, from a problem of softmax cross-entropy to its rows.
#include <cstring>

#include "contenders/cpu/parts.h"
#include "contenders/cpu/simd.h"
#include "contenders/cpu/softmax_work.h"
#include "contenders/quotient.h"
#include "core/host_cache.h"

namespace lossbench::simd {
namespace {

std::string rejects(const Problem& problem) {
  const auto lacks = [](const char* option, const std::string& value, const char* accepted) {
    return std::string("simd: option '") + option + "' is " + value + "; accepted here: " + accepted;
  };
  if (is_real(problem.input("target")->dtype)) return lacks("target", "probs", "index");
  for (const char* option : {"z_loss", "softcap", "prob_floor"})
    if (problem.options.real(option) > 0) return lacks(option, to_string(OptionValue(problem.options.real(option))), "0");
  if (problem.options.word("outputs") != "none") return lacks("outputs", problem.options.word("outputs"), "none");
  const Shape& shape = problem.input("logits")->shape;
  if (shape.size() != 2) return "simd: input 'logits' has shape " + to_string(shape) + "; accepted here: [N, C]";
  for (const Array* array : {problem.input("logits"), problem.output("grad_logits")})
    if (array && array->shape[1] > 1 && array->strides[1] != 1)
      return "simd: the classes of 'logits' and 'grad_logits' must be neighbours in memory; rows may be padded";
  return {};
}

/// Workspace: sums of the parts; with gradients a row of exponentials for each thread.
struct Layout {
  std::size_t sums, scratch = 0;  ///< bytes; of one thread

  Layout(const SoftmaxWork& work, Pass pass) : sums(padded(static_cast<std::size_t>(work.parts()) * sizeof(double))) {
    if (pass == Pass::gradient) scratch = padded(static_cast<std::size_t>(RowScratch::floats(work.classes)) * sizeof(float));
  }
  static std::size_t padded(std::size_t bytes) { return (bytes + 255) / 256 * 256; }
  std::size_t bytes() const { return sums + static_cast<std::size_t>(HostThreads::instance().size()) * scratch; }
};

SoftmaxWork work_of(const Problem& problem) {
  const Array &logits = *problem.input("logits"), &target = *problem.input("target");
  SoftmaxWork work;
  work.narrow = logits.dtype == DType::bf16;
  work.rows = logits.shape[0], work.classes = logits.shape[1];
  work.logits = logits.data, work.row_stride = logits.strides[0];
  if (target.dtype == DType::i32) work.labels = target.as<const std::int32_t>();
  else work.wide_labels = target.as<const std::int64_t>();
  work.ignore_index = problem.options.integer("ignore_index");
  if (const Array* weight = problem.input("weight")) work.weight = weight->data;
  const double smoothing = problem.options.real("label_smoothing");
  work.own = 1 - smoothing;
  work.share = work.classes > 0 ? smoothing / static_cast<double>(work.classes) : 0;
  const bool none = problem.reduction() == Reduction::none;
  if (const Array* losses = problem.output("loss"); losses && none) work.losses = losses->data;
  if (problem.pass == Pass::forward) return work;
  if (const Array* upstream = problem.input("grad_output"); upstream && none) work.upstream = upstream->data;
  if (const Array* gradient = problem.output("grad_logits")) work.gradient = gradient->data, work.gradient_stride = gradient->strides[0];
  return work;
}

/// What the sum of the losses is divided by.
double divisor_of(const Problem& problem, const SoftmaxWork& work) {
  if (problem.reduction() == Reduction::batch) return static_cast<double>(work.rows);
  if (problem.reduction() != Reduction::mean) return 1;
  const std::string& normalizer = problem.options.word("normalizer");
  if (normalizer == "none") return 1;
  if (normalizer != "weight_sum" && normalizer != "valid") return static_cast<double>(work.rows);  // of [N, C], all say N
  const bool valid = normalizer == "valid";
  double sum = 0;
  for (std::int64_t row = 0; row < work.rows; ++row)
    if (const std::int64_t label = work.label(row); work.keeps(label)) sum += valid || !work.weight ? 1.0 : work.class_weight(label);
  return valid && sum < 1 ? 1 : sum;
}

void run(const Problem& problem, Workspace workspace, Stream) {
  SoftmaxWork work = work_of(problem);
  const Layout layout(work, problem.pass);
  const std::int64_t bytes = problem.input("logits")->bytes() * (work.gradient ? 2 : 1);
  const double divisor = divisor_of(problem, work);
  const Array* const loss = problem.output("loss");
  const bool none = problem.reduction() == Reduction::none;
  if (divisor == 0) {  // nothing to average: no gradient
    for (std::int64_t row = 0; row < work.rows && work.gradient; ++row)
      std::memset(static_cast<std::byte*>(work.gradient) + row * work.gradient_stride * (work.narrow ? 2 : 4), 0,
                  static_cast<std::size_t>(work.classes) * (work.narrow ? 2 : 4));
    if (loss) *loss->as<float>() = static_cast<float>(quotient(problem, 0, 0));
    return;
  }
  const Array* const upstream = none ? nullptr : problem.input("grad_output");
  work.factor = (upstream ? double(*upstream->as<const float>()) : 1.0) / divisor;
  work.stream = work.gradient && bytes > static_cast<std::int64_t>(last_level_cache_bytes());
  std::byte* const memory = static_cast<std::byte*>(workspace.data);
  const double sum = sum_of_parts(work.parts(), bytes, reinterpret_cast<double*>(memory), [&](std::int64_t part, int thread) {
    float* const scratch = reinterpret_cast<float*>(memory + layout.sums + static_cast<std::size_t>(thread) * layout.scratch);
    return compute_rows(work, RowScratch::at(scratch, work.classes), part);
  });
  if (loss && !none) *loss->as<float>() = static_cast<float>(sum / divisor);
}

Implementation implementation(DType element, Pass pass) {
  return {.loss = "softmax_cross_entropy", .element = element, .pass = pass, .rejects = rejects,
          .workspace_bytes = [](const Problem& problem) { return Layout(work_of(problem), problem.pass).bytes(); },
          .run = run,
          .workspace_traffic = [](const Problem& problem) -> std::int64_t {
            const SoftmaxWork work = work_of(problem);
            const std::int64_t exponentials = work.gradient ? work.rows * work.classes * std::int64_t(sizeof(float)) : 0;
            return 2 * (work.parts() * std::int64_t(sizeof(double)) + exponentials);
          },
          .launches = [](const Problem&) { return 0; }};
}

}  // namespace

void add_softmax(Variant& variant) {
  for (const DType element : {DType::f32, DType::bf16}) {
    variant.implementations.push_back(implementation(element, Pass::forward));
    variant.implementations.push_back(implementation(element, Pass::gradient));
  }
}

}  // namespace lossbench::simd
