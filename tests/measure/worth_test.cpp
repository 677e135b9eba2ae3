// In which order cases are worth their time, over everything that this machine can run.
#include "bench/measure/worth.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <set>

namespace lossbench {
namespace {

struct Ranked {
  Case entry;
  Worth worth;
};

std::vector<Ranked> ranked() {
  const std::vector<Case> cases = select_cases({}, "");
  const std::vector<Worth> worth = worth_of(cases);
  std::vector<Ranked> all;
  for (std::size_t i = 0; i < cases.size(); ++i) all.push_back({cases[i], worth[i]});
  std::stable_sort(all.begin(), all.end(), [](const Ranked& a, const Ranked& b) { return a.worth.rank < b.worth.rank; });
  return all;
}

TEST(Worth, EveryLossHasOneCaseBeforeAnyHasTwo) {
  std::set<const Loss*> losses, seen;
  for (const Ranked& one : ranked()) losses.insert(one.entry.loss);
  for (const Ranked& one : ranked()) {
    EXPECT_EQ(one.worth.first, seen.insert(one.entry.loss).second) << one.entry.name();
    if (one.worth.first) continue;
    EXPECT_EQ(seen.size(), losses.size()) << one.entry.name();
  }
}

TEST(Worth, CompleteTrainingLossesComeFirst) {
  const std::vector<Ranked> all = ranked();
  EXPECT_TRUE(all.front().entry.loss->composite());
  int last_preferred = -1, first_other = 1000;
  for (const Ranked& one : all) {
    if (one.worth.first) continue;
    if (one.entry.loss->composite() && one.entry.variant->name == one.entry.loss->preference.front()) last_preferred = std::max(last_preferred, one.worth.rank);
    if (!one.entry.loss->composite()) first_other = std::min(first_other, one.worth.rank);
  }
  EXPECT_LT(last_preferred, first_other);
}

TEST(Worth, StepsOfTheLadderComeLast) {
  std::map<std::pair<std::string, Backend>, std::vector<int>> ranks;
  for (const Ranked& one : ranked()) ranks[{one.entry.data_key(), one.entry.variant->backend}].push_back(one.worth.rank);
  std::size_t ladders = 0;
  for (const auto& [key, own] : ranks) {
    EXPECT_LT(own.front(), 6) << "one of each backend before";
    for (std::size_t i = 1; i < own.size(); ++i) EXPECT_TRUE(own[i] >= 6 || own[i] < 2) << key.first;
    ladders += own.size() > 1;
  }
  EXPECT_GT(ladders, 10u);
}

TEST(Worth, ForwardComesBeforeGradients) {
  for (const Ranked& one : ranked()) {
    if (one.entry.loss->composite() || one.worth.rank != 3) continue;
    EXPECT_EQ(one.entry.pass, Pass::forward) << one.entry.name();
  }
}

}  // namespace
}  // namespace lossbench
