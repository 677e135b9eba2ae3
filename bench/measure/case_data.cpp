#include "bench/measure/case_data.h"

#include <algorithm>
#include <atomic>
#include <exception>
#include <mutex>
#include <thread>

#include "bench/data.h"
#include "bench/device_arrays.h"

namespace lossbench {

Resolved make_inputs(const Case& entry, std::uint64_t seed, int set) {
  const std::uint64_t own = seed + 0x9e3779b97f4a7c15u * static_cast<std::uint64_t>(set);
  const DataMaker maker(*entry.loss, entry.options.options, entry.dtype, DType::i32, DataKind::kept, own);
  Request request{entry.loss, entry.options.options, entry.pass, entry.dtype, maker.inputs(entry.shape, entry.options.extra), {}, {}};
  if (entry.pass == Pass::gradient)
    request.gradients = differentiable_inputs(*entry.loss, entry.options.options, request.inputs, true);
  return resolve(std::move(request));
}

std::size_t memory_for(const std::vector<InputSet>& sets, std::size_t arrays) {
  std::size_t bytes = 0;
  for (std::size_t i = 0; i < arrays; ++i) bytes += DeviceArrays::bytes_for(sets[i % sets.size()].resolved);
  return bytes;
}

int sets_to_make(std::size_t bytes, int wanted) {
  constexpr std::size_t kLong = std::size_t{4} << 20;
  return std::min(wanted, bytes < kLong ? 4 : 2);
}

std::vector<InputSet> make_input_sets(const Case& entry, std::uint64_t seed, const Watch& watch,
                                      const std::function<int(const Resolved& first)>& count_of) {
  watch.look();
  Resolved first = make_inputs(entry, seed, 0);
  const int count = std::max(count_of(first), 1);
  std::vector<InputSet> sets(static_cast<std::size_t>(count));
  sets.front().resolved = std::move(first);
  std::atomic<int> next = 0;
  std::mutex mutex;
  std::exception_ptr failure;
  const auto work = [&] {
    for (int set = next++; set < count; set = next++) try {
        watch.look();
        InputSet& own = sets[static_cast<std::size_t>(set)];
        if (set > 0) own.resolved = make_inputs(entry, seed, set);
        own.reference = entry.loss->reference(own.resolved.wide());
      } catch (...) {
        const std::lock_guard lock(mutex);
        failure = std::current_exception();
      }
  };
  {
    std::vector<std::jthread> threads;
    for (unsigned t = 1; t < std::thread::hardware_concurrency() && static_cast<int>(t) < count; ++t) threads.emplace_back(work);
    work();
  }
  if (failure) std::rethrow_exception(failure);
  return sets;
}

}  // namespace lossbench
