// Softmax cross-entropy, every row-wise variant under the emulator: values and gradients against the definition in long double,
// over dtypes, shapes around the sizes of warps, blocks and chunks, and options.
#include <gtest/gtest.h>

#include "tests/rowwise_case.h"

namespace lossbench::rowwise_tests {
namespace {

void check(const Variant& variant, const Case& test, const std::string& what) {
  const Expected want = expected(test, variant);
  const DType loss_type = test.reduction() == Reduction::none ? test.dtype : reduced_type(test.dtype);
  for (const Pass pass : {Pass::forward, Pass::gradient}) {
    const Outcome got = run(variant, pass, test, test.dtype == DType::f32 ? 2 : 1);
    const std::string where = variant.name + " " + std::string(name_of(test.dtype)) + " " + std::string(name_of(pass)) + " " +
                              to_string(test.shape) + " " + what;
    EXPECT_EQ(difference(got.loss, want.loss, want.loss_bound, loss_type), "") << where << ", loss";
    if (pass == Pass::gradient) {
      EXPECT_EQ(difference(got.gradient, want.gradient, want.gradient_bound, test.dtype), "") << where << ", gradient";
    }
  }
}

TEST(Rowwise, EveryShape) {
  const std::vector<Shape> shapes = {{0, 5},   {1, 1},    {3, 1},    {2, 2},    {9, 3},    {8, 31},   {5, 32},  {7, 33},
                                     {3, 127}, {2, 255},  {3, 256},  {3, 257},  {17, 100}, {5, 1000}, {2, 1023}, {3, 1024},
                                     {3, 1025}, {2, 1281}, {1, 3001}, {300, 10}};
  for (const Variant& variant : variants())
    for (const DType dtype : kRealTypes)
      for (std::size_t i = 0; i < shapes.size(); ++i) check(variant, make_case(dtype, shapes[i], i), "");
}

TEST(Rowwise, EveryOption) {
  const std::vector<std::vector<std::string>> sets = {
      {"reduction=sum"},
      {"reduction=none"},
      {"reduction=batch"},
      {"reduction=mean", "normalizer=weight_sum", "empty=zero"},
      {"normalizer=valid"},
      {"normalizer=full"},
      {"normalizer=batch"},
      {"normalizer=none"},
      {"ignore_index=2"},
      {"ignore_index=2", "normalizer=valid"},
      {"label_smoothing=0.1"},
      {"label_smoothing=0.1", "reduction=none"},
      {"label_smoothing=1", "reduction=sum"},
      {"label_smoothing=0.5", "normalizer=full", "ignore_index=0"},
  };
  const std::vector<Shape> shapes = {{13, 67}, {3, 1030}, {4, 5, 7}, {2, 33, 3, 2}};
  for (const Variant& variant : variants())
    for (const DType dtype : kRealTypes)
      for (std::size_t i = 0; i < sets.size(); ++i)
        for (const bool weighted : {false, true}) {
          std::string what = weighted ? "weight" : "";
          for (const std::string& option : sets[i]) what += " " + option;
          check(variant, make_case(dtype, shapes[(i + weighted) % shapes.size()], i, sets[i], weighted, (i + weighted) % 2 == 0), what);
        }
}

TEST(Rowwise, PaddedRows) {
  for (const Variant& variant : variants()) {
    Case test = make_case(DType::f32, {5, 61}, 3);
    test.row_padding = 3;
    check(variant, test, "padded");
  }
}

/// More rows than a grid of eight blocks a multiprocessor takes at once.
TEST(Rowwise, MoreRowsThanTeams) {
  const std::int64_t teams = simt::device().sm_count * 8;
  for (const Variant& variant : variants()) {
    const std::int64_t rows = variant.name == "warp_per_row" ? 8 * teams + 5 : teams + 5;
    const Case test = make_case(DType::f32, {rows, 2}, 1, {}, true);
    const Outcome got = run(variant, Pass::gradient, test);
    const Expected want = expected(test, variant);
    EXPECT_EQ(difference(got.loss, want.loss, want.loss_bound, DType::f32), "") << variant.name;
    EXPECT_EQ(difference(got.gradient, want.gradient, want.gradient_bound, DType::f32), "") << variant.name;
  }
}

TEST(Rowwise, WhatALayoutCannotSayIsRejected) {
  Case test = make_case(DType::f32, {3, 4, 2, 2}, 1);
  const Variant variant = variants().front();
  Problem problem;
  problem.options = test.parsed();
  Array logits = Array::contiguous(nullptr, DType::f32, {3, 4, 2, 2});
  problem.inputs = {{"logits", logits}, {"target", Array::contiguous(nullptr, DType::i32, {3, 2, 2})}};
  EXPECT_EQ(variant.implementations.front().rejects(problem), "");
  problem.inputs[0].array.strides[2] = 5;
  EXPECT_NE(variant.implementations.front().rejects(problem).find("'logits'"), std::string::npos);
}

}  // namespace
}  // namespace lossbench::rowwise_tests
