// Names on the command line into backends, dtypes and variants.
#pragma once

#include <optional>
#include <string>

#include "bench/device.h"
#include "registry/choice.h"

namespace lossbench {

/// Throws InputError for a dtype that real inputs cannot have.
DType parse_real_dtype(const std::string& name);

/// The device of a backend. Throws InputError where there is none: `cuda` without a GPU.
Device& device_of(Backend backend);

/// `cuda` where there is a device, else `simt`.
Backend default_backend();

/// The variant and implementation for a resolved problem. An empty `variant_name` takes the loss's preference; without `backend`
/// it is the default one, or the one on which the named variant exists. Throws InputError.
Choice choose_variant(const Loss& loss, const Problem& problem, const std::string& variant_name, std::optional<Backend> backend);

}  // namespace lossbench
