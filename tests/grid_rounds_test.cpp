// More work than the largest grid takes at once: every loop over the grid goes round a second time, which the sizes of `validate` do not
// ask for. The largest grid has eight blocks of 256 threads on each of 132 multiprocessors. Answers are worked out by hand.
#include <gtest/gtest.h>

#include <cmath>

#include "tests/all_variants.h"

namespace lossbench::testing {
namespace {

constexpr std::int64_t kBlocks = 132 * 8, kThreads = kBlocks * 256, kWarps = kThreads / 32, kMore = 300;

std::vector<double> filled(std::int64_t count, double value) { return std::vector<double>(std::size_t(count), value); }

/// The rows of `pattern`, over and over.
std::vector<double> repeated(std::int64_t rows, const std::vector<double>& pattern) {
  std::vector<double> values;
  values.reserve(std::size_t(rows) * pattern.size());
  for (std::int64_t row = 0; row < rows; ++row) values.insert(values.end(), pattern.begin(), pattern.end());
  return values;
}

/// `loss`, and one gradient that repeats a pattern to its end.
void expect_rounds(const std::set<std::string>& variants, const char* name, const std::vector<const char*>& options, const std::vector<Input>& inputs,
                   double loss, const char* gradient, const std::vector<double>& pattern) {
  for (const auto& [variant, outputs] : all_variants(name, options, inputs, variants)) {
    const std::string where = std::string(name) + " " + variant;
    EXPECT_LE(std::fabs(outputs.at("loss").at(0) / loss - 1), 1e-5) << where << ": " << outputs.at("loss").at(0) << " instead of " << loss;
    const std::vector<double>& slopes = outputs.at(gradient);
    std::size_t wrong = 0;
    for (std::size_t i = 0; i < slopes.size(); ++i) wrong += !(std::fabs(slopes[i] - pattern[i % pattern.size()]) <= 1e-5);
    EXPECT_EQ(wrong, 0u) << where << ": " << wrong << " of " << slopes.size() << " gradients";
  }
}

TEST(GridRounds, Elements) {
  const std::int64_t count = 8 * kThreads + kMore;  // eight elements a thread
  expect_rounds({"fused"}, "l2", {"reduction=sum"}, {{"input", {count}, filled(count, 3)}, {"target", {count}, filled(count, 1)}},
                4.0 * double(count), "grad_input", {4});
}

TEST(GridRounds, Rows) {
  for (const auto& [rows, variants] : {std::pair{kBlocks + kMore, std::set<std::string>{"block_rows", "vector_rows"}},
                                       {kWarps + kMore, {"warp_rows", "register_rows"}}})
    expect_rounds(variants, "hinge", {"reduction=sum"},
                  {{"scores", {rows, 2}, repeated(rows, {0, 0.5})}, {"target", {rows}, filled(rows, 0), true}},
                  1.5 * double(rows), "grad_scores", {-1, 1});
}

TEST(GridRounds, BoxesAndTensors) {
  const std::int64_t boxes = kThreads + kMore, elements = (kBlocks + 2) * 4096;
  expect_rounds({"all_tensors"}, "regularization", {"lambda=1"}, {{"w", {elements}, filled(elements, 2)}}, 2.0 * double(elements), "grad_w", {2});
  // Shifted by half: of 6 together 2 are shared. All pairs are alike, so all gradients are.
  for (const auto& [variant, outputs] : all_variants("iou_loss", {"reduction=sum"},
                                                       {{"pred", {boxes, 4}, repeated(boxes, {0, 0, 2, 2})},
                                                        {"target", {boxes, 4}, repeated(boxes, {1, 0, 3, 2})}},
                                                       {"vector_boxes"})) {
    EXPECT_LE(std::fabs(outputs.at("loss").at(0) / (double(boxes) * 2 / 3) - 1), 1e-5) << variant;
    const std::vector<double>& slopes = outputs.at("grad_pred");
    std::size_t unlike = 0;
    for (std::size_t i = 4; i < slopes.size(); ++i) unlike += slopes[i] != slopes[i % 4];
    EXPECT_EQ(unlike, 0u) << variant;
  }
}

TEST(GridRounds, Detection) {
  const std::int64_t anchors = kThreads + kMore, rois = kWarps + kMore;
  const double log2 = std::log(2.0), narrow = 4 * (1 - 0.5 / 9);
  expect_rounds({"all_parts"}, "rpn", {"cls_normalizer=none", "box_normalizer=locations", "locations=1"},
                {{"objectness", {anchors}, filled(anchors, 0)}, {"labels", {anchors}, filled(anchors, 1), true},
                 {"bbox_pred", {anchors, 4}, filled(4 * anchors, 1)}, {"bbox_targets", {anchors, 4}, filled(4 * anchors, 0)}},
                double(anchors) * (log2 + narrow), "grad_bbox_pred", {1});
  expect_rounds({"all_parts"}, "rpn_box", {"reduction=sum"},
                {{"input", {anchors, 4}, filled(4 * anchors, 1)}, {"target", {anchors, 4}, filled(4 * anchors, 0)},
                 {"inside_weight", {anchors, 4}, filled(4 * anchors, 1)}, {"outside_weight", {anchors, 4}, filled(4 * anchors, 1)}},
                double(anchors) * narrow, "grad_input", {1});
  expect_rounds({"all_parts"}, "fast_rcnn", {},
                {{"cls_score", {rois, 2}, filled(2 * rois, 0)}, {"labels", {rois}, filled(rois, 1), true},
                 {"bbox_pred", {rois, 8}, filled(8 * rois, 1)}, {"bbox_targets", {rois, 4}, filled(4 * rois, 0)}},
                log2 + 2, "grad_cls_score", {0.5 / double(rois), -0.5 / double(rois)});
}

TEST(GridRounds, Priors) {
  const std::int64_t priors = kThreads + kMore;  // a tile of 256 a block
  expect_rounds({"tiled_priors"}, "ssd_loc", {"reduction=sum"},
                {{"input", {1, priors, 4}, filled(4 * priors, 3)}, {"target", {1, priors, 4}, filled(4 * priors, 1)}},
                double(priors) * 4 * 1.5, "grad_input", {1});
  expect_rounds({"tiled_priors"}, "ssd_conf", {"reduction=sum"},
                {{"probs", {1, priors, 1}, filled(priors, 0.5)}, {"target", {1, priors, 1}, filled(priors, 1)}},
                double(priors) * std::log(2.0), "grad_probs", {-2});
}

TEST(GridRounds, Pose) {
  const std::int64_t plane = 4 * (kThreads + kMore);
  const Shape all = {1, 1, 1, 1, plane}, one = {1, 1, 1, plane};
  expect_rounds({"all_stages"}, "openpose", {"half=false"},
                {{"paf_pred", all, filled(plane, 2)}, {"heat_pred", all, filled(plane, 1)},
                 {"paf_target", one, filled(plane, 0)}, {"heat_target", one, filled(plane, 0)}},
                double(plane) * 5, "grad_paf_pred", {4});
}

}  // namespace
}  // namespace lossbench::testing
