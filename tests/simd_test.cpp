// The vector contender: every loss it computes, for every instruction set that this machine has, against the reference; around vector
// widths, blocks and parts, at every alignment, with broadcast operands, past the cache, and from several threads at once.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstring>
#include <thread>

#include "contenders/cpu/softmax_work.h"
#include "contenders/cpu/work.h"
#include "core/float16.h"
#include "tests/simd_check.h"

namespace lossbench::simd {
namespace {

/// Every loss × option set × pass × type at one shape of elements and one of rows.
int check_all(const Shape& elements, const Shape& rows, DataKind kind, bool every_gradient, int misalignment) {
  const Targets restored;
  int calls = 0;
  for (const Loss& loss : Registry::instance().losses())
    for (const OptionSet& set : option_sets(loss))
      for (const Pass pass : {Pass::forward, Pass::gradient}) {
        if (loss.composite() || (pass == Pass::gradient && !loss.has_gradient())) continue;
        const Shape& shape = takes_rows(loss, set.options) ? rows : elements;
        if (!takes_rank(loss, set.options, shape.size())) continue;
        for (const DType dtype : {DType::f32, DType::bf16})
          EXPECT_EQ(check(problem_of(loss, set, pass, dtype, shape, kind, every_gradient), misalignment, calls), "")
              << loss.name << " " << name_of(pass) << " " << name_of(dtype) << " " << set.text << " " << to_string(shape);
      }
  return calls;
}

TEST(Simd, EveryLossAndOption) {
  const int targets = static_cast<int>(Targets::all().size());
  // 19 pointwise forms, softmax cross-entropy and eight forms of whole rows, two types, two passes, several option sets each.
  EXPECT_GE(check_all({1061}, {5, 131}, DataKind::plain, false, 0), 200 * targets);
  check_all({67}, {3, 67}, DataKind::plain, true, 1);
}

TEST(Simd, SpecialValues) {
  for (const DataKind kind : {DataKind::offset, DataKind::certain, DataKind::saturated, DataKind::denormal, DataKind::ties, DataKind::nan_last,
                              DataKind::nan_first, DataKind::inf_last, DataKind::neg_inf})
    check_all({131}, {4, 77}, kind, kind == DataKind::ties, 1);
}

/// Where vectors of 1 to 16 lanes, groups of four of them, blocks of 512 and parts of 16384 end, and one beyond what threads are worth.
TEST(Simd, EveryLength) {
  const Targets restored;
  int calls = 0;
  for (const char* name : {"huber", "bce", "kl_div"}) {
    const Loss& loss = Registry::instance().loss(name);
    const OptionSet set = option_sets(loss).front();
    for (const std::int64_t length : {0, 1, 3, 7, 8, 9, 15, 16, 17, 31, 32, 33, 63, 64, 65, 511, 512, 513, 1023, 16383, 16384, 16385, 49999})
      for (const DType dtype : {DType::f32, DType::bf16})
        for (const bool all : {false, true})
          EXPECT_EQ(check(problem_of(loss, set, Pass::gradient, dtype, {length}, DataKind::plain, all), static_cast<int>(length % 4), calls), "")
              << name << " " << length << " " << name_of(dtype);
  }
  const Loss& loss = Registry::instance().loss("softmax_cross_entropy");
  for (const char* options : {"", "+weight label_smoothing=0.1"})
    for (const Shape& shape : {Shape{0, 5}, {3, 1}, {2, 2}, {5, 7}, {2, 8}, {2, 31}, {3, 32}, {3, 33}, {3, 63}, {3, 64}, {3, 65}, {2, 128}, {3, 129},
                               {3000, 10}, {40, 1000}, {7, 16385}, {1, 40009}})
      for (const DType dtype : {DType::f32, DType::bf16})
        EXPECT_EQ(check(problem_of(loss, parse_option_set(loss, options), Pass::gradient, dtype, shape, DataKind::plain, false),
                        static_cast<int>(shape[1] % 3), calls), "") << to_string(shape) << " " << name_of(dtype) << " " << options;
  EXPECT_GT(calls, 0);
}

/// The largest logit anywhere, also where each exceeds those before: exponentials are rescaled after every block.
TEST(Simd, RisingAndFallingRows) {
  const Targets restored;
  const Loss& loss = Registry::instance().loss("softmax_cross_entropy");
  const std::int64_t classes = 777;
  int calls = 0;
  for (const double slope : {0.3, -0.3, 30.0, -30.0, 1e35, -1e35})
    for (const std::int64_t label : {std::int64_t{0}, std::int64_t{400}, classes - 1}) {
      WideArray logits{.shape = {1, classes}, .values = {}, .labels = {}}, target{.shape = {1}, .values = {}, .labels = {label}, .is_label = true};
      for (std::int64_t c = 0; c < classes; ++c) logits.values.push_back(slope * static_cast<double>(c - classes / 2));
      Request request{.loss = &loss, .options = option_sets(loss).front().options, .pass = Pass::gradient, .dtype = DType::f32,
                      .inputs = {Tensor::narrow("logits", DType::f32, logits), Tensor::narrow("target", DType::i32, target)},
                      .grad_output = std::nullopt, .gradients = {"logits"}};
      EXPECT_EQ(check(resolve(std::move(request)), 0, calls), "") << slope << " " << label;
    }
  EXPECT_GT(calls, 0);
}

TEST(Simd, BroadcastWeights) {
  const Targets restored;
  const Loss& loss = Registry::instance().loss("bce");
  const OptionSet set = option_sets(loss).front();
  const Shape shape = {37, 3, 11};
  int calls = 0;
  for (const Shape& own : {Shape{11}, {3, 1}, {37, 1, 1}, {1}, {1, 3, 11}}) {
    WideArray weight{.shape = own, .values = {}, .labels = {}};
    for (std::int64_t i = 0; i < count_of(own); ++i) weight.values.push_back(0.25 * static_cast<double>(1 + i % 9));
    for (const DType dtype : {DType::f32, DType::bf16}) {
      Request request{.loss = &loss, .options = set.options, .pass = Pass::gradient, .dtype = dtype,
                      .inputs = DataMaker(loss, set.options, dtype, DType::i32, DataKind::plain, 3).inputs(shape, {}),
                      .grad_output = std::nullopt, .gradients = {"logits"}};
      request.inputs.push_back(Tensor::narrow("weight", dtype, weight));
      EXPECT_EQ(check(resolve(std::move(request)), 1, calls), "") << to_string(own);
    }
  }
  EXPECT_EQ(calls, 10 * static_cast<int>(Targets::all().size()));
}

/// Stores past the cache must begin on a vector's boundary; what is before and after it goes the other way.
TEST(Simd, StoresPastTheCacheAreTheSame) {
  const Targets restored;
  constexpr std::int64_t kCount = 3 * kBlock + 77, kGap = 64;
  alignas(64) static std::uint8_t input[4 * (kCount + kGap)], plain[4 * (kCount + kGap)], past[4 * (kCount + kGap)];
  for (const std::int64_t target : Targets::all())
    for (const bool narrow : {false, true})
      for (std::size_t offset = 0; offset < 17; ++offset) {
        hwy::SetSupportedTargetsForTest(target);
        const std::size_t size = narrow ? 2 : 4, first = offset * size;
        for (std::size_t i = 0; i < std::size_t(kCount + kGap); ++i) {
          const float x = 0.01f * static_cast<float>(static_cast<int>(i * 7919 % 1000) - 500);
          if (narrow) reinterpret_cast<std::uint16_t*>(input)[i] = to_bf16_bits(x);
          else reinterpret_cast<float*>(input)[i] = x;
        }
        std::memset(plain, 0xA5, sizeof plain);
        std::memset(past, 0xA5, sizeof past);
        Work work;
        work.count = kCount, work.narrow = narrow;
        work.operands[0].values = input;
        work.gradient = plain + first;
        const Regression loss{losses::Huber{.delta = 1}};
        const double sum = compute_part(loss, work, Ask::loss, 0);
        work.gradient = past + first;
        work.stream = true;
        EXPECT_NEAR(compute_part(loss, work, Ask::loss, 0), sum, 0x1p-23 * sum);  // other pairs are added in float
        EXPECT_EQ(std::memcmp(plain, past, sizeof plain), 0) << hwy::TargetName(target) << " " << narrow << " " << offset;

        std::array<float, 4 * (kCount + kGap)> scratch;
        const std::int32_t labels[] = {5, 3, 70};
        SoftmaxWork rows;
        rows.narrow = narrow, rows.rows = 3, rows.classes = 501, rows.logits = input, rows.row_stride = 503, rows.labels = labels;
        rows.gradient = plain + first, rows.gradient_stride = 507;
        const double losses = compute_rows(rows, RowScratch::at(scratch.data(), rows.classes), 0);
        rows.gradient = past + first;
        rows.stream = true;
        EXPECT_EQ(compute_rows(rows, RowScratch::at(scratch.data(), rows.classes), 0), losses);
        EXPECT_EQ(std::memcmp(plain, past, sizeof plain), 0) << hwy::TargetName(target) << " " << narrow << " " << offset;
      }
}

/// A NaN whose bits are all ones must not round up to a number.
TEST(Simd, ANaNFactorStaysNaN) {
  const Targets restored;
  constexpr std::int64_t kCount = 4 * kBlock;
  std::vector<std::uint16_t> input(kCount, to_bf16_bits(3.0f)), gradient(kCount);
  Work work;
  work.count = kCount, work.narrow = true;
  work.operands[0].values = input.data(), work.gradient = gradient.data();
  work.factor = std::bit_cast<float>(~std::uint32_t{0});
  for (const std::int64_t target : Targets::all()) {
    hwy::SetSupportedTargetsForTest(target);
    std::fill(gradient.begin(), gradient.end(), 0);
    compute_part(Regression{losses::Huber{.delta = 1}}, work, Ask::loss, 0);
    EXPECT_TRUE(std::all_of(gradient.begin(), gradient.end(), [](std::uint16_t bits) { return std::isnan(from_bf16_bits(bits)); }))
        << hwy::TargetName(target);
  }
}

/// With all cores, and on one where another caller has them: the same bits.
TEST(Simd, NoScheduleChangesAResult) {
  for (const char* name : {"l2", "logistic", "softmax_cross_entropy"}) {
    const Loss& loss = Registry::instance().loss(name);
    const OptionSet set = option_sets(loss).front();
    const Shape shape = takes_rows(loss, set.options) ? Shape{60, 3000} : Shape{150001};
    const Resolved resolved = problem_of(loss, set, Pass::gradient, DType::f32, shape, DataKind::plain, false);
    std::string reason;
    const Implementation& implementation = *find_implementation(simd(), resolved.problem, reason);
    const auto outputs = [&] {
      BoundCall call(host_device(), implementation, resolved);
      std::vector<std::byte> bytes;
      for (int i = 0; i < 8; ++i) {
        call.poison_outputs();
        call.run();
        std::vector<std::byte> now = call.output("loss").bytes;
        for (const NamedArray& output : resolved.problem.outputs) {
          const Tensor tensor = call.output(output.name);
          now.insert(now.end(), tensor.bytes.begin(), tensor.bytes.end());
        }
        EXPECT_TRUE(i == 0 || now == bytes) << name;
        bytes = std::move(now);
      }
      return bytes;
    };
    const std::vector<std::byte> alone = outputs();
    std::vector<std::byte> together[3];
    {
      std::vector<std::jthread> threads;
      for (auto& bytes : together) threads.emplace_back([&] { bytes = outputs(); });
    }
    for (const auto& bytes : together) EXPECT_TRUE(bytes == alone) << name;
  }
}

TEST(Simd, SaysWhatItLacks) {
  const Loss& loss = Registry::instance().loss("softmax_cross_entropy");
  const std::pair<const char*, const char*> cases[] = {{"z_loss=0.01", "z_loss"}, {"softcap=5", "softcap"}, {"prob_floor=0.001", "prob_floor"},
                                                       {"outputs=argmax", "outputs"}, {"target=probs", "target"}};
  for (const auto& [options, culprit] : cases) {
    const Resolved resolved = problem_of(loss, parse_option_set(loss, options), Pass::forward, DType::f32, {3, 5}, DataKind::plain, false);
    std::string reason;
    EXPECT_EQ(find_implementation(simd(), resolved.problem, reason), nullptr) << options;
    EXPECT_NE(reason.find(std::string("'") + culprit + "'"), std::string::npos) << reason;
    EXPECT_NE(reason.find("accepted here"), std::string::npos) << reason;
  }
}

}  // namespace
}  // namespace lossbench::simd
