// The table behind `auto`: every line names a variant that there is, says why, and the table leaves no problem without one.
#include <gtest/gtest.h>

#include <string>

#include "registry/registry.h"
#include "registry/softmax_choice.h"

namespace lossbench {
namespace {

TEST(SoftmaxChoice, EveryLineNamesAVariantAndAReason) {
  for (const SoftmaxChoice& choice : softmax_choices()) {
    bool known = false;
    for (const Variant* variant : Registry::instance().variants_of("softmax_cross_entropy")) known = known || variant->name == choice.variant;
    EXPECT_TRUE(known) << choice.variant;
    EXPECT_FALSE(std::string(choice.why).empty()) << choice.variant;
    EXPECT_FALSE(std::string(choice.device).empty()) << choice.variant;
  }
}

TEST(SoftmaxChoice, EveryProblemHasAVariant) {
  const Loss& loss = Registry::instance().loss("softmax_cross_entropy");
  const Variant* automatic = nullptr;
  for (const Variant* variant : Registry::instance().variants_of(loss.name))
    if (variant->name == "auto" && variant->backend == Backend::simt) automatic = variant;
  ASSERT_NE(automatic, nullptr);
  for (const DType dtype : {DType::f32, DType::f64, DType::f16, DType::bf16, DType::f8_e4m3, DType::f8_e5m2})
    for (const Pass pass : {Pass::forward, Pass::gradient})
      for (const Shape& shape : {Shape{0, 5}, Shape{1, 1}, Shape{32768, 10}, Shape{32768, 4096}, Shape{8192, 50257}, Shape{8192, 262144},
                                 Shape{1, 1 << 20}, Shape{64, 1 << 20}, Shape{4, 21, 512, 512}, Shape{2, 1000, 3}}) {
        if (is_f8(dtype) && pass == Pass::gradient) continue;
        Shape positions = shape;
        positions.erase(positions.begin() + 1);
        Problem problem;
        problem.loss = loss.name, problem.options = Options(loss.options), problem.pass = pass, problem.dtype = dtype;
        problem.inputs = {{"logits", Array::contiguous(nullptr, dtype, shape)}, {"target", Array::contiguous(nullptr, DType::i64, positions)}};
        problem.outputs = {{"loss", Array::contiguous(nullptr, reduced_type(dtype), {})}};
        if (pass == Pass::gradient) problem.outputs.push_back({"grad_logits", Array::contiguous(nullptr, dtype, shape)});
        std::string reason;
        EXPECT_NE(find_implementation(*automatic, problem, reason), nullptr) << to_string(shape) << " " << name_of(dtype) << ": " << reason;
      }
}

}  // namespace
}  // namespace lossbench
