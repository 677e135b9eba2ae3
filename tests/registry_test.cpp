// The tables hang together: names are unique, preferences exist, every option set parses, every promise can be asked for.
#include <gtest/gtest.h>

#include <cmath>
#include <set>

#include "core/error.h"
#include "registry/list_json.h"
#include "tests/every_case.h"

namespace lossbench::testing {
namespace {

TEST(Registry, NamesAreUnique) {
  std::set<std::string> losses;
  for (const Loss& loss : Registry::instance().losses()) {
    EXPECT_TRUE(losses.insert(loss.name).second) << loss.name;
    std::set<std::string> names;
    for (const InputDescription& input : loss.inputs) EXPECT_TRUE(names.insert(input.name).second) << loss.name << " " << input.name;
    for (const OptionDescription& option : loss.options) EXPECT_TRUE(names.insert("option " + option.name).second) << loss.name << " " << option.name;
  }
  std::set<std::pair<std::string, Backend>> variants;
  for (const Variant& variant : Registry::instance().variants())
    EXPECT_TRUE(variants.insert({variant.name, variant.backend}).second) << variant.name;
}

TEST(Registry, HasTheLosses) {
  std::set<std::string> names;
  for (const Loss& loss : Registry::instance().losses()) names.insert(loss.name);
  const std::set<std::string> expected = {
      "zero_one", "logistic", "log_loss", "hinge", "hinge_embedding", "l1", "l2", "smooth_l1", "huber", "smooth_l1_weighted", "norm_l1", "norm_l2",
      "regularization", "structural_risk", "bce", "cross_entropy_notes", "softmax_cross_entropy", "nll", "rpn_cls", "rpn_box", "rpn", "fast_rcnn",
      "faster_rcnn", "ssd_loc", "ssd_conf", "ssd_multibox", "openpose", "sigmoid_focal", "kl_div", "triplet_margin", "cosine_embedding",
      "poisson_nll", "gaussian_nll", "dice", "iou_loss"};
  EXPECT_EQ(names, expected);
}

TEST(Registry, DescriptionsAreComplete) {
  for (const Loss& loss : Registry::instance().losses()) {
    EXPECT_FALSE(loss.summary.empty()) << loss.name;
    EXPECT_FALSE(loss.source.empty()) << loss.name;
    EXPECT_FALSE(loss.default_shapes.empty()) << loss.name;
    EXPECT_TRUE(loss.resolve && loss.loss_shape && loss.contract && loss.reference && loss.sum_length && loss.input_shape) << loss.name;
    EXPECT_NO_THROW(option_sets(loss)) << loss.name;
    EXPECT_GT(loss.rounding.value_ulps, 0) << loss.name;
  }
  for (const Variant& variant : Registry::instance().variants()) {
    EXPECT_FALSE(variant.summary.empty()) << variant.name;
    EXPECT_FALSE(variant.implementations.empty()) << variant.name;
    if (variant.backend == Backend::cuda) continue;  // its grid, and so its bound, depends on a device that may not be here
    for (std::int64_t length : {std::int64_t(1), std::int64_t(1) << 20, std::int64_t(1) << 31})
      EXPECT_TRUE(std::isfinite(variant.sum_ulps(length, DType::f32))) << variant.name;
  }
}

TEST(Registry, EveryPreferredVariantServesItsLoss) {
  for (const Loss& loss : Registry::instance().losses())
    for (const Pass pass : {Pass::forward, Pass::gradient}) {
      if (pass == Pass::gradient && !loss.has_gradient()) continue;
      for (const OptionSet& set : option_sets(loss)) {
        const Resolved resolved = make_request(loss, set, pass, DType::f32, {{33}, {3, 5}});
        for (const Backend backend : {Backend::simt, Backend::scalar})
          EXPECT_NO_THROW(preferred_variant(loss, backend, resolved.problem)) << loss.name << " " << set.text;
      }
    }
}

// The bound of a production variant must leave room for the accuracy asked of it: 1e-6 for a sum of 10^7 terms of order one.
TEST(Registry, ProductionSumsDoNotLoseAccuracyWithLength) {
  int visited = 0;
  for (const Variant& variant : Registry::instance().variants()) {
    if (variant.backend != Backend::simt || !variant.production) continue;
    for (const Implementation& row : variant.implementations) {
      if (row.loss != "l1" || row.element != DType::f32) continue;
      ++visited;
      const double bound = variant.sum_ulps(10'000'000, DType::f32) * unit_roundoff(DType::f32);
      EXPECT_TRUE(bound <= 1e-6) << variant.name << " " << bound;
    }
  }
  EXPECT_GE(visited, 3);
}

TEST(Registry, WithoutADriverItSaysThatAndNotThatItIsOld) {
  const char* const said = "CUDA driver version is insufficient for CUDA runtime version";
  EXPECT_EQ(no_cuda_device(0, said), "no NVIDIA driver here");
  EXPECT_EQ(no_cuda_device(12020, said), "no CUDA device here (CUDA driver version is insufficient for CUDA runtime version)");
  EXPECT_EQ(no_cuda_device(13000, nullptr), "no CUDA device here");
}

TEST(Registry, MessagesNameTheCulprit) {
  const Registry& registry = Registry::instance();
  try {
    registry.loss("smoth_l1");
    FAIL();
  } catch (const InputError& error) {
    EXPECT_NE(std::string(error.what()).find("smoth_l1"), std::string::npos);
    EXPECT_NE(std::string(error.what()).find("smooth_l1"), std::string::npos);
  }
  const Loss& loss = registry.loss("l2");
  Resolved resolved = make_request(loss, option_sets(loss).front(), Pass::forward, DType::f32, {{8}, {}});
  resolved.problem.options.give(loss.options, "reduction", "none");
  for (const Variant& variant : registry.variants()) {
    if (variant.name != "single_pass" || variant.backend != Backend::simt) continue;
    std::string reason;
    EXPECT_EQ(find_implementation(variant, resolved.problem, reason), nullptr);
    EXPECT_NE(reason.find("reduction"), std::string::npos) << reason;
    EXPECT_NE(reason.find("sum, mean, batch"), std::string::npos) << reason;
  }
}

}  // namespace
}  // namespace lossbench::testing
