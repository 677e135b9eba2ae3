// Descriptions of SSD's losses: ssd_loc, ssd_conf, ssd_multibox.
#pragma once

#include "core/loss.h"

namespace lossbench {

Loss ssd_loc();
Loss ssd_conf();
Loss ssd_multibox();

WideResult ssd_multibox_reference(const WideProblem& problem);

}  // namespace lossbench
