// The data that are measured visit every branch of every loss, each in at least one element of a hundred, whatever the seed: a kernel that
// is wrong, or quick, on one of them cannot hide.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <set>

#include "bench/data.h"
#include "bench/validation_inputs.h"
#include "registry/registry.h"

namespace lossbench {
namespace {

/// Values of the inputs, by name, at one element; a row-wise loss has its whole row.
class Element {
 public:
  Element(const std::vector<Tensor>& inputs, std::int64_t index) : index_(static_cast<std::size_t>(index)) {
    for (const Tensor& tensor : inputs) wide_.emplace(tensor.name, tensor.widen());
  }
  void move_to(std::int64_t index) { index_ = static_cast<std::size_t>(index); }

  double operator[](const char* name) const {
    const WideArray& array = wide_.at(name);
    return array.is_label ? static_cast<double>(array.labels[index_]) : array.values[index_];
  }
  double difference() const { return (*this)["input"] - (*this)["target"]; }
  double margin() const { return (*this)["target"] * (*this)["scores"]; }
  bool has(const char* name) const { return wide_.contains(name); }

  /// Of a row of scores: the class with the highest, and the class that is meant.
  std::int64_t highest(const char* name) const {
    const std::vector<double> row = row_of(name);
    return std::max_element(row.begin(), row.end()) - row.begin();
  }
  std::vector<double> row_of(const char* name) const {
    const WideArray& array = wide_.at(name);
    const auto width = static_cast<std::size_t>(array.shape.back());
    const auto begin = array.values.begin() + static_cast<std::ptrdiff_t>(index_ * width);
    return {begin, begin + static_cast<std::ptrdiff_t>(width)};
  }
  std::int64_t label() const { return wide_.at("target").labels[index_]; }
  std::int64_t count(const char* name) const { return wide_.at(name).shape.front(); }

 private:
  std::map<std::string, WideArray> wide_;
  std::size_t index_;
};

using Branch = std::function<bool(const Element&)>;

struct Coverage {
  const char* loss;
  const char* options;
  std::vector<Branch> branches;
};

const Branch kAbove = [](const Element& x) { return x.difference() > 0; };
const Branch kBelow = [](const Element& x) { return x.difference() < 0; };

/// Inside the parabola, and outside of it on either side.
std::vector<Branch> parabola_and_lines(double switch_point) {
  return {[=](const Element& x) { return std::fabs(x.difference()) < switch_point; },
          [=](const Element& x) { return x.difference() >= switch_point; }, [=](const Element& x) { return x.difference() <= -switch_point; }};
}

const std::vector<Branch> kRows = {
    [](const Element& x) { return x.highest("logits") == x.label(); },       // right
    [](const Element& x) { return x.highest("logits") != x.label(); },       // wrong
    [](const Element& x) { return x.highest("logits") < 16; },               // the maximum comes early, so the running sum is not rescaled
    [](const Element& x) { return x.highest("logits") >= 48; },              // and late
    [](const Element& x) { return x.row_of("logits").at(0) < 0; },
};

const std::vector<Coverage>& table() {
  static const std::vector<Coverage> kTable = {
      {"zero_one", "", {[](const Element& x) { return x["pred"] == x["target"]; }, [](const Element& x) { return x["pred"] != x["target"]; }}},
      {"zero_one", "mode=sign", {[](const Element& x) { return x.margin() > 0; }, [](const Element& x) { return x.margin() < 0; }}},
      {"zero_one", "mode=tolerance T=1", {[](const Element& x) { return std::fabs(x["pred"] - x["target"]) < 1; },
                                          [](const Element& x) { return std::fabs(x["pred"] - x["target"]) > 1; }}},
      {"logistic", "", {[](const Element& x) { return x.margin() > 0; }, [](const Element& x) { return x.margin() < 0; },
                        [](const Element& x) { return x.margin() > 17; }, [](const Element& x) { return x.margin() < -17; }}},
      {"hinge", "", {[](const Element& x) { return x.margin() < 1; }, [](const Element& x) { return x.margin() > 1; }}},
      {"l1", "", {kAbove, kBelow}},
      {"l2", "", {kAbove, kBelow}},
      {"smooth_l1", "", parabola_and_lines(1)},
      {"smooth_l1", "sigma=3", parabola_and_lines(1.0 / 9)},
      {"huber", "", parabola_and_lines(1)},
      {"smooth_l1_weighted", "", parabola_and_lines(1)},
      {"smooth_l1_weighted", "+inside_weight +outside_weight",
       {[](const Element& x) { return x["inside_weight"] == 0; }, [](const Element& x) { return x["outside_weight"] == 0; },
        [](const Element& x) { return x["inside_weight"] > 0 && x["outside_weight"] > 0; }}},
      {"bce", "", {[](const Element& x) { return x["logits"] > 0; }, [](const Element& x) { return x["logits"] < 0; },
                   [](const Element& x) { return std::fabs(x["logits"]) > 17; }, [](const Element& x) { return x["target"] == 0; },
                   [](const Element& x) { return x["target"] == 1; }, [](const Element& x) { return x["target"] > 0 && x["target"] < 1; }}},
      {"bce", "input=probs", {[](const Element& x) { return x["probs"] < 0.01; }, [](const Element& x) { return x["probs"] > 0.99; },
                              [](const Element& x) { return x["probs"] > 0.25 && x["probs"] < 0.75; }}},
      {"softmax_cross_entropy", "", kRows},
  };
  return kTable;
}

/// Losses of several arrays of unlike shapes: what each array must hold, a value at a time.
struct ArrayCoverage {
  const char* loss;
  const char* options;
  const char* input;
  std::vector<std::function<bool(double)>> values;
};

bool positive(double x) { return x > 0; }
bool negative(double x) { return x < 0; }
bool zero(double x) { return x == 0; }
bool one(double x) { return x == 1; }
bool low(double x) { return x < 0.25; }
bool high(double x) { return x > 0.75; }
bool soft(double x) { return x > 0 && x < 1; }

const std::vector<ArrayCoverage>& array_table() {
  static const std::vector<ArrayCoverage> kTable = {
      {"log_loss", "", "probs", {low, high}}, {"log_loss", "", "target", {zero, one}},
      {"hinge_embedding", "", "input", {[](double x) { return x < 1; }, [](double x) { return x > 1; }}},
      {"hinge_embedding", "", "target", {positive, negative}},
      {"norm_l1", "", "input", {positive, negative}}, {"norm_l2", "", "input", {positive, negative}},
      {"cross_entropy_notes", "", "P", {low, high}}, {"cross_entropy_notes", "", "Y", {zero, one, soft}},
      {"sigmoid_focal", "", "logits", {positive, negative, [](double x) { return std::fabs(x) > 17; }}},
      {"sigmoid_focal", "", "target", {zero, one, soft}},
      {"kl_div", "", "target", {zero, positive}},
      {"poisson_nll", "", "input", {positive, negative}}, {"poisson_nll", "", "target", {low, [](double x) { return x > 1; }}},
      {"gaussian_nll", "", "var", {low, [](double x) { return x > 1; }}},
      {"nll", "", "log_probs", {negative}}, {"nll", "", "target", {zero, positive}},
      {"triplet_margin", "", "anchor", {positive, negative}},
      {"cosine_embedding", "", "target", {positive, negative}},
      {"dice", "", "target", {zero, one, soft}}, {"dice", "", "logits", {positive, negative}},
      {"iou_loss", "", "pred", {positive}},
      {"rpn_cls", "", "labels", {negative, zero, positive}}, {"rpn_cls", "", "rpn_cls_score", {positive, negative}},
      {"rpn_box", "", "inside_weight", {zero, positive}}, {"rpn_box", "", "outside_weight", {zero, positive}},
      {"rpn_box", "", "target", {zero, positive, negative}},
      {"rpn", "", "labels", {negative, zero, positive}}, {"rpn", "", "bbox_targets", {zero, positive, negative}},
      {"fast_rcnn", "", "labels", {zero, positive}}, {"fast_rcnn", "", "bbox_targets", {positive, negative}},
      {"faster_rcnn", "", "rpn_labels", {negative, zero, positive}}, {"faster_rcnn", "", "labels", {zero, positive}},
      {"faster_rcnn", "", "rpn_bbox_inside_weights", {zero, positive}}, {"faster_rcnn", "", "bbox_outside_weights", {zero, positive}},
      {"ssd_loc", "", "target", {positive, negative}}, {"ssd_conf", "", "probs", {low, high}},
      {"ssd_multibox", "", "labels", {zero, positive}}, {"ssd_multibox", "", "loc_targets", {zero, positive, negative}},
      {"openpose", "", "heat_pred", {positive, negative}}, {"openpose", "+mask", "mask", {zero, one, soft}},
      {"regularization", "", "", {positive, negative}}, {"structural_risk", "", "param.", {positive, negative}},
  };
  return kTable;
}

/// A case that is large enough to hold everything there is.
Shape shape_for(const Loss& loss, const Options& options) {
  if (loss.composite()) return loss.cases.emulated;
  return takes_rank(loss, options, 1) ? Shape{1 << 14} : Shape{256, 64};
}

class Values : public testing::TestWithParam<std::size_t> {};
INSTANTIATE_TEST_SUITE_P(Table, Values, testing::Range(std::size_t{0}, array_table().size()),
                         [](const auto& info) { return std::string(array_table()[info.param].loss) + "_" + std::to_string(info.param); });

/// 256 of 21,600 anchors are samples, and few of those are positive, so one in a thousand will do.
TEST_P(Values, AreThereWhateverTheSeed) {
  const ArrayCoverage& coverage = array_table()[GetParam()];
  const Loss& loss = Registry::instance().loss(coverage.loss);
  const OptionSet set = parse_option_set(loss, coverage.options);
  for (const std::uint64_t seed : {1, 2, 3}) {
    const auto inputs = DataMaker(loss, set.options, DType::f32, DType::i32, DataKind::kept, seed).inputs(shape_for(loss, set.options), set.extra);
    const auto found = std::find_if(inputs.begin(), inputs.end(), [&](const Tensor& tensor) { return tensor.name.starts_with(coverage.input); });
    ASSERT_NE(found, inputs.end()) << coverage.input;
    const WideArray array = found->widen();
    for (std::size_t v = 0; v < coverage.values.size(); ++v) {
      std::int64_t visits = 0;
      for (std::int64_t i = 0; i < array.count(); ++i) {
        const std::size_t at = static_cast<std::size_t>(i);
        visits += coverage.values[v](array.is_label ? static_cast<double>(array.labels[at]) : array.values[at]);
      }
      EXPECT_GE(visits, std::max<std::int64_t>(array.count() / 1000, 1)) << coverage.loss << " " << coverage.input << ", value " << v << ", seed " << seed;
    }
  }
}

/// Box losses: arrays of one shape, of which the elements with a target of 0 are no box's.
struct BoxCoverage {
  const char* loss;
  const char* options;
  const char* input;
  const char* target;
  double switch_point;
};

const BoxCoverage kBoxes[] = {
    {"rpn_box", "", "input", "target", 1.0 / 9},
    {"rpn", "", "bbox_pred", "bbox_targets", 1.0 / 9},
    {"fast_rcnn", "targets=expanded", "bbox_pred", "bbox_targets", 1},
    {"faster_rcnn", "", "rpn_bbox_pred", "rpn_bbox_targets", 1.0 / 9},
    {"faster_rcnn", "", "bbox_pred", "bbox_targets", 1},
    {"ssd_loc", "", "input", "target", 1},
    {"ssd_multibox", "", "loc_pred", "loc_targets", 1},
};

class Boxes : public testing::TestWithParam<BoxCoverage> {};
INSTANTIATE_TEST_SUITE_P(Table, Boxes, testing::ValuesIn(kBoxes),
                         [](const auto& info) { return std::string(info.param.loss) + "_" + info.param.input; });

TEST_P(Boxes, VisitTheParabolaAndBothLines) {
  const BoxCoverage& coverage = GetParam();
  const Loss& loss = Registry::instance().loss(coverage.loss);
  const OptionSet set = parse_option_set(loss, coverage.options);
  for (const std::uint64_t seed : {1, 2, 3}) {
    std::map<std::string, WideArray> arrays;
    for (const Tensor& tensor : DataMaker(loss, set.options, DType::f32, DType::i32, DataKind::kept, seed).inputs(loss.cases.emulated, set.extra))
      arrays.emplace(tensor.name, tensor.widen());
    const std::vector<double>&input = arrays.at(coverage.input).values, &target = arrays.at(coverage.target).values;
    ASSERT_EQ(input.size(), target.size());
    std::int64_t boxes = 0, inside = 0, above = 0, below = 0;
    for (std::size_t i = 0; i < input.size(); ++i) {
      if (target[i] == 0) continue;
      const double difference = input[i] - target[i];
      ++boxes;
      ++(std::fabs(difference) < coverage.switch_point ? inside : difference > 0 ? above : below);
    }
    EXPECT_GE(boxes, 64) << "seed " << seed;
    EXPECT_GE(std::min({inside, above, below}), boxes / 100) << "seed " << seed;
    EXPECT_GE(std::min({inside, above, below}), 1) << "seed " << seed;
  }
}

class Branches : public testing::TestWithParam<std::size_t> {};
INSTANTIATE_TEST_SUITE_P(Table, Branches, testing::Range(std::size_t{0}, table().size()),
                         [](const auto& info) { return std::string(table()[info.param].loss) + "_" + std::to_string(info.param); });

TEST_P(Branches, AreVisitedWhateverTheSeed) {
  const Coverage& coverage = table()[GetParam()];
  const Loss& loss = Registry::instance().loss(coverage.loss);
  const OptionSet set = parse_option_set(loss, coverage.options);
  const Shape shape = takes_rows(loss, set.options) ? Shape{1024, 64} : Shape{1 << 14};
  for (const std::uint64_t seed : {1, 2, 3}) {
    const DataMaker maker(loss, set.options, DType::f32, DType::i32, DataKind::kept, seed);
    Element element(maker.inputs(shape, set.extra), 0);
    const std::int64_t count = shape.front();
    for (std::size_t b = 0; b < coverage.branches.size(); ++b) {
      std::int64_t visits = 0;
      for (std::int64_t i = 0; i < count; ++i) {
        element.move_to(i);
        visits += coverage.branches[b](element);
      }
      EXPECT_GE(visits, count / 100) << coverage.loss << " " << coverage.options << ", branch " << b << ", seed " << seed;
    }
  }
}

/// A new loss says here what its branches are.
TEST(BranchTable, HoldsEveryLoss) {
  std::set<std::string> known;
  for (const Coverage& coverage : table()) known.insert(coverage.loss);
  for (const ArrayCoverage& coverage : array_table()) known.insert(coverage.loss);
  for (const Loss& loss : Registry::instance().losses()) EXPECT_TRUE(known.contains(loss.name)) << loss.name << " is not in the table";
}

/// What is drawn for one seed says nothing of another: no set of inputs can stand in for the next.
TEST(FreshData, EverySetIsAnother) {
  const Loss& loss = Registry::instance().loss("l2");
  const Options options(loss.options);
  const auto values = [&](std::uint64_t seed) {
    return DataMaker(loss, options, DType::f32, DType::i32, DataKind::kept, seed).inputs({4096}, {}).front().widen().values;
  };
  const std::vector<double> first = values(1), second = values(2);
  int equal = 0;
  for (std::size_t i = 0; i < first.size(); ++i) equal += first[i] == second[i];
  EXPECT_LE(equal, 4);
}

}  // namespace
}  // namespace lossbench
