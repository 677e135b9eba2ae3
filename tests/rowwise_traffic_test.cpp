// What the row-wise variants move, counted by the emulator, and that their results do not depend on the schedule.
#include <gtest/gtest.h>

#include "tests/rowwise_case.h"

namespace lossbench::rowwise_tests {
namespace {

struct Reads {
  std::uint64_t forward, gradient;
};

/// Reads of the logits per element.
Reads reads_of(const std::string& variant) { return variant == "three_pass" ? Reads{2, 3} : Reads{1, 2}; }

Case counted_case(DType dtype, Shape shape, std::vector<std::string> options = {}) {
  Case test = make_case(dtype, std::move(shape), 1, std::move(options));
  for (std::int64_t& label : test.labels) label = label == -100 ? 0 : label;  // ignored rows are not read at all
  return test;
}

TEST(RowwiseTraffic, EveryArrayIsReadAsOftenAsPromised) {
  for (const Variant& variant : variants())
    for (const DType dtype : kRealTypes)
      for (const Shape& shape : {Shape{3, 1031}, Shape{11, 33}, Shape{1, 1}, Shape{2, 4, 3}})
        for (const char* options : {"reduction=mean", "reduction=none", "reduction=sum"})
          for (const Pass pass : {Pass::forward, Pass::gradient}) {
            const Case test = counted_case(dtype, shape, {options});
            const bool gradient = pass == Pass::gradient, divides = std::string(options) == "reduction=mean" && gradient;
            simt::CountScope scope;
            const Outcome outcome = run(variant, pass, test);
            const std::string where = variant.name + " " + std::string(name_of(dtype)) + " " + to_string(shape) + " " +
                                      std::string(name_of(pass)) + " " + options;
            const std::uint64_t logits = test.logits.size() * size_of(dtype);
            const std::uint64_t labels = test.labels.size() * size_of(test.label_type);
            const Reads reads = reads_of(variant.name);
            EXPECT_EQ(scope->array("logits").load_bytes, logits * (gradient ? reads.gradient : reads.forward)) << where;
            EXPECT_EQ(scope->array("logits").store_bytes, 0u) << where;
            EXPECT_EQ(scope->array("target").load_bytes, labels * (divides ? 2 : 1)) << where;
            EXPECT_EQ(scope->array("grad_logits").store_bytes, gradient ? logits : 0u) << where;
            EXPECT_EQ(scope->array("grad_logits").load_bytes, 0u) << where;
            const bool none = test.reduction() == Reduction::none;
            EXPECT_EQ(scope->array("loss").store_bytes,
                      none ? test.labels.size() * size_of(dtype) : size_of(reduced_type(dtype))) << where;
            EXPECT_EQ(int(scope->launches), outcome.launches) << where;
            EXPECT_EQ(outcome.launches, divides ? 2 : 1) << where;
          }
}

TEST(RowwiseTraffic, TheContractIsWhatOnlineMoves) {
  const Loss loss = softmax_cross_entropy();
  const Variant online = variants()[1];
  ASSERT_EQ(online.name, "online");
  for (const Pass pass : {Pass::forward, Pass::gradient})
    for (const char* options : {"normalizer=weight_sum", "normalizer=valid", "normalizer=full", "reduction=none"}) {
      if (std::string(options) == "reduction=none" && pass == Pass::gradient) continue;
      const Case test = counted_case(DType::f32, {6, 515}, {options});
      Problem problem;
      problem.loss = loss.name, problem.options = test.parsed(), problem.pass = pass, problem.dtype = test.dtype;
      problem.inputs = {{"logits", Array::contiguous(nullptr, test.dtype, test.shape)},
                        {"target", Array::contiguous(nullptr, test.label_type, {6})}};
      simt::CountScope scope;
      run(online, pass, test);
      for (const Contract::Entry& entry : loss.contract(problem).entries) {
        const std::int64_t again = entry.array == "logits" && pass == Pass::gradient ? entry.read : 0;  // its second read
        EXPECT_EQ(std::int64_t(scope->array(entry.array).load_bytes), entry.read + again) << entry.array << " " << options;
        EXPECT_EQ(std::int64_t(scope->array(entry.array).store_bytes), entry.written) << entry.array << " " << options;
      }
    }
}

TEST(RowwiseTraffic, WeightsAreReadOnceARowAndWithSmoothingOnceALogit) {
  for (const Variant& variant : variants()) {
    Case test = counted_case(DType::f32, {5, 300}, {"reduction=sum"});
    test.weight.assign(300, 0.5);
    {
      simt::CountScope scope;
      run(variant, Pass::forward, test);
      EXPECT_EQ(scope->array("weight").load_bytes, 5u * 4) << variant.name;
    }
    test.options.push_back("label_smoothing=0.1");
    simt::CountScope scope;
    run(variant, Pass::forward, test);
    EXPECT_EQ(scope->array("weight").load_bytes, 5u * 4 + 5u * 300 * 4) << variant.name;
  }
}

TEST(RowwiseTraffic, TheWorkspaceFollowsItsFormula) {
  for (const Variant& variant : variants())
    for (const Pass pass : {Pass::forward, Pass::gradient})
      for (const char* options : {"reduction=mean", "reduction=sum", "reduction=none"}) {
        const Case test = counted_case(DType::f32, {70, 3}, {options});
        Problem problem;
        problem.options = test.parsed(), problem.pass = pass, problem.dtype = test.dtype;
        problem.inputs = {{"logits", Array::contiguous(nullptr, test.dtype, test.shape)},
                          {"target", Array::contiguous(nullptr, test.label_type, {70})}};
        problem.outputs = {{"loss", Array::contiguous(nullptr, test.dtype, {})}};
        for (const Implementation& entry : variant.implementations) {
          if (entry.element != DType::f32 || entry.pass != pass) continue;
          simt::CountScope scope;
          run(variant, pass, test);
          const simt::ArrayCount moved = scope->array("workspace");
          EXPECT_EQ(std::int64_t(moved.load_bytes + moved.store_bytes), entry.workspace_traffic(problem))
              << variant.name << " " << name_of(pass) << " " << options;
        }
      }
}

/// Neighbouring threads read neighbouring logits: an aligned row of a block takes no more sectors than it has.
TEST(RowwiseTraffic, ReadsAreCoalesced) {
  for (const Variant& variant : variants()) {
    Case test = counted_case(DType::f32, {4, 1024});
    test.skip = 0;
    simt::CountScope scope;
    run(variant, Pass::forward, test);
    EXPECT_EQ(scope->array("logits").load_sectors, reads_of(variant.name).forward * 4 * 1024 * 4 / 32) << variant.name;
  }
}

TEST(RowwiseSchedule, ResultsAreTheSameToTheLastBit) {
  const std::vector<Case> cases = {make_case(DType::f32, {11, 700}, 1, {}, true), make_case(DType::bf16, {30, 37}, 2, {"label_smoothing=0.1"}),
                                   make_case(DType::f64, {9, 129}, 3, {"reduction=none"}), make_case(DType::f16, {3, 50, 4}, 4, {"normalizer=valid"})};
  for (const Variant& variant : variants())
    for (std::size_t i = 0; i < cases.size(); ++i)
      for (const Pass pass : {Pass::forward, Pass::gradient}) {
        const std::string want = run(variant, pass, cases[i]).bits;
        {
          simt::OptionsScope scope(simt::Options{.order = simt::Order::descending});
          EXPECT_EQ(run(variant, pass, cases[i]).bits, want) << variant.name << " case " << i << " descending";
        }
        for (std::uint64_t seed = 1; seed <= 20; ++seed) {
          simt::OptionsScope scope(simt::Options{.order = simt::Order::random, .seed = seed, .preempt = seed % 2 ? 0.05 : 0.0});
          EXPECT_EQ(run(variant, pass, cases[i]).bits, want) << variant.name << " case " << i << " seed " << seed;
        }
      }
}

/// Teams that take three rows, kept and ignored in every combination: what one row leaves behind must not reach the next.
TEST(RowwiseSchedule, RowsOfOneTeamDoNotMixUp) {
  for (const Variant& variant : variants()) {
    const std::int64_t teams = simt::device().sm_count * 8 * (variant.name == "warp_per_row" ? 8 : 1);
    Case test = make_case(DType::f32, {2 * teams + 16, 3}, 1, {"reduction=none"}, true, true);
    for (std::int64_t row = 0; row < test.shape[0]; ++row) {
      const std::int64_t team = row % teams, turn = row / teams;
      test.labels[std::size_t(row)] = team < 16 && (team >> turn & 1) ? row % 3 : -100;
    }
    const Expected want = expected(test, variant);
    for (std::uint64_t seed = 0; seed < 6; ++seed) {
      simt::OptionsScope scope(simt::Options{.order = seed ? simt::Order::random : simt::Order::ascending, .seed = seed});
      const Outcome got = run(variant, Pass::gradient, test);
      EXPECT_EQ(difference(got.loss, want.loss, want.loss_bound, DType::f32), "") << variant.name << " seed " << seed;
      EXPECT_EQ(difference(got.gradient, want.gradient, want.gradient_bound, DType::f32), "") << variant.name << " seed " << seed;
    }
  }
}

}  // namespace
}  // namespace lossbench::rowwise_tests
