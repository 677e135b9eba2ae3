// Counted bytes equal the contract, exactly: every input read once, every output written once, the workspace as its formula says.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
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

/// A broadcast operand is read once an element; the contract counts its own bytes, the fewest possible.
bool broadcasts(const Resolved& resolved) {
  return std::any_of(resolved.problem.inputs.begin(), resolved.problem.inputs.end(), [&](const NamedArray& input) {
    return input.array.shape != resolved.problem.inputs.front().array.shape;
  });
}

constexpr std::array<std::string_view, 5> kExact = {"vectorized", "single_pass", "compensated", "elementwise", "fused"};

void expect_contract(DType dtype, std::int64_t elements, int misalignment) {
  int visited = 0;
  for_every_case(dtype, {{elements}, {5, 33}}, [&](const EveryCase& test) {
    if (std::find(kExact.begin(), kExact.end(), test.variant->name) == kExact.end() || broadcasts(*test.resolved)) return;
    ++visited;
    const simt::Counters counters = count(test, misalignment);
    for (const Contract::Entry& entry : test.loss->contract(test.resolved->problem).entries) {
      const simt::ArrayCount array = counters.array(entry.array);
      EXPECT_EQ(array.load_bytes, std::uint64_t(entry.read)) << test.name << ": " << entry.array;
      EXPECT_EQ(array.store_bytes, std::uint64_t(entry.written)) << test.name << ": " << entry.array;
    }
  });
  EXPECT_GT(visited, 20);
}

// A multiple of every vector, an odd length with head and tail, fewer elements than a vector, none.
TEST(LadderTraffic, F32) { for (std::int64_t n : {8192, 4099, 3, 0}) expect_contract(DType::f32, n, 0); }
TEST(LadderTraffic, F32Misaligned) { expect_contract(DType::f32, 4099, 1); }
TEST(LadderTraffic, F64) { expect_contract(DType::f64, 4099, 1); }
TEST(LadderTraffic, F16) { expect_contract(DType::f16, 4099, 3); }
TEST(LadderTraffic, Bf16) { for (std::int64_t n : {8192, 4099}) expect_contract(DType::bf16, n, 0); }

TEST(LadderTraffic, ForwardReadsTwoAndGradientWritesOne) {
  constexpr std::uint64_t kBytes = 4 * 4099;
  int visited = 0;
  for_every_case(DType::f32, {{4099}, {5, 33}}, [&](const EveryCase& test) {
    if (test.loss->name != "smooth_l1" || (test.variant->name != "single_pass" && test.variant->name != "fused")) return;
    ++visited;
    const simt::Counters counters = count(test, 0);
    EXPECT_EQ(counters.array("input").load_bytes + counters.array("target").load_bytes, 2 * kBytes) << test.name;
    EXPECT_EQ(counters.array("grad_input").store_bytes, test.variant->name == "fused" ? kBytes : 0) << test.name;
  });
  EXPECT_GE(visited, 4);
}

TEST(LadderTraffic, WorkspaceAndLaunchesAreAsTheirFormulas) {
  for (std::int64_t n : {4099, 0})
    for_every_case(DType::f32, {{n}, {5, 33}}, [&](const EveryCase& test) {
      if (test.loss->composite()) return;  // whose sizes are their own: composite_test
      if (n == 0 && takes_rows(*test.loss, test.resolved->problem.options)) return;  // the rows are the same
      const simt::Counters counters = count(test, 0);
      const simt::ArrayCount workspace = counters.array("workspace");
      const Problem& problem = test.resolved->problem;
      EXPECT_EQ(workspace.load_bytes + workspace.store_bytes, std::uint64_t(test.implementation->workspace_traffic(problem)))
          << test.name << " n " << n;
      EXPECT_EQ(counters.launches, std::uint64_t(test.implementation->launches(problem))) << test.name << " n " << n;
    });
}

// Aligned vector accesses of a warp touch 512 bytes, 16 sectors, and no more.
TEST(LadderTraffic, VectorAccessesTouchNoSectorTwice) {
  int visited = 0;
  for_every_case(DType::f32, {{8192}, {5, 33}}, [&](const EveryCase& test) {
    if (std::find(kExact.begin(), kExact.end(), test.variant->name) == kExact.end() || broadcasts(*test.resolved)) return;
    ++visited;
    const simt::ArrayCount array = count(test, 0).array(test.resolved->problem.inputs.front().name);
    EXPECT_EQ(array.load_sectors * 32, array.load_bytes) << test.name;
    EXPECT_EQ(array.load_requests * 512, array.load_bytes) << test.name;
  });
  EXPECT_GT(visited, 20);
}

}  // namespace
}  // namespace lossbench::testing
