// The description of the losses of overlapping boxes.
#pragma once

#include "core/loss.h"

namespace lossbench {

Loss iou_loss();

}  // namespace lossbench
