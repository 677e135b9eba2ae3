// Completes the description of a loss from its entries, pointwise ones and those of whole rows: a loss may have forms of both kinds.
#pragma once

#include <type_traits>

#include "registry/pointwise_loss.h"
#include "registry/row_loss.h"

namespace lossbench::inline SIMT_BUILD {

template <class Entry>
void check_form(const Problem& problem, const std::vector<InputDescription>& inputs) {
  if constexpr (RowEntry<Entry>) check_rows<Entry>(problem, inputs);
  else check_pointwise<Entry>(problem, inputs);
}

template <class Entry>
Shape loss_shape_of_form(const Problem& problem) {
  if (problem.reduces()) return {};
  if constexpr (RowEntry<Entry>) return row_loss_shape<Entry>(problem);
  else return problem.inputs.front().array.shape;
}

template <class Entry>
Contract contract_of_form(const Problem& problem, const std::vector<InputDescription>& inputs) {
  if constexpr (RowEntry<Entry>) return row_contract<Entry>(problem, inputs);
  else return pointwise_contract<Entry>(problem);
}

template <class Entry>
WideResult reference_of_form(const WideProblem& problem) {
  if constexpr (RowEntry<Entry>) return row_reference<Entry>(problem);
  else return pointwise_reference<Entry>(problem);
}

/// Terms of the longest sum: the elements, or those of a row and the rows.
template <class Entry>
std::int64_t sum_length_of_form(const Problem& problem) {
  if constexpr (RowEntry<Entry>) return rows::rows_of<Entry>(problem).rows + rows::rows_of<Entry>(problem).width;
  else return problem.inputs.front().array.count();
}

/// Fills what follows from the entries of a loss, which are looked up by its name. `loss` brings name, summary, source, inputs,
/// options, rounding, option sets, and, where it has several forms, `infer` and `inputs_of_form`.
template <class... Entries>
Loss complete_loss(Loss loss) {
  const auto dispatch = [name = loss.name](const Options& options, auto&& visit) {
    const auto serves = [&]<class Entry>(std::type_identity<Entry> entry) {
      if constexpr (requires { Entry::reference(options); }) {
        if (name != Entry::kLoss || !entry_accepts<Entry>(options)) return false;
        visit(entry);
        return true;
      } else {
        return false;
      }
    };
    if (!(serves(std::type_identity<Entries>{}) || ...)) throw InputError(name + ": no form of the loss has these options");
  };
  if (loss.has_gradient()) loss.inputs.push_back(grad_output_input());

  if (!loss.resolve)
    loss.resolve = [description = loss, dispatch](Problem& problem) {
      if (description.infer) description.infer(problem);
      check_names(problem, description.inputs_of(problem.options));
      dispatch(problem.options, [&](auto entry) {
        using Entry = typename decltype(entry)::type;
        if constexpr (requires { Entry::complete_options(problem); }) Entry::complete_options(problem);
        check_form<Entry>(problem, description.inputs_of(problem.options));
      });
    };
  if (!loss.loss_shape)
    loss.loss_shape = [dispatch](const Problem& problem) {
      Shape shape;
      dispatch(problem.options, [&](auto entry) { shape = loss_shape_of_form<typename decltype(entry)::type>(problem); });
      return shape;
    };
  if (!loss.contract)
    loss.contract = [description = loss, dispatch](const Problem& problem) {
      Contract contract;
      dispatch(problem.options, [&](auto entry) {
        contract = contract_of_form<typename decltype(entry)::type>(problem, description.inputs_of(problem.options));
      });
      return contract;
    };
  if (!loss.reference)
    loss.reference = [dispatch](const WideProblem& problem) {
      WideResult result;
      dispatch(problem.options, [&](auto entry) { result = reference_of_form<typename decltype(entry)::type>(problem); });
      return result;
    };
  if (!loss.sum_length)
    loss.sum_length = [dispatch](const Problem& problem) {
      std::int64_t length = 0;
      dispatch(problem.options, [&](auto entry) { length = sum_length_of_form<typename decltype(entry)::type>(problem); });
      return length;
    };
  if (!loss.input_shape) loss.input_shape = [](const std::string&, const Shape& shape, const Options&) { return shape; };
  if (loss.preference.empty())
    loss.preference = {"fused",     "single_pass", "compensated",     "elementwise", "vectorized", "warp_shuffle",
                       "shared_tree", "naive_atomic", "map_then_reduce", "cub",         "simd",       "thrust"};
  if (loss.default_shapes.empty()) loss.default_shapes = {{std::int64_t(1) << 28}, {std::int64_t(1) << 24}, {std::int64_t(1) << 20}};
  return loss;
}

}  // namespace lossbench::inline SIMT_BUILD
