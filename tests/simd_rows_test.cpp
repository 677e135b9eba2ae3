// The losses of whole rows through the vector contender, for every instruction set that this machine has: every width of short rows, rows
// around slices and batches of slices, gradients past the cache, labels and scores where they matter, and what it refuses.
#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <thread>

#include "contenders/cpu/row_work.h"
#include "core/float16.h"
#include "tests/simd_check.h"

namespace lossbench::simd {
namespace {

struct Form {
  const char* loss;
  const char* options;
};
constexpr Form kForms[] = {{"triplet_margin", "swap=true"}, {"triplet_margin", "p=1 reduction=none"}, {"cosine_embedding", ""},
                           {"dice", ""}, {"dice", "from_logits=false denominator=squares"}, {"norm_l1", "dim=-1"}, {"norm_l2", "dim=-1"},
                           {"hinge", "variant=crammer_singer p=2"}, {"hinge", "variant=weston_watkins +weight +sample_weight"},
                           {"hinge", "variant=one_vs_all"}, {"log_loss", "form=classes renormalize=true reduction=none"},
                           {"log_loss", "form=classes"}};

void check_form(const Form& form, const Shape& shape, DataKind kind, int misalignment) {
  const Loss& loss = Registry::instance().loss(form.loss);
  const OptionSet set = parse_option_set(loss, form.options);
  int calls = 0;
  for (const DType dtype : {DType::f32, DType::bf16})
    EXPECT_EQ(check(problem_of(loss, set, Pass::gradient, dtype, shape, kind, true), misalignment, calls), "")
        << form.loss << " " << form.options << " " << to_string(shape) << " " << name_of(dtype) << " " << name_of(kind);
  EXPECT_EQ(calls, 2 * static_cast<int>(Targets::all().size())) << form.loss << " " << form.options;
}

/// Rows that go side by side, and the few that are left over; ties decide which class is the best wrong one.
TEST(SimdRows, EveryShortWidth) {
  const Targets restored;
  for (const Form& form : kForms)
    for (std::int64_t width = 1; width <= 36; ++width)
      check_form(form, {width % 2 ? 19 : 33, width}, width % 3 ? DataKind::plain : DataKind::ties, static_cast<int>(width % 4));
}

/// Around pairs of vectors, chunks of gradients, parts of rows, and slices of rows.
TEST(SimdRows, EveryLength) {
  const Targets restored;
  for (const Form& form : kForms)
    for (const Shape& shape : {Shape{0, 5}, {3, 47}, {2, 63}, {3, 64}, {5, 65}, {2, 511}, {3, 513}, {2, 1025}, {3, 16383}, {2, 16385}, {1, 32768},
                               {2, 32769}, {2, 50001}, {2000, 33}})
      check_form(form, shape, DataKind::plain, static_cast<int>(shape[1] % 3));
}

/// More slices than a batch of rows holds, and all of an array as one row.
TEST(SimdRows, LongRows) {
  const Targets restored;
  check_form({"dice", "smooth=0"}, {kBatch / 40000 + 2, 40000}, DataKind::plain, 1);
  check_form({"norm_l2", "dim=-1 reduction=mean"}, {kBatch / 40000 + 2, 40000}, DataKind::plain, 1);
  for (const char* norm : {"norm_l1", "norm_l2"})
    for (const std::int64_t length : {std::int64_t{1}, kLongRow, kLongRow + 1, kBatch + 12345}) check_form({norm, ""}, {length}, DataKind::plain, 3);
}

/// A norm whose square no float holds, and one whose square vanishes in float.
TEST(SimdRows, NormsBeyondTheSquaresOfFloats) {
  const Targets restored;
  const Loss& loss = Registry::instance().loss("norm_l2");
  int calls = 0;
  for (const double size : {1e25, 1e-30, 1e-44})
    for (const std::int64_t length : {9, 1000, 100000}) {
      WideArray input{.shape = {length}, .values = {}, .labels = {}};
      for (std::int64_t i = 0; i < length; ++i) input.values.push_back(size * static_cast<double>(1 + i % 3));
      Request request{.loss = &loss, .options = option_sets(loss).front().options, .pass = Pass::gradient, .dtype = DType::f32,
                      .inputs = {Tensor::narrow("input", DType::f32, input)}, .grad_output = std::nullopt, .gradients = {"input"}};
      EXPECT_EQ(check(resolve(std::move(request)), 1, calls), "") << size << " " << length;
    }
  EXPECT_EQ(calls, 9 * static_cast<int>(Targets::all().size()));
}

/// Labels of either type, at either end of a row and of a vector; of equal best wrong scores the first.
TEST(SimdRows, LabelsAndTies) {
  const Targets restored;
  const Loss& loss = Registry::instance().loss("hinge");
  int calls = 0;
  for (const char* options : {"variant=crammer_singer", "variant=weston_watkins p=2", "variant=one_vs_all"})
    for (const std::int64_t classes : {2, 31, 67, 500})
      for (const DType labels : {DType::i32, DType::i64}) {
        WideArray scores{.shape = {classes, classes}, .values = {}, .labels = {}};
        WideArray target{.shape = {classes}, .values = {}, .labels = {}, .is_label = true};
        for (std::int64_t row = 0; row < classes; ++row) {
          target.labels.push_back(row);
          for (std::int64_t c = 0; c < classes; ++c) scores.values.push_back(c == row ? 0.25 : c % (row % 7 + 2) == 1 ? 0.5 : -0.125);
        }
        Request request{.loss = &loss, .options = parse_option_set(loss, options).options, .pass = Pass::gradient, .dtype = DType::f32,
                        .inputs = {Tensor::narrow("scores", DType::f32, scores), Tensor::narrow("target", labels, target)},
                        .grad_output = std::nullopt, .gradients = {"scores"}};
        EXPECT_EQ(check(resolve(std::move(request)), 1, calls), "") << options << " " << classes;
      }
  EXPECT_GT(calls, 0);
}

/// Lines that go past the cache: the same bits, and nothing beside them is touched.
TEST(SimdRows, GradientsPastTheCacheAreTheSame) {
  const Targets restored;
  constexpr std::size_t kCount = 4000, kGap = 64;
  alignas(64) static std::uint8_t input[4 * (kCount + kGap)], plain[4 * (kCount + kGap)], past[4 * (kCount + kGap)];
  for (const std::int64_t target : Targets::all())
    for (const bool narrow : {false, true})
      for (const std::int64_t width : {7, 32, 33, 129, 1000, 4000})
        for (std::size_t offset = 0; offset < 33; offset += 3) {
          hwy::SetSupportedTargetsForTest(target);
          const std::size_t size = narrow ? 2 : 4;
          for (std::size_t i = 0; i < kCount; ++i) {
            const float x = 0.01f * static_cast<float>(static_cast<int>(i * 7919 % 1000) - 500);
            if (narrow) reinterpret_cast<std::uint16_t*>(input)[i] = to_bf16_bits(x);
            else reinterpret_cast<float*>(input)[i] = x;
          }
          std::memset(plain, 0xA5, sizeof plain);
          std::memset(past, 0xA5, sizeof past);
          RowWork work;
          work.narrow = narrow, work.rows = static_cast<std::int64_t>(kCount) / width, work.width = width;
          work.operands[0] = input;
          work.gradients[0] = plain + offset * size;
          const Norms loss{losses::NormL2{}};
          const RowTask task{.what = RowTask::Do::rows, .row = 0, .end = work.rows};
          const double sum = compute_rows(loss, work, task);
          work.gradients[0] = past + offset * size;
          work.stream = true;
          EXPECT_EQ(compute_rows(loss, work, task), sum);
          EXPECT_EQ(std::memcmp(plain, past, sizeof plain), 0) << hwy::TargetName(target) << " " << narrow << " " << width << " " << offset;
          const std::size_t end = (offset + static_cast<std::size_t>(work.rows * width)) * size;
          EXPECT_TRUE(offset == 0 || past[offset * size - 1] == 0xA5);
          EXPECT_TRUE(past[end] == 0xA5 && past[end + 1] == 0xA5);
        }
}

/// With all cores, and on one where another caller has them: the same bits.
TEST(SimdRows, NoScheduleChangesAResult) {
  const std::pair<Form, Shape> cases[] = {{{"triplet_margin", ""}, {300, 999}}, {{"norm_l2", ""}, {300001}}, {{"dice", ""}, {3, 70000}}};
  for (const auto& [form, shape] : cases) {
    const Loss& loss = Registry::instance().loss(form.loss);
    const Resolved resolved = problem_of(loss, parse_option_set(loss, form.options), Pass::gradient, DType::f32, shape, DataKind::plain, false);
    std::string reason;
    const Implementation& implementation = *find_implementation(simd(), resolved.problem, reason);
    const auto outputs = [&] {
      BoundCall call(host_device(), implementation, resolved);
      std::vector<std::byte> bytes;
      for (int i = 0; i < 4; ++i) {
        call.poison_outputs();
        call.run();
        for (const NamedArray& output : resolved.problem.outputs) {
          const Tensor tensor = call.output(output.name);
          bytes.insert(bytes.end(), tensor.bytes.begin(), tensor.bytes.end());
        }
      }
      return bytes;
    };
    const std::vector<std::byte> alone = outputs();
    std::vector<std::byte> together[3];
    {
      std::vector<std::jthread> threads;
      for (auto& bytes : together) threads.emplace_back([&] { bytes = outputs(); });
    }
    for (const auto& bytes : together) EXPECT_TRUE(bytes == alone) << form.loss;
  }
}

TEST(SimdRows, SaysWhatItLacks) {
  const Loss& loss = Registry::instance().loss("triplet_margin");
  const Resolved resolved = problem_of(loss, parse_option_set(loss, "p=3"), Pass::forward, DType::f32, {3, 5}, DataKind::plain, false);
  std::string reason;
  EXPECT_EQ(find_implementation(simd(), resolved.problem, reason), nullptr);
  EXPECT_NE(reason.find("option 'p' is 3"), std::string::npos) << reason;
  EXPECT_NE(reason.find("accepted here: 1, 2"), std::string::npos) << reason;
}

}  // namespace
}  // namespace lossbench::simd
