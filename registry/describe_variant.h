// What a variant struct says of itself, as a row of the variant table. Knows no device and no loss.
#pragma once

#include <cstdint>
#include <string>

#include "core/variant.h"
#include "simt/qualifiers.h"

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

}  // namespace lossbench::inline SIMT_BUILD
