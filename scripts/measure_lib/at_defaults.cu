// The production kernels of pointwise losses with heavy mathematics, with every option at its default, so that what the compiler makes
// of them is what runs: for scripts/count_instructions, which compiles it and counts.
#include "kernels/losses/bce.h"
#include "kernels/losses/gaussian_nll.h"
#include "kernels/losses/kl_div.h"
#include "kernels/losses/l2.h"
#include "kernels/losses/log_loss.h"
#include "kernels/losses/logistic.h"
#include "kernels/losses/poisson_nll.h"
#include "kernels/losses/sigmoid_focal.h"
#include "kernels/pointwise/fused.h"
#include "kernels/pointwise/single_pass.h"

namespace lossbench::inline SIMT_BUILD {

/// A loss of `kCount` arrays that its functor takes; optional ones are absent, and read as 1.
template <class Functor, int kCount>
struct AtDefaults {
  static constexpr int kOperands = kCount;

  template <class Real, class... Rest>
  SIMT_FN Real value(Real x, Rest... rest) const {
    if constexpr (Functor::kOperands == kCount) return Functor{}.value(x, rest...);
    else if constexpr (Functor::kOperands == kCount + 1) return Functor{}.value(x, rest..., Real(1));
    else return Functor{}.value(x, rest..., Real(1), Real(1));
  }
  template <class Real, class... Rest>
  SIMT_FN Real gradient(Real x, Rest... rest) const {
    if constexpr (Functor::kOperands == kCount) return Functor{}.gradient(x, rest...);
    else if constexpr (Functor::kOperands == kCount + 1) return Functor{}.gradient(x, rest..., Real(1));
    else return Functor{}.gradient(x, rest..., Real(1), Real(1));
  }
};

// Named as the losses are, so that the kernels' names say which loss it is; l2 is there for comparison.
namespace counted {
struct l2 : AtDefaults<losses::L2, 2> {};
struct logistic : AtDefaults<losses::Logistic, 2> {};
struct log_loss : AtDefaults<losses::LogLossBinary, 2> {};
struct bce : AtDefaults<losses::BceLogits, 2> {};
struct sigmoid_focal : AtDefaults<losses::SigmoidFocal, 2> {};
struct kl_div : AtDefaults<losses::KlDiv, 2> {};
struct poisson_nll : AtDefaults<losses::PoissonNll, 2> {};
struct gaussian_nll : AtDefaults<losses::GaussianNll, 3> {};
}  // namespace counted

#define COUNT_TYPE(F, T)                                                                                                               \
  template __global__ void single_pass_kernel<F, T, WideSum>(PointwiseArguments<F, T>, simt::Global<WideSum>, simt::Global<unsigned>); \
  template __global__ void fused_kernel<F, T, WideSum>(PointwiseArguments<F, T>, simt::Global<WideSum>, simt::Global<unsigned>);
#define COUNT(F) COUNT_TYPE(F, float) COUNT_TYPE(F, simt::bfloat16)
COUNT(counted::l2)
COUNT(counted::logistic)
COUNT(counted::log_loss)
COUNT(counted::bce)
COUNT(counted::sigmoid_focal)
COUNT(counted::kl_div)
COUNT(counted::poisson_nll)
COUNT(counted::gaussian_nll)

}  // namespace lossbench::inline SIMT_BUILD
