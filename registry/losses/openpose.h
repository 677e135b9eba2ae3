// Description of the OpenPose loss.
#pragma once

#include "core/loss.h"

namespace lossbench {

Loss openpose();

}  // namespace lossbench
