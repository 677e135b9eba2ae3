// The reference against values recorded from PyTorch.
#include "tests/reference/recorded.h"

#include <string_view>

#include "reference/bce.h"
#include "reference/cosine_embedding.h"
#include "reference/dice.h"
#include "reference/gaussian_nll.h"
#include "reference/hinge_classes.h"
#include "reference/hinge_embedding.h"
#include "reference/huber.h"
#include "reference/kl_div.h"
#include "reference/l1.h"
#include "reference/l2.h"
#include "reference/logistic.h"
#include "reference/norm.h"
#include "reference/poisson_nll.h"
#include "reference/sigmoid_focal.h"
#include "reference/smooth_l1.h"
#include "reference/softmax_cross_entropy.h"
#include "reference/triplet_margin.h"
#include "tests/reference/check.h"

namespace lossbench::reference {
namespace {

using namespace lossbench::test;

Element evaluate(const RecordedElement& r) {
  const std::string_view loss = r.loss;
  const double first = r.parameter[0], second = r.parameter[1];
  if (loss == "l1") return l1(r.prediction, r.target);
  if (loss == "l2") return l2(r.prediction, r.target, false);
  if (loss == "smooth_l1") return smooth_l1(r.prediction, r.target, first);
  if (loss == "huber") return huber(r.prediction, r.target, first);
  if (loss == "logistic") return logistic(r.prediction, r.target);
  if (loss == "bce_logits") return bce_logits(r.prediction, r.target, first, second);
  if (loss == "bce_probs") return bce_probs(r.prediction, r.target, first, BceClip::log_clamp, 0, -100);
  if (loss == "hinge_embedding") return hinge_embedding(r.prediction, r.target, first);
  if (loss == "sigmoid_focal") return sigmoid_focal(r.prediction, r.target, first, second).element;
  if (loss == "kl_div") return kl_div(r.prediction, r.target).element;
  if (loss == "kl_div_log_target") return kl_div_log_target(r.prediction, r.target).element;
  if (loss == "poisson_nll_log") return poisson_nll_log(r.prediction, r.target, first != 0).element;
  if (loss == "poisson_nll_rate") return poisson_nll_rate(r.prediction, r.target, second, first != 0).element;
  if (loss == "gaussian_nll") return gaussian_nll(r.prediction, r.target, first, r.parameter[2], second != 0).element;
  // Lines whose gradient is that of another input.
  if (loss == "kl_div_target") return {kl_div(r.prediction, r.target).element.value, kl_div(r.prediction, r.target).target.gradient};
  if (loss == "kl_div_log_target_target") {
    const KlElement element = kl_div_log_target(r.prediction, r.target);
    return {element.element.value, element.target.gradient};
  }
  if (loss == "gaussian_nll_var") {
    const GaussianElement element = gaussian_nll(r.prediction, r.target, first, r.parameter[2], false);
    return {element.element.value, element.variance.gradient};
  }
  ADD_FAILURE() << "no such loss: " << loss;
  return {kNan, kNan};
}

// PyTorch's own roundings: 1 - sigmoid(x) and log(1 + e^-x) near 0 are absolute there, relative here.
TEST(Recorded, Elements) {
  int count = 0;
  for (const RecordedElement& r : kRecordedElements) {
    const Element e = evaluate(r);
    // Stirling's terms, of order t·log t, are added up as they are.
    const double terms = std::string_view(r.loss).starts_with("poisson") ? 1e-13 * (std::fabs(r.prediction) + r.target * 5) : 0;
    EXPECT_TRUE(within(e.value, r.value, 1e-13 * std::fabs(r.value) + 1e-15 + terms))
        << r.loss << " " << r.prediction << " " << r.target;
    // PyTorch's bound 1e-12 on p(1-p) is a float, which is 4e-9 off.
    const bool clamped = std::string_view(r.loss) == "bce_probs" && r.prediction * (1 - r.prediction) < 1e-12;
    EXPECT_TRUE(within(e.gradient, r.gradient, (clamped ? 5e-9 : 1e-13) * std::fabs(r.gradient) + 1e-15))
        << r.loss << " " << r.prediction << " " << r.target;
    ++count;
  }
  EXPECT_EQ(count, 12 * 8 - 1 + 11 * 8 + 8 * 3 + 274);
}

RowResult evaluate(const RecordedVectors& r) {
  const std::string_view loss = r.loss;
  const double* p = r.parameter;
  const Row a(r.vector[0]), b(r.vector[1]), c(r.vector[2]);
  if (loss == "triplet_margin") return triplet_margin(a, b, c, {.margin = p[0], .p = p[1], .eps = p[2], .swap = p[3] != 0});
  if (loss == "cosine_embedding") return cosine_embedding(a, b, r.label, p[0]);
  if (loss == "weston_watkins") return hinge_weston_watkins(a, r.label, p[2], {.margin = p[0], .power = int(p[1]), .class_average = true});
  if (loss == "norm_l2") return norm_l2(a);
  const double soft[] = {0.0, 1.0, 0.25, 1.0, 0.0};
  if (loss == "dice") return dice(a, soft, {.from_logits = true, .squares = p[1] != 0, .smooth = p[0]});
  ADD_FAILURE() << "no such loss: " << loss;
  return {};
}

TEST(Recorded, Vectors) {
  int count = 0;
  for (const RecordedVectors& r : kRecordedVectors) {
    const RowResult row = evaluate(r);
    EXPECT_TRUE(within(row.value, r.value, 1e-13 * (std::fabs(r.value) + 1))) << r.loss << " " << count;
    for (std::size_t k = 0; k < row.gradients.size(); ++k)
      for (std::size_t i = 0; i < 5; ++i)
        // PyTorch's 1e-12 under the root is a float, which is all there is of a zero vector's length.
        EXPECT_TRUE(within(row.gradients[k].value[i], r.gradient[k][i], std::fabs(r.gradient[k][i]) > 1e4 ? 5e-9 * std::fabs(r.gradient[k][i]) : 1e-12))
            << r.loss << " " << count << " vector " << k << " element " << i;
    ++count;
  }
  EXPECT_EQ(count, 16 + 15 + 3 * 7 + 6);
}

TEST(Recorded, SoftmaxRows) {
  for (const RecordedRow& r : kRecordedRows) {
    const std::span<const double> weight = r.weighted ? std::span<const double>(kRecordedWeight) : std::span<const double>();
    const SoftmaxOptions options{.label_smoothing = r.smoothing};
    double gradient[5];
    const SoftmaxRow row =
        r.label < 0 ? softmax_cross_entropy_row(r.logits, std::span(kRecordedProbabilities), weight, options, gradient, nullptr)
                    : softmax_cross_entropy_row(r.logits, r.label, weight, options, gradient, nullptr);
    // PyTorch forms x - logsumexp, which near 1e4 costs it 1e4·2^-53 of absolute accuracy.
    EXPECT_TRUE(within(row.value, r.value, 1e-13 * std::fabs(r.value) + 1e-11)) << r.logits[0] << " " << r.label;
    for (int c = 0; c < 5; ++c) EXPECT_TRUE(within(gradient[c], r.gradient[c], 1e-11)) << r.logits[0] << " class " << c;
  }
}

}  // namespace
}  // namespace lossbench::reference
