// NumPy's .npy files: headers 1.0 and 2.0 read, 1.0 written; C order; little-endian f2, f4, f8, i4, i8.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "bench/tensor.h"

namespace lossbench {

/// Reads `path`. Throws InputError that names the file and what is accepted.
Tensor read_npy(const std::filesystem::path& path);

/// The bytes of a file with `tensor`; bf16 is written as f4, which holds every bf16 exactly.
std::string npy_bytes(const Tensor& tensor);

/// Parses the bytes of a file; `label` names it in messages.
Tensor parse_npy(std::string_view bytes, const std::string& label);

}  // namespace lossbench
