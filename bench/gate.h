// Nothing is timed that has not just been checked.
#pragma once

#include <string>

#include "bench/accuracy.h"
#include "bench/bound_call.h"
#include "bench/request.h"

namespace lossbench {

class Gate {
 public:
  Gate(const Variant& variant, const Resolved& resolved, const WideResult& reference)
      : variant_(variant), resolved_(resolved), reference_(reference) {}

  /// Holds the outputs of a call that has run to the reference, and checks inputs and guard zones. What is wrong in words, empty
  /// when nothing is; `worst` becomes the comparison with the largest error / bound so far.
  std::string check(BoundCall& call, Comparison& worst) const;

 private:
  std::string compare(BoundCall& call, Comparison& worst, std::int64_t& suspects) const;

  const Variant& variant_;
  const Resolved& resolved_;
  const WideResult& reference_;
};

}  // namespace lossbench
