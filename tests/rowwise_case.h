// What the tests of the row-wise variants share: a case with its arrays, a run of one variant on it, and the loss worked out in
// long double from its definition, with the error a variant may make.
#pragma once

#include <cmath>
#include <cstdint>
#include <cstring>
#include <random>
#include <string>
#include <vector>

#include "core/float8.h"
#include "core/loss.h"
#include "registry/losses/softmax_cross_entropy.h"
#include "registry/variant_table.h"
#include "simt/simt.h"

namespace lossbench::rowwise_tests {

using Wide = long double;
constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

/// f8 numbers are cut at the end of their range.
inline double round_to(DType type, double x) {
  if (is_f8(type)) x = std::fmin(std::fmax(x, -largest(type)), largest(type));
  switch (type) {
    case DType::f32: return static_cast<float>(x);
    case DType::f16: return from_f16_bits(to_f16_bits(x));
    case DType::bf16: return from_bf16_bits(to_bf16_bits(x));
    case DType::f8_e4m3: return from_e4m3_bits(to_e4m3_bits(x));
    case DType::f8_e5m2: return from_e5m2_bits(to_e5m2_bits(x));
    default: return x;
  }
}

/// `count` elements that start `skip` elements behind a 256-byte boundary, filled with 0xFF.
class Storage {
 public:
  Storage(DType type, std::int64_t count, int skip = 0)
      : type_(type), count_(count), skip_(skip), bytes_((std::size_t(count + skip) + 1) * size_of(type) + 256, 0xFF) {}

  void* data() {
    const auto address = reinterpret_cast<std::uintptr_t>(bytes_.data());
    return bytes_.data() + (256 - address % 256) % 256 + std::size_t(skip_) * size_of(type_);
  }
  double get(std::int64_t i) {
    switch (type_) {
      case DType::f64: return static_cast<double*>(data())[i];
      case DType::f32: return static_cast<float*>(data())[i];
      case DType::f16: return from_f16_bits(static_cast<std::uint16_t*>(data())[i]);
      case DType::bf16: return from_bf16_bits(static_cast<std::uint16_t*>(data())[i]);
      case DType::f8_e4m3: return from_e4m3_bits(static_cast<std::uint8_t*>(data())[i]);
      case DType::f8_e5m2: return from_e5m2_bits(static_cast<std::uint8_t*>(data())[i]);
      case DType::i32: return static_cast<std::int32_t*>(data())[i];
      case DType::i64: return static_cast<double>(static_cast<std::int64_t*>(data())[i]);
    }
    return 0;
  }
  template <class X>
  void set(std::int64_t i, X x) {
    switch (type_) {
      case DType::f64: static_cast<double*>(data())[i] = static_cast<double>(x); return;
      case DType::f32: static_cast<float*>(data())[i] = static_cast<float>(x); return;
      case DType::f16: static_cast<std::uint16_t*>(data())[i] = to_f16_bits(static_cast<double>(x)); return;
      case DType::bf16: static_cast<std::uint16_t*>(data())[i] = to_bf16_bits(static_cast<double>(x)); return;
      case DType::f8_e4m3: static_cast<std::uint8_t*>(data())[i] = to_e4m3_bits(static_cast<double>(x)); return;
      case DType::f8_e5m2: static_cast<std::uint8_t*>(data())[i] = to_e5m2_bits(static_cast<double>(x)); return;
      case DType::i32: static_cast<std::int32_t*>(data())[i] = static_cast<std::int32_t>(x); return;
      case DType::i64: static_cast<std::int64_t*>(data())[i] = static_cast<std::int64_t>(x); return;
    }
  }
  std::vector<double> all() {
    std::vector<double> values;
    for (std::int64_t i = 0; i < count_; ++i) values.push_back(get(i));
    return values;
  }
  /// The elements' bytes, for bit-for-bit comparison.
  std::string bytes() { return std::string(static_cast<const char*>(data()), std::size_t(count_) * size_of(type_)); }

 private:
  DType type_;
  std::int64_t count_;
  int skip_;
  std::vector<unsigned char> bytes_;
};

/// One problem. Values are already rounded to `dtype`; `logits` is row-major over `shape`.
struct Case {
  DType dtype = DType::f32;
  Shape shape;
  std::vector<double> logits;
  std::vector<std::int64_t> labels;
  std::vector<double> weight;    ///< empty: none
  std::vector<double> upstream;  ///< empty: none
  std::vector<std::string> options;  ///< "label_smoothing=0.1"
  DType label_type = DType::i64;
  int skip = 0;                   ///< elements by which every array is misaligned
  std::int64_t row_padding = 0;   ///< logits [N, C] and their gradient: unused elements behind each row
  int gradient_skip = -1;         ///< elements by which the gradient is misaligned, where not by `skip`
  bool in_place = false;          ///< the gradient replaces the logits

  std::int64_t classes() const { return shape[1]; }
  std::int64_t inner() const { return count_of(std::span(shape).subspan(2)); }
  std::int64_t positions() const { return shape[0] * inner(); }
  /// Index into `logits` of class c of a position.
  std::int64_t at(std::int64_t position, std::int64_t c) const {
    return (position / inner() * classes() + c) * inner() + position % inner();
  }
  Options parsed() const {
    const std::vector<OptionDescription> described = softmax_cross_entropy().options;
    Options parsed(described);
    for (const std::string& text : options) {
      const std::size_t equals = text.find('=');
      parsed.give(described, text.substr(0, equals), text.substr(equals + 1));
    }
    return parsed;
  }
  Reduction reduction() const {
    Problem problem;
    problem.options = parsed();
    return problem.reduction();
  }
  DType loss_type() const { return reduction() == Reduction::none ? companion_type(dtype) : reduced_type(dtype); }
};

struct Outcome {
  std::vector<double> loss, gradient;
  std::string bits;  ///< of all outputs
  int launches = 0;
};

inline Array strided(void* data, const Case& test) {
  Array array = Array::contiguous(data, test.dtype, test.shape);
  if (test.row_padding > 0) array.strides[0] = test.classes() + test.row_padding;
  return array;
}

/// Whether the variant takes the case; those that read vectors refuse classes that lie apart, some refuse long rows.
inline bool accepts(const Variant& variant, const Case& test) {
  Problem problem;
  problem.options = test.parsed();
  problem.dtype = test.dtype;
  Shape positions = test.shape;
  positions.erase(positions.begin() + 1);
  Array logits = Array::contiguous(nullptr, test.dtype, test.shape);
  if (test.row_padding > 0) logits.strides[0] = test.classes() + test.row_padding;
  problem.inputs = {{"logits", logits}, {"target", Array::contiguous(nullptr, test.label_type, positions)}};
  for (const Implementation& entry : variant.implementations)
    if (entry.element == test.dtype && entry.pass == Pass::forward) return entry.rejects(problem).empty();
  return false;
}

/// Runs the case; `repeats` > 1 runs it again on the same workspace, which a variant must leave ready.
inline Outcome run(const Variant& variant, Pass pass, const Case& test, int repeats = 1) {
  const Implementation* implementation = nullptr;
  for (const Implementation& entry : variant.implementations)
    if (entry.loss == "softmax_cross_entropy" && entry.element == test.dtype && entry.pass == pass) implementation = &entry;
  if (!implementation) throw std::runtime_error(variant.name + " has no such implementation");

  const Reduction reduction = test.reduction();
  const bool none = reduction == Reduction::none;
  const DType loss_type = test.loss_type(), companion = companion_type(test.dtype);
  const std::int64_t losses = none ? test.positions() : 1;
  const std::int64_t stored = test.shape[0] * (test.classes() * test.inner() + test.row_padding);
  Storage logits(test.dtype, stored, test.skip), labels(test.label_type, test.positions(), test.skip);
  Storage weight(companion, test.classes(), test.skip), upstream(loss_type, losses, test.skip);
  Storage loss(loss_type, losses, test.skip), apart(test.dtype, stored, test.gradient_skip < 0 ? test.skip : test.gradient_skip);
  Storage& gradient = test.in_place ? logits : apart;
  const std::int64_t row = test.classes() * test.inner();
  const auto place = [&](std::int64_t i) { return test.row_padding == 0 ? i : i / row * (row + test.row_padding) + i % row; };
  for (std::size_t i = 0; i < test.logits.size(); ++i) logits.set(place(std::int64_t(i)), test.logits[i]);
  for (std::size_t i = 0; i < test.labels.size(); ++i) labels.set(std::int64_t(i), test.labels[i]);
  for (std::size_t i = 0; i < test.weight.size(); ++i) weight.set(std::int64_t(i), test.weight[i]);
  for (std::size_t i = 0; i < test.upstream.size(); ++i) upstream.set(std::int64_t(i), test.upstream[i]);

  Shape positions = test.shape;
  positions.erase(positions.begin() + 1);
  const Shape loss_shape = none ? positions : Shape{};
  Problem problem;
  problem.loss = "softmax_cross_entropy";
  problem.options = test.parsed();
  problem.pass = pass;
  problem.dtype = test.dtype;
  problem.inputs = {{"logits", strided(logits.data(), test)}, {"target", Array::contiguous(labels.data(), test.label_type, positions)}};
  if (!test.weight.empty()) problem.inputs.push_back({"weight", Array::contiguous(weight.data(), companion, {test.classes()})});
  if (!test.upstream.empty()) problem.inputs.push_back({"grad_output", Array::contiguous(upstream.data(), loss_type, loss_shape)});
  problem.outputs = {{"loss", Array::contiguous(loss.data(), loss_type, loss_shape)}};
  if (pass == Pass::gradient) problem.outputs.push_back({"grad_logits", strided(gradient.data(), test)});

  if (const std::string reason = implementation->rejects(problem); !reason.empty()) throw std::runtime_error(reason);
  std::vector<double> workspace(implementation->workspace_bytes(problem) / 8 + 1, 0.0);
  Outcome outcome;
  for (int i = 0; i < repeats; ++i) implementation->run(problem, {workspace.data(), workspace.size() * 8}, nullptr);
  outcome.launches = implementation->launches(problem);
  outcome.loss = loss.all();
  outcome.bits = loss.bytes();
  if (pass == Pass::gradient) {
    const std::vector<double> padded = gradient.all();
    for (std::size_t i = 0; i < test.logits.size(); ++i) outcome.gradient.push_back(padded[std::size_t(place(std::int64_t(i)))]);
    outcome.bits += gradient.bytes();
  }
  return outcome;
}

/// Every row-wise variant of the loss, in ladder order.
inline std::vector<Variant> variants() {
  std::vector<Variant> found;
  for (Variant& variant : simt_variants())
    if (!variant.implementations.empty() && variant.implementations.front().loss == "softmax_cross_entropy") found.push_back(variant);
  return found;
}

/// Times that u·|x_c - m| enters an exponential: its rounded exponent, and with ex2.approx the rounded log2(e) too.
inline Wide exponent_roundings(const Variant& variant) {
  for (const char* accurate : {"three_pass", "online", "warp_per_row", "positions"})
    if (variant.name == accurate) return 1;
  return 2;
}

struct Expected {
  std::vector<Wide> loss, gradient, loss_bound, gradient_bound;
};

/// The definition, -Σ t_c·log p_c and its derivative, one position at a time, and how far a variant may be from it.
///
/// With u of the arithmetic, s = sum_ulps, l = Σ e^(x_c - m) and D = Σ p_c·(m - x_c):
///   l           relative error u·(5 + s + r·D): each exponential 4u (2 ulp) and r·u·(m - x_c) through its rounded exponent, s for
///               adding, 1 for rounding the sum
///   log l       u·(5 + s + D) + 4u·log l (2 ulp of log1p); m - x_c is a difference in double
///   p_c         relative error u·(10 + s + D + (m - x_c))
///   1 - p_y     others/l with l = others + e^(x_y - m): wrong by q·p_y·(δ_o - δ_y), q = 1 - p_y, where the relative error of
///               others is δ_o = u·(4 + s + D_o), q·D_o <= D, and that of the label's exponential δ_y = u·(4 + (m - x_y))
///   gradient    three more roundings of its factors, one of the difference
///   scale       of f8 logits: it and every product are rounded, 2u·|x_c| each, and 2u·Σ p_c·(|x_c| + |m|) more in log l
/// and in f64 16u for adding up rows, weights and divisor.
inline Expected expected(const Case& test, const Variant& variant) {
  const Options options = test.parsed();
  const double smoothing = options.real("label_smoothing"), scale = options.real("scale");
  const std::int64_t classes = test.classes(), positions = test.positions(), inner = test.inner();
  const DType arithmetic = reduced_type(test.dtype);
  const Wide u = unit_roundoff(arithmetic), tiny = smallest(arithmetic), u64 = 0x1p-53L;
  const Wide s = variant.sum_ulps(classes, test.dtype), r = exponent_roundings(variant);

  Expected result;
  result.gradient.assign(test.logits.size(), 0);
  result.gradient_bound.assign(test.logits.size(), 0);
  Wide kept = 0, weight_sum = 0;
  for (std::int64_t position = 0; position < positions; ++position) {
    const std::int64_t label = test.labels[std::size_t(position)];
    if (label == options.integer("ignore_index") || label < 0 || label >= classes) {
      result.loss.push_back(0), result.loss_bound.push_back(0);
      continue;
    }
    const auto x = [&](std::int64_t c) { return Wide(scale) * Wide(test.logits[std::size_t(test.at(position, c))]); };
    const auto w = [&](std::int64_t c) { return test.weight.empty() ? Wide(1) : Wide(test.weight[std::size_t(c)]); };
    const auto t = [&](std::int64_t c) { return w(c) * ((c == label ? Wide(1 - smoothing) : 0) + Wide(smoothing) / Wide(classes)); };
    kept += 1, weight_sum += w(label);
    Wide m = -kInfinity, l = 0, spread = 0, total = 0, product = 0;
    const auto rounded = [&](std::int64_t c) { return scale == 1 ? Wide(0) : 2 * (std::fabs(x(c)) + std::fabs(m)); };
    for (std::int64_t c = 0; c < classes; ++c) m = x(c) > m ? x(c) : m;
    for (std::int64_t c = 0; c < classes; ++c) l += std::exp(x(c) - m), total += t(c);
    for (std::int64_t c = 0; c < classes; ++c)
      if (const Wide p = std::exp(x(c) - m) / l; p > 0) spread += p * (m - x(c)), product += p * rounded(c);
    Wide rest = 0;  // Σ over all but the label
    for (std::int64_t c = 0; c < classes; ++c) rest += c == label ? 0 : std::exp(x(c) - m);
    const Wide log_l = x(label) == m ? std::log1p(rest) : std::log(l);
    Wide loss = l != l ? l : 0, size = 0, terms = 0, products = 0;
    for (std::int64_t c = 0; c < classes; ++c) {
      if (t(c) == 0) continue;
      loss += t(c) * (log_l + (m - x(c)));
      size += std::fabs(t(c));
      terms += std::fabs(t(c)) * (m - x(c));
      products += std::fabs(t(c)) * rounded(c);
    }
    result.loss.push_back(loss);
    result.loss_bound.push_back(u * (size * (5 + s + r * spread + 4 * log_l + product) + products) + 16 * u64 * (terms + std::fabs(loss)) +
                                tiny * Wide(classes));
    for (std::int64_t c = 0; c < classes; ++c) {
      const auto at = std::size_t(test.at(position, c));
      const Wide p = std::exp(x(c) - m) / l, q = c == label ? rest / l : 1 - p;
      result.gradient[at] = p * (total - t(c)) - t(c) * q;
      const Wide away = p > 0 ? m - x(c) : 0;
      const Wide own = std::fabs(t(c)) * (c == label ? q * (4 + p * (8 + s + r * away)) + r * p * spread : Wide(4));
      const Wide all = std::fabs(c == label ? total - t(c) : total) * p * (14 + s + r * spread + r * away);
      result.gradient_bound[at] = u * (all + own) + tiny * Wide(classes + 4);
    }
  }

  Wide divisor = 1;
  const Reduction reduction = test.reduction();
  const std::string normalizer = options.word("normalizer");
  if (reduction == Reduction::batch) divisor = Wide(test.shape[0]);
  if (reduction == Reduction::mean)
    divisor = normalizer == "weight_sum" ? weight_sum : normalizer == "valid" ? std::max(kept, Wide(1))
              : normalizer == "full" ? Wide(positions) : normalizer == "batch" ? Wide(test.shape[0]) : Wide(1);
  const bool none = reduction == Reduction::none, empty = divisor == 0;
  for (std::int64_t position = 0; position < positions; ++position) {
    const std::int64_t label = test.labels[std::size_t(position)];
    const bool ignored = label == options.integer("ignore_index") || label < 0 || label >= classes;
    const Wide factor = test.upstream.empty() ? 1 : Wide(test.upstream[none ? std::size_t(position) : 0]);
    for (std::int64_t c = 0; c < classes; ++c) {
      const auto at = std::size_t((position / inner * classes + c) * inner + position % inner);
      Wide& gradient = result.gradient[at];
      Wide& bound = result.gradient_bound[at];
      gradient = ignored || empty ? 0 : gradient * factor / divisor;
      bound = ignored || empty ? 0
                               : bound * std::fabs(factor / divisor) + 20 * u64 * std::fabs(gradient) +
                                     Wide(unit_roundoff(test.dtype)) * std::fabs(gradient) * 1.01L + smallest(test.dtype);
    }
  }
  const DType stored = test.loss_type();
  if (!none) {
    Wide sum = 0, bound = 0, size = 0;
    for (std::size_t i = 0; i < result.loss.size(); ++i) sum += result.loss[i], bound += result.loss_bound[i], size += std::fabs(result.loss[i]);
    const Wide nothing = options.word("empty") == "zero" ? 0 : Wide(kNan);
    result.loss = {empty ? nothing : sum / divisor};
    result.loss_bound = {empty ? 0 : (bound + 32 * u64 * size) / std::fabs(divisor)};
  }
  for (std::size_t i = 0; i < result.loss.size(); ++i)
    result.loss_bound[i] += Wide(unit_roundoff(stored)) * std::fabs(result.loss[i]) * 1.01L + smallest(stored);
  return result;
}

/// What is wrong with `actual`, or "". NaN must meet NaN, infinities their like; one beyond the stored type's range may be inf.
inline std::string difference(const std::vector<double>& actual, const std::vector<Wide>& expected, const std::vector<Wide>& bound,
                              DType stored) {
  if (actual.size() != expected.size()) return "size " + std::to_string(actual.size());
  for (std::size_t i = 0; i < actual.size(); ++i) {
    const Wide want = expected[i], got = actual[i];
    const bool beyond = std::fabs(want) > Wide(largest(stored)) * (1 + Wide(unit_roundoff(stored)));
    const bool fine = std::isnan(want)  ? std::isnan(got)
                      : std::isinf(want) || beyond ? got == (want > 0 ? Wide(kInfinity) : -Wide(kInfinity))
                                                   : !!(std::fabs(got - want) <= bound[i]);
    if (!fine)
      return "element " + std::to_string(i) + ": got " + std::to_string(got) + ", expected " + std::to_string(want) + ", error " +
             std::to_string(double(std::fabs(got - want) / bound[i])) + " of the bound";
  }
  return {};
}

/// Heavy-tailed logits whose scale and offset change from row to row, about one in eight masked in every third row; labels that
/// are sometimes ignored; weights of which some are 0.
inline Case make_case(DType dtype, Shape shape, std::uint64_t seed, std::vector<std::string> options = {}, bool weighted = false,
                      bool upstream = false) {
  std::mt19937_64 random(seed * 7919 + std::uint64_t(dtype));
  std::normal_distribution<double> normal;
  std::uniform_real_distribution<double> uniform;
  Case test;
  test.dtype = dtype, test.shape = std::move(shape), test.options = std::move(options);
  test.label_type = seed % 2 ? DType::i32 : DType::i64;
  test.skip = int(seed % 4);
  const std::int64_t classes = test.classes(), positions = test.positions();
  test.logits.resize(std::size_t(positions * classes));
  test.labels.resize(std::size_t(positions));
  const std::int64_t ignore_index = test.parsed().integer("ignore_index");
  const bool smooths = test.parsed().real("label_smoothing") > 0;
  for (std::int64_t position = 0; position < positions; ++position) {
    const double scale = std::exp2(double(position % 7) - 2), offset = position % 5 == 4 ? 500 : position % 5 == 3 ? -40 : 0;
    const std::int64_t label = std::int64_t(random() % std::uint64_t(classes));
    test.labels[std::size_t(position)] = position > 0 && position % 6 == 2 ? ignore_index : label;
    for (std::int64_t c = 0; c < classes; ++c) {
      double x = scale * normal(random) / (0.3 + uniform(random)) + offset;
      if (!smooths && position % 3 == 1 && c != label && uniform(random) < 0.125) x = -kInfinity;
      test.logits[std::size_t(test.at(position, c))] = round_to(dtype, x);
    }
  }
  if (weighted)
    for (std::int64_t c = 0; c < classes; ++c) test.weight.push_back(round_to(companion_type(dtype), c % 9 == 5 ? 0 : 0.25 + uniform(random)));
  const bool none = test.reduction() == Reduction::none;
  if (upstream)
    for (std::int64_t i = 0; i < (none ? positions : 1); ++i) test.upstream.push_back(round_to(dtype, 0.5 + uniform(random)));
  return test;
}

}  // namespace lossbench::rowwise_tests
