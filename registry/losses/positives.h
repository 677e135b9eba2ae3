// How many labels name an object: what a contract counts where boxes are read of those alone.
#pragma once

#include "registry/describe.h"

namespace lossbench {

/// Labels above 0; all of them where they are not at hand.
inline std::int64_t count_positives(const Array& labels) {
  if (labels.where != Where::host || !labels.data) return labels.count();
  std::int64_t positives = 0;
  for (std::int64_t i = 0; i < labels.count(); ++i) positives += label_at(labels, i) > 0;
  return positives;
}

}  // namespace lossbench
