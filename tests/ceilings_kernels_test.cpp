// The ceilings' kernels under the emulator: they move every byte once, in the widest accesses, and what they write is right.
#include <gtest/gtest.h>

#include <vector>

#include "kernels/ceilings/streams.h"
#include "simt/emulator/counters.h"

namespace lossbench {
namespace {

/// Words that start on a sector, as device memory does.
class Words {
 public:
  explicit Words(std::size_t count) : lines_((count + 7) / 8) {}
  unsigned* data() { return lines_.front().words; }
  unsigned& operator[](std::size_t i) { return data()[i]; }

 private:
  struct alignas(32) Line {
    unsigned words[8] = {};
  };
  std::vector<Line> lines_;
};

struct Arrays {
  std::size_t words;
  Words first{words}, second{words}, out{words};
  unsigned sink = 0xffffffff;

  explicit Arrays(std::size_t count) : words(count) {
    for (std::size_t i = 0; i < words; ++i) first[i] = static_cast<unsigned>(i + 1), second[i] = static_cast<unsigned>(i * 2654435761u);
  }
  void pass(int reads, bool writes) {
    launch_stream(reads, writes, first.data(), second.data(), out.data(), static_cast<std::int64_t>(4 * words), &sink, nullptr);
  }
};

// 16-byte vectors: one, fewer than a block, unrolled rounds with a rest, more than the grid takes at once.
class Streams : public testing::TestWithParam<std::size_t> {};
INSTANTIATE_TEST_SUITE_P(Sizes, Streams, testing::Values(4, 400, 4 * 132 * 8 * 256 / 4, 4 * (132 * 8 * 256 + 96)));

TEST_P(Streams, MoveEveryByteOnce) {
  for (const auto& [reads, writes] : {std::pair{1, false}, {2, false}, {1, true}, {2, true}}) {
    Arrays arrays(GetParam());
    const std::uint64_t bytes = 4 * GetParam();
    simt::CountScope count;
    arrays.pass(reads, writes);
    EXPECT_EQ(count->array("first").load_bytes, bytes);
    EXPECT_EQ(count->array("second").load_bytes, reads == 2 ? bytes : 0);
    EXPECT_EQ(count->array("out").store_bytes, writes ? bytes : 0);
    EXPECT_EQ(count->array("sink").store_bytes, 0u);
    EXPECT_EQ(count->array("first").load_sectors, (bytes + 31) / 32) << "no sector is fetched twice";
    EXPECT_EQ(count->launches, 1u);
  }
}

TEST_P(Streams, WriteWhatTheyRead) {
  Arrays arrays(GetParam());
  arrays.pass(1, true);
  for (std::size_t i = 0; i < GetParam(); ++i) ASSERT_EQ(arrays.out[i], arrays.first[i]) << i;
  arrays.pass(2, true);
  for (std::size_t i = 0; i < GetParam(); ++i) ASSERT_EQ(arrays.out[i], arrays.first[i] ^ arrays.second[i]) << i;
}

TEST(EmptyKernel, AnEmptyLaunchMovesNothing) {
  simt::CountScope count;
  launch_empty(nullptr);
  EXPECT_EQ(count->launches, 1u);
  EXPECT_EQ(count->total().load_bytes + count->total().store_bytes, 0u);
}

}  // namespace
}  // namespace lossbench
