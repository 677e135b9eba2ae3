// The pointwise losses: one line each. Every variant of the pointwise ladder is instantiated for every entry of this list.
#pragma once

#include "registry/losses/bce.h"
#include "registry/losses/margin.h"
#include "registry/losses/regression.h"
#include "registry/losses/zero_one.h"

namespace lossbench::inline SIMT_BUILD {

template <class... Entries>
struct EntryList {};

// Reading order is the order of `lossbench list`.
using PointwiseEntries = EntryList<
    entries::ZeroOneLabels,
    entries::ZeroOneSign,
    entries::ZeroOneTolerance,
    entries::Logistic,
    entries::HingeBinary,
    entries::L1,
    entries::L2,
    entries::SmoothL1,
    entries::Huber,
    entries::SmoothL1Weighted,
    entries::BceLogits,
    entries::BceProbs>;

}  // namespace lossbench::inline SIMT_BUILD
