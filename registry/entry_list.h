// A list of registry entries, as a type.
#pragma once

#include "simt/qualifiers.h"

namespace lossbench::inline SIMT_BUILD {

template <class... Entries>
struct EntryList {};

}  // namespace lossbench::inline SIMT_BUILD
