// The references of the composite losses against PyTorch, composed of its own functions.
#include "tests/reference/recorded_detection.h"

#include <vector>

#include "reference/faster_rcnn.h"
#include "reference/openpose.h"
#include "reference/ssd.h"
#include "tests/reference/check.h"

namespace lossbench::reference {
namespace {

using namespace lossbench::test;

void expect_same(std::span<const double> actual, std::span<const double> recorded) {
  ASSERT_EQ(actual.size(), recorded.size());
  for (std::size_t i = 0; i < actual.size(); ++i) EXPECT_TRUE(within(actual[i], recorded[i], 1e-13 * std::fabs(recorded[i]) + 1e-14)) << i;
}

void expect_same(double actual, double recorded) { EXPECT_TRUE(within(actual, recorded, 1e-13 * std::fabs(recorded))) << actual; }

TEST(RecordedDetection, Anchors) {
  const Part part = classify_anchors(kAnchorScores, kAnchorLabels, {}, false);
  expect_same(part.value(), kAnchorLoss);
  expect_same(part.gradient, kAnchorGradient);
}

// The same anchors as [1, 2·3, 3, 1]: three a cell, labels in the order of cells.
TEST(RecordedDetection, AnchorsInChannels) {
  const AnchorGrid grid{.channels = true, .anchors = 3, .cells = 3};
  std::vector<double> scores(18), gradient(18);
  for (int row = 0; row < 9; ++row)
    for (int score = 0; score < 2; ++score) {
      const int anchor = row % 3, cell = row / 3;
      scores[std::size_t((score * 3 + anchor) * 3 + cell)] = kAnchorScores[row * 2 + score];
      gradient[std::size_t((score * 3 + anchor) * 3 + cell)] = kAnchorGradient[row * 2 + score];
    }
  const Part part = classify_anchors(scores, kAnchorLabels, grid, false);
  expect_same(part.value(), kAnchorLoss);
  expect_same(part.gradient, gradient);
}

// One logit is the difference of two scores.
TEST(RecordedDetection, AnchorsBySingleLogit) {
  std::vector<double> logits;
  for (int row = 0; row < 9; ++row) logits.push_back(kAnchorScores[2 * row + 1] - kAnchorScores[2 * row]);
  expect_same(classify_anchors(logits, kAnchorLabels, {}, true).value(), kAnchorLoss);
}

TEST(RecordedDetection, WeightedBoxes) {
  const Part part = weigh_boxes(kBoxes, kBoxTargets, kBoxInside, kBoxOutside, 1.0 / 9);
  expect_same(part.value(), kBoxLoss);
  expect_same(part.gradient, kBoxGradient);
}

TEST(RecordedDetection, Rois) {
  const Part scores = classify_rois(kRoiScores, kRoiLabels, 3);
  expect_same(scores.value(), kRoiLoss);
  expect_same(scores.gradient, kRoiGradient);
  const Part boxes = match_boxes(kRoiBoxes, kRoiTargets, {}, {}, kRoiLabels, 3, 3, 1.0);
  expect_same(boxes.value(), kRoiBoxLoss);
  expect_same(boxes.gradient, kRoiBoxGradient);
}

TEST(RecordedDetection, HardNegatives) {
  std::vector<PriorLoss> losses(24);
  for (std::size_t i = 0; i < 24; ++i) {
    if (kPriorLabels[i] < 0) continue;
    const SoftmaxRow row = softmax_cross_entropy_row(std::span(kPriorScores).subspan(3 * i, 3), kPriorLabels[i], {}, {}, nullptr, nullptr);
    losses[i] = {row.value, row.condition};
  }
  Mining mining{std::vector<bool>(24), std::vector<bool>(24)};
  const MiningOptions options{.roundoff = 0x1p-53};
  const auto never = [](std::size_t, std::size_t) { return false; };
  mine_negatives(losses, kPriorLabels, 0, 12, 2, options, never, mining);
  mine_negatives(losses, kPriorLabels, 12, 12, 1, options, never, mining);
  double loss = 0;
  for (std::size_t i = 0; i < 24; ++i) {
    EXPECT_EQ(mining.kept[i], kPriorKept[i] != 0) << i;
    if (mining.kept[i] || kPriorLabels[i] > 0) loss += losses[i].value;
  }
  expect_same(loss, kPriorLoss);
}

TEST(RecordedDetection, ConfidencesOfPriors) {
  double loss = 0;
  std::vector<double> gradient;
  for (std::size_t i = 0; i < std::size(kConfProbs); ++i) {
    const Element element = ssd_conf_term(kConfProbs[i], kConfTarget[i], 0.2);
    loss += element.value;
    gradient.push_back(element.gradient);
  }
  expect_same(loss, kConfLoss);
  expect_same(gradient, kConfGradient);
}

TEST(RecordedDetection, MaskedSquares) {
  std::vector<double> weight;
  for (const double m : kPoseMask) weight.push_back(m * m);
  const MaskedSquares squares = masked_squares(kPosePrediction, kPoseTarget, weight);
  expect_same(squares.value, kPoseLoss);
  expect_same(squares.gradient, kPoseGradient);
}

}  // namespace
}  // namespace lossbench::reference
