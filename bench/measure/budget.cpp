#include "bench/measure/budget.h"

#include <algorithm>
#include <numeric>
#include <utility>

namespace lossbench {

Budget::Budget(double seconds, std::vector<double> data, std::vector<Item> items, bool keeps_all)
    : seconds_(seconds), data_(std::move(data)), items_(std::move(items)), order_(items_.size()), keeps_all_(keeps_all), done_(items_.size(), false) {
  std::iota(order_.begin(), order_.end(), std::size_t{0});
  std::stable_sort(order_.begin(), order_.end(), [&](std::size_t a, std::size_t b) { return items_[a].worth.rank < items_[b].worth.rank; });
}

Budget::Plan Budget::plan(double spent) const {
  Plan plan;
  std::vector<bool> paid(data_.size(), false);
  bool one_is_left_out = false;
  for (const std::size_t i : order_) {
    const Item& item = items_[i];
    if (done_[i] || (one_is_left_out && !item.worth.first)) continue;
    const double seconds = slowness() * (item.cost + (paid[item.piece] ? 0 : data_[item.piece])) + item.sampling;
    const bool kept = item.worth.first && (keeps_all_ || i == order_.front());
    if (spent + plan.seconds + kMargin * seconds > seconds_ && !kept) {
      one_is_left_out = one_is_left_out || item.worth.first;
      continue;
    }
    paid[item.piece] = true;
    plan.seconds += seconds;
    plan.items.push_back(i);
  }
  return plan;
}

std::vector<std::size_t> Budget::next(double spent) const {
  std::vector<std::size_t> items = plan(spent).items;
  if (items.empty()) return items;
  const std::size_t piece = items_[items.front()].piece;
  std::erase_if(items, [&](std::size_t i) { return items_[i].piece != piece; });
  std::sort(items.begin(), items.end());
  return items;
}

void Budget::done(const std::vector<std::size_t>& items, double seconds) {
  const double before = slowness();
  known_cost_ += cost_of(items) / before;
  known_seconds_ += seconds;
  for (const std::size_t i : items) done_[i] = true;
}

double Budget::cost_of(const std::vector<std::size_t>& items) const {
  if (items.empty()) return 0;
  double cost = data_[items_[items.front()].piece];
  for (const std::size_t i : items) cost += items_[i].cost;
  return slowness() * cost;
}

}  // namespace lossbench
