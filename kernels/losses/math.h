// Mathematics for loss functors: one spelling for float and double, on the GPU, in the emulator and in host contenders.
// Errors (in units of the last place): exp 2, expm1 1, log 1, log1p 2, atan 2, pow 4 in float (CUDA C++ Programming Guide, appendix on mathematical
// functions); glibc's are below 1.
#pragma once

#include <cmath>

#include "simt/qualifiers.h"

namespace lossbench::inline SIMT_BUILD::math {

SIMT_FN float abs(float x) { return fabsf(x); }
SIMT_FN double abs(double x) { return fabs(x); }
SIMT_FN float exp(float x) { return expf(x); }
SIMT_FN double exp(double x) { return ::exp(x); }
SIMT_FN float log(float x) { return logf(x); }
SIMT_FN double log(double x) { return ::log(x); }
SIMT_FN float log1p(float x) { return log1pf(x); }
SIMT_FN double log1p(double x) { return ::log1p(x); }
SIMT_FN float pow(float x, float y) { return powf(x, y); }
SIMT_FN double pow(double x, double y) { return ::pow(x, y); }
SIMT_FN float sqrt(float x) { return sqrtf(x); }
SIMT_FN double sqrt(double x) { return ::sqrt(x); }
SIMT_FN float atan(float x) { return atanf(x); }
SIMT_FN double atan(double x) { return ::atan(x); }
SIMT_FN float expm1(float x) { return expm1f(x); }
SIMT_FN double expm1(double x) { return ::expm1(x); }
SIMT_FN float tanh(float x) { return tanhf(x); }
SIMT_FN double tanh(double x) { return ::tanh(x); }
SIMT_FN float trunc(float x) { return truncf(x); }
SIMT_FN double trunc(double x) { return ::trunc(x); }

/// The larger of two numbers; NaN if x is NaN (fmax would hide it).
template <class Real>
SIMT_FN Real max_or_nan(Real x, Real lower) { return x < lower ? lower : x; }

/// -1, 0 or +1; NaN for NaN.
template <class Real>
SIMT_FN Real sign(Real x) { return x > 0 ? Real(1) : x < 0 ? Real(-1) : x; }

/// log(1 + e^x), without overflow: max(x, 0) + log1p(e^-|x|).
template <class Real>
SIMT_FN Real softplus(Real x) { return max_or_nan(x, Real(0)) + log1p(exp(-abs(x))); }

/// 1 / (1 + e^-x) from whichever exponential does not overflow.
template <class Real>
SIMT_FN Real sigmoid(Real x) {
  const Real e = exp(-abs(x));
  return (x < 0 ? e : Real(1)) / (Real(1) + e);
}

}  // namespace lossbench::inline SIMT_BUILD::math
