#include "bench/measure/cost.h"

#include <algorithm>

#include "bench/measure/case_data.h"
#include "bench/measure/rotation.h"

namespace lossbench {
namespace {

// Measured on two cores of a cloud machine.
constexpr double kSecondsPerValue = 3e-8;           // of inputs and their reference; a gradient takes twice as long
constexpr double kSecondsPerByteFilled = 1e-9, kSecondsPerByteChecked = 2e-9;  // of the arrays that are rotated through
constexpr double kSecondsPerCase = 0.15;            // warm-up, and all else that does not depend on the size
constexpr double kSecondsPerEmulatedValue = 4e-7, kSecondsPerEmulatedCase = 0.02;
constexpr double kCalibration = 0.05, kQuickest = 0.05;

double passes(const Case& entry) { return entry.pass == Pass::gradient ? 2 : 1; }

/// Values of all inputs together.
double values_of(const Case& entry) {
  double sum = 0;
  for (const InputDescription& input : entry.loss->inputs_of(entry.options.options))
    if (!input.optional)
      sum += static_cast<double>(count_of(entry.loss->input_shape ? entry.loss->input_shape(input.name, entry.shape, entry.options.options) : entry.shape));
  return sum;
}

}  // namespace

CaseCost cost_of(const Case& entry, std::size_t cache_bytes) {
  const double values = values_of(entry), made = passes(entry) * kSecondsPerValue * values;
  if (entry.emulated()) return {made, kSecondsPerEmulatedCase + kSecondsPerEmulatedValue * values};
  // A call of the reference is made a dozen times.
  if (entry.variant->backend == Backend::scalar) return {made, kSecondsPerCase};
  const std::size_t bytes = static_cast<std::size_t>(values * static_cast<double>(size_of(entry.dtype)) * (1 + passes(entry)) / 2);
  const int arrays = sets_to_rotate(cache_bytes, bytes);
  const double rotated = static_cast<double>(arrays) * static_cast<double>(bytes);
  return {made * sets_to_make(bytes, arrays) + kSecondsPerByteFilled * rotated, kSecondsPerCase + kSecondsPerByteChecked * rotated};
}

double slowness(const Case& entry, std::uint64_t seed, const Watch& watch) {
  Case small = entry;
  small.shape = default_shapes(*entry.loss, entry.options.options, Backend::simt).front();
  const double start = watch.now(), expected = passes(small) * kSecondsPerValue * values_of(small);
  double done = 0;
  for (int set = 0; set < 8 && watch.now() - start < kCalibration; ++set) {
    const Resolved inputs = make_inputs(small, seed, set);
    entry.loss->reference(inputs.wide());
    done += expected;
  }
  return done > 0 ? std::max(kQuickest, (watch.now() - start) / done) : 1;
}

double sampling_share(const Case& entry) { return entry.emulated() ? 0 : entry.variant->backend == Backend::cuda ? 1 : 0.5; }

}  // namespace lossbench
