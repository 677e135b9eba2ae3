// Descriptions of the losses of Faster R-CNN: rpn_cls, rpn_box, rpn, fast_rcnn, faster_rcnn.
#pragma once

#include "core/loss.h"

namespace lossbench {

Loss rpn_cls();
Loss rpn_box();
Loss rpn();
Loss fast_rcnn();
Loss faster_rcnn();

/// The reference of all five.
WideResult rcnn_reference(const WideProblem& problem);

}  // namespace lossbench
