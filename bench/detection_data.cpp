// Made-up inputs of the composite losses: labels sampled as detectors sample them, box targets and weights where objects are.
#include <algorithm>

#include "bench/data.h"
#include "bench/random.h"

namespace lossbench {
namespace {

/// An image, its number of priors, and how many of them are to hold an object: 3 to 9 in 100, a few at least, but none in image 1.
double positive_rate(std::int64_t image, std::int64_t priors) {
  if (image == 1) return 0;
  return std::min(0.25, std::max(0.03, 3.0 / static_cast<double>(priors)) * static_cast<double>(1 + image % 3));
}

struct LabelMix {
  double left_out, positive;  ///< shares; the rest is background
};

}  // namespace

bool is_detection_label(Content content) {
  return content == Content::anchor_label || content == Content::roi_label || content == Content::prior_label;
}

/// Of many anchors 256 are sampled, of few one in two; half of the samples are positive, as many as there may be. A quarter of the RoIs
/// hold an object, as many as are sampled [Girshick 2015, section 2.3].
void DataMaker::fill_detection_labels(const InputDescription& input, WideArray& array, const Shape& case_shape) const {
  const RandomStream stream(seed_, input.name), classes_of(seed_, input.name + " class");
  const std::int64_t count = array.count(), classes = case_shape.size() > 1 ? case_shape.back() : 2;
  const std::int64_t priors = array.shape.size() > 1 ? std::max<std::int64_t>(array.shape.back(), 1) : 1;
  array.is_label = true;
  array.labels.resize(static_cast<std::size_t>(count));
  for (std::int64_t i = 0; i < count; ++i) {
    LabelMix mix{0, 0};
    switch (input.content) {
      case Content::anchor_label: {
        const double sampled = std::min(0.5, 256 / static_cast<double>(count));
        mix = {1 - sampled, kind_ == DataKind::crowded ? sampled * 0.9 : sampled / 2};
        break;
      }
      case Content::roi_label: mix = {0, kind_ == DataKind::crowded ? 0.9 : 0.25}; break;
      default: mix = {0.05, kind_ == DataKind::crowded ? 0.6 : positive_rate(i / priors, priors)};
    }
    if (kind_ == DataKind::ignored) mix = {input.content == Content::roi_label ? 0.0 : 1.0, 0};
    const double u = stream.uniform(i);
    std::int64_t& label = array.labels[static_cast<std::size_t>(i)];
    label = u < mix.left_out ? -1 : u < mix.left_out + mix.positive ? 1 : 0;
    if (label == 1 && input.content != Content::anchor_label) label = classes > 1 ? 1 + classes_of.below(i, classes - 1) : 0;
    if (label > 0 && kind_ == DataKind::background) label = 0;
  }
}

/// Which elements of `input` enter the loss; empty where all do.
std::vector<bool> DataMaker::mattering(const InputDescription& input, const Shape& shape, const Shape& case_shape) const {
  if (input.matters == Matters::all) return {};
  const InputDescription* const known = loss_->find_input(input.by_labels);
  if (known && known->content == Content::mask) return unmasked(input, shape, case_shape);
  InputDescription own{.name = input.by_labels, .content = Content::anchor_label};
  WideArray labels;
  labels.shape = known ? loss_->input_shape(input.by_labels, case_shape, *options_) : Shape{case_shape.front()};
  fill_detection_labels(known ? *known : own, labels, case_shape);

  const std::int64_t count = count_of(shape), rows = labels.count();
  std::vector<bool> matters(static_cast<std::size_t>(count));
  if (rows == 0) return matters;
  const bool columns = input.matters == Matters::class_columns && shape.back() != 4;
  const std::int64_t width = count / rows;
  for (std::int64_t i = 0; i < count; ++i) {
    std::int64_t row = i / width;
    if (shape.size() == 4) {  // [N, k·A, H, W], with labels in the order n, y, x, a
      const std::int64_t cells = shape[2] * shape[3], anchors = rows / (shape[0] * cells), channel = i / cells % shape[1];
      const std::int64_t anchor = input.matters == Matters::kept && input.content == Content::real ? channel % anchors : channel / 4;
      row = (i / (cells * shape[1]) * cells + i % cells) * anchors + anchor;
    }
    const std::int64_t label = labels.labels[static_cast<std::size_t>(row)];
    matters[static_cast<std::size_t>(i)] = input.matters == Matters::kept ? label >= 0 : label >= 1 && (!columns || i % width / 4 == label);
  }
  return matters;
}

/// [S, B, C, H, W] under a mask [B, 1, H, W].
std::vector<bool> DataMaker::unmasked(const InputDescription& input, const Shape& shape, const Shape& case_shape) const {
  const InputDescription& mask = *loss_->find_input(input.by_labels);
  const std::int64_t images = loss_->input_shape(mask.name, case_shape, *options_)[0], count = count_of(shape);
  const std::int64_t plane = shape[shape.size() - 1] * shape[shape.size() - 2], channels = shape[shape.size() - 3];
  std::vector<bool> matters(static_cast<std::size_t>(count));
  for (std::int64_t i = 0; i < count; ++i)
    matters[static_cast<std::size_t>(i)] = detection_real(mask, i / (plane * channels) % images * plane + i % plane, true, 0) != 0;
  return matters;
}

/// Weights are not only 0 and 1, so that an inside weight is told from an outside one; `samples` is the number of elements that matter.
double DataMaker::detection_real(const InputDescription& input, std::int64_t i, bool matters, std::int64_t samples) const {
  const RandomStream stream(seed_, input.name);
  const double u = stream.uniform(i), v = stream.uniform2(i);
  switch (input.content) {
    case Content::inside_weight:
      if (!matters) return 0;
      return kind_ == DataKind::saturated ? 1 : u < 0.5 ? 1 : u < 0.75 ? 0.5 : 2;
    case Content::outside_weight:
      if (!matters || u < 0.0625) return 0;
      return (v < 0.75 ? 4.0 : 8.0) / static_cast<double>(samples);
    case Content::mask:
      if (kind_ == DataKind::ignored) return 0;
      return u < 0.25 ? 0 : u < 0.75 ? 1 : v;
    default: return matters ? real(stream, RandomStream(seed_, "scale"), i) : 0;
  }
}

}  // namespace lossbench
