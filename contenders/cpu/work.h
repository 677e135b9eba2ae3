// What a pointwise loss of the vector contender is given: arrays and factors, with no loss and no vector in sight.
#pragma once

#include <cstdint>
#include <variant>

#include "kernels/losses/bce.h"
#include "kernels/losses/gaussian_nll.h"
#include "kernels/losses/hinge.h"
#include "kernels/losses/hinge_embedding.h"
#include "kernels/losses/huber.h"
#include "kernels/losses/kl_div.h"
#include "kernels/losses/l1.h"
#include "kernels/losses/l2.h"
#include "kernels/losses/log_loss.h"
#include "kernels/losses/logistic.h"
#include "kernels/losses/poisson_nll.h"
#include "kernels/losses/sigmoid_focal.h"
#include "kernels/losses/smooth_l1.h"
#include "kernels/losses/smooth_l1_weighted.h"
#include "kernels/losses/zero_one.h"
#include "kernels/pointwise/broadcast.h"

namespace lossbench::simd {

/// Elements that are added up on one thread. The sums of the parts are joined in order, so that no schedule changes a result.
inline constexpr std::int64_t kPart = std::int64_t{1} << 14;
/// Elements that are gathered at a time where arrays do not line up: they and what is made of them stay in the first-level cache.
inline constexpr std::int64_t kBlock = 512;

inline constexpr int kMostOperands = 4;

/// One operand of the loss. An absent one (null) reads as 1.
struct Operand {
  const void* values = nullptr;
  Broadcast map;

  bool lines_up() const { return map.rank == 0; }
};

/// Arrays are f32, or bf16 where `narrow`.
struct Work {
  std::int64_t count = 0;
  bool narrow = false;
  Operand operands[kMostOperands];

  void* losses = nullptr;          ///< reduction none; then nothing is added up
  void* gradient = nullptr;        ///< of the prediction
  void* second_gradient = nullptr;
  const void* upstream = nullptr;  ///< one an element, or null for ones; reduction none
  float factor = 1;                ///< of every derivative otherwise
  bool stream = false;             ///< gradients go past the cache

  std::int64_t parts() const { return (count + kPart - 1) / kPart; }
};

// The losses by family: one translation unit each. The functors carry the options; how they compute is not used here.
using Regression = std::variant<losses::L1, losses::L2, losses::SmoothL1, losses::Huber, losses::SmoothL1Weighted>;
using Margin = std::variant<losses::Logistic, losses::HingeBinary, losses::HingeEmbedding, losses::LogLossBinary, losses::ZeroOneSign,
                            losses::ZeroOneTolerance>;
using BinaryCrossEntropy = std::variant<losses::BceLogits, losses::BceProbs, losses::SigmoidFocal>;
using Likelihood = std::variant<losses::KlDiv, losses::PoissonNll, losses::GaussianNll>;

/// What is asked of a part.
enum class Ask : std::uint8_t {
  loss,     ///< the sum of its losses, or the losses, and whatever gradients have a place
  divisor,  ///< the sum of its terms in the divisor
};

double compute_part(const Regression& loss, const Work& work, Ask ask, std::int64_t part);
double compute_part(const Margin& loss, const Work& work, Ask ask, std::int64_t part);
double compute_part(const BinaryCrossEntropy& loss, const Work& work, Ask ask, std::int64_t part);
double compute_part(const Likelihood& loss, const Work& work, Ask ask, std::int64_t part);

/// Labels of [begin, end) that differ, all i32 or all i64.
std::int64_t count_different(const std::int32_t* a, const std::int32_t* b, std::int64_t begin, std::int64_t end);
std::int64_t count_different(const std::int64_t* a, const std::int64_t* b, std::int64_t begin, std::int64_t end);

}  // namespace lossbench::simd
