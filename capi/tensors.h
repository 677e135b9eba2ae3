// Between DLPack tensors and our array descriptors.
#pragma once

#include <string>

#include "capi/lossbench.h"
#include "core/array.h"

namespace lossbench::capi {

/// Where a tensor's memory is: the host (`device` 0), or a CUDA device.
struct Place {
  Where where = Where::host;
  int device = 0;
  bool operator==(const Place&) const = default;
};

/// "the host", "CUDA device 0".
std::string to_string(const Place& place);

struct View {
  Array array;  ///< its data is never null
  Place place;
};

/// A view of the tensor's memory. `what` names it in messages: "input 'target'". Throws ArgumentError for null pointers and nonsense,
/// InputError for a type or a device that is not served, NoDeviceError.
View view_of(const DLTensor* tensor, const std::string& what);

DLDataType dlpack_type(DType type);

/// Whether the two share memory. What the strides reach counts, not only the elements.
bool overlap(const Array& a, const Array& b);

}  // namespace lossbench::capi
