#include "bench/measure/worth.h"

#include <algorithm>
#include <map>
#include <string>
#include <tuple>
#include <utility>

namespace lossbench {
namespace {

/// Place in the loss's preference; behind it for what it does not name.
std::ptrdiff_t place(const Case& entry) {
  const std::vector<std::string>& names = entry.loss->preference;
  return std::find(names.begin(), names.end(), entry.variant->name) - names.begin();
}

/// What is timed says more than what is counted, and the best more than the reference.
int backend_place(Backend backend) {
  switch (backend) {
    case Backend::cuda: return 0;
    case Backend::cpu: return 1;
    case Backend::scalar: return 2;
    case Backend::simt: break;
  }
  return 3;
}

enum Level { kForward, kGradient, kOther };

}  // namespace

std::vector<Worth> worth_of(const std::vector<Case>& cases) {
  std::map<std::pair<std::string, Backend>, std::size_t> best;
  for (std::size_t i = 0; i < cases.size(); ++i) {
    std::size_t& known = best.try_emplace({cases[i].data_key(), cases[i].variant->backend}, i).first->second;
    if (place(cases[i]) < place(cases[known])) known = i;
  }
  std::vector<Level> levels(cases.size(), kOther);
  for (const auto& [key, i] : best) levels[i] = cases[i].pass == Pass::forward ? kForward : kGradient;

  std::map<const Loss*, std::size_t> first;
  const auto order = [&](std::size_t i) { return std::tuple(levels[i], backend_place(cases[i].variant->backend), i); };
  for (std::size_t i = 0; i < cases.size(); ++i) {
    std::size_t& known = first.try_emplace(cases[i].loss, i).first->second;
    if (order(i) < order(known)) known = i;
  }
  std::vector<Worth> worth;
  for (std::size_t i = 0; i < cases.size(); ++i) {
    const bool complete = cases[i].loss->composite();
    const int level = complete && levels[i] == kGradient ? kForward : levels[i];
    worth.push_back({2 * (1 + level) + !complete, false});
  }
  for (const auto& [loss, i] : first) worth[i] = {!loss->composite(), true};
  return worth;
}

}  // namespace lossbench
