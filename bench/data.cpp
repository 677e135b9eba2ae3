#include "bench/data.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "bench/parallel.h"
#include "bench/random.h"

namespace lossbench {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

constexpr std::uint64_t kDraws = 1 << 14;

/// Values of which three quarters are drawn from a normal distribution and one quarter from a Cauchy distribution, cut at 100.
std::vector<double> draw_heavy_tails() {
  const RandomStream stream(0, "heavy tails");
  std::vector<double> draws;
  for (std::int64_t i = 0; draws.size() < kDraws; ++i) {
    const double u = stream.uniform(i), v = stream.uniform2(i);
    draws.push_back(u < 0.25 ? std::clamp(std::tan(M_PI * (v - 0.5)), -100.0, 100.0)
                             : std::sqrt(-2 * std::log((u - 0.25) / 0.75 + 0x1p-40)) * std::cos(2 * M_PI * v));
  }
  return draws;
}

/// Tails that a mean over many elements does not average away. Each value is one of a fixed set of draws, shifted by up to a tenth of
/// itself so that hardly any two are equal: millions of them must be quick to make.
double heavy_tailed(const RandomStream& stream, std::int64_t i) {
  static const std::vector<double> draws = draw_heavy_tails();
  const std::uint64_t bits = stream.bits(i);
  return draws[bits % kDraws] * (0.9 + 0.2 * static_cast<double>(bits >> 24) * 0x1p-40);
}

/// A power of two for each block of the array, 2^-4 to 2^4.
double block_scale(const RandomStream& stream, std::int64_t i) {
  static constexpr double kScales[] = {0x1p-4, 0x1p-3, 0x1p-2, 0x1p-1, 1, 2, 4, 8, 16};
  return kScales[stream.below(~(i / kScaleBlock), 9)];
}

/// Magnitude of the `saturated` kind. Rows take differences, which must not overflow; elementwise losses take squares, and their
/// early steps sum up to 2^17 of those in float.
double saturation(DType dtype, bool rows) {
  switch (dtype) {
    case DType::f16: return largest(dtype);
    case DType::f64: return rows ? 0x1p1000 : 0x1p300;
    case DType::f8_e4m3: case DType::f8_e5m2: return largest(dtype);
    default: return rows ? 1.5e38 : 0x1p50;
  }
}

bool is_weight(Content content) {
  return content == Content::weight || content == Content::inside_weight || content == Content::outside_weight || content == Content::mask;
}

}  // namespace

std::string_view name_of(DataKind kind) {
  static constexpr std::string_view kNames[] = {"plain",    "offset",   "certain", "saturated", "denormal",   "ties",   "nan_last",
                                                "nan_first", "inf_last", "neg_inf", "masked",    "masked_row", "ignored", "hidden",
                                                "background", "crowded",  "kept"};
  return kNames[static_cast<int>(kind)];
}

bool takes_rank(const Loss& loss, const Options& options, std::size_t rank) {
  if (loss.composite()) return rank == loss.cases.axes.size();
  const InputDescription first = loss.inputs_of(options).front();
  if (first.content == Content::box) return rank == 1;  // a case of N is N boxes
  const std::string text = first.shape;
  const auto end = text.begin() + static_cast<std::ptrdiff_t>(std::min(text.find(']'), text.size()));
  const std::size_t commas = static_cast<std::size_t>(std::count(text.begin(), end, ','));
  if (std::find(text.begin(), end, '*') != end) return text.starts_with("[*") || rank >= commas;  // "[B, C, *]": any further axes
  return commas + 1 == rank;
}

bool takes_rows(const Loss& loss, const Options& options) {
  return loss.composite() ? !loss.cases.squares : !takes_rank(loss, options, 1);
}

std::vector<Tensor> DataMaker::inputs(const Shape& shape, const std::vector<std::string>& extra) const {
  std::vector<Tensor> tensors;
  for (const InputDescription& input : loss_->inputs_of(*options_)) {
    if (input.optional && std::find(extra.begin(), extra.end(), input.name) == extra.end()) continue;
    for (int k = 0; k < std::max(1, input.any_number); ++k) {
      InputDescription one = input;
      if (input.any_number) one.name += "w" + std::to_string(k), one.any_number = 0;
      const Shape own = loss_->input_shape ? loss_->input_shape(one.name, shape, *options_) : shape;
      const DType type = is_label(one.content) ? label_type_ : tensors.empty() ? dtype_ : companion_type(dtype_);
      tensors.push_back(Tensor::narrow(one.name, type, make(one, own, shape)));
    }
  }
  return tensors;
}

WideArray DataMaker::upstream(const Shape& shape) const {
  WideArray array;
  array.shape = shape;
  const RandomStream stream(seed_, "grad_output");
  for (std::int64_t i = 0; i < array.count(); ++i)
    array.values.push_back((stream.bits(i) & 1 ? 1 : -1) * std::exp2(2 * stream.uniform(i) - 1));
  return array;
}

WideArray DataMaker::make(const InputDescription& input, const Shape& shape, const Shape& case_shape) const {
  WideArray array;
  array.shape = shape;
  array.is_label = is_label(input.content);
  const std::int64_t count = array.count();
  const std::int64_t classes = case_shape.size() > 1 ? std::max<std::int64_t>(case_shape.back(), 1) : 10;
  if (is_detection_label(input.content)) {
    fill_detection_labels(input, array, case_shape);
    return array;
  }
  if (array.is_label) {
    fill_labels(input.name, input.content, array, classes);
    return array;
  }
  const RandomStream stream(seed_, input.name), scales(seed_, "scale");
  array.values.resize(static_cast<std::size_t>(count));
  const std::vector<bool> matters = mattering(input, shape, case_shape);
  const std::int64_t samples = input.content == Content::outside_weight ? std::count(matters.begin(), matters.end(), true) : 0;
  parallel_for(count, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t i = begin; i < end; ++i) {
      double& x = array.values[static_cast<std::size_t>(i)];
      switch (input.content) {
        case Content::probability: x = probability(input, stream, i); break;
        case Content::sign: x = stream.bits(i) & 1 ? 1 : -1; break;
        case Content::weight: x = stream.uniform2(i) < 0.125 ? 0 : std::exp2(4 * stream.uniform(i) - 2); break;
        case Content::bit: x = stream.bits(i) & 1; break;
        case Content::non_negative: x = std::fabs(real(stream, scales, i)); break;
        case Content::log_probability: x = -std::fabs(real(stream, scales, i)); break;
        case Content::box: x = box_coordinate(stream, i); break;
        case Content::box_target: case Content::inside_weight: case Content::outside_weight: case Content::mask:
          x = detection_real(input, i, matters.empty() || matters[static_cast<std::size_t>(i)], samples); break;
        default: x = real(stream, scales, i);
      }
      if (kind_ == DataKind::hidden && !matters.empty() && !matters[static_cast<std::size_t>(i)] && !is_weight(input.content))
        x = std::numeric_limits<double>::quiet_NaN();
    }
  });
  if (input.prediction || input.name == loss_->inputs_of(*options_).front().name) plant(array, shape.size() > 1 && input.content != Content::box ? classes : 0);
  return array;
}

/// Labels agree between the inputs of a loss three times in four, so that right and wrong decisions both occur.
void DataMaker::fill_labels(std::string_view name, Content content, WideArray& array, std::int64_t classes) const {
  const RandomStream own(seed_, name), common(seed_, "labels");
  const std::int64_t range = content == Content::binary ? 2 : classes;
  const bool ignores = options_->has("ignore_index") && content == Content::label;
  array.labels.resize(static_cast<std::size_t>(array.count()));
  for (std::int64_t i = 0; i < array.count(); ++i) {
    std::int64_t& label = array.labels[static_cast<std::size_t>(i)];
    label = (own.uniform(i) < 0.75 ? common : own).below(i, range);
    if (ignores && kind_ != DataKind::kept && (kind_ == DataKind::ignored || own.uniform2(i) < 0.125)) label = options_->integer("ignore_index");
  }
}

double DataMaker::real(const RandomStream& stream, const RandomStream& scales, std::int64_t i) const {
  const double u = stream.uniform(i);
  switch (kind_) {
    case DataKind::offset: return 2 / (2 * unit_roundoff(dtype_)) + 2 * static_cast<double>(stream.below(i, 5));
    case DataKind::certain: return (stream.bits(i) & 1 ? 1 : -1) * (10 + 190 * u);
    case DataKind::saturated: return (stream.bits(i) & 1 ? 1 : -1) * saturation(dtype_, takes_rows(*loss_, *options_)) * (1 - 0.5 * u);
    case DataKind::denormal: return smallest(dtype_) * static_cast<double>(stream.below(i, 401) - 200);
    case DataKind::ties: return 0.5 * static_cast<double>(stream.below(i, 5) - 2);
    default: break;
  }
  const double x = heavy_tailed(stream, i) * block_scale(scales, i);
  return is_f8(dtype_) ? std::clamp(x, -largest(dtype_), largest(dtype_)) : x;
}

/// Predictions stay clear of 0 and 1 even after rounding, except for the certain kind; targets are 0, 1 or soft.
double DataMaker::probability(const InputDescription& input, const RandomStream& stream, std::int64_t i) const {
  const double u = stream.uniform(i), v = stream.uniform2(i);
  if (!input.prediction) {
    if (kind_ == DataKind::ignored && options_->has("ignore_label")) return static_cast<double>(options_->integer("ignore_label"));
    return u < 0.4 ? 0 : u < 0.8 ? 1 : v;
  }
  const double margin = 4 * unit_roundoff(dtype_);
  switch (kind_) {
    case DataKind::certain: return u < 0.25 ? 0 : u < 0.5 ? 1 : u < 0.75 ? std::exp2(-1 - 20 * v) : 1 - std::exp2(-1 - 20 * v);
    case DataKind::offset: return 1 - margin * static_cast<double>(stream.below(i, 8));
    case DataKind::saturated: return stream.bits(i) & 1 ? largest(dtype_) > 1e5 ? 0x1p-100 : 0x1p-14 : 1 - margin;
    case DataKind::denormal: {
      // Where nothing bounds 1/p, it must stay in the range of the arithmetic: the smallest normal numbers then.
      const bool bounded = !options_->has("clip") || options_->word("clip") != "none";
      const double unit = bounded || dtype_ == DType::f16 ? smallest(dtype_) : dtype_ == DType::f64 ? 0x1p-1022 : 0x1p-126;
      return unit * static_cast<double>(1 + stream.below(i, 200));
    }
    case DataKind::ties: return 0.25 * static_cast<double>(1 + stream.below(i, 3));
    default: return std::clamp(1 / (1 + std::exp(-3 * heavy_tailed(stream, i))), margin, 1 - margin);
  }
}

/// Coordinate i % 4 of box i / 4. Boxes of one number agree between inputs, or nearly, or not at all.
double DataMaker::box_coordinate(const RandomStream& own, std::int64_t i) const {
  const RandomStream common(seed_, "boxes");
  const std::int64_t box = i / 4, axis = i % 2;
  const double choice = own.uniform(~box), jitter = choice < 0.25 ? 0 : choice < 0.75 ? 4 : 64;
  const auto place = [&](std::int64_t k, double range) { return range * common.uniform(4 * box + k) + jitter * (own.uniform(4 * box + k) - 0.5); };
  double lower = place(axis, 64), size = 4 + std::fabs(place(2 + axis, 24)), scale = 1;
  switch (kind_) {
    case DataKind::offset: lower += 0.25 / unit_roundoff(dtype_); break;
    case DataKind::certain: lower += own.bits(box) & 1 ? 200 : -200; break;
    case DataKind::saturated: scale = dtype_ == DType::f16 ? 256 : dtype_ == DType::f64 ? 0x1p100 : 0x1p20; break;
    case DataKind::denormal: scale = 0x1p-10; break;
    case DataKind::ties: lower = 4 * double(own.below(2 * box + axis, 3)), size = 4 + 4 * double(own.below(~(2 * box + axis), 2)); break;
    default: break;
  }
  return scale * (i % 4 < 2 ? lower : lower + size);
}

/// Special values at chosen places of the prediction. `classes` is 0 unless rows of classes are meant.
void DataMaker::plant(WideArray& array, std::int64_t classes) const {
  std::vector<double>& x = array.values;
  if (x.empty()) return;
  const double lowest = dtype_ == DType::f8_e4m3 ? -largest(dtype_) : -kInfinity;  // which e4m3 does not have
  const auto planted = [&](std::size_t at, double value) { x[at] = value; };
  switch (kind_) {
    case DataKind::nan_last: return planted(x.size() - 1, std::numeric_limits<double>::quiet_NaN());
    case DataKind::nan_first: return planted(0, std::numeric_limits<double>::quiet_NaN());
    case DataKind::inf_last: return planted(x.size() - 1, kInfinity);
    case DataKind::neg_inf: return planted(x.size() / 2, lowest);
    case DataKind::ignored: return planted(0, std::numeric_limits<double>::quiet_NaN());  // what is ignored is never read
    default: break;
  }
  if (classes == 0 || loss_->composite()) return;
  const RandomStream stream(seed_, "mask");
  WideArray labels;
  labels.shape = {array.shape.front()};
  fill_labels("target", Content::label, labels, classes);
  for (std::size_t i = 0; i < x.size(); ++i) {
    const std::int64_t row = static_cast<std::int64_t>(i) / classes, column = static_cast<std::int64_t>(i) % classes;
    const bool own = labels.labels[static_cast<std::size_t>(row)] == column;
    if (kind_ == DataKind::masked && !own && stream.bits(static_cast<std::int64_t>(i)) & 1) x[i] = lowest;
    if (kind_ == DataKind::masked_row && row == array.shape.front() / 2) x[i] = lowest;
    if (kind_ == DataKind::certain && own) x[i] = 300;
  }
}

}  // namespace lossbench
