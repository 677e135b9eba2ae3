// NumPy's .npy files: headers 1.0 and 2.0 read, 1.0 written; C order; little-endian f2, f4, f8, i4, i8, and u1 for the codes of f8 numbers.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

#include "bench/tensor.h"

namespace lossbench {

/// Reads `path`. u1 are codes of the type `codes`, and not accepted without. Throws InputError that names the file and what is accepted.
Tensor read_npy(const std::filesystem::path& path, std::optional<DType> codes = std::nullopt);

/// The bytes of a file with `tensor`; bf16 is written as f4, which holds every bf16 exactly, f8 as u1.
std::string npy_bytes(const Tensor& tensor);

/// Parses the bytes of a file; `label` names it in messages.
Tensor parse_npy(std::string_view bytes, const std::string& label, std::optional<DType> codes = std::nullopt);

}  // namespace lossbench
