// What the suite knows about a loss: names, options, shapes, the bytes it must move, and its reference.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/problem.h"
#include "core/wide.h"

namespace lossbench {

/// What an input holds; it decides which arrays are accepted and which data a benchmark makes up for it.
enum class Content : std::uint8_t {
  real,         ///< any real number
  probability,  ///< a real number in [0, 1]
  sign,         ///< -1 or +1, integer or real
  weight,       ///< a real factor, usually >= 0
  label,        ///< an integer class index or decision, i32 or i64
  binary,       ///< an integer 0 or 1, i32 or i64
  bit,              ///< 0 or 1, integer or real
  non_negative,     ///< a real number >= 0
  log_probability,  ///< a real number <= 0
  box,              ///< x1, y1, x2, y2 along the last axis, x2 > x1 and y2 > y1
  anchor_label,    ///< -1 (left out), 0 or 1; most anchors are left out
  roi_label,       ///< a class >= 1, or 0: background, as most are
  prior_label,     ///< a class >= 1, 0 (background, as nearly all are) or -1 (neither)
  box_target,      ///< encoded box offsets, real; heavy tails where an object is, 0 elsewhere
  inside_weight,   ///< > 0 where an object is, 0 elsewhere
  outside_weight,  ///< > 0 where a sample is, 0 elsewhere
  mask,            ///< 0, 1, or between
};
/// Content whose values may come as integers and become real numbers.
constexpr bool is_sign_or_bit(Content content) { return content == Content::sign || content == Content::bit; }
constexpr bool is_label(Content content) {
  return content == Content::label || content == Content::binary || content == Content::anchor_label || content == Content::roi_label ||
         content == Content::prior_label;
}

/// Which elements of an array enter the loss, as far as labels decide.
enum class Matters : std::uint8_t {
  all,
  kept,           ///< rows whose label is >= 0; channels of [N, k·A, H, W] are k times the A anchors
  positive,       ///< rows whose label is >= 1; channels of [N, 4·A, H, W] are A times four numbers
  class_columns,  ///< of such a row of [R, 4·K] the four columns of its label
};

struct InputDescription {
  std::string name = {};
  Content content = Content::real;
  std::string shape = {};    ///< as printed: "[*]", "[N, C]", "[C]"
  std::string meaning = {};
  bool optional = false;
  bool differentiable = false;
  bool prediction = false;  ///< its gradient is the one that contract bytes and benchmarks count
  std::string by_labels = {};  ///< the label input that says which elements matter
  Matters matters = Matters::all;
  int any_number = 0;       ///< stands for any number of arrays, named `name` and a word of the caller's; so many are made up

  /// Whether an array of this name is one of these.
  bool matches(std::string_view array) const { return any_number ? array.size() > name.size() && array.starts_with(name) : array == name; }
  /// As printed: "[weight]", "param.NAME …".
  std::string signature() const { return optional ? "[" + name + "]" : any_number ? name + "NAME …" : name; }
};

/// An output beside `loss` and the gradients.
struct OutputDescription {
  std::string name = {};
  std::string shape = {};    ///< as printed: "[]", "[B, P]"
  std::string meaning = {};
  std::optional<DType> integers = {};  ///< their type; compared for equality. Without it: real, of the type of a reduced loss
  bool on_request = false;             ///< given only where option `outputs` names it

  bool wanted(const Options& options) const {
    return !on_request || (options.has("outputs") && options.word("outputs").find(name) != std::string::npos);
  }
};

/// Sizes of a loss whose cases are more than elements or rows x classes.
struct CaseShapes {
  std::vector<std::string> axes = {};  ///< what the numbers of a case's shape count: {"anchors", "RoIs", "classes"}
  std::vector<Shape> every = {};       ///< what `validate` visits …
  std::vector<Shape> few = {};         ///< … and its short form
  Shape hard = {};                     ///< of hard data
  Shape emulated = {}, scalar = {};    ///< what `run` measures where there is no GPU
  bool squares = false;                ///< the loss squares differences, which must not overflow
};

/// Fewest bytes a pass must move, per array name ("input", "loss", "grad_input", …).
struct Contract {
  struct Entry { std::string array = {}; std::int64_t read = 0; std::int64_t written = 0; };
  std::vector<Entry> entries;
  std::int64_t read() const { std::int64_t sum = 0; for (const Entry& e : entries) sum += e.read; return sum; }
  std::int64_t written() const { std::int64_t sum = 0; for (const Entry& e : entries) sum += e.written; return sum; }
  std::int64_t total() const { return read() + written(); }
};

/// Rounding errors of one element computed in arithmetic of unit roundoff u, as multiples of u·condition (see WideResult).
struct RoundingModel {
  double value_ulps = 0;
  double gradient_ulps = 0;
  bool cancels = false;  ///< terms cancel on ordinary inputs, and no formula avoids it: nothing can be promised relative to the result
};

struct Loss {
  std::string name = {};
  std::string summary = {};  ///< one line: the formula
  std::string source = {};   ///< paper or peer it follows
  std::vector<InputDescription> inputs = {};  ///< of all forms together
  std::vector<OptionDescription> options = {};
  std::vector<OutputDescription> outputs = {};  ///< beside `loss` and the gradients
  RoundingModel rounding = {};

  /// Infers selectors (`mode`, `input`, …) from the names, ranks and kinds of the inputs given, before they are converted to
  /// the problem's dtype. Throws InputError where one is given and contradicts them. Null where a loss has one form only.
  std::function<void(Problem&)> infer = {};
  /// The inputs of the form that the options select: what data are made up for, and what files are converted to. A selector
  /// that is absent means the loss's first form. Null: `inputs`.
  std::function<std::vector<InputDescription>(const Options&)> inputs_of_form = {};
  /// Runs `infer`, fills defaults that depend on others, then checks shapes, dtypes and options against each other. Labels and
  /// signs in host arrays are checked too. Throws InputError.
  std::function<void(Problem&)> resolve = {};
  /// Shape of `loss` for a resolved problem: empty for a scalar.
  std::function<Shape(const Problem&)> loss_shape = {};
  /// Shape of one of `outputs`. Null: all are scalars.
  std::function<Shape(const std::string& output, const Problem&)> output_shape = {};
  std::function<Contract(const Problem&)> contract = {};
  /// The scalar reference: plain C++ in double, single thread.
  std::function<WideResult(const WideProblem&)> reference = {};
  /// Number of terms one sum runs over: the elements of a pointwise loss, the classes of a row-wise one.
  std::function<std::int64_t(const Problem&)> sum_length = {};
  /// Shape of the named input for a case of shape `shape` ("N" or "N x C"), for made-up data.
  std::function<Shape(const std::string& input, const Shape& shape, const Options&)> input_shape = {};
  CaseShapes cases = {};  ///< no axes: the shapes of a pointwise or row-wise loss

  std::vector<std::string> preference = {};  ///< variants, best first: the first that supports a request is the default
  std::vector<Shape> default_shapes = {};    ///< benchmark sizes on a GPU
  /// Option sets that `validate` visits beside the defaults: "sigma=3 reduction=sum"; "+weight" adds an optional input.
  std::vector<std::string> option_sets = {};
  /// The same with the first input in f8, which then has a value only. Empty: the loss does not take f8.
  std::vector<std::string> f8_option_sets = {};

  bool takes_f8() const { return !f8_option_sets.empty(); }
  /// The inputs to expect under these options.
  std::vector<InputDescription> inputs_of(const Options& chosen) const { return inputs_of_form ? inputs_of_form(chosen) : inputs; }

  bool has_gradient() const {
    for (const InputDescription& input : inputs)
      if (input.differentiable) return true;
    return false;
  }
  /// True where a case's shape is neither elements nor rows x classes.
  bool composite() const { return !cases.axes.empty(); }
  const InputDescription* find_input(std::string_view input) const {
    for (const InputDescription& entry : inputs)
      if (entry.matches(input)) return &entry;
    return nullptr;
  }
};

}  // namespace lossbench
