// `lossbench eval`: a loss on the user's own arrays, as one JSON object.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <cmath>
#include <memory>
#include <nlohmann/json.hpp>

#include "bench/commands.h"
#include "bench/eval.h"
#include "bench/npy.h"
#include "bench/output_files.h"

namespace lossbench {
namespace {

/// 17 digits, which give any double back; JSON has no NaN or inf, so they are strings.
std::string number_json(double value) {
  if (std::isnan(value)) return "\"nan\"";
  if (std::isinf(value)) return value > 0 ? "\"inf\"" : "\"-inf\"";
  return fmt::format("{:.17g}", value);
}

std::string quoted(const std::string& text) { return nlohmann::json(text).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace); }

std::string value_json(const Tensor& scalar) {
  const WideArray wide = scalar.widen();
  return "{\"value\": " + (wide.is_label ? std::to_string(wide.labels.front()) : number_json(wide.values.front())) + "}";
}

void evaluate_and_print(const EvalRequest& request) {
  const EvalResult result = evaluate(request);
  OutputFiles files(request.out.value_or("."));
  std::string outputs;
  for (const Tensor& output : result.outputs) {
    outputs += (outputs.empty() ? "" : ", ") + quoted(output.name) + ": ";
    if (output.shape.empty()) {
      outputs += value_json(output);
    } else {
      const std::string path = files.add(output.name + ".npy", npy_bytes(output)).string();
      outputs += "{\"file\": " + quoted(path) + ", \"shape\": " + to_string(output.shape) + "}";
    }
  }
  files.commit();
  fmt::print("{{\"loss_name\": {}, \"variant\": {}, \"backend\": {}, \"dtype\": {}, \"outputs\": {{{}}}}}\n", quoted(result.loss),
             quoted(result.variant), quoted(result.backend), quoted(result.dtype), outputs);
}

}  // namespace

void add_eval_command(CLI::App& program, int& status) {
  auto request = std::make_shared<EvalRequest>();
  CLI::App* command = program.add_subcommand("eval", "A loss on your own .npy arrays: value and gradients, as one JSON object");
  command->add_option("LOSS", request->loss, "name of the loss; `lossbench list` shows them")->required();
  command->add_option("--in", request->inputs, "NAME=FILE.npy, an input: C order, little-endian f2, f4, f8, i4, i8; u1 for the codes of an f8\n"
                      "dtype (repeat)")
      ->allow_extra_args(false)->type_name("NAME=FILE");
  command->add_option("--opt", request->options, "NAME=VALUE, an option of the loss (repeat)")->allow_extra_args(false)->type_name("NAME=VALUE");
  command->add_option("--variant", request->variant, "how to compute it; default: the first of the loss's preference that can");
  command->add_option("--backend", request->backend, "scalar, cpu, simt, cuda; default: cuda where there is a device, else simt");
  command->add_option("--dtype", request->dtype, "type the real inputs are rounded to: f32, f64, f16, bf16; of the logits also f8_e4m3, f8_e5m2")
      ->capture_default_str();
  command->add_option("--grad", request->gradients, "also the gradients, of every differentiable input or of those in --grad=NAMES")
      ->type_name("[=NAMES]");
  command->add_option("--out", request->out, "directory that array outputs are written to, as OUTPUT.npy (f4 for bf16)")->type_name("DIR");
  command->footer("Prints {\"loss_name\", \"variant\", \"backend\", \"dtype\", \"outputs\": {NAME: {\"value\": …} or {\"file\": …, \"shape\": …}}}.\n"
                  "Example: lossbench eval smooth_l1 --in input=x.npy --in target=y.npy --opt sigma=3 --grad --out results");
  command->callback([request, &status] {
    evaluate_and_print(*request);
    status = kOk;
  });
}

}  // namespace lossbench
