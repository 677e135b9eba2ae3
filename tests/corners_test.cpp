// What the specification says of corners, and that `validate` visits them: nothing to find, everything left out, ties, nothing at all,
// certain probabilities, NaN where a weight of 0 hides it, fewer negatives than are asked for; and every value of every option.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <map>

#include "tests/all_variants.h"

namespace lossbench::testing {
namespace {

// ---- the data of `validate` ----------------------------------------------------------------------------------------------

using Arrays = std::map<std::string, WideArray>;
using Corner = std::function<bool(const Arrays&)>;

/// Whether any of the inputs that `validate` makes for the loss with these options is such a corner.
bool visits(const char* loss_name, const char* options, const Corner& corner) {
  const Loss& loss = Registry::instance().loss(loss_name);
  const OptionSet set = parse_option_set(loss, options);
  const std::vector<ValidationInput> inputs = validation_inputs(loss, set.options, std::string(options).empty());
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    Arrays arrays;
    for (const Tensor& tensor : DataMaker(loss, set.options, DType::f32, DType::i32, inputs[i].kind, 1 + i).inputs(inputs[i].shape, set.extra))
      arrays.emplace(tensor.name, tensor.widen());
    if (corner(arrays)) return true;
  }
  return false;
}

Corner every_label(const char* name, std::function<bool(std::int64_t)> fits) {
  return [=](const Arrays& arrays) {
    const std::vector<std::int64_t>& labels = arrays.at(name).labels;
    return !labels.empty() && std::all_of(labels.begin(), labels.end(), fits);
  };
}
Corner empty(const char* name) {
  return [=](const Arrays& arrays) { return arrays.at(name).count() == 0; };
}
Corner has_value(const char* name, double value) {
  return [=](const Arrays& arrays) {
    const std::vector<double>& x = arrays.at(name).values;
    return std::find(x.begin(), x.end(), value) != x.end();
  };
}
Corner all_zero(const char* name) {
  return [=](const Arrays& arrays) {
    const std::vector<double>& x = arrays.at(name).values;
    return !x.empty() && std::all_of(x.begin(), x.end(), [](double value) { return value == 0; });
  };
}
/// NaN in an element whose weight is 0.
Corner hidden_nan(const char* name, const char* weight) {
  return [=](const Arrays& arrays) {
    const std::vector<double>&x = arrays.at(name).values, &w = arrays.at(weight).values;
    for (std::size_t i = 0; i < std::min(x.size(), w.size()); ++i)
      if (w[i] == 0 && std::isnan(x[i])) return true;
    return false;
  };
}
/// NaN in a row that its label leaves out.
Corner nan_of_label(const char* name, const char* label_name, std::function<bool(std::int64_t)> fits) {
  return [=](const Arrays& arrays) {
    const std::vector<double>& x = arrays.at(name).values;
    const std::vector<std::int64_t>& labels = arrays.at(label_name).labels;
    for (std::size_t i = 0; i < x.size(); ++i)
      if (std::isnan(x[i]) && fits(labels[i / (x.size() / labels.size())])) return true;
    return false;
  };
}

bool background(std::int64_t label) { return label == 0; }
bool not_positive(std::int64_t label) { return label <= 0; }
bool left_out(std::int64_t label) { return label < 0; }

TEST(Corners, NothingToFindAndEverythingLeftOut) {
  for (const char* loss : {"rpn_cls", "rpn"}) {
    EXPECT_TRUE(visits(loss, "", every_label("labels", not_positive))) << loss;
    EXPECT_TRUE(visits(loss, "", every_label("labels", left_out))) << loss;
    EXPECT_TRUE(visits(loss, "", empty("labels"))) << loss;
  }
  EXPECT_TRUE(visits("faster_rcnn", "", every_label("rpn_labels", left_out)));
  EXPECT_TRUE(visits("faster_rcnn", "", every_label("labels", background)));
  EXPECT_TRUE(visits("faster_rcnn", "", empty("labels")));
  for (const char* options : {"", "targets=expanded +bbox_inside_weights +bbox_outside_weights"}) {
    EXPECT_TRUE(visits("fast_rcnn", options, every_label("labels", background))) << options;
    EXPECT_TRUE(visits("fast_rcnn", options, empty("labels"))) << options;
  }
  EXPECT_TRUE(visits("rpn_box", "", all_zero("outside_weight")));
  EXPECT_TRUE(visits("openpose", "+mask", all_zero("mask")));
  EXPECT_TRUE(visits("openpose", "", empty("paf_pred")));
  EXPECT_TRUE(visits("ssd_loc", "", empty("input")));
  EXPECT_TRUE(visits("ssd_conf", "", empty("probs")));
  EXPECT_TRUE(visits("regularization", "", [](const Arrays& arrays) {
    return std::any_of(arrays.begin(), arrays.end(), [](const auto& entry) { return entry.second.count() == 0; });
  }));
}

TEST(Corners, WhatAWeightOrALabelHidesIsNan) {
  EXPECT_TRUE(visits("rpn_box", "", hidden_nan("input", "inside_weight")));
  EXPECT_TRUE(visits("rpn_box", "", hidden_nan("target", "outside_weight")));
  EXPECT_TRUE(visits("faster_rcnn", "", hidden_nan("rpn_bbox_pred", "rpn_bbox_inside_weights")));
  EXPECT_TRUE(visits("faster_rcnn", "", hidden_nan("bbox_targets", "bbox_outside_weights")));
  EXPECT_TRUE(visits("rpn_cls", "", nan_of_label("rpn_cls_score", "labels", left_out)));
  EXPECT_TRUE(visits("rpn", "", nan_of_label("bbox_pred", "labels", background)));
  EXPECT_TRUE(visits("fast_rcnn", "", nan_of_label("bbox_pred", "labels", background)));
  EXPECT_TRUE(visits("ssd_multibox", "", nan_of_label("conf_logits", "labels", left_out)));
  EXPECT_TRUE(visits("ssd_multibox", "", nan_of_label("loc_pred", "labels", background)));
}

TEST(Corners, CertainProbabilities) {
  for (const auto& [loss, options, name] : {std::array{"bce", "input=probs", "probs"}, {"log_loss", "", "probs"}, {"cross_entropy_notes", "", "P"},
                                            {"ssd_conf", "", "probs"}, {"dice", "from_logits=false", "probs"}})
    for (const double p : {0.0, 1.0}) EXPECT_TRUE(visits(loss, options, has_value(name, p))) << loss << " " << p;
}

/// Positives and negatives of each image.
std::vector<std::pair<std::int64_t, std::int64_t>> image_counts(const Arrays& arrays) {
  const WideArray& labels = arrays.at("labels");
  std::vector<std::pair<std::int64_t, std::int64_t>> counts(std::size_t(labels.shape[0]));
  for (std::int64_t i = 0; i < labels.count(); ++i) {
    auto& [positives, negatives] = counts[std::size_t(i / labels.shape[1])];
    positives += labels.labels[std::size_t(i)] > 0, negatives += labels.labels[std::size_t(i)] == 0;
  }
  return counts;
}

TEST(Corners, MiningOfHardNegatives) {
  const char *image = "", *batch = "mining_scope=batch";
  for (const char* options : {image, batch}) {
    EXPECT_TRUE(visits("ssd_multibox", options, every_label("labels", not_positive))) << options;
    EXPECT_TRUE(visits("ssd_multibox", options, every_label("labels", left_out))) << options;
    EXPECT_TRUE(visits("ssd_multibox", options, empty("labels"))) << options;
    EXPECT_TRUE(visits("ssd_multibox", options, [](const Arrays& arrays) {  // fewer negatives than are asked for
      const auto counts = image_counts(arrays);
      const auto fewer = [](const auto& one) { return one.second > 0 && 3 * one.first > one.second; };
      return !counts.empty() && std::all_of(counts.begin(), counts.end(), fewer);
    })) << options;
    EXPECT_TRUE(visits("ssd_multibox", options, [](const Arrays& arrays) {  // an image without objects beside one that has some
      const auto counts = image_counts(arrays);
      const auto none = [](const auto& one) { return one.first == 0; };
      return std::any_of(counts.begin(), counts.end(), none) && !std::all_of(counts.begin(), counts.end(), none);
    })) << options;
    EXPECT_TRUE(visits("ssd_multibox", options, nan_of_label("conf_logits", "labels", background))) << options;
  }
}

/// More negatives of one image have the loss of the last one kept than there is room for: their order decides.
TEST(Corners, TiesAtTheLastNegativeKept) {
  EXPECT_TRUE(visits("ssd_multibox", "", [](const Arrays& arrays) {
    const WideArray &scores = arrays.at("conf_logits"), &labels = arrays.at("labels");
    const auto counts = image_counts(arrays);
    for (std::size_t image = 0; image < counts.size() && scores.shape[2] == 2; ++image) {
      std::vector<double> margins;  // the loss grows with it
      for (std::int64_t p = 0; p < labels.shape[1]; ++p) {
        const auto i = std::size_t(std::int64_t(image) * labels.shape[1] + p);
        if (labels.labels[i] == 0) margins.push_back(scores.values[2 * i + 1] - scores.values[2 * i]);
      }
      std::sort(margins.rbegin(), margins.rend());
      const auto wanted = std::size_t(3 * counts[image].first);
      if (wanted > 0 && wanted < margins.size() && margins[wanted - 1] == margins[wanted]) return true;
    }
    return false;
  }));
}

// ---- every option --------------------------------------------------------------------------------------------------------

/// Values that `validate` gives an option, defaults and what is inferred among them.
std::set<std::string> visited_values(const Loss& loss, const OptionDescription& option) {
  std::set<std::string> values;
  for (const DType dtype : {DType::f32, DType::f8_e5m2}) {
    if (is_f8(dtype) && !loss.takes_f8()) continue;
    for (const OptionSet& set : option_sets(loss, is_f8(dtype))) {
      const Resolved resolved = make_request(loss, set, Pass::forward, dtype, {{5}, {3, 5}});
      for (const auto& [name, value] : resolved.problem.options.values())
        if (option.matches(name)) values.insert(to_string(value));
    }
  }
  return values;
}

TEST(Corners, EveryOptionIsVisitedByValidate) {
  for (const Loss& loss : Registry::instance().losses())
    for (const OptionDescription& option : loss.options) {
      const std::set<std::string> visited = visited_values(loss, option);
      const std::string where = loss.name + " " + option.name;
      if (where == "structural_risk empirical") continue;  // every loss has sets of its own
      if (where == "openpose stage_weights") continue;     // AWeightForEachStage: the sizes of `validate` differ in their stages
      for (const std::string& choice : option.choices) EXPECT_TRUE(visited.contains(choice)) << where << "=" << choice;
      // Both flags, a number beside the default, and a number beside the words where either is accepted.
      const std::size_t least = option.choices.empty() ? (option.initial ? 2 : 1) : option.choices.size() + option.or_integer;
      EXPECT_GE(visited.size(), least) << where;
    }
}

// ---- answers -------------------------------------------------------------------------------------------------------------

/// More stages than a thread takes at once; a plane of two, so that each stage's term is weight·prediction²·branch_weight.
TEST(Corners, AWeightForEachStage) {
  const std::int64_t stages = 9;
  std::string weights = "stage_weights=";
  std::vector<double> paf, heat, table;
  double loss = 0;
  for (int v = 1; v <= stages; ++v) {
    weights += (v > 1 ? "," : "") + std::to_string(v);
    paf.insert(paf.end(), 2, v), heat.insert(heat.end(), 2, v);
    table.push_back(v), table.push_back(2 * v);
    loss += 3 * v;
  }
  const Shape all = {stages, 1, 1, 1, 2}, one = {1, 1, 1, 2};
  const auto results = all_variants("openpose", {weights.c_str(), "branch_weights=1,0.5"},
                                    {{"paf_pred", all, std::vector<double>(18, 1)}, {"heat_pred", all, std::vector<double>(18, 2)},
                                     {"paf_target", one, {0, 0}}, {"heat_target", one, {0, 0}}});
  for (const auto& [variant, outputs] : results) {
    expect_near(outputs.at("loss"), {loss}, variant);
    expect_near(outputs.at("per_stage_branch"), table, variant);
    expect_near(outputs.at("grad_paf_pred"), paf, variant);
    expect_near(outputs.at("grad_heat_pred"), heat, variant);
  }
}

/// A weight of 0 hides what it multiplies, NaN and infinity too: the loss is that of the others, the gradient exactly 0.
TEST(Corners, AWeightOfZeroHidesNan) {
  const std::size_t count = 301;  // vectors and a tail
  std::vector<double> input, target, ones(count, 1), weight, zeros(count, 0);
  for (std::size_t i = 0; i < count; ++i) {
    const bool hidden = i % 3 == 1;
    input.push_back(hidden ? i % 2 ? kNan : INFINITY : 3.0), target.push_back(hidden && i % 5 == 0 ? kNan : 1.0);
    weight.push_back(hidden ? 0 : 1);
  }
  const Shape shape = {std::int64_t(count)};
  for (const bool inside : {false, true})
    for (const auto& [variant, outputs] :
         all_variants("smooth_l1_weighted", {"reduction=sum"},
                      {{"input", shape, input}, {"target", shape, target}, {"inside_weight", shape, inside ? weight : ones},
                       {"outside_weight", shape, inside ? ones : weight}})) {
      expect_near(outputs.at("loss"), {1.5 * 201}, variant);  // |d| - 1/2 = 1.5 at each that counts
      expect_near(outputs.at("grad_input"), weight, variant);
    }
}

}  // namespace
}  // namespace lossbench::testing
