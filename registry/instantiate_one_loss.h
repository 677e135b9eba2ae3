// Turns a variant struct that names its one loss into rows of the variant table.
#pragma once

#include "registry/element_types.h"

namespace lossbench::inline SIMT_BUILD {

template <class V, class T>
Variant rowwise_part() {
  Variant variant = describe_variant<V>();
  if constexpr (has_pass<V>(Pass::forward))
    variant.implementations.push_back(implementation_of<typename V::template Run<T, Pass::forward>, T>(V::kLoss, Pass::forward));
  if constexpr (has_pass<V>(Pass::gradient) && !is_f8(ElementType<T>::kType))
    variant.implementations.push_back(implementation_of<typename V::template Run<T, Pass::gradient>, T>(V::kLoss, Pass::gradient));
  return variant;
}

}  // namespace lossbench::inline SIMT_BUILD
