// What a loss of whole rows is made of. A row functor says what an element adds to the sums of its row, what the row's loss is,
// and what the gradient of an element is once the sums are known:
//
//   kOperands, kGradients       arrays of rows x width that are read; gradients of the first so many
//   kLabels, kReadsOwn          whether a row has a class index; whether operand 0 at that class is wanted before the row is read
//   kWords<Real>, kBest         doubles that a row is reduced to; the last two are (greatest value, its column) with kBest
//   identity<Real>()            sums of no elements
//   add(sums, x, column, side)  one element, with Real x[kOperands]
//   finish<Real>(sums, side, width) -> Result with `loss`
//   gradient(x, column, side, result, g)   with double g[kGradients]
//
// Sums are kept in double. Squares of floats then neither overflow nor lose digits, and a decision at a kink is the one that
// the exact numbers call for.
#pragma once

#include <cstdint>

#include "simt/qualifiers.h"

namespace lossbench::inline SIMT_BUILD::losses {

/// What is known of a row beside its elements.
template <class Real>
struct RowSide {
  std::int64_t label;  ///< class index; 0 where there are no labels
  Real own;            ///< operand 0 at the label (kReadsOwn)
  Real factor;         ///< value of the row: a target of -1 or +1, or the weight of its class; 1 where there is none
};

template <int kCount>
struct RowSums {
  double word[kCount];
};

}  // namespace lossbench::inline SIMT_BUILD::losses
