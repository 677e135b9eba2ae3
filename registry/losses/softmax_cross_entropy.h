// Description of softmax cross-entropy with index targets.
#pragma once

#include "core/loss.h"

namespace lossbench {

Loss softmax_cross_entropy();

}  // namespace lossbench
