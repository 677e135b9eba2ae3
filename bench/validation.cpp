// The groups of a validation, spread over the cores.
#include "bench/validation.h"

#include <algorithm>
#include <atomic>
#include <exception>
#include <iterator>
#include <mutex>
#include <thread>
#include <tuple>

#include "bench/emulator.h"
#include "registry/registry.h"

namespace lossbench {
namespace {

constexpr std::size_t kCulprits = 5;

/// Which dtypes meet an option set: all meet the first, and any that was asked for; else f32 and one of the others in turn, since options
/// and dtypes do not know of each other.
bool meets(DType dtype, std::size_t set, const Selection& selection) {
  static constexpr DType kInTurn[] = {DType::f64, DType::f16, DType::bf16};
  return set == 0 || selection.dtype.given() || dtype == DType::f32 || dtype == kInTurn[set % std::size(kInTurn)];
}

std::vector<ValidationGroup> groups_of(const Selection& selection) {
  std::vector<ValidationGroup> groups;
  for (const Loss& loss : Registry::instance().losses()) {
    if (!selection.loss.matches(loss.name)) continue;
    const std::vector<OptionSet> sets = option_sets(loss);
    for (const DType dtype : kRealTypes)
      for (std::size_t s = 0; s < sets.size(); ++s)
        if (meets(dtype, s, selection)) groups.push_back({&loss, sets[s], dtype, s == 0});
    if (!loss.takes_f8()) continue;
    const std::vector<OptionSet> f8_sets = option_sets(loss, true);
    for (const DType dtype : kF8Types)
      for (std::size_t s = 0; s < f8_sets.size(); ++s) groups.push_back({&loss, f8_sets[s], dtype, s == 0});
  }
  return groups;
}

/// Losses in registry order, then variants in ladder order: the order in which a reader looks for them.
auto rank(const ValidationLine& line) {
  const Registry& registry = Registry::instance();
  return std::tuple(line.loss - registry.losses().data(), line.variant - registry.variants().data(), line.dtype, line.pass);
}

void merge(std::vector<ValidationLine>& lines, const std::vector<ValidationLine>& more) {
  for (const ValidationLine& line : more) {
    const auto same = std::find_if(lines.begin(), lines.end(), [&](const ValidationLine& other) { return other.same_line(line); });
    same == lines.end() ? lines.push_back(line) : same->join(line);
  }
}

}  // namespace

void ValidationLine::join(const ValidationLine& other) {
  cases += other.cases;
  skipped += other.skipped;
  misses += other.misses;
  if (input.empty() || other.ratio > ratio) ratio = other.ratio, ulps = other.ulps, relative = other.relative, input = other.input;
  for (const std::string& culprit : other.culprits)
    if (culprits.size() < kCulprits) culprits.push_back(culprit);
}

std::vector<ValidationLine> validate(const Selection& selection, std::uint64_t seed, const ValidationEvents& events) {
  const std::vector<ValidationGroup> groups = groups_of(selection);
  std::vector<std::vector<ValidationLine>> found(groups.size());
  std::mutex mutex;
  std::exception_ptr failure;
  std::atomic<std::size_t> next = 0;

  const auto work = [&] {
    // A launch of a few blocks is quicker on one thread than the waking of others: the groups are what runs side by side.
    const OneThreadLaunches scope;
    const auto on_case = [&](const ValidationEvents::Case& entry) {
      if (!events.on_case) return;
      const std::lock_guard lock(mutex);
      events.on_case(entry);
    };
    for (std::size_t g = next++; g < groups.size(); g = next++) {
      const ValidationGroup& group = groups[g];
      try {
        if (events.on_group) {
          const std::lock_guard lock(mutex);
          events.on_group(static_cast<double>(g), static_cast<double>(groups.size()),
                          group.loss->name + " " + std::string(name_of(group.dtype)) + " " + group.set.text);
        }
        found[g] = validate_group(group, selection, seed, on_case);
      } catch (...) {
        const std::lock_guard lock(mutex);
        if (!failure) failure = std::current_exception();
        next = groups.size();
      }
    }
  };
  {
    std::vector<std::jthread> threads;
    for (unsigned t = 1; t < launching_threads(); ++t) threads.emplace_back(work);
    work();
  }
  if (failure) std::rethrow_exception(failure);

  std::vector<ValidationLine> lines;
  for (const auto& part : found) merge(lines, part);
  std::stable_sort(lines.begin(), lines.end(), [](const auto& a, const auto& b) { return rank(a) < rank(b); });
  return lines;
}

}  // namespace lossbench
