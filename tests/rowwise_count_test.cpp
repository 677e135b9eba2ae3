// Variant row_count: the zero-one loss of whole rows, counted exactly.
#include <gtest/gtest.h>

#include "tests/rowwise_case.h"

namespace lossbench::rowwise_tests {
namespace {

struct CountCase {
  std::string mode;
  DType dtype = DType::f32;        ///< of scores, weights and loss
  DType label_type = DType::i32;
  std::int64_t rows = 0, width = 1;
  std::vector<double> scores = {};
  std::vector<std::int64_t> pred = {}, target = {};
  std::vector<double> weight = {};
  std::string reduction = "mean", empty = "nan";
};

struct Counted {
  std::vector<double> loss;
  std::string bits;
};

const Variant& row_count() {
  static const Variant variant = [] {
    for (Variant& entry : simt_variants())
      if (entry.name == "row_count") return entry;
    throw std::runtime_error("no row_count");
  }();
  return variant;
}

Problem problem_of(const CountCase& test) {
  Problem problem;
  problem.loss = "zero_one";
  problem.dtype = test.dtype;
  problem.options.set("mode", test.mode);
  problem.options.set("reduction", test.reduction);
  problem.options.set("empty", test.empty);
  return problem;
}

Counted count(const CountCase& test) {
  const bool scores = test.mode == "argmax", none = test.reduction == "none";
  const DType element = scores ? test.dtype : test.label_type, loss_type = none ? test.dtype : reduced_type(test.dtype);
  const std::int64_t targets = test.mode == "multilabel_subset" ? test.rows * test.width : test.rows;
  Storage decisions(element, test.rows * test.width, 1), target(test.label_type, targets, 1), weight(test.dtype, test.rows, 1);
  Storage loss(loss_type, none ? test.rows : 1, 1);
  for (std::size_t i = 0; i < test.scores.size(); ++i) decisions.set(std::int64_t(i), test.scores[i]);
  for (std::size_t i = 0; i < test.pred.size(); ++i) decisions.set(std::int64_t(i), test.pred[i]);
  for (std::size_t i = 0; i < test.target.size(); ++i) target.set(std::int64_t(i), test.target[i]);
  for (std::size_t i = 0; i < test.weight.size(); ++i) weight.set(std::int64_t(i), test.weight[i]);

  Problem problem = problem_of(test);
  const Shape matrix = test.mode == "labels" ? Shape{test.rows} : Shape{test.rows, test.width};
  problem.inputs = {{scores ? "scores" : "pred", Array::contiguous(decisions.data(), element, matrix)},
                    {"target", Array::contiguous(target.data(), test.label_type, test.mode == "argmax" ? Shape{test.rows} : matrix)}};
  if (!test.weight.empty()) problem.inputs.push_back({"sample_weight", Array::contiguous(weight.data(), test.dtype, {test.rows})});
  problem.outputs = {{"loss", Array::contiguous(loss.data(), loss_type, none ? Shape{test.rows} : Shape{})}};
  for (const Implementation& entry : row_count().implementations) {
    if (entry.element != element) continue;
    if (const std::string reason = entry.rejects(problem); !reason.empty()) throw std::runtime_error(reason);
    std::vector<double> workspace(entry.workspace_bytes(problem) / 8 + 1, 0.0);
    for (int i = 0; i < 2; ++i) entry.run(problem, {workspace.data(), workspace.size() * 8}, nullptr);
    return {loss.all(), loss.bytes()};
  }
  throw std::runtime_error("no such element type");
}

/// The definition, row by row.
std::vector<double> wrong_rows(const CountCase& test) {
  std::vector<double> wrong;
  for (std::int64_t row = 0; row < test.rows; ++row) {
    const std::size_t first = std::size_t(row * test.width);
    bool is_wrong = false, missing = false;
    if (test.mode == "argmax") {
      std::size_t best = 0;
      for (std::size_t c = 0; c < std::size_t(test.width); ++c) {
        missing = missing || std::isnan(test.scores[first + c]);
        if (test.scores[first + c] > test.scores[first + best]) best = c;
      }
      is_wrong = std::int64_t(best) != test.target[std::size_t(row)];
    } else {
      for (std::size_t i = 0; i < std::size_t(test.width); ++i) is_wrong = is_wrong || test.pred[first + i] != test.target[first + i];
    }
    wrong.push_back(missing ? kNan : is_wrong ? 1 : 0);
  }
  return wrong;
}

void check(const CountCase& test) {
  const std::vector<double> wrong = wrong_rows(test);
  const std::string where = test.mode + " " + std::string(name_of(test.dtype)) + " " + std::to_string(test.rows) + "x" +
                            std::to_string(test.width) + " " + test.reduction + (test.weight.empty() ? "" : " weighted");
  const auto weight = [&](std::size_t i) { return test.weight.empty() ? 1.0 : test.weight[i]; };
  const std::vector<double> got = count(test).loss;
  const auto near = [&](double a, Wide b, DType type) {
    return std::isnan(b) ? std::isnan(a) : !!(std::fabs(a - b) <= std::fabs(b) * (Wide(unit_roundoff(type)) * 1.01L + 40 * 0x1p-53L));
  };
  if (test.reduction == "none") {
    ASSERT_EQ(got.size(), wrong.size()) << where;
    for (std::size_t i = 0; i < wrong.size(); ++i) EXPECT_TRUE(near(got[i], weight(i) * wrong[i], test.dtype)) << where << " row " << i;
    return;
  }
  Wide sum = 0, total = 0;
  for (std::size_t i = 0; i < wrong.size(); ++i) sum += Wide(weight(i)) * wrong[i], total += weight(i);
  const Wide divisor = test.reduction == "sum" ? 1 : test.reduction == "batch" ? Wide(test.rows) : total;
  const Wide want = divisor == 0 ? (test.empty == "zero" ? 0 : Wide(kNan)) : sum / divisor;
  EXPECT_TRUE(near(got[0], want, reduced_type(test.dtype))) << where << ": " << got[0] << " for " << double(want);
  if (test.weight.empty() && test.reduction == "sum" && !std::isnan(want)) {
    EXPECT_EQ(got[0], double(want)) << where;
  }
}

/// Scores from few values, so that ties are common; sets that differ now and then, in one place.
CountCase make(const std::string& mode, DType dtype, DType label_type, std::int64_t rows, std::int64_t width, bool weighted) {
  std::mt19937_64 random(std::uint64_t(rows * 131 + width));
  CountCase test{.mode = mode, .dtype = dtype, .label_type = label_type, .rows = rows, .width = width};
  for (std::int64_t row = 0; row < rows; ++row) {
    if (mode == "argmax") {
      std::int64_t best = 0;
      std::vector<double> scores;
      for (std::int64_t c = 0; c < width; ++c) {
        scores.push_back(row % 7 == 6 ? -kInfinity : double(random() % 5) - 2);
        if (scores[std::size_t(c)] > scores[std::size_t(best)]) best = c;
      }
      test.scores.insert(test.scores.end(), scores.begin(), scores.end());
      test.target.push_back(random() % 2 ? best : std::int64_t(random() % std::uint64_t(width)));
    } else {
      const std::int64_t differs = random() % 2 ? std::int64_t(random() % std::uint64_t(width)) : -1;
      for (std::int64_t i = 0; i < width; ++i) {
        test.pred.push_back(std::int64_t(random() % 2));
        test.target.push_back(test.pred.back() ^ (i == differs));
      }
    }
    if (weighted) test.weight.push_back(round_to(dtype, double(random() % 8) / 4));
  }
  return test;
}

TEST(RowCount, EveryModeShapeAndReduction) {
  for (const char* mode : {"argmax", "multilabel_subset", "labels"})
    for (const DType dtype : kRealTypes)
      for (const auto& [rows, width] : {std::pair<int, int>{0, 3}, {1, 1}, {7, 2}, {8, 31}, {9, 32}, {33, 33}, {5, 1000}, {257, 10}})
        for (const char* reduction : {"mean", "sum", "none", "batch"})
          for (const bool weighted : {false, true}) {
            const std::int64_t own = std::string(mode) == "labels" ? 1 : width;
            CountCase test = make(mode, dtype, rows % 2 ? DType::i64 : DType::i32, rows, own, weighted);
            test.reduction = reduction;
            check(test);
          }
}

TEST(RowCount, TheLowestIndexWinsATie) {
  for (const DType dtype : kRealTypes)
    for (const int at : {0, 1, 31, 32, 63, 64, 99}) {
      CountCase test{.mode = "argmax", .dtype = dtype, .rows = 1, .width = 100, .reduction = "sum"};
      test.scores.assign(100, 0.5);
      for (int c = at; c < 100; c += 3) test.scores[std::size_t(c)] = 2;
      for (const int target : {at, at + 3}) {
        test.target = {target};
        EXPECT_EQ(count(test).loss[0], target == at ? 0 : 1) << at << " " << target;
      }
    }
}

TEST(RowCount, NanIsNeitherRightNorWrong) {
  for (const DType dtype : kRealTypes)
    for (const int at : {0, 5, 40})
      for (const char* reduction : {"none", "sum", "mean"})
        for (const double weight : {1.0, 0.0}) {
          CountCase test = make("argmax", dtype, DType::i32, 4, 41, false);
          test.scores[std::size_t(2 * 41 + at)] = kNan;
          test.reduction = reduction;
          test.weight.assign(4, 1.0);
          test.weight[2] = weight;
          check(test);
          EXPECT_TRUE(std::isnan(count(test).loss[test.reduction == "none" ? 2 : 0])) << at << " " << reduction;
        }
}

TEST(RowCount, EmptyAndWeightless) {
  for (const char* empty : {"nan", "zero"})
    for (const std::int64_t rows : {0, 3}) {
      CountCase test = make("labels", DType::f32, DType::i32, rows, 1, true);
      test.weight.assign(std::size_t(rows), 0.0);
      test.empty = empty;
      check(test);
    }
}

TEST(RowCount, CountsAreExactWhereFloatsAreNot) {
  CountCase test = make("labels", DType::f64, DType::i32, 100001, 1, true);
  for (double& weight : test.weight) weight = 1 + 0x1p-40;
  test.reduction = "sum";
  check(test);
}

TEST(RowCount, OtherModesAreRejectedByName) {
  CountCase test = make("argmax", DType::f32, DType::i32, 2, 3, false);
  for (const char* mode : {"sign", "tolerance"}) {
    test.mode = mode;
    const std::string reason = row_count().implementations.front().rejects(problem_of(test));
    EXPECT_NE(reason.find(mode), std::string::npos);
    EXPECT_NE(reason.find("argmax, multilabel_subset"), std::string::npos);
  }
  for (const Implementation& entry : row_count().implementations) EXPECT_EQ(entry.pass, Pass::forward);
}

TEST(RowCount, EveryArrayIsReadOnce) {
  CountCase test = make("argmax", DType::f16, DType::i64, 21, 75, true);
  simt::CountScope scope;
  count(test);
  EXPECT_EQ(scope->launches, 2u);  // count() runs twice
  EXPECT_EQ(scope->array("scores").load_bytes, 2u * 21 * 75 * 2);
  EXPECT_EQ(scope->array("target").load_bytes, 2u * 21 * 8);
  EXPECT_EQ(scope->array("sample_weight").load_bytes, 2u * 21 * 2);
}

TEST(RowCount, TheSameBitsUnderEverySchedule) {
  for (const char* mode : {"argmax", "multilabel_subset"}) {
    CountCase test = make(mode, DType::f32, DType::i32, 90, 40, true);
    for (std::size_t i = 0; i < test.weight.size(); ++i) test.weight[i] = round_to(DType::f32, 0.1 * double(i % 17 + 1));
    const std::string want = count(test).bits;
    for (std::uint64_t seed = 0; seed <= 20; ++seed) {
      simt::OptionsScope scope(simt::Options{.order = seed ? simt::Order::random : simt::Order::descending, .seed = seed, .preempt = seed ? 0.05 : 0});
      EXPECT_EQ(count(test).bits, want) << mode << " " << seed;
    }
  }
}

}  // namespace
}  // namespace lossbench::rowwise_tests
