// Made-up inputs. Benchmarks are fooled by easy data, so these have heavy tails, a scale that changes per block of the array,
// and visit every branch of the losses; the hard kinds are what kernels get wrong.
#pragma once

#include <array>
#include <string>
#include <string_view>
#include <vector>

#include "bench/random.h"
#include "bench/tensor.h"
#include "core/loss.h"

namespace lossbench {

enum class DataKind : std::uint8_t {
  plain,       ///< heavy tails, per-block scale, every branch
  offset,      ///< small differences of large numbers: 2^24 in f32, as many bits as the type has elsewhere
  certain,     ///< predictions far on one side: p -> 1, log of almost 1
  saturated,   ///< near the end of the type's range, short of where squares overflow the arithmetic
  denormal,    ///< a few multiples of the smallest number of the type
  ties,        ///< few distinct values: equal scores, residuals of 0, kinks hit exactly
  nan_last,    ///< plain, the last prediction NaN
  nan_first,   ///< plain, the first prediction NaN
  inf_last,    ///< plain, the last prediction +inf
  neg_inf,     ///< plain, one prediction -inf
  masked,      ///< rows: -inf at half the classes, never at the label
  masked_row,  ///< rows: one row of nothing but -inf
  ignored,     ///< every label is the one that is ignored, and what it hides begins with NaN
  hidden,      ///< plain, NaN wherever a label or a weight of 0 keeps an element out of the loss
  background,  ///< plain, no label above 0
  crowded,     ///< plain, most labels above 0
  kept,        ///< plain, with no label ignored: what is measured, so that counted bytes can be held to the contract
};

std::string_view name_of(DataKind kind);

/// Whether the first input may have that rank: "[*]" takes any, "[N]" 1, "[N, C]" 2.
bool takes_rank(const Loss& loss, const Options& options, std::size_t rank);
/// True where the first input has rows and columns, "[N, C]", and not any shape, "[*]" or "[N]".
bool takes_rows(const Loss& loss, const Options& options);

/// Labels of anchors, RoIs or priors.
bool is_detection_label(Content content);

/// Elements after which the scale of the data changes.
inline constexpr std::int64_t kScaleBlock = 512;

/// Makes the inputs of a case.
class DataMaker {
 public:
  DataMaker(const Loss& loss, const Options& options, DType dtype, DType label_type, DataKind kind, std::uint64_t seed)
      : loss_(&loss), options_(&options), dtype_(dtype), label_type_(label_type), kind_(kind), seed_(seed) {}

  /// The required inputs of the form that the options select, and the optional ones named in `extra`. `shape` is the shape of
  /// the case: elements for a pointwise loss, rows x classes for a row-wise one.
  std::vector<Tensor> inputs(const Shape& shape, const std::vector<std::string>& extra) const;

  /// An upstream gradient: factors of either sign, about 1.
  WideArray upstream(const Shape& shape) const;

 private:
  WideArray make(const InputDescription& input, const Shape& shape, const Shape& case_shape) const;
  void fill_labels(std::string_view name, Content content, WideArray& array, std::int64_t classes) const;
  double real(const RandomStream& stream, const RandomStream& scales, std::int64_t i) const;
  double probability(const InputDescription& input, const RandomStream& stream, std::int64_t i) const;
  double box_coordinate(const RandomStream& own, std::int64_t i) const;
  void plant(WideArray& array, std::int64_t classes) const;
  void fill_detection_labels(const InputDescription& input, WideArray& array, const Shape& case_shape) const;
  std::vector<bool> mattering(const InputDescription& input, const Shape& shape, const Shape& case_shape) const;
  std::vector<bool> unmasked(const InputDescription& input, const Shape& shape, const Shape& case_shape) const;
  double detection_real(const InputDescription& input, std::int64_t i, bool matters, std::int64_t samples) const;

  const Loss* loss_;
  const Options* options_;
  DType dtype_, label_type_;
  DataKind kind_;
  std::uint64_t seed_;
};

}  // namespace lossbench
