// Counted bytes of the ladders for rows, boxes and tensors equal their contracts, array by array; what a step reads again is said.
#include <gtest/gtest.h>

#include <algorithm>
#include <string_view>

#include "simt/emulator/counters.h"
#include "tests/every_case.h"

namespace lossbench::testing {
namespace {

simt::Counters count(const EveryCase& test, int misalignment) {
  BoundCall call(host_device(), *test.implementation, *test.resolved, misalignment);
  const simt::CountScope scope;
  call.run();
  return scope.counters();
}

bool is_one_of(std::string_view name, std::initializer_list<std::string_view> names) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

/// Whether the loss looks at the score of a row's own class before it reads the row.
bool reads_own(const EveryCase& test) {
  const Options& options = test.resolved->problem.options;
  if (test.loss->name == "hinge") return options.word("variant") != "binary";
  return test.loss->name == "log_loss" && options.word("form") == "classes" && options.flag("renormalize");
}
bool reads_own_only(const EveryCase& test) {
  const Options& options = test.resolved->problem.options;
  return test.loss->name == "log_loss" && options.word("form") == "classes" && !options.flag("renormalize");
}

void expect_contract(DType dtype, const Shape& shape, int misalignment) {
  int visited = 0;
  for_every_case(dtype, {{count_of(shape)}, shape}, [&](const EveryCase& test) {
    const std::string& variant = test.variant->name;
    const bool rows = is_one_of(variant, {"block_rows", "warp_rows", "vector_rows", "register_rows", "split_rows"});
    if (!rows && !is_one_of(variant, {"thread_per_box", "vector_boxes", "all_tensors", "tensor_by_tensor"})) return;
    ++visited;
    const Problem& problem = test.resolved->problem;
    const Shape& first = problem.inputs.front().array.shape;
    const bool again = rows && problem.pass == Pass::gradient && variant != "register_rows" && !reads_own_only(test);
    const simt::Counters counters = count(test, misalignment);
    for (const Contract::Entry& entry : test.loss->contract(problem).entries) {
      const Array* input = problem.input(entry.array);
      const bool operand = input && input->shape == first && is_real(input->dtype);
      if (variant == "split_rows" && input && !operand) continue;  // every slice of a row looks at its label
      std::int64_t read = entry.read;
      if (entry.array == "weight") read = first[0] * std::int64_t(size_of(input->dtype));  // a row looks its class's up
      if (operand && again) read *= 2;
      if (operand && reads_own(test)) read += first[0] * std::int64_t(size_of(dtype));
      if (variant == "split_rows" && (reads_own(test) || reads_own_only(test))) continue;
      const simt::ArrayCount array = counters.array(entry.array);
      EXPECT_EQ(array.load_bytes, std::uint64_t(read)) << test.name << ": " << entry.array;
      EXPECT_EQ(array.store_bytes, std::uint64_t(entry.written)) << test.name << ": " << entry.array;
    }
  });
  EXPECT_GT(visited, 60);
}

// Widths around a vector, around a warp, odd ones whose rows start anywhere; and a misaligned start.
TEST(RowTraffic, F32) { for (const Shape& shape : {Shape{9, 128}, Shape{5, 33}, Shape{3, 3}}) expect_contract(DType::f32, shape, 0); }
TEST(RowTraffic, F32Misaligned) { expect_contract(DType::f32, {4, 77}, 1); }
TEST(RowTraffic, Bf16) { expect_contract(DType::bf16, {6, 257}, 3); }

// One read for value and gradients, whatever the step that reads twice does.
TEST(RowTraffic, RegistersReadATripletOnce) {
  int visited = 0;
  for_every_case(DType::f32, {{8}, {16, 512}}, [&](const EveryCase& test) {
    if (test.variant->name != "register_rows") return;
    ++visited;
    const simt::Counters counters = count(test, 0);
    for (const char* operand : {"anchor", "positive", "negative"}) {
      EXPECT_EQ(counters.array(operand).load_bytes, 16u * 512 * 4) << test.name << " " << operand;
      EXPECT_EQ(counters.array(operand).load_requests * 512, counters.array(operand).load_bytes) << test.name << " " << operand;
    }
    EXPECT_EQ(counters.launches, 1u) << test.name;
  }, {Backend::simt}, "triplet_margin");
  EXPECT_GE(visited, 10);
}

// Boxes of f32 travel whole: a warp's request is 512 bytes in 16 sectors.
TEST(RowTraffic, ABoxIsOneAccess) {
  int visited = 0;
  for_every_case(DType::f32, {{4096}, {5, 33}}, [&](const EveryCase& test) {
    if (test.variant->name != "vector_boxes") return;
    ++visited;
    const simt::ArrayCount pred = count(test, 0).array("pred");
    EXPECT_EQ(pred.load_requests * 512, pred.load_bytes) << test.name;
    EXPECT_EQ(pred.load_sectors * 32, pred.load_bytes) << test.name;
  }, {Backend::simt}, "iou_loss");
  EXPECT_GE(visited, 8);
}

TEST(RowTraffic, PenaltyOfManyTensorsIsOneLaunch) {
  int visited = 0;
  for_every_case(DType::f32, {{70001}, {5, 33}}, [&](const EveryCase& test) {
    ++visited;
    const std::size_t tensors = test.resolved->problem.inputs.size();
    EXPECT_EQ(count(test, 0).launches, test.variant->name == "all_tensors" ? 1u : tensors) << test.name;
  }, {Backend::simt}, "regularization");
  EXPECT_GE(visited, 16);
}

}  // namespace
}  // namespace lossbench::testing
