// Description of the negative log-likelihood of labels under log-probabilities.
#pragma once

#include "core/loss.h"

namespace lossbench {

Loss nll();

}  // namespace lossbench
