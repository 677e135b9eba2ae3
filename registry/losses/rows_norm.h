// Entries of the norms, over all elements or over the last axis.
#pragma once

#include <array>

#include "core/error.h"
#include "kernels/losses/norm.h"
#include "reference/norm.h"
#include "registry/row_loss.h"

namespace lossbench::inline SIMT_BUILD::entries {

/// `dim` must be the last axis; with it, losses of rows are left as they are unless a reduction is given.
inline void infer_norm(Problem& problem) {
  const Array* input = problem.input("input");
  if (!problem.options.has("dim")) {
    if (problem.options.given("reduction"))
      throw InputError(problem.loss + ": option 'reduction' is accepted with 'dim' only: without it the norm is one number");
    return;
  }
  if (!problem.options.has("reduction")) problem.options.set("reduction", std::string("none"));
  if (!input) return;
  const std::int64_t dim = problem.options.integer("dim"), rank = std::int64_t(input->shape.size());
  if (rank == 0 || (dim != -1 && dim != rank - 1))
    throw InputError(problem.loss + ": option 'dim' is " + std::to_string(dim) + "; accepted for shape " + to_string(input->shape) +
                     (rank == 0 ? std::string(": none") : " are -1 and " + std::to_string(rank - 1)));
}

template <class Functor_>
struct Norm {
  using Functor = Functor_;
  static constexpr bool kRowwise = true;
  static constexpr std::array kOperands = {"input"};

  static Functor bind(const Problem&) { return {}; }
  static bool is_whole_array(const Problem& problem) { return !problem.options.has("dim"); }
  static rows::RowShape rows_of(const Problem& problem) {
    const Shape& shape = problem.input("input")->shape;
    return is_whole_array(problem) ? rows::RowShape{1, count_of(shape)} : rows::rows_along_last_axis(shape);
  }

  static Loss describe_as(const char* name, const char* summary, const char* source, RoundingModel rounding) {
    return {.name = name,
            .summary = summary,
            .source = source,
            .inputs = inputs("[*]"),
            .options = {OptionDescription::integer("dim", std::nullopt, "-1 or the last axis: a norm for each row; absent: one of all elements"),
                        reduction()},
            .rounding = rounding,
            .infer = infer_norm,
            .inputs_of_form = [](const Options& options) {
              std::vector<InputDescription> form = inputs(options.has("dim") ? "[N, D]" : "[*]");
              form.push_back(grad_output_input());
              return form;
            },
            .input_shape = [](const std::string&, const Shape& shape, const Options& options) {
              return options.has("dim") && shape.size() == 1 ? Shape{shape[0] / 1024, 1024} : shape;
            },
            .preference = {"register_rows", "vector_rows", "split_rows", "warp_rows", "block_rows"},
            .default_shapes = {{std::int64_t(1) << 28}, {std::int64_t(1) << 24}, {std::int64_t(1) << 20}},
            .option_sets = {"dim=-1", "dim=1 reduction=mean", "dim=-1 reduction=sum", "dim=-1 reduction=batch"}};
  }

 private:
  static std::vector<InputDescription> inputs(const char* shape) {
    return {{.name = "input", .shape = shape, .meaning = "a vector, or with dim a vector a row", .differentiable = true, .prediction = true}};
  }
  static OptionDescription reduction() {
    OptionDescription option = reduction_option();
    option.initial.reset();
    option.meaning = "what the norms of rows become (with dim); none unless given";
    return option;
  }
};

struct NormL1 : Norm<losses::NormL1> {
  static constexpr auto kLoss = "norm_l1";
  static auto reference(const Options&) { return [](const RowInput& row) { return reference::norm_l1(row.operand[0]); }; }
  static Loss describe() { return describe_as(kLoss, "Σ|x|", "the taxicab norm", {.value_ulps = 1, .gradient_ulps = 0}); }
};

struct NormL2 : Norm<losses::NormL2> {
  static constexpr auto kLoss = "norm_l2";
  static auto reference(const Options&) { return [](const RowInput& row) { return reference::norm_l2(row.operand[0]); }; }
  static Loss describe() {
    return describe_as(kLoss, "sqrt(Σ x²), without overflow of the squares", "the Euclidean norm; Blue 1978 for its range",
                       {.value_ulps = 6, .gradient_ulps = 4});
  }
};

}  // namespace lossbench::inline SIMT_BUILD::entries
