// The corners of the losses of rows, boxes and tensors, through every emulated variant that serves them.
#include <gtest/gtest.h>

#include <cmath>

#include "tests/all_variants.h"

namespace lossbench::testing {
namespace {

TEST(RowEdges, NormOfHugeAndTinyNumbersIsFinite) {
  for (const auto& [variant, outputs] : all_variants("norm_l2", {}, {{"input", {4}, {3e25, 0, -4e25, 0}}})) {
    expect_near(outputs.at("loss"), {5e25}, variant);
    expect_near(outputs.at("grad_input"), {0.6, 0, -0.8, 0}, variant);
  }
  for (const auto& [variant, outputs] : all_variants("norm_l2", {"dim=-1"}, {{"input", {3, 2}, {3e-30, 4e-30, 0, 0, kNan, 1}}})) {
    expect_near(outputs.at("loss"), {5e-30, 0, kNan}, variant);
    expect_near(outputs.at("grad_input"), {0.6, 0.8, 0, 0, kNan, kNan}, variant);
  }
}

TEST(RowEdges, TheLowestOfEqualWrongClassesHasTheGradient) {
  for (const auto& [variant, outputs] : all_variants("hinge", {"reduction=none"},
                                                    {{"scores", {2, 4}, {2, 2, 1, 2, 0, 5, 5, 1}}, {"target", {2}, {1, 3}, true}})) {
    expect_near(outputs.at("loss"), {1, 5}, variant);
    expect_near(outputs.at("grad_scores"), {1, -1, 0, 0, 0, 1, 0, -1}, variant);
  }
}

TEST(RowEdges, OneClassHasNothingToBeWrongAbout) {
  for (const char* kind : {"variant=crammer_singer", "variant=weston_watkins"})
    for (const auto& [variant, outputs] : all_variants("hinge", {kind, "reduction=none"}, {{"scores", {2, 1}, {-3, 4}}, {"target", {2}, {0, 0}, true}})) {
      expect_near(outputs.at("loss"), {0, 0}, variant + kind);
      expect_near(outputs.at("grad_scores"), {0, 0}, variant + kind);
    }
}

TEST(RowEdges, CertainProbabilities) {
  const double eps = 0x1p-23;
  for (const auto& [variant, outputs] :
       all_variants("log_loss", {"reduction=none"}, {{"probs", {2, 2}, {0, 1, 0, 1}}, {"target", {2}, {0, 1}, true}})) {
    expect_near(outputs.at("loss"), {-std::log(eps), -std::log1p(-eps)}, variant);
    expect_near(outputs.at("grad_probs"), {0, 0, 0, 0}, variant);
  }
  for (const auto& [variant, outputs] : all_variants("log_loss", {"clip=lower", "floor_gradient=pass", "eps=0.25", "reduction=none"},
                                                     {{"probs", {1, 2}, {0.125, 0.875}}, {"target", {1}, {0}, true}})) {
    expect_near(outputs.at("loss"), {-std::log(0.25)}, variant);
    expect_near(outputs.at("grad_probs"), {-4, 0}, variant);
  }
}

TEST(RowEdges, AWeightOfZeroIsAFactorAndNothingToAverageIsEmpty) {
  const std::vector<Input> inputs = {{"scores", {2, 2}, {0, 1, 3, 1}}, {"target", {2}, {0, 0}, true}, {"sample_weight", {2}, {0, 0}}};
  for (const auto& [variant, outputs] : all_variants("hinge", {}, inputs)) {
    expect_near(outputs.at("loss"), {kNan}, variant);
    expect_near(outputs.at("grad_scores"), {0, 0, 0, 0}, variant);
  }
  for (const auto& [variant, outputs] : all_variants("hinge", {"empty=zero"}, inputs)) expect_near(outputs.at("loss"), {0}, variant);
}

TEST(RowEdges, DistancesOfNothing) {
  const std::vector<double> same = {1, 2, 3};
  for (const auto& [variant, outputs] : all_variants("triplet_margin", {"eps=0"},
                                                    {{"anchor", {1, 3}, same}, {"positive", {1, 3}, same}, {"negative", {1, 3}, same}})) {
    expect_near(outputs.at("loss"), {1}, variant);
    for (const char* gradient : {"grad_anchor", "grad_positive", "grad_negative"}) expect_near(outputs.at(gradient), {0, 0, 0}, variant);
  }
  for (const auto& [variant, outputs] :
       all_variants("cosine_embedding", {"reduction=none"}, {{"input1", {2, 2}, {0, 0, 0, 0}}, {"input2", {2, 2}, {1, 2, 0, 0}}, {"target", {2}, {1, -1}}})) {
    expect_near(outputs.at("loss"), {1, 0}, variant);
    expect_near(outputs.at("grad_input2"), {0, 0, 0, 0}, variant);
  }
}

TEST(RowEdges, AnEmptyMapOfAnEmptyTargetIsRight) {
  for (const auto& [variant, outputs] :
       all_variants("dice", {"smooth=0", "reduction=none"}, {{"probs", {2, 1, 3}, {0, 0, 0, 1, 0, 1}}, {"target", {2, 1, 3}, {0, 0, 0, 1, 0, 1}}})) {
    expect_near(outputs.at("loss"), {0, 0}, variant);
    EXPECT_EQ(outputs.at("grad_probs")[0], 0) << variant;
  }
}

TEST(RowEdges, Boxes) {
  const std::vector<Input> inputs = {{"pred", {3, 4}, {0, 0, 2, 2, 0, 0, 1, 1, 0, 0, 2, 1}}, {"target", {3, 4}, {0, 0, 2, 2, 3, 0, 4, 1, 0, 0, 1, 1}}};
  for (const auto& [variant, outputs] : all_variants("iou_loss", {"reduction=none"}, inputs))
    expect_near(outputs.at("loss"), {1e-7 / 4.0000001, 1, 1.0000001 / 2.0000001}, variant);
  for (const auto& [variant, outputs] : all_variants("iou_loss", {"reduction=none", "variant=giou"}, inputs))
    expect_near(outputs.at("loss"), {1e-7 / 4.0000001, 1.5, 0.5}, variant);
  EXPECT_NE(refusal("iou_loss", {}, {{"pred", {1, 4}, {0, 0, 0, 1}}, {"target", {1, 4}, {0, 0, 1, 1}}}).find("x2 <= x1 in box 0"), std::string::npos);
}

TEST(RowEdges, PenaltyAndRisk) {
  for (const auto& [variant, outputs] : all_variants("regularization", {"lambda=0.5"}, {{"b", {2}, {3, -4}}, {"a", {}, {2}}})) {
    expect_near(outputs.at("loss"), {0.25 * 29}, variant);
    expect_near(outputs.at("grad_b"), {1.5, -2}, variant);
    expect_near(outputs.at("grad_a"), {1}, variant);
  }
  for (const auto& [variant, outputs] : all_variants("structural_risk", {"empirical=l1", "empirical.reduction=sum", "kind=l1", "lambda=2"},
                                                     {{"input", {2}, {1, 2}}, {"target", {2}, {0, 5}}, {"param.w", {2}, {3, -4}}})) {
    expect_near(outputs.at("empirical"), {4}, variant);
    expect_near(outputs.at("regularizer"), {14}, variant);
    expect_near(outputs.at("loss"), {18}, variant);
    expect_near(outputs.at("grad_input"), {1, -1}, variant);
    expect_near(outputs.at("grad_param.w"), {2, -2}, variant);
  }
}

TEST(RowEdges, MessagesNameTheCulprit) {
  const Input scores{"scores", {2, 3}, {0, 1, 2, 3, 4, 5}}, target{"target", {2}, {0, 2}, true};
  const auto says = [](const std::string& message, const char* part) { EXPECT_NE(message.find(part), std::string::npos) << message; };
  says(refusal("hinge", {}, {scores, {"target", {2}, {0, 3}, true}}), "'target' is 3 at index 1");
  says(refusal("hinge", {"variant=binary"}, {scores, target}), "variant=binary takes [N]");
  says(refusal("hinge", {"variant=one_vs_all"}, {scores, target, {"weight", {3}, {1, 1, 1}}}), "weston_watkins");
  says(refusal("norm_l2", {"reduction=sum"}, {{"input", {2}, {1, 2}}}), "'dim'");
  says(refusal("norm_l1", {"dim=0"}, {{"input", {2, 2}, {1, 2, 3, 4}}}), "-1 and 1");
  says(refusal("gaussian_nll", {}, {{"input", {1}, {0}}, {"target", {1}, {0}}, {"var", {1}, {-1}}}), "'var' is -1 at index 0");
  says(refusal("log_loss", {"floor_gradient=pass"}, {{"probs", {1}, {0.5}}, {"target", {1}, {1}}}), "clip=lower");
  says(refusal("structural_risk", {"empirical=l2"}, {{"input", {1}, {0}}, {"target", {1}, {0}}}), "param.");
  says(refusal("structural_risk", {"empirical=l2", "empirical.sigma=3"}, {{"input", {1}, {0}}, {"target", {1}, {0}}, {"param.w", {1}, {0}}}), "sigma");
  says(refusal("structural_risk", {"empirical=l2", "empirical.reduction=none"}, {{"input", {1}, {0}}, {"target", {1}, {0}}, {"param.w", {1}, {0}}}),
       "empirical.reduction");
}

}  // namespace
}  // namespace lossbench::testing
