// Turns a pointwise variant struct into rows of the variant table. Knows no device, so that host contenders can use it too.
#pragma once

#include <cstdint>
#include <type_traits>

#include "registry/describe_variant.h"
#include "registry/pointwise_losses.h"

namespace lossbench::inline SIMT_BUILD {

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
