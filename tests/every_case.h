// Every variant × loss form × pass at one element type, made ready to run: what whole-ladder tests walk over.
#pragma once

#include <functional>
#include <set>
#include <string>
#include <vector>

#include "bench/bound_call.h"
#include "bench/data.h"
#include "bench/request.h"
#include "bench/validation_inputs.h"
#include "registry/registry.h"

namespace lossbench::testing {

struct EveryCase {
  const Loss* loss;
  const Variant* variant;
  const Implementation* implementation;
  const Resolved* resolved;
  const OptionSet* options;
  std::string name;
};

/// Pointwise losses get `elements`, row-wise ones `rows`, composite ones the hard size of their description.
struct CaseShapes {
  Shape elements;
  Shape rows;
};

inline Resolved make_request(const Loss& loss, const OptionSet& set, Pass pass, DType dtype, const CaseShapes& shapes) {
  const Shape& shape = loss.composite() ? loss.cases.hard : takes_rows(loss, set.options) ? shapes.rows : shapes.elements;
  const DataMaker maker(loss, set.options, dtype, DType::i32, DataKind::plain, 7);
  Request request{.loss = &loss, .options = set.options, .pass = pass, .dtype = dtype, .inputs = maker.inputs(shape, set.extra),
                  .grad_output = std::nullopt, .gradients = {}};
  if (pass == Pass::gradient) request.gradients = differentiable_inputs(loss, set.options, request.inputs, true);
  return resolve(std::move(request));
}

/// Visits every case that a variant on one of `backends` does not reject: each loss with its defaults and each of its option sets. In f8,
/// each loss that takes it, and values only. With `only`, of that loss alone.
inline void for_every_case(DType dtype, const CaseShapes& shapes, const std::function<void(const EveryCase&)>& visit,
                           const std::set<Backend>& backends = {Backend::simt}, const std::string& only = {}) {
  for (const Loss& loss : Registry::instance().losses()) {
    if (!only.empty() && loss.name != only) continue;
    if (is_f8(dtype) && !loss.takes_f8()) continue;
    for (const OptionSet& set : option_sets(loss, is_f8(dtype)))
      for (const Pass pass : {Pass::forward, Pass::gradient}) {
        if (pass == Pass::gradient && (!loss.has_gradient() || is_f8(dtype))) continue;
        const Resolved resolved = make_request(loss, set, pass, dtype, shapes);
        for (const Variant* variant : Registry::instance().variants_of(loss.name)) {
          std::string reason;
          if (!backends.contains(variant->backend)) continue;
          const Implementation* implementation = find_implementation(*variant, resolved.problem, reason);
          if (!implementation) continue;
          visit({&loss, variant, implementation, &resolved, &set,
                 loss.name + "/" + variant->name + "/" + std::string(name_of(pass)) + " " + set.text});
        }
      }
  }
}

}  // namespace lossbench::testing
