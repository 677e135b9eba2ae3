// Runs the sanitized programs race_cases and address_cases and reads what the sanitizers say.
#include <gtest/gtest.h>
#include <sys/wait.h>

#include <array>
#include <cstdio>
#include <memory>
#include <string>
#include <vector>

namespace {

struct Outcome {
  int status = -1;
  std::string output;
};

Outcome run(const std::string& command) {
  Outcome outcome;
  // ThreadSanitizer waits a second at exit for reports of other threads; all of ours have ended.
  FILE* pipe = popen(("TSAN_OPTIONS=atexit_sleep_ms=0 " + command + " 2>&1").c_str(), "r");
  if (!pipe) return outcome;
  std::array<char, 4096> buffer;
  while (const std::size_t n = fread(buffer.data(), 1, buffer.size(), pipe)) outcome.output.append(buffer.data(), n);
  const int status = pclose(pipe);
  outcome.status = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  return outcome;
}

void expect_has(const Outcome& outcome, const std::string& words) {
  EXPECT_NE(outcome.output.find(words), std::string::npos) << "no \"" << words << "\" in:\n" << outcome.output;
}
void expect_clean(const Outcome& outcome) {
  EXPECT_EQ(outcome.status, 0) << outcome.output;
  EXPECT_EQ(outcome.output.find("Sanitizer"), std::string::npos) << outcome.output;
  EXPECT_EQ(outcome.output.find("runtime error"), std::string::npos) << outcome.output;
  expect_has(outcome, "done");
}

class Races : public testing::TestWithParam<const char*> {};

TEST_P(Races, AreReportedWithBlockAndThread) {
  const Outcome outcome = run(std::string(SIMT_RACE_CASES) + " " + GetParam() + " wrong");
  EXPECT_EQ(outcome.status, 66) << outcome.output;
  expect_has(outcome, "WARNING: ThreadSanitizer: data race");
  expect_has(outcome, "block (");
  expect_has(outcome, "thread (");
}

TEST_P(Races, AreNotReportedInTheCorrectKernel) {
  expect_clean(run(std::string(SIMT_RACE_CASES) + " " + GetParam() + " right"));
}

INSTANTIATE_TEST_SUITE_P(ThreadSanitizer, Races,
                         testing::Values("missing_barrier", "write_after_read", "missing_fence", "misplaced_fence",
                                         "unfenced_flag", "lost_update_in_shared_memory", "lost_update_in_global_memory", "missing_syncwarp",
                                         "blocks_write_one_element"),
                         [](const auto& test) { return std::string(test.param); });

struct AddressCase {
  const char* name;
  std::vector<std::string> words;
};

class Addresses : public testing::TestWithParam<AddressCase> {};

TEST_P(Addresses, AreReported) {
  const Outcome outcome = run(std::string(SIMT_ADDRESS_CASES) + " " + GetParam().name + " wrong");
  for (const std::string& words : GetParam().words) expect_has(outcome, words);
  EXPECT_NE(outcome.status, 2) << outcome.output;
}

TEST_P(Addresses, AreNotReportedInTheCorrectKernel) {
  expect_clean(run(std::string(SIMT_ADDRESS_CASES) + " " + GetParam().name + " right"));
}

INSTANTIATE_TEST_SUITE_P(
    AddressSanitizer, Addresses,
    testing::Values(
        AddressCase{"static_shared",
                    {"use-after-poison", "WRITE of size 4", "address_cases.cpp",
                     "kernel 'past_static', block (2,0,0), thread (31,0,0)"}},
        AddressCase{"dynamic_shared",
                    {"use-after-poison", "READ of size 4", "kernel 'read_past_dynamic', block (0,0,0), thread (31,0,0)"}},
        AddressCase{"local_array",
                    {"index 4 out of bounds", "kernel 'past_local', block (0,0,0), thread (3,0,0)"}},
        AddressCase{"global_array", {"heap-buffer-overflow", "kernel 'past_global', block (0,0,0), thread (5,0,0)"}},
        AddressCase{"misaligned_shared", {"misaligned address", "address_cases.cpp", "kernel 'misaligned_shared'"}},
        AddressCase{"integer_overflow", {"signed integer overflow", "address_cases.cpp"}},
        AddressCase{"exception", {"kernel 'throws'", "thread (3,0,0)", "from a kernel", "done"}}),
    [](const auto& test) { return std::string(test.param.name); });

}  // namespace
