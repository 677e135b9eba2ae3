// Negative log-likelihood of a label under a row of log-probabilities: -w_y·x_y, derivative -w_y at the label and 0 elsewhere.
#pragma once

#include <cstdint>
#include <span>

namespace lossbench::reference {

/// True where the row counts: its label is a class and not the ignored one.
inline bool nll_keeps(std::int64_t label, std::int64_t ignore_index, std::int64_t classes) {
  return label != ignore_index && label >= 0 && label < classes;
}

/// Value of a kept row. A weight of 0 is a factor like any other: 0·(-inf) is NaN.
inline double nll(double log_probability, double weight) { return -weight * log_probability; }

}  // namespace lossbench::reference
