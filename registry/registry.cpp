#include "registry/registry.h"

#include <algorithm>
#include <iterator>
#include <type_traits>

#include "core/error.h"
#include "registry/complete_loss.h"
#include "registry/contenders.h"
#include "registry/losses/faster_rcnn.h"
#include "registry/losses/iou_loss.h"
#include "registry/losses/nll.h"
#include "registry/losses/openpose.h"
#include "registry/losses/regularization.h"
#include "registry/losses/ssd.h"
#include "registry/losses/softmax_cross_entropy.h"
#include "registry/losses/ssd.h"
#include "registry/losses/structural_risk.h"
#include "registry/pointwise_losses.h"
#include "registry/row_losses.h"
#include "registry/softmax_choice.h"
#include "registry/variant_table.h"

namespace lossbench {

namespace {

/// Rows of one table, marked with the backend they run on.
std::vector<Variant> on_backend(std::vector<Variant> variants, Backend backend) {
  for (Variant& variant : variants) variant.backend = backend;
  return variants;
}

/// The losses of the entries that describe one, each completed from all entries.
template <class... Pointwise, class... Rows>
void add_described(std::vector<Loss>& losses, EntryList<Pointwise...>, EntryList<Rows...>) {
  const auto add = [&]<class Entry>(std::type_identity<Entry>) {
    if constexpr (requires { Entry::describe(); }) losses.push_back(complete_loss<Pointwise..., Rows...>(Entry::describe()));
  };
  (add(std::type_identity<Pointwise>{}), ...);
  (add(std::type_identity<Rows>{}), ...);
}

/// The order of `lossbench list`: decisions, margins, distances, probabilities, rows.
constexpr std::string_view kOrder[] = {
    "zero_one", "logistic", "log_loss", "hinge", "hinge_embedding",
    "l1", "l2", "smooth_l1", "huber", "smooth_l1_weighted", "norm_l1", "norm_l2",
    "bce", "cross_entropy_notes", "sigmoid_focal", "kl_div", "poisson_nll", "gaussian_nll",
    "softmax_cross_entropy", "nll", "triplet_margin", "cosine_embedding", "dice", "iou_loss",
    "rpn_cls", "rpn_box", "rpn", "fast_rcnn", "faster_rcnn", "ssd_loc", "ssd_conf", "ssd_multibox", "openpose", "regularization"};

void sort_losses(std::vector<Loss>& losses) {
  const auto rank = [](const Loss& loss) { return std::find(std::begin(kOrder), std::end(kOrder), loss.name) - std::begin(kOrder); };
  std::stable_sort(losses.begin(), losses.end(), [&](const Loss& a, const Loss& b) { return rank(a) < rank(b); });
}

}  // namespace

Registry::Registry() {
  losses_.push_back(zero_one());
  add_described(losses_, PointwiseEntries{}, RowEntries{});
  losses_.push_back(softmax_cross_entropy());
  losses_.push_back(iou_loss());
  losses_.push_back(nll());
  for (const auto describe : {rpn_cls, rpn_box, rpn, fast_rcnn, faster_rcnn, ssd_loc, ssd_conf, ssd_multibox, openpose})
    losses_.push_back(describe());
  losses_.push_back(regularization());
  sort_losses(losses_);
  losses_.push_back(structural_risk(losses_));  // any of those before

  variants_.push_back(scalar_reference(losses_));
  variants_.push_back(simd_on_host());
#if LOSSBENCH_HAS_THRUST
  variants_.push_back(thrust_on_host());
#endif
  for (Variant& variant : on_backend(simt_variants(), Backend::simt)) variants_.push_back(std::move(variant));
  variants_.push_back(automatic_softmax(Backend::simt));
  variants_.push_back(composed_risk(Backend::simt));
#if LOSSBENCH_HAS_CUDA
  for (Variant& variant : on_backend(cuda_variants(), Backend::cuda)) variants_.push_back(std::move(variant));
  variants_.push_back(automatic_softmax(Backend::cuda));
  variants_.push_back(composed_risk(Backend::cuda));
  variants_.push_back(cub_on_cuda());
  variants_.push_back(cub_mining_on_cuda());
  variants_.push_back(thrust_on_cuda());
#endif
}

const Registry& Registry::instance() {
  static const Registry registry;
  return registry;
}

const Loss& Registry::loss(std::string_view name) const {
  std::vector<std::string> names;
  for (const Loss& loss : losses_) {
    if (loss.name == name) return loss;
    names.push_back(loss.name);
  }
  throw InputError("unknown loss '" + std::string(name) + "'; known are " + comma_list(names));
}

std::vector<const Variant*> Registry::variants_of(std::string_view loss) const {
  std::vector<const Variant*> found;
  for (const Variant& variant : variants_)
    for (const Implementation& implementation : variant.implementations)
      if (implementation.loss == loss) {
        found.push_back(&variant);
        break;
      }
  return found;
}

DType element_type(const Problem& problem) { return problem.inputs.front().array.dtype; }

const Implementation* find_implementation(const Variant& variant, const Problem& problem, std::string& reason) {
  std::vector<std::string> forms, dtypes, passes;
  const auto note = [](std::vector<std::string>& list, std::string word) {
    for (const std::string& known : list)
      if (known == word) return;
    list.push_back(std::move(word));
  };
  std::string rejected;
  bool loss = false, dtype = false, pass = false;
  for (const Implementation& row : variant.implementations) {
    if (row.loss != problem.loss) continue;
    loss = true;
    note(dtypes, std::string(name_of(row.element)));
    if (row.element != element_type(problem)) continue;
    dtype = true;
    note(passes, std::string(name_of(row.pass)));
    if (row.pass != problem.pass) continue;
    pass = true;
    if (row.accepts && !row.accepts(problem.options)) {
      note(forms, row.form);
      continue;
    }
    rejected = row.rejects ? row.rejects(problem) : std::string();
    if (rejected.empty()) return &row;
  }
  const std::string who = "variant '" + variant.name + "' on " + std::string(name_of(variant.backend));
  if (!loss) reason = who + " does not compute " + problem.loss;
  else if (!dtype) reason = who + " computes " + problem.loss + " on " + comma_list(dtypes) + ", not " + std::string(name_of(element_type(problem)));
  else if (!pass) reason = who + " has pass " + comma_list(passes) + ", not " + std::string(name_of(problem.pass));
  else if (!rejected.empty()) reason = rejected;
  else reason = who + " computes " + problem.loss + " with " + comma_list(forms);
  return nullptr;
}

const Variant* find_preferred(const Loss& loss, Backend backend, const Problem& problem, std::string& reasons) {
  const std::vector<const Variant*> candidates = Registry::instance().variants_of(loss.name);
  const auto serves = [&](const Variant& variant) {
    if (variant.backend != backend) return false;
    std::string reason;
    if (find_implementation(variant, problem, reason)) return true;
    reasons += (reasons.empty() ? "" : "; ") + reason;
    return false;
  };
  for (const std::string& name : loss.preference)
    for (const Variant* variant : candidates)
      if (variant->name == name && serves(*variant)) return variant;
  reasons.clear();
  for (const Variant* variant : candidates)
    if (serves(*variant)) return variant;
  return nullptr;
}

const Variant& preferred_variant(const Loss& loss, Backend backend, const Problem& problem) {
  std::string reasons;
  if (const Variant* found = find_preferred(loss, backend, problem, reasons)) return *found;
  throw InputError("no variant of " + loss.name + " on backend '" + std::string(name_of(backend)) + "' serves this request" +
                   (reasons.empty() ? std::string() : ": " + reasons));
}

bool built_with_cuda() {
#if LOSSBENCH_HAS_CUDA
  return true;
#else
  return false;
#endif
}

}  // namespace lossbench
