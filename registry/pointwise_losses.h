// The pointwise losses: one line each. Every variant of the pointwise ladder is instantiated for every entry of this list.
#pragma once

#include "registry/entry_list.h"
#include "registry/losses/bce.h"
#include "registry/losses/likelihood.h"
#include "registry/losses/log_loss_binary.h"
#include "registry/losses/margin.h"
#include "registry/losses/regression.h"
#include "registry/losses/sigmoid_focal.h"
#include "registry/losses/zero_one.h"

namespace lossbench::inline SIMT_BUILD {

// Reading order is the order of `lossbench list`.
using PointwiseEntries = EntryList<
    entries::ZeroOneLabels,
    entries::ZeroOneSign,
    entries::ZeroOneTolerance,
    entries::Logistic,
    entries::LogLossBinary,
    entries::HingeBinary,
    entries::HingeEmbedding,
    entries::L1,
    entries::L2,
    entries::SmoothL1,
    entries::Huber,
    entries::SmoothL1Weighted,
    entries::BceLogits,
    entries::BceProbs,
    entries::CrossEntropyNotes,
    entries::SigmoidFocal,
    entries::KlDiv,
    entries::PoissonNll,
    entries::GaussianNll>;

}  // namespace lossbench::inline SIMT_BUILD
