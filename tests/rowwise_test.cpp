// Softmax cross-entropy, every row-wise variant under the emulator: values and gradients against the definition in long double,
// over dtypes, shapes around the sizes of warps, blocks and chunks, and options.
#include <gtest/gtest.h>

#include "tests/rowwise_case.h"

namespace lossbench::rowwise_tests {
namespace {

/// Of a few rows in f32 a second call follows the first: what it leaves behind depends on neither rows nor types.
void check(const Variant& variant, const Case& test, const std::string& what) {
  if (!accepts(variant, test)) return;
  const Expected want = expected(test, variant);
  const DType loss_type = test.loss_type();
  for (const Pass pass : {Pass::forward, Pass::gradient}) {
    const Outcome got = run(variant, pass, test, test.dtype == DType::f32 && test.positions() <= 5 ? 2 : 1);
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
                                     {3, 1025}, {2, 1281}, {1, 3001}, {131, 10}};  // 128 short rows are a tile
  for (const Variant& variant : variants())
    for (const DType dtype : kRealTypes)
      for (std::size_t i = 0; i < shapes.size(); ++i)
        if (dtype == DType::f32 || (i + std::size_t(dtype)) % 3 == 0) check(variant, make_case(dtype, shapes[i], i), "");
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
  const std::vector<Shape> shapes = {{7, 67}, {3, 1030}, {4, 5, 7}, {2, 33, 3, 2}};
  for (const Variant& variant : variants())
    for (const DType dtype : kRealTypes)
      for (std::size_t i = 0; i < sets.size(); ++i)
        for (const bool weighted : {false, true}) {
          if (dtype != DType::f32 && (i + weighted + std::size_t(dtype)) % 3) continue;
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
    if (variant.name == "positions") continue;  // 270,000 rows
    const bool tiles = variant.name == "rows_per_block";  // 8 rows a block from 129 classes on
    const std::int64_t rows = (tiles || variant.name == "warp_per_row" ? 8 : 1) * teams + 5;
    const Case test = make_case(DType::f32, {rows, tiles ? 129 : 2}, 1, {}, true);
    const Outcome got = run(variant, Pass::gradient, test);
    const Expected want = expected(test, variant);
    EXPECT_EQ(difference(got.loss, want.loss, want.loss_bound, DType::f32), "") << variant.name;
    EXPECT_EQ(difference(got.gradient, want.gradient, want.gradient_bound, DType::f32), "") << variant.name;
  }
}

/// Every alignment of the logits, and of the gradient beside it: 0 to a 32-byte sector, in phase and not.
TEST(Rowwise, EveryAlignment) {
  for (const Variant& variant : variants())
    for (const DType dtype : {DType::bf16, DType::f32})
      for (int skip = 0; skip < 32 / int(size_of(dtype)); skip += 3)
        for (const int gradient_skip : {skip, 1 + skip % 4}) {
          Case test = make_case(dtype, {2, 517}, 5, {}, true);
          test.skip = skip, test.gradient_skip = gradient_skip;
          check(variant, test, "skip " + std::to_string(skip) + " gradient " + std::to_string(gradient_skip));
        }
}

TEST(Rowwise, TheGradientMayReplaceTheLogits) {
  for (const Variant& variant : variants())
    for (const DType dtype : kRealTypes)
      for (const Shape& shape : {Shape{9, 67}, Shape{4, 1027}}) {
        Case test = make_case(dtype, shape, 3, {"label_smoothing=0.1"}, true);
        if (!accepts(variant, test)) continue;
        const std::vector<double> apart = run(variant, Pass::gradient, test).gradient;
        test.in_place = true;
        EXPECT_EQ(run(variant, Pass::gradient, test).gradient, apart) << variant.name << " " << name_of(dtype) << " " << to_string(shape);
      }
}

/// Parts of a row in 2, 4, 8 and 16 blocks of a cluster, in stages of bulk copies, and all over the grid.
TEST(Rowwise, LongRows) {
  for (const Variant& variant : variants()) {
    if (variant.name == "three_pass" || variant.name == "warp_per_row" || variant.name == "positions") continue;
    for (const std::int64_t classes : {50257, 262144}) {
      Case test = make_case(DType::f32, {2, classes}, 1);
      test.labels = {classes - 1, 17};
      check(variant, test, "long");
    }
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
