// Which shape `validate --device-reference` takes.
#include <gtest/gtest.h>

#include "bench/device_reference.h"

namespace lossbench {
namespace {

TEST(LongestShape, HasUpToSoManyElements) {
  const std::vector<Shape> shapes = {{1 << 28}, {1 << 20}, {4096, 4096}};
  const std::int64_t any = std::numeric_limits<std::int64_t>::max();
  EXPECT_EQ(longest_shape(shapes, any), Shape{1 << 28});
  EXPECT_EQ(longest_shape(shapes, 1 << 24), (Shape{4096, 4096}));
  EXPECT_EQ(longest_shape(shapes, (1 << 24) - 1), Shape{1 << 20});
  EXPECT_EQ(longest_shape(shapes, 5), Shape{1 << 20});  // all are longer
  EXPECT_EQ(longest_shape({{7}}, 5), Shape{7});
}

}  // namespace
}  // namespace lossbench
