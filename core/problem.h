// A problem: one loss on one set of named arrays, as the C ABI, the program and the tests pass it to a variant.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/array.h"
#include "core/options.h"

namespace lossbench {

enum class Pass : std::uint8_t { forward, gradient };
constexpr std::string_view name_of(Pass pass) { return pass == Pass::forward ? "forward" : "gradient"; }

enum class Reduction : std::uint8_t { none, sum, mean, batch };

struct NamedArray {
  std::string name;
  Array array;
};

/// Inputs and outputs by the names of the loss's description. Outputs are `loss`, and in the gradient pass `grad_<input>` for
/// every gradient that is wanted; an output that is not listed is not computed.
struct Problem {
  std::string loss = {};
  Options options = {};
  Pass pass = Pass::forward;
  DType dtype = DType::f32;  ///< type of the real inputs; where it is an f8, of the first one, and companion_type() of the others
  std::vector<NamedArray> inputs = {};
  std::vector<NamedArray> outputs = {};

  /// The array of that name, or null.
  const Array* input(std::string_view name) const { return find(inputs, name); }
  const Array* output(std::string_view name) const { return find(outputs, name); }

  /// True where `loss` is one number: always for a loss that takes no reduction option.
  bool reduces() const { return !options.has("reduction") || reduction() != Reduction::none; }
  /// `none` for a loss that takes no reduction option.
  Reduction reduction() const {
    if (!options.has("reduction")) return Reduction::none;
    const std::string& word = options.word("reduction");
    return word == "sum" ? Reduction::sum : word == "mean" ? Reduction::mean : word == "batch" ? Reduction::batch : Reduction::none;
  }

 private:
  static const Array* find(const std::vector<NamedArray>& arrays, std::string_view name) {
    for (const NamedArray& entry : arrays)
      if (entry.name == name) return &entry.array;
    return nullptr;
  }
};

}  // namespace lossbench
