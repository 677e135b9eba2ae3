#include "bench/measurement.h"

#include <algorithm>
#include <cmath>

#include "bench/bound_call.h"
#include "bench/choice.h"
#include "bench/data.h"
#include "bench/gate.h"
#include "bench/statistics.h"
#include "bench/timing.h"
#include "registry/registry.h"

namespace lossbench {

double Measurement::gigabytes_per_second() const { return static_cast<double>(contract_bytes) / median(seconds) * 1e-9; }

double Measurement::predicted_seconds(double bandwidth) const { return static_cast<double>(traffic->total()) / bandwidth; }

const CaseData& Workbench::data_of(const Case& entry) {
  const std::string key = entry.data_key();
  if (data_ && data_->key == key) return *data_;
  data_.reset();
  auto data = std::make_unique<CaseData>();
  const DataMaker maker(*entry.loss, entry.options.options, entry.dtype, DType::i32, DataKind::kept, settings_.seed);
  Request request{entry.loss, entry.options.options, entry.pass, entry.dtype, maker.inputs(entry.shape, entry.options.extra), {}, {}};
  if (entry.pass == Pass::gradient)
    request.gradients = differentiable_inputs(*entry.loss, entry.options.options, request.inputs, true);
  data->resolved = resolve(std::move(request));
  data->wide = data->resolved.wide();
  data->reference = entry.loss->reference(data->wide);
  data->key = key;
  data_ = std::move(data);
  return *data_;
}

Measurement Workbench::measure(const Case& entry) {
  Measurement result;
  try {
    measure_into(result, entry);
  } catch (const std::exception& error) {
    result.fault = error.what();
  }
  if (!result.fault.empty()) result.seconds.clear(), result.traffic.reset();
  return result;
}

void Workbench::measure_into(Measurement& result, const Case& entry) {
  const CaseData& data = data_of(entry);
  const Problem& problem = data.resolved.problem;
  result.elements = problem.inputs.front().array.count();
  result.contract_bytes = entry.loss->contract(problem).total();

  std::string reason;
  const Implementation* const implementation = find_implementation(*entry.variant, problem, reason);
  if (!implementation) {
    result.fault = reason;
    return;
  }
  if (entry.variant->backend == Backend::scalar) {  // timed without the conversions around it; it is its own gate
    result.seconds = time_repeatedly(host_device(), [&] { entry.loss->reference(data.wide); }, settings_.repetitions);
    return;
  }

  Device& device = device_of(entry.variant->backend);
  std::vector<BoundCall> calls;
  calls.emplace_back(device, *implementation, data.resolved);
  const Gate gate(*entry.variant, data.resolved, data.reference);
  if (entry.emulated()) {
    result.traffic = count_traffic([&] { calls.front().run(); });
    result.fault = gate.check(calls.front(), result.accuracy);
    return;
  }
  calls.front().run();
  if (result.fault = gate.check(calls.front(), result.accuracy); !result.fault.empty()) return;

  const std::size_t copies = copies_to_rotate(device, calls.front().footprint());
  while (calls.size() < copies) calls.emplace_back(device, *implementation, data.resolved);
  std::size_t next = 0;
  result.seconds = time_repeatedly(device, [&] { calls[next++ % calls.size()].run(); }, settings_.repetitions);

  for (BoundCall& call : calls) call.poison_outputs(), call.run();
  for (BoundCall& call : calls)
    if (const std::string fault = gate.check(call, result.accuracy); !fault.empty()) result.fault = "after timing: " + fault;
}

}  // namespace lossbench
