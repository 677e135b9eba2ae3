// What the row-wise variants move, counted by the emulator, and that their results do not depend on the schedule.
#include <gtest/gtest.h>

#include "tests/rowwise_case.h"

namespace lossbench::rowwise_tests {
namespace {

struct Reads {
  std::uint64_t forward, gradient;
};

/// Reads of the logits per element.
Reads reads_of(const std::string& variant) {
  if (variant == "three_pass") return {2, 3};
  const bool keeps = variant == "rows_per_block" || variant == "shared_row" || variant == "cluster" || variant == "bulk_copy";
  return keeps ? Reads{1, 1} : Reads{1, 2};
}

/// Blocks that read the label of one row of a few classes, and launches beside that of the divisor.
std::uint64_t label_readers(const std::string& variant, Pass pass) {
  return variant == "cluster" || (variant == "split_row" && pass == Pass::gradient) ? 2 : 1;
}
int launches_of(const std::string& variant, Pass pass) { return variant == "split_row" && pass == Pass::gradient ? 2 : 1; }

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
            if (!accepts(variant, test)) continue;
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
            EXPECT_EQ(scope->array("target").load_bytes, labels * (label_readers(variant.name, pass) + divides)) << where;
            EXPECT_EQ(scope->array("grad_logits").store_bytes, gradient ? logits : 0u) << where;
            EXPECT_EQ(scope->array("grad_logits").load_bytes, 0u) << where;
            const bool none = test.reduction() == Reduction::none;
            EXPECT_EQ(scope->array("loss").store_bytes,
                      none ? test.labels.size() * size_of(dtype) : size_of(reduced_type(dtype))) << where;
            EXPECT_EQ(int(scope->launches), outcome.launches) << where;
            EXPECT_EQ(outcome.launches, launches_of(variant.name, pass) + divides) << where;
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
      EXPECT_EQ(scope->array("weight").load_bytes, 5u * 4 * label_readers(variant.name, Pass::forward)) << variant.name;
    }
    test.options.push_back("label_smoothing=0.1");
    simt::CountScope scope;
    run(variant, Pass::forward, test);
    EXPECT_EQ(scope->array("weight").load_bytes, 5u * 4 * label_readers(variant.name, Pass::forward) + 5u * 300 * 4) << variant.name;
  }
}

TEST(RowwiseTraffic, TheWorkspaceFollowsItsFormula) {
  for (const Variant& variant : variants())
    for (const Pass pass : {Pass::forward, Pass::gradient})
      for (const char* options : {"reduction=mean", "reduction=sum", "reduction=none"}) {
        const Case test = counted_case(DType::f32, {19, 3}, {options});
        Problem problem;
        problem.options = test.parsed(), problem.pass = pass, problem.dtype = test.dtype;
        problem.inputs = {{"logits", Array::contiguous(nullptr, test.dtype, test.shape)},
                          {"target", Array::contiguous(nullptr, test.label_type, {19})}};
        problem.outputs = {{"loss", Array::contiguous(nullptr, test.dtype, {})}};
        if (pass == Pass::gradient) problem.outputs.push_back({"grad_logits", Array::contiguous(nullptr, test.dtype, test.shape)});
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
    if (variant.name == "positions") continue;  // whose rows lie side by side
    Case test = counted_case(DType::f32, {4, 1024});
    test.skip = 0;
    simt::CountScope scope;
    run(variant, Pass::forward, test);
    EXPECT_EQ(scope->array("logits").load_sectors, reads_of(variant.name).forward * 4 * 1024 * 4 / 32) << variant.name;
  }
}

/// Sectors that `count` elements touch from element `first` of an aligned array on.
std::uint64_t sectors(std::int64_t first, std::int64_t count, DType dtype) {
  const std::int64_t size = std::int64_t(size_of(dtype));
  return std::uint64_t(((first + count) * size - 1) / 32 - first * size / 32 + 1);
}

/// Wherever rows start, vector variants fetch each sector of a row once a reading, and store them as widely where the gradient lies
/// in phase.
TEST(RowwiseTraffic, SectorsAreIdealAtEveryAlignment) {
  for (const Variant& variant : variants())
    for (const DType dtype : {DType::f32, DType::bf16, DType::f64})
      for (const int skip : {0, 1, 5})
        for (const std::int64_t classes : {1031, 1024}) {
          const std::string& name = variant.name;
          if (name != "vectorized_online" && name != "shared_row" && name != "bulk_copy") continue;
          Case test = counted_case(dtype, {5, classes});
          test.skip = skip;
          std::uint64_t ideal = 0;
          for (std::int64_t row = 0; row < 5; ++row) ideal += sectors(skip + row * classes, classes, dtype);
          simt::CountScope scope;
          run(variant, Pass::gradient, test);
          const std::string where = name + " " + std::string(name_of(dtype)) + " " + std::to_string(skip) + " " + std::to_string(classes);
          EXPECT_EQ(scope->array("logits").load_sectors, ideal * reads_of(name).gradient) << where;
          EXPECT_EQ(scope->array("grad_logits").store_sectors, ideal) << where;
        }
}

/// A tile of rows is one stretch of memory; positions that are neighbours are read by neighbours.
TEST(RowwiseTraffic, ShortRowsAndPositionsShareTheirSectors) {
  for (const Variant& variant : variants()) {
    if (variant.name == "rows_per_block") {
      Case test = counted_case(DType::f32, {256, 10});
      test.skip = 3;
      simt::CountScope scope;
      run(variant, Pass::gradient, test);
      EXPECT_EQ(scope->array("logits").load_sectors, sectors(3, 128 * 10, DType::f32) + sectors(3 + 1280, 1280, DType::f32));
      EXPECT_EQ(scope->array("grad_logits").store_sectors, sectors(3, 1280, DType::f32) + sectors(3 + 1280, 1280, DType::f32));
    }
    if (variant.name == "positions") {
      Case test = counted_case(DType::f32, {2, 7, 256});
      test.skip = 0;
      simt::CountScope scope;
      run(variant, Pass::gradient, test);
      EXPECT_EQ(scope->array("logits").load_sectors, 2u * 2 * 7 * 256 * 4 / 32);
      EXPECT_EQ(scope->array("grad_logits").store_sectors, 2u * 7 * 256 * 4 / 32);
    }
  }
}

TEST(RowwiseSchedule, ResultsAreTheSameToTheLastBit) {
  const std::vector<Case> cases = {make_case(DType::f32, {5, 700}, 1, {}, true), make_case(DType::bf16, {11, 37}, 2, {"label_smoothing=0.1"}),
                                   make_case(DType::f64, {5, 129}, 3, {"reduction=none"}), make_case(DType::f16, {3, 50, 4}, 4, {"normalizer=valid"})};
  for (const Variant& variant : variants())
    for (std::size_t i = 0; i < cases.size(); ++i)
      for (const Pass pass : {Pass::forward, Pass::gradient}) {
        if (!accepts(variant, cases[i])) continue;
        const std::string want = run(variant, pass, cases[i]).bits;
        {
          simt::OptionsScope scope(simt::Options{.order = simt::Order::descending});
          EXPECT_EQ(run(variant, pass, cases[i]).bits, want) << variant.name << " case " << i << " descending";
        }
        for (std::uint64_t seed = 1; seed <= 6; ++seed) {  // with and without switches, by each way of landing
          simt::OptionsScope scope(simt::Options{.order = simt::Order::random, .seed = seed, .preempt = seed % 2 ? 0.05 : 0.0,
                                                 .landing = simt::Landing(seed % 3)});
          EXPECT_EQ(run(variant, pass, cases[i]).bits, want) << variant.name << " case " << i << " seed " << seed;
        }
      }
}

/// Teams that take three rows, kept and ignored in every combination: what one row leaves behind must not reach the next.
TEST(RowwiseSchedule, RowsOfOneTeamDoNotMixUp) {
  for (const Variant& variant : variants()) {
    if (variant.name == "positions" || variant.name == "rows_per_block") continue;  // 256 rows a block: see Rowwise.MoreRowsThanTeams
    const std::int64_t teams = simt::device().sm_count * 8 * (variant.name == "warp_per_row" ? 8 : 1);
    Case test = make_case(DType::f32, {2 * teams + 16, 3}, 1, {"reduction=none"}, true, true);
    for (std::int64_t row = 0; row < test.shape[0]; ++row) {
      const std::int64_t team = row % teams, turn = row / teams;
      test.labels[std::size_t(row)] = team < 16 && (team >> turn & 1) ? row % 3 : -100;
    }
    const Expected want = expected(test, variant);
    for (std::uint64_t seed = 0; seed < 2; ++seed) {
      simt::OptionsScope scope(simt::Options{.order = seed ? simt::Order::random : simt::Order::ascending, .seed = seed,
                                             .landing = seed ? simt::Landing::eager : simt::Landing::lazy});
      const Outcome got = run(variant, Pass::gradient, test);
      EXPECT_EQ(difference(got.loss, want.loss, want.loss_bound, DType::f32), "") << variant.name << " seed " << seed;
      EXPECT_EQ(difference(got.gradient, want.gradient, want.gradient_bound, DType::f32), "") << variant.name << " seed " << seed;
    }
  }
}

}  // namespace
}  // namespace lossbench::rowwise_tests
