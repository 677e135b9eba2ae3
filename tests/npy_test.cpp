// .npy files: what NumPy writes is read, what is written NumPy reads (cli_test.py), everything else is refused by name.
#include "bench/npy.h"

#include <gtest/gtest.h>

#include <cstring>
#include <fstream>

#include "core/error.h"

namespace lossbench {
namespace {

/// A file with this header text, padded as NumPy pads it, and these data.
std::string file_with(std::string header, const std::string& data, int major = 1) {
  const std::size_t prefix = major == 1 ? 10 : 12;
  header.append(63 - (prefix + header.size()) % 64, ' ');
  header += '\n';
  std::string bytes = "\x93NUMPY";
  bytes += static_cast<char>(major);
  bytes += '\0';
  for (std::size_t i = 0; i < prefix - 8; ++i) bytes += static_cast<char>(header.size() >> (8 * i) & 0xff);
  return bytes + header + data;
}

std::string header(const std::string& descr, const std::string& shape, const std::string& fortran = "False") {
  return "{'descr': '" + descr + "', 'fortran_order': " + fortran + ", 'shape': " + shape + ", }";
}

template <class T>
std::string bytes_of(std::initializer_list<T> values) {
  std::string bytes(values.size() * sizeof(T), '\0');
  std::memcpy(bytes.data(), std::data(values), bytes.size());
  return bytes;
}

std::string error_of(const std::string& bytes) {
  try {
    parse_npy(bytes, "x.npy");
  } catch (const InputError& error) {
    return error.what();
  }
  return "";
}

TEST(Npy, ReadsEveryType) {
  const Tensor f4 = parse_npy(file_with(header("<f4", "(3,)"), bytes_of<float>({1.5f, -2, 3})), "x");
  EXPECT_EQ(f4.dtype, DType::f32);
  EXPECT_EQ(f4.shape, Shape({3}));
  EXPECT_EQ(f4.widen().values, std::vector<double>({1.5, -2, 3}));
  EXPECT_EQ(parse_npy(file_with(header("<f8", "(1,)"), bytes_of<double>({0.1})), "x").widen().values.front(), 0.1);
  EXPECT_EQ(parse_npy(file_with(header("<f2", "(1,)"), bytes_of<std::uint16_t>({0x3c01})), "x").widen().values.front(), 1 + 0x1p-10);
  EXPECT_EQ(parse_npy(file_with(header("<i4", "(1,)"), bytes_of<std::int32_t>({-100})), "x").widen().labels.front(), -100);
  EXPECT_EQ(parse_npy(file_with(header("<i8", "(1,)"), bytes_of<std::int64_t>({1L << 40})), "x").widen().labels.front(), 1L << 40);
}

TEST(Npy, ReadsEveryShape) {
  EXPECT_EQ(parse_npy(file_with(header("<f4", "()"), bytes_of<float>({7})), "x").shape, Shape());
  EXPECT_EQ(parse_npy(file_with(header("<f4", "(0,)"), ""), "x").count(), 0);
  EXPECT_EQ(parse_npy(file_with(header("<f4", "(2, 0, 3)"), ""), "x").shape, Shape({2, 0, 3}));
  EXPECT_EQ(parse_npy(file_with(header("<f4", "(2, 1)"), bytes_of<float>({1, 2})), "x").shape, Shape({2, 1}));
}

TEST(Npy, ReadsVersionTwo) {
  EXPECT_EQ(parse_npy(file_with(header("<f4", "(1,)"), bytes_of<float>({7}), 2), "x").widen().values.front(), 7);
}

TEST(Npy, FortranOrderOfOneAxisIsCOrder) {
  EXPECT_EQ(parse_npy(file_with(header("<f4", "(2,)", "True"), bytes_of<float>({1, 2})), "x").widen().values, std::vector<double>({1, 2}));
}

TEST(Npy, RefusesByName) {
  const std::string good = file_with(header("<f4", "(2,)"), bytes_of<float>({1, 2}));
  const auto refused = [](const std::string& bytes, const std::string& part) {
    const std::string error = error_of(bytes);
    EXPECT_NE(error.find("x.npy: "), std::string::npos) << error;
    EXPECT_NE(error.find(part), std::string::npos) << error;
  };
  refused("", "not a .npy file");
  refused("PK\x03\x04 zip", "not a .npy file");
  refused(good.substr(0, 8), "truncated");
  refused(good.substr(0, 40), "truncated inside the header");
  refused(good.substr(0, good.size() - 1), "truncated: shape [2] of f4 takes 8 bytes, the file holds 7");
  refused(good + "x", "trailing garbage");
  refused(file_with(header(">f4", "(2,)"), std::string(8, 0)), "big-endian");
  refused(file_with(header("|O", "(2,)"), "pickle"), "Python objects");
  refused(file_with(header("<c8", "(1,)"), std::string(8, 0)), "'<c8' is not accepted; accepted: little-endian f2, f4, f8, i4, i8");
  refused(file_with(header("|b1", "(1,)"), "x"), "'|b1'");
  refused(file_with(header("<f4", "(2, 2)", "True"), std::string(16, 0)), "Fortran order");
  refused(file_with("{'descr': [('x', '<f4')], 'fortran_order': False, 'shape': (1,), }", "1234"), "is not accepted");
  refused(file_with("{'descr': '<f4', 'shape': (1,), }", "1234"), "malformed");
  refused(file_with(header("<f4", "(-1,)"), ""), "malformed");
  refused(file_with(header("<f4", "(4611686018427387904, 4)"), ""), "too large");
  refused(file_with(header("<f4", "(1,)"), "1234", 3), "version 3");
}

TEST(Npy, RefusesAFileThatIsNotThere) {
  EXPECT_THROW(read_npy("/nonexistent/x.npy"), InputError);
  EXPECT_THROW(read_npy("/tmp"), InputError);
}

TEST(Npy, WritesWhatItReads) {
  for (const Shape& shape : {Shape{}, Shape{0}, Shape{5}, Shape{2, 3}, Shape{1, 2, 3}})
    for (const DType dtype : {DType::f64, DType::f32, DType::f16, DType::i32, DType::i64}) {
      Tensor tensor = Tensor::make("x", dtype, shape);
      for (std::size_t i = 0; i < tensor.bytes.size(); ++i) tensor.bytes[i] = static_cast<std::byte>(i % 60);
      const std::string bytes = npy_bytes(tensor);
      EXPECT_EQ((bytes.size() - tensor.bytes.size()) % 64, 0u);
      const Tensor back = parse_npy(bytes, "x");
      EXPECT_EQ(back.dtype, dtype);
      EXPECT_EQ(back.shape, shape);
      EXPECT_EQ(back.bytes, tensor.bytes);
    }
}

TEST(Npy, WritesBf16AsF4) {
  WideArray wide;
  wide.shape = {2};
  wide.values = {1.0, -2.5};
  const Tensor back = parse_npy(npy_bytes(Tensor::narrow("x", DType::bf16, wide)), "x");
  EXPECT_EQ(back.dtype, DType::f32);
  EXPECT_EQ(back.widen().values, wide.values);
}

}  // namespace
}  // namespace lossbench
