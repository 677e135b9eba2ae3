#include "registry/losses/structural_risk.h"

#include <algorithm>
#include <cmath>

#include "core/error.h"
#include "registry/describe.h"
#include "registry/losses/regularization.h"
#include "registry/losses/structural_risk_parts.h"
#include "registry/registry.h"

namespace lossbench {

namespace {
const std::string kPrefix = "empirical.";
}  // namespace

const Loss& empirical_loss(const Options& risk) { return Registry::instance().loss(risk.word("empirical")); }

Options empirical_options(const Options& risk) {
  const Loss& loss = empirical_loss(risk);
  Options options(loss.options);
  for (const auto& [name, value] : risk.values()) {
    if (!name.starts_with(kPrefix)) continue;
    const std::string own = name.substr(kPrefix.size());
    if (risk.given(name)) options.give(loss.options, own, to_string(value));
    else options.set(own, value);
  }
  return options;
}

Problem empirical_problem(const Problem& risk) {
  Problem problem{.loss = risk.options.word("empirical"), .options = empirical_options(risk.options), .pass = Pass::forward, .dtype = risk.dtype};
  for (const NamedArray& output : risk.outputs) {
    if (output.name == "empirical") problem.outputs.push_back({"loss", output.array});
    if (!output.name.starts_with("grad_") || is_parameter(output.name.substr(5))) continue;
    problem.outputs.push_back(output);
    problem.pass = Pass::gradient;
  }
  for (const NamedArray& input : risk.inputs)
    if (!is_parameter(input.name) && (input.name != "grad_output" || problem.pass == Pass::gradient)) problem.inputs.push_back(input);
  return problem;
}

namespace {

InputDescription parameters() {
  return {.name = "param.", .shape = "[*]", .meaning = "parameter tensors, of any shapes", .differentiable = true, .prediction = true,
          .any_number = 7};
}

/// The empirical loss's inputs, the parameters, the upstream gradient.
std::vector<InputDescription> inputs_of_form(const Options& options) {
  std::vector<InputDescription> inputs = empirical_loss(options).inputs_of(empirical_options(options));
  std::erase_if(inputs, [](const InputDescription& input) { return input.name == "grad_output"; });
  inputs.push_back(parameters());
  inputs.push_back(grad_output_input());
  return inputs;
}

/// What the empirical loss infers or completes becomes an option of the risk.
void keep_options(Problem& risk, const Options& empirical) {
  for (const auto& [name, value] : empirical.values()) risk.options.set(kPrefix + name, value);
}

void infer(Problem& risk) {
  const Loss& loss = empirical_loss(risk.options);
  Problem empirical = empirical_problem(risk);
  if (loss.infer) loss.infer(empirical);
  keep_options(risk, empirical.options);
}

void resolve(Problem& risk) {
  infer(risk);
  const std::vector<InputDescription> inputs = inputs_of_form(risk.options);
  check_names(risk, inputs);
  check_dtypes(risk, inputs);
  check_penalty_options(risk);
  check_shape(risk, "grad_output", {}, "the shape of loss");
  for (const NamedArray& input : risk.inputs)
    if (is_parameter(input.name)) check_contiguous(risk, input.name);
  Problem empirical = empirical_problem(risk);
  empirical_loss(risk.options).resolve(empirical);
  if (!empirical.reduces())
    throw InputError("structural_risk: the empirical loss must be one number; accepted for option 'empirical.reduction' are sum, mean, batch");
  keep_options(risk, empirical.options);
}

/// That of the empirical loss, whose value is written and read as an output, and every parameter once.
Contract contract(const Problem& risk) {
  Contract contract = empirical_loss(risk.options).contract(empirical_problem(risk));
  const std::int64_t scalar = std::int64_t(size_of(reduced_type(risk.dtype)));
  const bool gradient = risk.pass == Pass::gradient;
  for (Contract::Entry& entry : contract.entries) {
    if (entry.array == "loss") entry.written += scalar;  // both are named so while they are computed
    if (entry.array == "grad_output") entry.read += scalar;
  }
  contract.entries.push_back({"empirical", scalar, 0});
  contract.entries.push_back({"regularizer", 0, scalar});
  for (const NamedArray& input : risk.inputs)
    if (is_parameter(input.name)) {
      contract.entries.push_back({input.name, input.array.bytes(), 0});
      if (gradient) contract.entries.push_back({"grad_" + input.name, 0, input.array.bytes()});
    }
  return contract;
}

WideResult reference_of(const WideProblem& risk) {
  WideProblem empirical{.loss = risk.options.word("empirical"), .options = empirical_options(risk.options), .pass = risk.pass, .dtype = risk.dtype};
  const Loss& loss = empirical_loss(risk.options);
  if (!loss.has_gradient()) empirical.pass = Pass::forward;
  for (const auto& [name, array] : risk.inputs)
    if (!is_parameter(name)) empirical.inputs[name] = array;
  WideResult result = loss.reference(empirical);
  const double value = result.outputs.at("loss").values[0], condition = result.condition.at("loss")[0];
  const double penalty = enter_penalty(risk, is_parameter, result);
  const auto scalar = [&](const char* name, double x, double size) {
    result.outputs[name] = {.shape = {}, .values = {x}};
    result.condition[name] = {size};
  };
  scalar("empirical", value, condition);
  scalar("regularizer", penalty, std::fabs(penalty));
  scalar("loss", value + penalty, condition + std::fabs(penalty));
  return result;
}

}  // namespace

// Rounding: at most that of the empirical loss, of which the largest is allowed for, and one addition. Its sum has the error that its
// variant states, up to what composed_risk allows.
Loss structural_risk(std::span<const Loss> losses) {
  std::vector<std::string> names;
  for (const Loss& loss : losses)
    if (loss.name != "regularization") names.push_back(loss.name);
  std::vector<OptionDescription> options = {OptionDescription::choice("empirical", "l2", names, "the empirical loss"),
                                            OptionDescription::any_of(kPrefix, "an option of the empirical loss")};
  for (OptionDescription& option : penalty_options()) options.push_back(std::move(option));
  InputDescription own{.name = "", .shape = "as the loss says", .meaning = "the inputs of the empirical loss", .differentiable = true,
                       .prediction = true, .any_number = 2};
  return {.name = "structural_risk",
          .summary = "an empirical loss and λ/2·Σ w² or λ·Σ|w| over parameters",
          .source = "Vapnik 1991; weight decay",
          .inputs = {parameters(), grad_output_input(), own},
          .options = std::move(options),
          .outputs = {{.name = "empirical", .shape = "[]", .meaning = "the empirical loss"},
                      {.name = "regularizer", .shape = "[]", .meaning = "the penalty on the parameters"}},
          .rounding = {.value_ulps = 64, .gradient_ulps = 64},
          .infer = infer,
          .inputs_of_form = inputs_of_form,
          .resolve = resolve,
          .loss_shape = [](const Problem&) { return Shape{}; },
          .contract = contract,
          .reference = reference_of,
          .sum_length = [](const Problem& risk) {
            std::int64_t length = empirical_loss(risk.options).sum_length(empirical_problem(risk));
            for (const NamedArray& input : risk.inputs)
              if (is_parameter(input.name)) length += input.array.count();
            return length;
          },
          .input_shape = [](const std::string& input, const Shape& shape, const Options& options) {
            return is_parameter(input) ? made_up_tensor(input, shape)
                                       : empirical_loss(options).input_shape(input, shape, empirical_options(options));
          },
          .preference = {"composed"},
          .default_shapes = {{std::int64_t(1) << 24}, {std::int64_t(1) << 20}},
          .option_sets = {"empirical=smooth_l1 empirical.sigma=3 kind=l1 lambda=0.01", "empirical=bce empirical.reduction=sum +weight half=false",
                          "empirical=softmax_cross_entropy lambda=0.0005", "empirical=hinge empirical.variant=crammer_singer empirical.p=2",
                          "empirical=gaussian_nll empirical.full=true"}};
}

namespace {

constexpr std::size_t kAlignment = 256;

/// The two calls that make up the risk on one backend.
template <Backend kBackend>
struct Composed {
  Problem problem;
  const Implementation* empirical;
  const Implementation* penalty;

  explicit Composed(const Problem& risk) : problem(empirical_problem(risk)) {
    std::string reason;
    empirical = find_implementation(preferred_variant(empirical_loss(risk.options), kBackend, problem), problem, reason);
    penalty = nullptr;
    for (const Variant* variant : Registry::instance().variants_of("regularization"))
      for (const Implementation& row : variant->implementations)
        if (variant->backend == kBackend && variant->name == "all_tensors" && row.element == risk.dtype && row.pass == risk.pass) penalty = &row;
  }

  std::size_t penalty_workspace() const { return (empirical->workspace_bytes(problem) + kAlignment - 1) / kAlignment * kAlignment; }

  static std::string rejects(const Problem& risk) {
    try {
      Composed composed(risk);
      return {};
    } catch (const InputError& error) {
      return error.what();
    }
  }
  static std::size_t workspace_bytes(const Problem& risk) {
    const Composed composed(risk);
    return composed.penalty_workspace() + composed.penalty->workspace_bytes(risk);
  }
  static std::int64_t workspace_traffic(const Problem& risk) {
    const Composed composed(risk);
    return composed.empirical->workspace_traffic(composed.problem) + composed.penalty->workspace_traffic(risk);
  }
  static int launches(const Problem& risk) {
    const Composed composed(risk);
    return composed.empirical->launches(composed.problem) + composed.penalty->launches(risk);
  }
  static void run(const Problem& risk, Workspace workspace, Stream stream) {
    const Composed composed(risk);
    const std::size_t before = composed.penalty_workspace();
    composed.empirical->run(composed.problem, {workspace.data, before}, stream);
    composed.penalty->run(risk, {static_cast<std::byte*>(workspace.data) + before, workspace.bytes - before}, stream);
  }
};

template <Backend kBackend>
Variant composed_on() {
  Variant variant{.name = "composed",
                  .summary = "the empirical loss by the variant it prefers, then value and gradients of all parameters in one launch",
                  .backend = kBackend,
                  .order = Order::run_to_run,
                  .production = true,
                  .sum_ulps = [](std::int64_t length, DType element) { return 64 + (element == DType::f64 ? double(length) / 1024 + 64 : 0.0); }};
  for (const DType element : kRealTypes)
    for (const Pass pass : {Pass::forward, Pass::gradient})
      variant.implementations.push_back({.loss = "structural_risk", .element = element, .pass = pass, .rejects = Composed<kBackend>::rejects,
                                         .workspace_bytes = Composed<kBackend>::workspace_bytes, .run = Composed<kBackend>::run,
                                         .workspace_traffic = Composed<kBackend>::workspace_traffic, .launches = Composed<kBackend>::launches});
  return variant;
}

}  // namespace

Variant composed_risk(Backend backend) { return backend == Backend::cuda ? composed_on<Backend::cuda>() : composed_on<Backend::simt>(); }

}  // namespace lossbench
