#include "bench/npy.h"

#include <cstring>
#include <fstream>
#include <limits>
#include <sstream>

#include "bench/npy_header.h"
#include "core/error.h"

namespace lossbench {
namespace {

constexpr std::string_view kMagic{"\x93NUMPY", 6};

DType dtype_of(const std::string& descr, const std::string& label, std::optional<DType> codes) {
  static const std::pair<std::string_view, DType> kTypes[] = {
      {"<f2", DType::f16}, {"<f4", DType::f32}, {"<f8", DType::f64}, {"<i4", DType::i32}, {"<i8", DType::i64}};
  for (const auto& [name, type] : kTypes)
    if (descr == name) return type;
  if (codes && descr == "|u1") return *codes;
  const std::string what = descr.starts_with('>')            ? "big-endian dtype '" + descr + "'"
                           : descr.find('O') != descr.npos   ? "dtype '" + descr + "' (Python objects)"
                                                             : "dtype '" + descr + "'";
  throw InputError(label + ": " + what + " is not accepted; accepted: little-endian f2, f4, f8, i4, i8" + (codes ? ", and u1" : ""));
}

/// Length of the header text, and where it starts.
struct Extent {
  std::size_t start, length;
};

Extent header_extent(std::string_view bytes, const std::string& label) {
  if (bytes.size() < 10) throw InputError(label + ": truncated: no .npy header; accepted: NumPy .npy files");
  const int major = static_cast<unsigned char>(bytes[6]);
  const std::size_t width = major == 1 ? 2 : 4;
  if (major != 1 && major != 2)
    throw InputError(label + ": .npy version " + std::to_string(major) + " is not accepted; accepted: 1.0 and 2.0");
  if (bytes.size() < 8 + width) throw InputError(label + ": truncated inside the header");
  std::size_t length = 0;
  for (std::size_t i = width; i-- > 0;) length = length << 8 | static_cast<unsigned char>(bytes[8 + i]);
  if (length > bytes.size() - 8 - width) throw InputError(label + ": truncated inside the header");
  return {8 + width, length};
}

/// Bytes of the data. Throws where their number overflows.
std::size_t data_bytes(const NpyHeader& header, DType dtype, const std::string& label) {
  std::int64_t count = static_cast<std::int64_t>(size_of(dtype));
  bool overflow = false;
  for (std::int64_t extent : header.shape)
    if (extent == 0) return 0;
  for (std::int64_t extent : header.shape) overflow = overflow || __builtin_mul_overflow(count, extent, &count);
  if (overflow) throw InputError(label + ": shape " + to_string(header.shape) + " is too large");
  return static_cast<std::size_t>(count);
}

}  // namespace

Tensor parse_npy(std::string_view bytes, const std::string& label, std::optional<DType> codes) {
  if (!bytes.starts_with(kMagic)) throw InputError(label + ": not a .npy file; accepted: NumPy .npy files, versions 1.0 and 2.0");
  const Extent extent = header_extent(bytes, label);
  const NpyHeader header = parse_npy_header(bytes.substr(extent.start, extent.length), label);
  const DType dtype = dtype_of(header.descr, label, codes);
  if (header.fortran_order && header.shape.size() > 1)
    throw InputError(label + ": Fortran order is not accepted; accepted: C order (numpy.ascontiguousarray)");

  const std::string_view data = bytes.substr(extent.start + extent.length);
  const std::size_t expected = data_bytes(header, dtype, label);
  if (data.size() != expected)
    throw InputError(label + ": " + (data.size() < expected ? "truncated" : "trailing garbage") + ": shape " +
                     to_string(header.shape) + " of " + header.descr.substr(1) + " takes " + std::to_string(expected) +
                     " bytes, the file holds " + std::to_string(data.size()));
  Tensor tensor = Tensor::make("", dtype, header.shape);
  if (expected) std::memcpy(tensor.bytes.data(), data.data(), expected);
  return tensor;
}

Tensor read_npy(const std::filesystem::path& path, std::optional<DType> codes) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream bytes;
  if (!file || !std::filesystem::is_regular_file(path) || !(bytes << file.rdbuf()))
    throw InputError(path.string() + ": cannot be read; accepted: a NumPy .npy file");
  return parse_npy(bytes.view(), path.string(), codes);
}

std::string npy_bytes(const Tensor& tensor) {
  if (tensor.dtype == DType::bf16) return npy_bytes(Tensor::narrow(tensor.name, DType::f32, tensor.widen()));
  static constexpr std::string_view kDescr[] = {"<f8", "<f4", "<f2", "", "<i4", "<i8", "|u1", "|u1"};  // by DType
  std::string shape = "(";
  for (std::int64_t extent : tensor.shape) shape += std::to_string(extent) + ", ";
  if (tensor.shape.size() > 1) shape.resize(shape.size() - 2);
  else if (!tensor.shape.empty()) shape.pop_back();
  std::string header = "{'descr': '" + std::string(kDescr[static_cast<int>(tensor.dtype)]) +
                       "', 'fortran_order': False, 'shape': " + shape + "), }";
  constexpr std::size_t kPrefix = 10;  // magic, version, length: the data start at a multiple of 64
  header.append(63 - (kPrefix + header.size()) % 64, ' ');
  header += '\n';

  std::string bytes(kMagic);
  bytes += {'\x01', '\x00', static_cast<char>(header.size() & 0xff), static_cast<char>(header.size() >> 8)};
  bytes += header;
  bytes.append(reinterpret_cast<const char*>(tensor.bytes.data()), tensor.bytes.size());
  return bytes;
}

}  // namespace lossbench
