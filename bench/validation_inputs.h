// What `validate` feeds every variant: sizes with reasons, misaligned starts, and hard data.
#pragma once

#include <string>
#include <vector>

#include "bench/data.h"

namespace lossbench {

struct ValidationInput {
  Shape shape;
  DataKind kind = DataKind::plain;
  int misalignment = 0;  ///< elements after a 256-byte boundary at which every array starts

  std::string name() const;  ///< "257+1 plain": shape, misalignment, kind
};

/// All inputs for a loss with these options; `full` has every size, the short form one of each sort.
std::vector<ValidationInput> validation_inputs(const Loss& loss, const Options& options, bool full);

/// An option set of a loss: "sigma=3 reduction=sum +weight".
struct OptionSet {
  std::string text;
  Options options;
  std::vector<std::string> extra;  ///< optional inputs that it adds
};

/// The defaults of the loss, then every set of its description, or every set for an f8. Throws InputError where one does not parse.
std::vector<OptionSet> option_sets(const Loss& loss, bool f8 = false);
OptionSet parse_option_set(const Loss& loss, const std::string& text);

}  // namespace lossbench
