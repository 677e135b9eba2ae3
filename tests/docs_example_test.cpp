// The worked examples of docs/adding-a-loss.md and docs/adding-a-variant.md compile and are right: the new loss runs through
// existing variants, and existing losses run through the new variant.
#include <gtest/gtest.h>

#include "bench/bound_call.h"
#include "bench/data.h"
#include "bench/gate.h"
#include "bench/request.h"
#include "docs/examples/block_atomic.h"
#include "docs/examples/log_cosh_entry.h"
#include "kernels/pointwise/compensated.h"
#include "kernels/pointwise/elementwise.h"
#include "kernels/pointwise/fused.h"
#include "kernels/pointwise/single_pass.h"
#include "registry/instantiate.h"
#include "registry/complete_loss.h"
#include "tests/every_case.h"

namespace lossbench::testing {
namespace {

/// Holds every implementation of `variant` to the reference, with all option sets and odd sizes; counts what it compared.
int check(const Variant& variant, const Loss& loss) {
  int compared = 0;
  for (const OptionSet& set : option_sets(loss)) {
    if (takes_rows(loss, set.options)) continue;  // a form of its own ladder
    for (const Implementation& row : variant.implementations) {
      if (row.loss != loss.name) continue;
      for (std::int64_t n : {1, 33, 257, 4099, 70001}) {
        const Resolved resolved = make_request(loss, set, row.pass, row.element, {{n}, {}});
        if (!row.rejects(resolved.problem).empty()) continue;
        const WideResult reference = loss.reference(resolved.wide());
        BoundCall call(host_device(), row, resolved, 1);
        call.run();
        Comparison worst;
        EXPECT_EQ(Gate(variant, resolved, reference).check(call, worst), "")
            << variant.name << " " << loss.name << " " << set.text << " n " << n;
        ++compared;
      }
    }
  }
  return compared;
}

TEST(DocsExample, ANewLossRunsThroughTheLadder) {
  const Loss loss = complete_loss<entries::LogCosh>(entries::LogCosh::describe());
  using Entries = EntryList<entries::LogCosh>;
  EXPECT_EQ(check(pointwise_part<SinglePass, float>(Entries{}), loss), 2 * 5);
  EXPECT_EQ(check(pointwise_part<Compensated, simt::bfloat16>(Entries{}), loss), 2 * 5);
  EXPECT_EQ(check(pointwise_part<Fused, float>(Entries{}), loss), 2 * 5);
  EXPECT_EQ(check(pointwise_part<Elementwise, float>(Entries{}), loss), 2 * 5);
}

TEST(DocsExample, ANewVariantServesEveryLoss) {
  const Variant variant = pointwise_part<BlockAtomic, float>(PointwiseEntries{});
  for (const char* loss : {"l1", "smooth_l1", "hinge", "logistic"}) EXPECT_GT(check(variant, Registry::instance().loss(loss)), 0) << loss;
}

}  // namespace
}  // namespace lossbench::testing
