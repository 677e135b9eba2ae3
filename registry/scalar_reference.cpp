// The variant `scalar`: widens a problem's host arrays to double, calls the reference, rounds the results once.
#include <cstring>

#include "core/float16.h"
#include "registry/contenders.h"
#include "registry/describe.h"
#include "registry/registry.h"

namespace lossbench {

namespace {

WideArray widen(const Array& array) {
  WideArray wide{.shape = array.shape, .is_label = !is_real(array.dtype)};
  const std::int64_t count = array.count();
  if (wide.is_label) wide.labels.reserve(static_cast<std::size_t>(count));
  else wide.values.reserve(static_cast<std::size_t>(count));
  for (std::int64_t i = 0; i < count; ++i) {
    if (wide.is_label) wide.labels.push_back(label_at(array, i));
    else wide.values.push_back(real_at(array, i));
  }
  return wide;
}

void narrow(const Array& array, const WideArray& wide) {
  for (std::size_t i = 0; i < wide.labels.size(); ++i) {
    if (array.dtype == DType::i64) array.as<std::int64_t>()[i] = wide.labels[i];
    if (array.dtype == DType::i32) array.as<std::int32_t>()[i] = static_cast<std::int32_t>(wide.labels[i]);
  }
  for (std::size_t i = 0; i < wide.values.size(); ++i) {
    const double value = wide.values[i];
    switch (array.dtype) {
      case DType::f64: array.as<double>()[i] = value; break;
      case DType::f32: array.as<float>()[i] = static_cast<float>(value); break;
      case DType::f16: array.as<std::uint16_t>()[i] = to_f16_bits(value); break;
      case DType::bf16: array.as<std::uint16_t>()[i] = to_bf16_bits(value); break;
      default: break;
    }
  }
}

void run(const Problem& problem, Workspace, Stream) {
  WideProblem wide{.loss = problem.loss, .options = problem.options, .pass = problem.pass, .dtype = problem.dtype};
  for (const NamedArray& input : problem.inputs) wide.inputs[input.name] = widen(input.array);
  for (const NamedArray& output : problem.outputs) wide.wanted.push_back(output.name);
  const WideResult result = Registry::instance().loss(problem.loss).reference(wide);
  for (const NamedArray& output : problem.outputs)
    if (const auto found = result.outputs.find(output.name); found != result.outputs.end()) narrow(output.array, found->second);
}

}  // namespace

Variant scalar_reference(const std::vector<Loss>& losses) {
  Variant variant{.name = "scalar", .summary = "the reference: plain C++ in double, single thread", .backend = Backend::scalar,
                  .production = true, .sum_ulps = [](std::int64_t, DType) { return 0.0; }};
  for (const Loss& loss : losses)
    for (const DType element : {DType::f32, DType::f64, DType::f16, DType::bf16, DType::f8_e4m3, DType::f8_e5m2, DType::i32, DType::i64})
      for (const Pass pass : {Pass::forward, Pass::gradient}) {
        const bool labels = loss.name == "zero_one";
        if (!is_real(element) && !labels) continue;
        if (is_f8(element) && !loss.takes_f8()) continue;
        if (pass == Pass::gradient && (is_f8(element) || !loss.has_gradient())) continue;
        variant.implementations.push_back({.loss = loss.name, .element = element, .pass = pass,
                                           .rejects = [](const Problem&) { return std::string(); },
                                           .workspace_bytes = [](const Problem&) { return std::size_t(0); }, .run = run,
                                           .workspace_traffic = [](const Problem&) { return std::int64_t(0); },
                                           .launches = [](const Problem&) { return 0; }});
      }
  return variant;
}

}  // namespace lossbench
