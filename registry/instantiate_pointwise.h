// Turns a pointwise variant struct into rows of the variant table. Knows no device, so that host contenders can use it too.
#pragma once

#include <cstdint>
#include <string>
#include <type_traits>

#include "core/variant.h"
#include "registry/pointwise_losses.h"

namespace lossbench::inline SIMT_BUILD {

/// The dtype a C++ element type stands for. The 16-bit types add theirs in registry/instantiate.h.
template <class T> struct ElementType;
template <> struct ElementType<double> { static constexpr DType kType = DType::f64; };
template <> struct ElementType<float> { static constexpr DType kType = DType::f32; };
template <> struct ElementType<std::int32_t> { static constexpr DType kType = DType::i32; };
template <> struct ElementType<std::int64_t> { static constexpr DType kType = DType::i64; };

/// Whether a variant has a pass at all: both, unless its `computes` says otherwise.
template <class V>
constexpr bool has_pass(Pass pass) {
  if constexpr (requires { V::computes(pass); }) return V::computes(pass);
  else return true;
}

/// What a variant struct says of itself, with no implementations yet.
template <class V>
Variant describe_variant() {
  Variant variant{.name = V::kName, .summary = V::kSummary, .order = V::kOrder, .production = V::kProduction, .sum_ulps = V::sum_ulps};
  if constexpr (requires { V::kNeedsGpu; }) variant.needs_gpu = V::kNeedsGpu;
  if constexpr (requires { V::kSynchronous; }) variant.synchronous = V::kSynchronous;
  return variant;
}

template <class Run, class T>
Implementation implementation_of(std::string loss, Pass pass) {
  return {.loss = std::move(loss), .element = ElementType<T>::kType, .pass = pass, .rejects = Run::rejects,
          .workspace_bytes = Run::workspace_bytes, .run = Run::run, .workspace_traffic = Run::workspace_traffic,
          .launches = Run::launches};
}

// ---- pointwise: a variant serves every entry of the list -----------------------------------------------------------------

template <class Functor>
concept TakesLabels = requires { Functor::kLabelOperands; };

template <class V, class Entry, class T, Pass kPass>
void add_pointwise_pass(Variant& variant) {
  if constexpr (has_pass<V>(kPass)) {
    Implementation row = implementation_of<typename V::template Run<Entry, T, kPass>, T>(Entry::kLoss, kPass);
    if constexpr (requires { Entry::kForm; }) {
      row.form = Entry::kForm;
      row.accepts = Entry::accepts;
    }
    variant.implementations.push_back(std::move(row));
  }
}

/// The gradient pass of a step that only adds is left out, and so is that of a loss without gradient.
template <class V, class Entry, class T>
void add_pointwise(Variant& variant) {
  add_pointwise_pass<V, Entry, T, Pass::forward>(variant);
  if constexpr (!requires { Entry::Functor::kCounts; }) add_pointwise_pass<V, Entry, T, Pass::gradient>(variant);
}

/// Losses on labels do not depend on the dtype; they are instantiated once, with f32.
template <class V, class T, class... Entries>
Variant pointwise_part(EntryList<Entries...>) {
  Variant variant = describe_variant<V>();
  const auto add = [&]<class Entry>(std::type_identity<Entry>) {
    if constexpr (!TakesLabels<typename Entry::Functor>) {
      add_pointwise<V, Entry, T>(variant);
    } else if constexpr (std::is_same_v<T, float>) {
      add_pointwise<V, Entry, std::int32_t>(variant);
      add_pointwise<V, Entry, std::int64_t>(variant);
    }
  };
  (add(std::type_identity<Entries>{}), ...);
  return variant;
}

}  // namespace lossbench::inline SIMT_BUILD
