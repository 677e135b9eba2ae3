// Small arrays with known answers, given to every emulated variant that serves them.
#pragma once

#include <gtest/gtest.h>

#include <cmath>
#include <set>

#include "bench/bound_call.h"
#include "core/error.h"
#include "registry/registry.h"
#include "tests/every_case.h"

namespace lossbench::testing {

inline const double kNan = std::nan("");

struct Input {
  const char* name;
  Shape shape;
  std::vector<double> values;
  bool label = false;
};

inline Tensor tensor_of(const Input& input) {
  WideArray wide;
  wide.shape = input.shape;
  wide.is_label = input.label;
  if (input.label) wide.labels.assign(input.values.begin(), input.values.end());
  else wide.values = input.values;
  return Tensor::narrow(input.name, input.label ? DType::i64 : DType::f32, wide);
}

using Outputs = std::map<std::string, std::vector<double>>;

/// Loss and all gradients of every variant on `simt` that accepts the request, by variant; of those named in `only`, where any are.
inline std::map<std::string, Outputs> all_variants(const char* name, const std::vector<const char*>& options,
                                                   const std::vector<Input>& inputs, const std::set<std::string>& only = {}) {
  const Loss& loss = Registry::instance().loss(name);
  Request request;
  request.loss = &loss;
  request.pass = Pass::gradient;
  request.options = Options(loss.options);
  for (const std::string option : options) request.options.give(loss.options, option.substr(0, option.find('=')), option.substr(option.find('=') + 1));
  for (const Input& input : inputs) request.inputs.push_back(tensor_of(input));
  infer_selectors(loss, request.inputs, request.options);
  request.gradients = differentiable_inputs(loss, request.options, request.inputs, false);
  const Resolved resolved = resolve(std::move(request));
  std::map<std::string, Outputs> results;
  for (const Variant* variant : Registry::instance().variants_of(name)) {
    std::string reason;
    if (!only.empty() && !only.contains(variant->name)) continue;
    const Implementation* row = variant->backend == Backend::simt ? find_implementation(*variant, resolved.problem, reason) : nullptr;
    if (!row) continue;
    BoundCall call(host_device(), *row, resolved);
    call.run();
    for (const NamedArray& output : call.problem().outputs) results[variant->name][output.name] = call.output(output.name).widen().values;
  }
  EXPECT_FALSE(results.empty()) << name;
  return results;
}

inline std::string refusal(const char* name, const std::vector<const char*>& options, const std::vector<Input>& inputs) {
  try {
    all_variants(name, options, inputs);
  } catch (const InputError& error) {
    return error.what();
  }
  return {};
}

inline void expect_near(const std::vector<double>& actual, const std::vector<double>& expected, const std::string& where) {
  ASSERT_EQ(actual.size(), expected.size()) << where;
  for (std::size_t i = 0; i < actual.size(); ++i) {
    if (std::isnan(expected[i])) EXPECT_TRUE(std::isnan(actual[i])) << where << " " << i << ": " << actual[i];
    else EXPECT_TRUE(actual[i] == expected[i] || std::fabs(actual[i] - expected[i]) <= 1e-6 * std::fabs(expected[i])) << where << " " << i << ": "
                                                                                             << actual[i] << " instead of " << expected[i];
  }
}

}  // namespace lossbench::testing
