#include "bench/measure/traffic_shape.h"

#include <algorithm>

namespace lossbench {

TrafficShape traffic_shape(const Contract& contract) {
  std::int64_t largest = 0, second = 0;
  for (const Contract::Entry& entry : contract.entries) {
    second = std::max(second, std::min(entry.read, largest));
    largest = std::max(largest, entry.read);
  }
  const bool two = 4 * second >= largest && second > 0;
  if (20 * contract.written() >= contract.total() && contract.written() > 0) return two ? TrafficShape::read2_write : TrafficShape::copy;
  return two ? TrafficShape::read2 : TrafficShape::read;
}

}  // namespace lossbench
