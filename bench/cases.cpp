#include "bench/cases.h"

#include <algorithm>

#include "bench/choice.h"
#include "bench/request.h"
#include "core/error.h"
#include "registry/registry.h"

namespace lossbench {
namespace {

// Measured on two cores: the emulator does about 10^7 elements of a pointwise kernel a second, so these take 10 to 30 ms.
const Shape kEmulatedElements = {std::int64_t{1} << 16}, kEmulatedRows = {64, 1000};
// 2^22 floats are 16 MiB an array: long beside the waking of threads, short beside the time slices of a busy machine. Calls rotate
// through as many sets of them as fill the last-level cache four times.
const Shape kHostElements = {std::int64_t{1} << 22}, kHostRows = {4096, 1000};
// The scalar reference is bound by its arithmetic, so a shorter array says the same sooner.
const Shape kScalarElements = {std::int64_t{1} << 18}, kScalarRows = {256, 1000};

/// Types of real inputs of a loss that a pass can be asked for; labels have no dtype to vary, and count as f32.
std::vector<DType> types_of(const Loss& loss, const Options& options, Pass pass) {
  if (is_label(loss.inputs_of(options).front().content)) return {DType::f32};
  std::vector<DType> types(kRealTypes.begin(), kRealTypes.end());
  if (loss.takes_f8() && pass == Pass::forward) types.insert(types.end(), kF8Types.begin(), kF8Types.end());
  return types;
}

/// The smallest problem of its kind, to ask variants whether they can.
Resolved probe(const Loss& loss, const OptionSet& set, Pass pass, DType dtype) {
  const DataMaker maker(loss, set.options, dtype, DType::i32, DataKind::kept, 1);
  const Shape shape = loss.composite() ? loss.cases.hard : takes_rows(loss, set.options) ? Shape{2, 3} : Shape{4};
  Request request{&loss, set.options, pass, dtype, maker.inputs(shape, set.extra), {}, {}};
  if (pass == Pass::gradient) request.gradients = differentiable_inputs(loss, set.options, request.inputs, true);
  return resolve(std::move(request));
}

std::vector<Shape> shapes_of(const Selection& selection, const Loss& loss, const Options& options, Backend backend) {
  if (selection.shapes.empty()) return default_shapes(loss, options, backend);
  std::vector<Shape> shapes;
  for (const Shape& shape : selection.shapes)
    if (takes_rank(loss, options, shape.size())) shapes.push_back(shape);
  return shapes;
}

/// Where everything was filtered out, the likeliest reason.
[[noreturn]] void nothing_selected(const Selection& selection) {
  if (selection.backend.given() && selection.backend.matches("cuda")) device_of(Backend::cuda);
  throw InputError("the selection matches no case that can run here; `lossbench list` with the same flags shows what there is");
}

}  // namespace

std::string Case::name() const {
  std::string text = loss->name + "/" + variant->name + "/" + std::string(name_of(variant->backend)) + "/" + std::string(name_of(pass)) +
                     "/" + std::string(name_of(element)) + "/" + shape_text(shape);
  if (!options.text.empty()) text += "/" + options.text;
  std::replace(text.begin(), text.end(), ' ', ',');
  return text;
}

std::string Case::data_key() const {
  return loss->name + "/" + std::string(name_of(pass)) + "/" + std::string(name_of(dtype)) + "/" + shape_text(shape) + "/" + options.text;
}

std::vector<Shape> default_shapes(const Loss& loss, const Options& options, Backend backend) {
  if (loss.composite() && backend != Backend::cuda) return {backend == Backend::simt ? loss.cases.emulated : loss.cases.scalar};
  const bool rows = takes_rows(loss, options);
  switch (backend) {
    case Backend::cuda: return loss.default_shapes;
    case Backend::simt: return {rows ? kEmulatedRows : kEmulatedElements};
    case Backend::cpu: return {rows ? kHostRows : kHostElements};
    case Backend::scalar: return {rows ? kScalarRows : kScalarElements};
  }
  return {};
}

std::vector<Case> select_cases(const Selection& selection, const std::string& options) {
  std::vector<Case> cases;
  std::string reason;
  const bool has_device = cuda_device(reason) != nullptr;
  for (const Loss& loss : Registry::instance().losses()) {
    if (!selection.loss.matches(loss.name)) continue;
    const OptionSet set = parse_option_set(loss, options);
    for (const Pass pass : {Pass::forward, Pass::gradient}) {
      if (!selection.pass.matches(name_of(pass)) || (pass == Pass::gradient && !loss.has_gradient())) continue;
      const std::vector<DType> types = types_of(loss, set.options, pass);
      for (const DType dtype : types) {
        const bool wanted = selection.dtype.given() ? selection.dtype.matches(name_of(dtype)) : dtype == DType::f32;
        if (!wanted && types.size() > 1) continue;
        const Resolved resolved = probe(loss, set, pass, dtype);
        const DType element = element_type(resolved.problem);
        if (selection.dtype.given() && !selection.dtype.matches(name_of(element))) continue;
        for (const Variant& variant : Registry::instance().variants()) {
          if (!selection.variant.matches(variant.name) || !selection.backend.matches(name_of(variant.backend))) continue;
          if ((variant.backend == Backend::cuda || variant.needs_gpu) && !has_device) continue;
          if (variant.backend == Backend::simt && has_device && !selection.backend.given()) continue;  // the real thing is here
          if (!find_implementation(variant, resolved.problem, reason)) continue;
          for (const Shape& shape : shapes_of(selection, loss, set.options, variant.backend))
            cases.push_back({&loss, &variant, pass, dtype, element, shape, set, selection.shapes.empty()});
        }
      }
    }
  }
  if (cases.empty()) nothing_selected(selection);
  // Ladder order within equal data: the reference of a case is computed once.
  std::vector<std::string> order;
  for (const Case& entry : cases)
    if (const std::string key = entry.data_key(); std::find(order.begin(), order.end(), key) == order.end()) order.push_back(key);
  const auto rank = [&](const Case& entry) { return std::find(order.begin(), order.end(), entry.data_key()) - order.begin(); };
  std::stable_sort(cases.begin(), cases.end(), [&](const Case& a, const Case& b) { return rank(a) < rank(b); });
  return cases;
}

}  // namespace lossbench
