#include "bench/tensor.h"

#include <cstring>

#include "bench/parallel.h"
#include "core/float8.h"

namespace lossbench {
namespace {

template <class T, class Source, class Convert>
void fill(std::vector<std::byte>& bytes, const std::vector<Source>& from, Convert convert) {
  parallel_for(static_cast<std::int64_t>(from.size()), [&](std::int64_t begin, std::int64_t end) {
    for (std::size_t i = static_cast<std::size_t>(begin); i < static_cast<std::size_t>(end); ++i) {
      const T value = convert(from[i]);
      std::memcpy(&bytes[i * sizeof(T)], &value, sizeof(T));
    }
  });
}

template <class Source>
void fill_as(DType dtype, std::vector<std::byte>& bytes, const std::vector<Source>& from) {
  switch (dtype) {
    case DType::f64: return fill<double>(bytes, from, [](Source x) { return static_cast<double>(x); });
    case DType::f32: return fill<float>(bytes, from, [](Source x) { return static_cast<float>(x); });
    case DType::f16: return fill<std::uint16_t>(bytes, from, [](Source x) { return to_f16_bits(static_cast<double>(x)); });
    case DType::bf16: return fill<std::uint16_t>(bytes, from, [](Source x) { return to_bf16_bits(static_cast<double>(x)); });
    case DType::f8_e4m3: return fill<std::uint8_t>(bytes, from, [](Source x) { return to_e4m3_bits(static_cast<double>(x)); });
    case DType::f8_e5m2: return fill<std::uint8_t>(bytes, from, [](Source x) { return to_e5m2_bits(static_cast<double>(x)); });
    case DType::i32: return fill<std::int32_t>(bytes, from, [](Source x) { return static_cast<std::int32_t>(x); });
    case DType::i64: return fill<std::int64_t>(bytes, from, [](Source x) { return static_cast<std::int64_t>(x); });
  }
}

template <class T, class Target, class Convert>
void read(std::vector<Target>& to, const std::vector<std::byte>& bytes, Convert convert) {
  to.resize(bytes.size() / sizeof(T));
  parallel_for(static_cast<std::int64_t>(to.size()), [&](std::int64_t begin, std::int64_t end) {
    for (std::size_t i = static_cast<std::size_t>(begin); i < static_cast<std::size_t>(end); ++i) {
      T value;
      std::memcpy(&value, &bytes[i * sizeof(T)], sizeof(T));
      to[i] = convert(value);
    }
  });
}

}  // namespace

Tensor Tensor::make(std::string name, DType dtype, Shape shape) {
  Tensor tensor{std::move(name), dtype, std::move(shape), {}};
  tensor.bytes.reserve(16);
  tensor.bytes.resize(static_cast<std::size_t>(tensor.count()) * size_of(dtype));
  return tensor;
}

Tensor Tensor::narrow(std::string name, DType dtype, const WideArray& wide) {
  Tensor tensor = make(std::move(name), dtype, wide.shape);
  wide.is_label ? fill_as(dtype, tensor.bytes, wide.labels) : fill_as(dtype, tensor.bytes, wide.values);
  return tensor;
}

WideArray Tensor::widen() const {
  WideArray wide;
  wide.shape = shape;
  wide.is_label = !is_real(dtype);
  switch (dtype) {
    case DType::f64: read<double>(wide.values, bytes, [](double x) { return x; }); break;
    case DType::f32: read<float>(wide.values, bytes, [](float x) { return static_cast<double>(x); }); break;
    case DType::f16: read<std::uint16_t>(wide.values, bytes, [](std::uint16_t x) { return static_cast<double>(from_f16_bits(x)); }); break;
    case DType::bf16: read<std::uint16_t>(wide.values, bytes, [](std::uint16_t x) { return static_cast<double>(from_bf16_bits(x)); }); break;
    case DType::f8_e4m3: read<std::uint8_t>(wide.values, bytes, [](std::uint8_t x) { return static_cast<double>(from_e4m3_bits(x)); }); break;
    case DType::f8_e5m2: read<std::uint8_t>(wide.values, bytes, [](std::uint8_t x) { return static_cast<double>(from_e5m2_bits(x)); }); break;
    case DType::i32: read<std::int32_t>(wide.labels, bytes, [](std::int32_t x) { return std::int64_t{x}; }); break;
    case DType::i64: read<std::int64_t>(wide.labels, bytes, [](std::int64_t x) { return x; }); break;
  }
  return wide;
}

Array Tensor::array() const { return Array::contiguous(const_cast<std::byte*>(bytes.data()), dtype, shape); }

bool Tensor::is_poison(std::int64_t index) const {
  const std::size_t size = size_of(dtype);
  for (std::size_t i = 0; i < size; ++i)
    if (bytes[static_cast<std::size_t>(index) * size + i] != std::byte{0xFF}) return false;
  return true;
}

double rounded_to(DType dtype, double value) {
  switch (dtype) {
    case DType::f32: return static_cast<double>(static_cast<float>(value));
    case DType::f16: return static_cast<double>(from_f16_bits(to_f16_bits(value)));
    case DType::bf16: return static_cast<double>(from_bf16_bits(to_bf16_bits(value)));
    default: return value;
  }
}

}  // namespace lossbench
