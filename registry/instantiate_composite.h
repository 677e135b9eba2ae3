// Turns a variant struct of composite losses into rows of the variant table.
#pragma once

#include "registry/element_types.h"

namespace lossbench::inline SIMT_BUILD {

/// The variant lists the losses it computes; which one a problem is, it finds out at run time.
template <class V, class T>
Variant composite_part() {
  Variant variant = describe_variant<V>();
  for (const char* loss : V::kLosses) {
    if constexpr (has_pass<V>(Pass::forward))
      variant.implementations.push_back(implementation_of<typename V::template Run<T, Pass::forward>, T>(loss, Pass::forward));
    if constexpr (has_pass<V>(Pass::gradient))
      variant.implementations.push_back(implementation_of<typename V::template Run<T, Pass::gradient>, T>(loss, Pass::gradient));
  }
  return variant;
}

}  // namespace lossbench::inline SIMT_BUILD
