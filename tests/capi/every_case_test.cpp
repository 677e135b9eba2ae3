// Every loss x variant x pass x option set that a host can run, through liblossbench.so: the same bits as the program computes.
// The library and the program are two copies of the registry here, which share nothing but the ABI.
#include <gtest/gtest.h>

#include <algorithm>

#include <cstring>
#include <list>
#include <memory>
#include <set>

#include "capi/lossbench.h"
#include "tests/every_case.h"

namespace lossbench::testing {
namespace {

/// Tensors and names as C wants them; what they point to belongs to others.
class Arrays {
 public:
  void add(const std::string& name, const Array& array, void* data) {
    DLTensor& tensor = tensors_.emplace_back();
    const auto code = [&]() -> int {
      switch (array.dtype) {
        case DType::bf16: return kDLBfloat;
        case DType::f8_e4m3: return 10;  // kDLFloat8_e4m3fn of DLPack 1.1
        case DType::f8_e5m2: return 12;  // kDLFloat8_e5m2
        default: return is_real(array.dtype) ? kDLFloat : kDLInt;
      }
    };
    const DLDataType type = {static_cast<std::uint8_t>(code()), static_cast<std::uint8_t>(8 * size_of(array.dtype)), 1};
    tensor = {data, {kDLCPU, 0}, static_cast<int>(array.shape.size()), type,
              const_cast<std::int64_t*>(array.shape.data()), nullptr, 0};
    named_.push_back({name.c_str(), &tensor});
  }
  const lossbench_array* data() const { return named_.data(); }
  std::size_t size() const { return named_.size(); }

 private:
  std::list<DLTensor> tensors_;
  std::vector<lossbench_array> named_;
};

/// The options that a case gives, as texts.
struct OptionTexts {
  explicit OptionTexts(const OptionSet& set) {
    for (const auto& [name, value] : set.options.values())
      if (set.options.given(name)) texts.emplace_back(name, to_string(value));
    for (const auto& [name, value] : texts) named.push_back({name.c_str(), value.c_str()});
  }
  std::vector<std::pair<std::string, std::string>> texts;
  std::vector<lossbench_option> named;
};

void expect_same_bits(const EveryCase& entry) {
  SCOPED_TRACE(entry.name);
  const Problem& problem = entry.resolved->problem;
  // The same memory for both: a vector access that is not aligned adds in another order.
  BoundCall direct(host_device(), *entry.implementation, *entry.resolved);
  direct.run();
  Arrays inputs;
  for (const NamedArray& input : direct.problem().inputs) inputs.add(input.name, input.array, input.array.data);
  const OptionTexts options(*entry.options);
  lossbench_request request = LOSSBENCH_REQUEST(entry.loss->name.c_str());
  const std::string backend(name_of(entry.variant->backend));
  request.variant = entry.variant->name.c_str();
  request.backend = backend.c_str();
  request.pass = problem.pass == Pass::gradient ? LOSSBENCH_GRADIENT : LOSSBENCH_FORWARD;
  request.inputs = inputs.data();
  request.input_count = inputs.size();
  request.options = options.named.data();
  request.option_count = options.named.size();
  lossbench_call* call = nullptr;
  ASSERT_EQ(lossbench_prepare(&request, &call), LOSSBENCH_OK) << lossbench_last_error();
  const std::unique_ptr<lossbench_call, decltype(&lossbench_destroy)> owner(call, lossbench_destroy);

  ASSERT_EQ(lossbench_output_count(call), problem.outputs.size());
  EXPECT_EQ(lossbench_contract_bytes(call), entry.loss->contract(problem).total());
  std::vector<DeviceMemory> results;
  Arrays outputs;
  for (std::size_t k = 0; k < problem.outputs.size(); ++k) {
    lossbench_output output{};
    ASSERT_EQ(lossbench_get_output(call, k, &output), LOSSBENCH_OK);
    const auto& [name, array] = problem.outputs[k];
    EXPECT_EQ(output.name, name);
    EXPECT_EQ(output.dtype.bits, 8 * size_of(array.dtype));
    ASSERT_EQ(Shape(output.shape, output.shape + output.ndim), array.shape);
    results.emplace_back(host_device(), static_cast<std::size_t>(array.bytes()));
    std::memset(results.back().data(), 0xFF, results.back().bytes());
    outputs.add(name, array, results.back().data());
  }
  const std::size_t bytes = lossbench_workspace_bytes(call);
  // What the call asked for before it knew where its outputs are must be all that it uses.
  constexpr std::size_t kGuard = 1 << 16;
  DeviceMemory workspace(host_device(), bytes + kGuard);
  host_device().fill(workspace.data(), 0, bytes);
  host_device().fill(workspace.data() + bytes, 0xA5, kGuard);
  ASSERT_EQ(lossbench_run(call, outputs.data(), outputs.size(), workspace.data(), bytes, nullptr), LOSSBENCH_OK) << lossbench_last_error();
  EXPECT_TRUE(std::all_of(workspace.data() + bytes, workspace.data() + bytes + kGuard, [](std::byte byte) { return byte == std::byte{0xA5}; }))
      << "more than the workspace was written";
  if (entry.variant->order == Order::none) return;
  for (std::size_t k = 0; k < results.size(); ++k) {
    const Tensor expected = direct.output(problem.outputs[k].name);
    EXPECT_EQ(std::memcmp(results[k].data(), expected.bytes.data(), results[k].bytes()), 0) << expected.name;
  }
}

TEST(EveryCase, GivesTheSameBitsThroughTheLibrary) {
  std::set<std::string> losses, variants;
  for_every_case(DType::f32, {{67}, {2, 19}},
                 [&](const EveryCase& entry) {
                   losses.insert(entry.loss->name);
                   variants.insert(entry.variant->name);
                   expect_same_bits(entry);
                 },
                 {Backend::scalar, Backend::cpu, Backend::simt});
  EXPECT_EQ(losses.size(), Registry::instance().losses().size());
  for (const Variant& variant : Registry::instance().variants())
    EXPECT_TRUE(variant.backend == Backend::cuda || variants.contains(variant.name)) << variant.name;
}

TEST(EveryCase, SoDoLogitsInF8) {
  for (const DType dtype : kF8Types) {
    std::set<std::string> variants;
    for_every_case(dtype, {{67}, {2, 19}},
                   [&](const EveryCase& entry) {
                     variants.insert(entry.variant->name);
                     expect_same_bits(entry);
                   },
                   {Backend::scalar, Backend::simt});
    EXPECT_TRUE(variants.contains("scalar") && variants.contains("vectorized_online")) << name_of(dtype);
  }
}

}  // namespace
}  // namespace lossbench::testing
