// The losses of whole rows: one line each. Every variant of the ladder in kernels/rows is instantiated for every entry of this list.
#pragma once

#include "registry/entry_list.h"
#include "registry/losses/rows_dice.h"
#include "registry/losses/rows_embedding.h"
#include "registry/losses/rows_hinge.h"
#include "registry/losses/rows_log_loss.h"
#include "registry/losses/rows_norm.h"

namespace lossbench::inline SIMT_BUILD {

using RowEntries = EntryList<
    entries::LogLossClasses,
    entries::HingeClasses,
    entries::TripletMargin,
    entries::CosineEmbedding,
    entries::DiceLogits,
    entries::DiceProbs,
    entries::NormL1,
    entries::NormL2>;

}  // namespace lossbench::inline SIMT_BUILD
