// The emulator against a GPU, bit for bit. Built where there is nvcc, skipped where there is no device.
#include "tests/simt/two_builds.h"

#include <gtest/gtest.h>

#include <optional>

std::optional<std::vector<std::uint32_t>> results_of_the_gpu();

TEST(TwoBuilds, GiveTheSameBits) {
  const auto gpu = results_of_the_gpu();
  if (!gpu) GTEST_SKIP() << "no GPU";
  const std::vector<std::uint32_t> emulated = simt_test::run_everything();
  ASSERT_EQ(gpu->size(), emulated.size());
  for (std::size_t i = 0; i < emulated.size(); ++i) EXPECT_EQ((*gpu)[i], emulated[i]) << "word " << i;
}

TEST(TwoBuilds, RunInTheEmulator) { EXPECT_EQ(simt_test::run_everything().size(), 4096u * 4 + 1024 + 512 + 4); }
