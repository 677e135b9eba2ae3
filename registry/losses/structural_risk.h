// The structural risk: any empirical loss and a penalty on parameters.
#pragma once

#include <span>

#include "core/loss.h"
#include "core/variant.h"

namespace lossbench {

/// `losses` are those that may be the empirical one.
Loss structural_risk(std::span<const Loss> losses);

/// Computes it on `backend`, simt or cuda, by the variant that the empirical loss prefers and the penalty's one launch.
Variant composed_risk(Backend backend);

}  // namespace lossbench
