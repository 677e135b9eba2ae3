// Turns a variant struct of row losses into rows of the variant table: it serves every entry of the list.
#pragma once

#include <type_traits>

#include "registry/element_types.h"
#include "registry/row_losses.h"

namespace lossbench::inline SIMT_BUILD {

template <class V, class Entry, class T, Pass kPass>
void add_row_pass(Variant& variant) {
  if constexpr (has_pass<V>(kPass)) {
    Implementation row = implementation_of<typename V::template Run<Entry, T, kPass>, T>(Entry::kLoss, kPass);
    if constexpr (requires { Entry::kForm; }) {
      row.form = Entry::kForm;
      row.accepts = Entry::accepts;
    }
    variant.implementations.push_back(std::move(row));
  }
}

template <class V, class T, class... Entries>
Variant rows_part(EntryList<Entries...>) {
  Variant variant = describe_variant<V>();
  (add_row_pass<V, Entries, T, Pass::forward>(variant), ...);
  (add_row_pass<V, Entries, T, Pass::gradient>(variant), ...);
  return variant;
}

}  // namespace lossbench::inline SIMT_BUILD
