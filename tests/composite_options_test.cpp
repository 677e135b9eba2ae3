// What the options of the composite losses do, worked out by hand: kernels and references read options with the same code, so that comparing
// one with the other would not show a wrong divisor. Scores are 0, so that a row of two costs log 2; every offset is wrong by 1.
#include <gtest/gtest.h>

#include <cmath>

#include "tests/all_variants.h"

namespace lossbench::testing {
namespace {

const double kLog2 = std::log(2.0);
/// Smooth L1 of four differences of 1: σ = 1 at its switch point, σ = 3 beyond it.
constexpr double kWide = 4 * 0.5, kNarrow = 4 * (1 - 0.5 / 9);

struct Answer {
  std::vector<const char*> options;
  double loss;
};

std::vector<double> ones(std::size_t count) { return std::vector<double>(count, 1); }
std::vector<double> zeros(std::size_t count) { return std::vector<double>(count, 0); }

void expect_answers(const char* loss, const std::vector<Input>& inputs, const std::vector<Answer>& answers) {
  for (const Answer& answer : answers)
    for (const auto& [variant, outputs] : all_variants(loss, answer.options, inputs)) {
      std::string where = std::string(loss) + " " + variant;
      for (const char* option : answer.options) where += std::string(" ") + option;
      expect_near(outputs.at("loss"), {answer.loss}, where);
    }
}

// Three images of six priors; two positives and four negatives in the first, six negatives in the second, nothing in the third.
TEST(CompositeOptions, Multibox) {
  const std::vector<double> labels = {1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, -1, -1, -1, -1, -1, -1};
  const double boxes = 2 * kWide;
  expect_answers("ssd_multibox",
                 {{"conf_logits", {3, 6, 2}, zeros(36)}, {"loc_pred", {3, 6, 4}, ones(72)}, {"labels", {3, 6}, labels, true},
                  {"loc_targets", {3, 6, 4}, zeros(72)}},
                 {{{}, (6 * kLog2 + boxes) / 2},  // six are asked for, four are there
                  {{"neg_pos_ratio=1.9"}, (5 * kLog2 + boxes) / 2},
                  {{"negatives_cap=2"}, (4 * kLog2 + boxes) / 2},
                  {{"alpha=0.5"}, (6 * kLog2 + boxes / 2) / 2},
                  {{"normalizer=positives"}, (6 * kLog2 + boxes) / 2},
                  {{"normalizer=batch"}, (6 * kLog2 + boxes) / 3},
                  {{"normalizer=batch_times_priors"}, (6 * kLog2 + boxes) / 18},
                  {{"normalizer=none"}, 6 * kLog2 + boxes},
                  {{"prob_floor=0.75"}, (6 * -std::log(0.75) + boxes) / 2},
                  {{"mining_scope=batch"}, (8 * kLog2 + boxes) / 2},
                  {{"mining_scope=batch", "negatives_cap=P-1"}, (7 * kLog2 + boxes) / 2},
                  {{"mining_scope=batch", "n_neg_min=8"}, (10 * kLog2 + boxes) / 2},
                  {{"mining_scope=batch", "n_neg_min=100"}, (12 * kLog2 + boxes) / 2}});
}

// Two stages, two images, one channel of ones and two of twos, two cells: 4·1 and 8·4 a stage.
TEST(CompositeOptions, Openpose) {
  const std::vector<Input> inputs = {{"paf_pred", {2, 2, 1, 1, 2}, ones(8)}, {"heat_pred", {2, 2, 2, 1, 2}, std::vector<double>(16, 2)},
                                     {"paf_target", {2, 1, 1, 2}, zeros(4)}, {"heat_target", {2, 2, 1, 2}, zeros(8)}};
  expect_answers("openpose", inputs,
                 {{{}, 2 * (4 + 32) / 4.0},
                  {{"half=false"}, 2 * (4 + 32) / 2.0},
                  {{"normalizer=none"}, 2 * (4 + 32) / 2.0},
                  {{"normalizer=elements"}, 2 * (4 / 4.0 + 32 / 8.0) / 2},
                  {{"branch_reduce=mean"}, 2 * (4 + 32) / 8.0},
                  {{"branch_weights=2,0.5"}, 2 * (2 * 4 + 0.5 * 32) / 4},
                  {{"stage_weights=1,3"}, (1 + 3) * (4 + 32) / 4.0}});
  std::vector<Input> masked = inputs;
  masked.push_back({"mask", {1, 1, 1, 2}, {0.5, 0}});  // half of the cells, for both images
  expect_answers("openpose", masked,
                 {{{}, 2 * (2 + 16) * 0.25 / 4}, {{"mask_mode=weight"}, 2 * (2 + 16) * 0.5 / 4}, {{"mask_mode=none"}, 2 * (4 + 32) / 4.0}});
}

// Four anchors: two objects, one background, one left out.
TEST(CompositeOptions, RegionProposals) {
  const std::vector<double> labels = {1, 0, -1, 1};
  expect_answers("rpn_cls", {{"rpn_cls_score", {4, 2}, zeros(8)}, {"labels", {4}, labels, true}},
                 {{{}, kLog2}, {{"normalizer=full"}, 0.75 * kLog2}, {{"normalizer=batch"}, 0.75 * kLog2}, {{"normalizer=none"}, 3 * kLog2},
                  {{"reduction=sum"}, 3 * kLog2}, {{"reduction=batch"}, 0.75 * kLog2}});
  expect_answers("rpn_cls", {{"rpn_cls_score", {4, 1}, zeros(4)}, {"labels", {4}, labels, true}}, {{{"cls=sigmoid_bce"}, kLog2}});
  // Two images of two anchors in one cell each.
  expect_answers("rpn_cls", {{"rpn_cls_score", {2, 4, 1, 1}, zeros(8)}, {"labels", {4}, labels, true}},
                 {{{"layout=NCHW"}, kLog2}, {{"layout=NCHW", "normalizer=batch"}, 1.5 * kLog2}});
  expect_answers("rpn", {{"objectness", {4}, zeros(4)}, {"labels", {4}, labels, true}, {"bbox_pred", {4, 4}, ones(16)},
                         {"bbox_targets", {4, 4}, zeros(16)}},
                 {{{}, kLog2 + 2 * kNarrow / 3},
                  {{"box_normalizer=valid"}, kLog2 + 2 * kNarrow / 3},
                  {{"box_normalizer=positives"}, kLog2 + kNarrow},
                  {{"box_normalizer=locations", "locations=10"}, kLog2 + 2 * kNarrow / 10},
                  {{"cls_normalizer=none"}, 3 * kLog2 + 2 * kNarrow / 3},
                  {{"cls_normalizer=full", "lambda=2"}, 0.75 * kLog2 + 4 * kNarrow / 3},
                  {{"sigma=1"}, kLog2 + 2 * kWide / 3},
                  {{"beta=0"}, kLog2 + 2 * 4 / 3.0}});
  std::vector<double> inside = zeros(16), outside = zeros(16);
  for (std::size_t i = 0; i < 8; ++i) outside[i] = 0.5, inside[i] = i < 4;  // two samples, one of them an object
  expect_answers("rpn_box", {{"input", {4, 4}, ones(16)}, {"target", {4, 4}, zeros(16)}, {"inside_weight", {4, 4}, inside},
                             {"outside_weight", {4, 4}, outside}},
                 {{{}, 0.5 * kNarrow}, {{"sigma=1"}, 0.5 * kWide}, {{"box_normalizer=valid"}, kNarrow / 2}, {{"box_normalizer=positives"}, kNarrow},
                  {{"box_normalizer=locations", "locations=10"}, kNarrow / 10}, {{"reduction=sum"}, 0.5 * kNarrow},
                  {{"reduction=batch"}, 0.5 * kNarrow / 4}});
}

// Two RoIs of two classes, one of them background; weights of the expanded form choose the same four columns as the compact form's label.
TEST(CompositeOptions, Heads) {
  const std::vector<double> labels = {1, 0};
  expect_answers("fast_rcnn", {{"cls_score", {2, 2}, zeros(4)}, {"labels", {2}, labels, true}, {"bbox_pred", {2, 8}, ones(16)},
                               {"bbox_targets", {2, 4}, zeros(8)}},
                 {{{}, kLog2 + kWide / 2}, {{"lambda=2"}, kLog2 + kWide}, {{"sigma=3"}, kLog2 + kNarrow / 2}, {{"beta=0"}, kLog2 + 4 / 2.0}});
  std::vector<double> columns = zeros(16), first = zeros(16), quarter = zeros(16);
  for (std::size_t i = 0; i < 4; ++i) columns[4 + i] = 1, first[i] = 1, quarter[i] = 0.25;
  expect_answers("faster_rcnn",
                 {{"rpn_cls_score", {4, 2}, zeros(8)}, {"rpn_labels", {4}, {1, 0, -1, 0}, true}, {"rpn_bbox_pred", {4, 4}, ones(16)},
                  {"rpn_bbox_targets", {4, 4}, zeros(16)}, {"rpn_bbox_inside_weights", {4, 4}, first},
                  {"rpn_bbox_outside_weights", {4, 4}, quarter},
                  {"cls_score", {2, 2}, zeros(4)}, {"labels", {2}, labels, true}, {"bbox_pred", {2, 8}, ones(16)},
                  {"bbox_targets", {2, 8}, zeros(16)}, {"bbox_inside_weights", {2, 8}, columns}, {"bbox_outside_weights", {2, 8}, columns}},
                 {{{}, 2 * kLog2 + kNarrow / 4 + kWide / 2},
                  {{"lambda=10", "head_lambda=0.5"}, 2 * kLog2 + 10 * kNarrow / 4 + 0.5 * kWide / 2},
                  {{"rpn_sigma=1", "head_sigma=3"}, 2 * kLog2 + kWide / 4 + kNarrow / 2}});
}

}  // namespace
}  // namespace lossbench::testing
