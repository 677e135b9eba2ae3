// Nothing is timed that has not just been checked, and nothing is reported that was not checked again afterwards.
#pragma once

#include <functional>
#include <string>

#include "bench/accuracy.h"
#include "bench/bound_call.h"
#include "bench/request.h"

namespace lossbench {

/// Holds the outputs of work that has run to the reference. Every message says what is wrong in words; an empty one, that nothing is.
class Gate {
 public:
  Gate(const Variant& variant, const Resolved& resolved, const WideResult& reference)
      : variant_(variant), resolved_(resolved), reference_(reference) {}

  /// Outputs, inputs and guard zones after `work` has run on poisoned outputs. `work` is run again where a result could be the poison
  /// itself, or to find out why a result is wrong. `worst` becomes the comparison with the largest error / bound so far.
  std::string check(BoundCall& call, Comparison& worst, const std::function<void()>& work) const;
  std::string check(BoundCall& call, Comparison& worst) const {
    return check(call, worst, [&] { call.run(); });
  }
  /// The same for a call that has run and been found right: once more, with nothing left of the earlier call, and the same bits again where
  /// the variant promises them.
  std::string check_again(BoundCall& call, Comparison& worst) const;

 private:
  std::string compare(const std::vector<Tensor>& outputs, Comparison& worst, std::int64_t& suspects) const;
  /// What kind of wrong it is, where a second look can tell: nothing written, or added to what was there.
  std::string diagnose(BoundCall& call, const std::vector<Tensor>& outputs, const std::string& fault, const std::function<void()>& work) const;

  const Variant& variant_;
  const Resolved& resolved_;
  const WideResult& reference_;
};

}  // namespace lossbench
