// Turns a variant struct into rows of the variant table. Included by the generated translation units, one per variant and dtype.
#pragma once

#include "registry/instantiate_pointwise.h"
#include "simt/simt.h"

namespace lossbench::inline SIMT_BUILD {

template <> struct ElementType<simt::half> { static constexpr DType kType = DType::f16; };
template <> struct ElementType<simt::bfloat16> { static constexpr DType kType = DType::bf16; };

/// The rows of a row-wise variant, which names its one loss.
template <class V, class T>
Variant rowwise_part() {
  Variant variant = describe_variant<V>();
  if constexpr (has_pass<V>(Pass::forward))
    variant.implementations.push_back(implementation_of<typename V::template Run<T, Pass::forward>, T>(V::kLoss, Pass::forward));
  if constexpr (has_pass<V>(Pass::gradient))
    variant.implementations.push_back(implementation_of<typename V::template Run<T, Pass::gradient>, T>(V::kLoss, Pass::gradient));
  return variant;
}

}  // namespace lossbench::inline SIMT_BUILD
