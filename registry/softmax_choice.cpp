#include "registry/softmax_choice.h"

#include <algorithm>
#include <array>

#include "core/error.h"
#include "registry/registry.h"

namespace lossbench {
namespace {

constexpr std::int64_t kKilo = 1 << 10;

// Nothing here was measured yet: every line stands on bytes moved and bytes in flight, worked out for an H200 (132 multiprocessors,
// 227 KB of shared memory each; some 24 KB in flight a multiprocessor keep 4.8 TB/s busy at 650 ns). A measurement replaces `why`.
// Devices without clusters refuse `cluster` and `bulk_copy`, so there a later line is taken.
constexpr std::array kChoices = {
    SoftmaxChoice{.variant = "positions", .classes_apart = true, .least_rows = 8192, .device = "H200",
                  .why = "predicted: a thread a position, whole sectors; from 8192 positions on 62 threads a multiprocessor read"},
    SoftmaxChoice{.variant = "online", .classes_apart = true, .device = "H200", .why = "predicted: few positions want many threads each"},
    SoftmaxChoice{.variant = "rows_per_block", .most_bytes = 4 * kKilo, .device = "H200",
                  .why = "predicted: 1R, 1R + 1W; full vectors however short the row"},
    SoftmaxChoice{.variant = "split_row", .pass = Pass::forward, .most_rows = 64, .least_bytes = 64 * kKilo, .device = "H200",
                  .why = "predicted: 528 blocks read, where a block or cluster a row leaves half of the multiprocessors idle"},
    SoftmaxChoice{.variant = "split_row", .pass = Pass::gradient, .most_rows = 16, .least_bytes = 64 * kKilo, .device = "H200",
                  .why = "predicted: up to 16 rows the second read is found in the L2 (50 MB)"},
    SoftmaxChoice{.variant = "vectorized_online", .pass = Pass::forward, .device = "H200",
                  .why = "predicted: 1R with 32 KB in flight a multiprocessor, and no shared memory to hold blocks back"},
    SoftmaxChoice{.variant = "shared_row", .pass = Pass::gradient, .most_bytes = 24 * kKilo, .device = "H200",
                  .why = "predicted: 1R + 1W, and three or four blocks a multiprocessor hide each other's barriers"},
    SoftmaxChoice{.variant = "bulk_copy", .pass = Pass::gradient, .device = "H200",
                  .why = "predicted: 1R + 1W, the next row on its way while the gradient is written"},
    SoftmaxChoice{.variant = "cluster", .pass = Pass::gradient, .device = "H200", .why = "predicted: rows of which only one part fits a block"},
    SoftmaxChoice{.variant = "shared_row", .pass = Pass::gradient, .device = "A100",
                  .why = "predicted: without clusters, 1R + 1W as far as a row fits a block"},
    SoftmaxChoice{.variant = "vectorized_online", .device = "any", .why = "2R + 1W, for rows of any length"},
    SoftmaxChoice{.variant = "online", .device = "any", .why = "for any layout"},
};

struct Chosen {
  const Implementation* implementation = nullptr;
  std::string reason;
};

bool fits(const SoftmaxChoice& choice, const Problem& problem) {
  const Array& logits = problem.inputs.front().array;
  if (logits.shape.size() < 2) return false;
  const std::int64_t classes = logits.shape[1], rows = classes > 0 ? logits.count() / classes : logits.shape[0];
  const std::int64_t bytes = classes * static_cast<std::int64_t>(size_of(logits.dtype));
  const bool apart = classes > 1 && logits.strides[1] != 1;
  return (!choice.pass || *choice.pass == problem.pass) && (choice.classes_apart == apart || choice.device == std::string_view("any")) &&
         rows >= choice.least_rows && rows <= choice.most_rows && bytes >= choice.least_bytes && bytes <= choice.most_bytes;
}

const Variant* named(const char* name, Backend backend) {
  for (const Variant& variant : Registry::instance().variants())
    if (variant.backend == backend && variant.name == name) return &variant;
  return nullptr;
}

/// The first line that fits and whose variant accepts the problem.
Chosen choose(const Problem& problem, Backend backend) {
  Chosen chosen;
  for (const SoftmaxChoice& choice : kChoices) {
    if (!fits(choice, problem)) continue;
    const Variant* variant = named(choice.variant, backend);
    std::string reason;
    if (variant) chosen.implementation = find_implementation(*variant, problem, reason);
    if (chosen.implementation) return chosen;
    chosen.reason = "auto: " + reason;
  }
  if (chosen.reason.empty()) chosen.reason = "auto: no variant is known for this layout";
  return chosen;
}

const Implementation& accepted(const Problem& problem, Backend backend) {
  const Chosen chosen = choose(problem, backend);
  if (!chosen.implementation) throw InputError(chosen.reason);
  return *chosen.implementation;
}

/// The widest of the variants it may be.
double most_ulps(std::int64_t length, DType element) {
  double most = 0;
  for (const SoftmaxChoice& choice : kChoices)
    if (const Variant* variant = named(choice.variant, Backend::simt)) most = std::max(most, variant->sum_ulps(length, element));
  return most;
}

template <Backend kBackend>
Implementation implementation(DType element, Pass pass) {
  return {.loss = "softmax_cross_entropy",
          .element = element,
          .pass = pass,
          .rejects = [](const Problem& problem) {
            const Chosen chosen = choose(problem, kBackend);
            return chosen.implementation ? std::string() : chosen.reason;
          },
          .workspace_bytes = [](const Problem& problem) { return accepted(problem, kBackend).workspace_bytes(problem); },
          .run = [](const Problem& problem, Workspace workspace, Stream stream) { accepted(problem, kBackend).run(problem, workspace, stream); },
          .workspace_traffic = [](const Problem& problem) { return accepted(problem, kBackend).workspace_traffic(problem); },
          .launches = [](const Problem& problem) { return accepted(problem, kBackend).launches(problem); }};
}

template <Backend kBackend>
std::vector<Implementation> implementations() {
  std::vector<Implementation> all;
  for (const DType element : kRealTypes)
    for (const Pass pass : {Pass::forward, Pass::gradient}) all.push_back(implementation<kBackend>(element, pass));
  for (const DType element : kF8Types) all.push_back(implementation<kBackend>(element, Pass::forward));
  return all;
}

}  // namespace

std::span<const SoftmaxChoice> softmax_choices() { return kChoices; }

Variant automatic_softmax(Backend backend) {
  return {.name = "auto", .summary = "the variant that a table names for the rows, their bytes, the pass and the device", .backend = backend,
          .order = Order::run_to_run, .production = true, .sum_ulps = most_ulps,
          .implementations = backend == Backend::cuda ? implementations<Backend::cuda>() : implementations<Backend::simt>()};
}

}  // namespace lossbench
