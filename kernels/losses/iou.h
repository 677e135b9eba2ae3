#pragma once

#include "kernels/losses/math.h"

namespace lossbench::inline SIMT_BUILD::losses {

/// Loss of one pair of boxes, and its derivative with respect to the predicted x1, y1, x2, y2.
template <class Real>
struct BoxLoss {
  Real loss;
  Real gradient[4];
};

/// Losses of overlapping boxes x1,y1,x2,y2 with x2 > x1 and y2 > y1; no +1.
///   iou    1 - I/(U + eps)
///   giou   + (A - U)/(A + eps), A the area of the enclosing box   [Rezatofighi et al. 2019]
///   diou   1 - I/(U + eps) + ρ²/(c² + eps), ρ the distance of the centres, c the diagonal of the enclosing box
///   ciou   diou + α·v, v = 4/π²·(atan(W/H) - atan(w/h))², α = v/(1 - iou + v + eps), held constant in the gradient   [Zheng et al. 2020]
///
/// Nothing cancels for boxes that nearly agree: U - I is put together from the strips outside of the overlap, A - U from the
/// corners px·qy + qx·py, where p and q are what each box falls short of the enclosing one.
/// Of equal coordinates the prediction's is the one that decides, so it has the gradient. A coordinate that is not finite gives NaN.
struct Iou {
  enum class Kind { iou, giou, diou, ciou };
  Kind kind = Kind::iou;
  double eps = 1e-7;

  template <bool kGradient, class Real>
  SIMT_FN BoxLoss<Real> evaluate(const Real (&p)[4], const Real (&t)[4]) const {
    const Axis<Real> x(p[0], p[2], t[0], t[2]), y(p[1], p[3], t[1], t[3]);
    const bool overlaps = x.overlap > 0 && y.overlap > 0;
    const Real area = x.own * y.own, other = x.other * y.other, common = overlaps ? x.overlap * y.overlap : Real(0);
    const Real whole = area + other - common, divisor = whole + Real(eps);
    const Real outside = overlaps ? x.own_outside * y.own + x.overlap * y.own_outside + x.other_outside * y.other + x.overlap * y.other_outside
                                  : whole;
    const Real distance = (outside + Real(eps)) / divisor;  // 1 - iou

    BoxLoss<Real> result{distance, {}};
    const Real finite = (p[0] - p[0]) + (p[1] - p[1]) + (p[2] - p[2]) + (p[3] - p[3]) + (t[0] - t[0]) + (t[1] - t[1]) + (t[2] - t[2]) + (t[3] - t[3]);
    Real by_x[2] = {}, by_y[2] = {};  // by the lower and the upper coordinate of an axis
    if constexpr (kGradient) {
      const Real by_area = common / divisor / divisor, by_common = (divisor + common) / divisor / divisor;
      overlap_slopes(by_x, x, y, by_area, overlaps ? by_common : Real(0));
      overlap_slopes(by_y, y, x, by_area, overlaps ? by_common : Real(0));
    }
    if (kind == Kind::giou) add_hull<kGradient>(result, by_x, by_y, x, y, overlaps, whole);
    if (kind == Kind::diou || kind == Kind::ciou) add_centres<kGradient>(result, by_x, by_y, x, y);
    if (kind == Kind::ciou) add_shape<kGradient>(result, by_x, by_y, x, y, distance);
    result.loss += finite;
    if constexpr (kGradient) {
      result.gradient[0] = by_x[0] + finite, result.gradient[2] = by_x[1] + finite;
      result.gradient[1] = by_y[0] + finite, result.gradient[3] = by_y[1] + finite;
    }
    return result;
  }

 private:
  /// The two intervals of one axis.
  template <class Real>
  struct Axis {
    Real own, other;                    ///< lengths
    Real overlap, hull;                 ///< signed length of what they share; length of what holds both
    Real own_outside, other_outside;    ///< own - overlap and other - overlap
    Real off;                           ///< distance of the centres
    bool lower_inside, upper_inside;    ///< the prediction's end bounds the overlap …
    bool lower_outside, upper_outside;  ///< … or the hull

    SIMT_FN Axis(Real p1, Real p2, Real t1, Real t2) {
      own = p2 - p1, other = t2 - t1;
      lower_inside = p1 >= t1, upper_inside = p2 <= t2, lower_outside = p1 <= t1, upper_outside = p2 >= t2;
      overlap = (upper_inside ? p2 : t2) - (lower_inside ? p1 : t1);
      hull = (upper_outside ? p2 : t2) - (lower_outside ? p1 : t1);
      const Real lower = p1 - t1, upper = p2 - t2;
      own_outside = (upper > 0 ? upper : Real(0)) - (lower < 0 ? lower : Real(0));
      other_outside = (lower > 0 ? lower : Real(0)) - (upper < 0 ? upper : Real(0));
      off = Real(0.5) * (lower + upper);
    }
  };

  /// Of 1 - I/(U + eps): dU = d area - dI.
  template <class Real>
  SIMT_FN static void overlap_slopes(Real (&by)[2], const Axis<Real>& along, const Axis<Real>& across, Real by_area, Real by_common) {
    by[0] = -by_area * across.own + (along.lower_inside ? by_common * across.overlap : Real(0));
    by[1] = by_area * across.own - (along.upper_inside ? by_common * across.overlap : Real(0));
  }

  template <bool kGradient, class Real>
  SIMT_FN void add_hull(BoxLoss<Real>& result, Real (&by_x)[2], Real (&by_y)[2], const Axis<Real>& x, const Axis<Real>& y, bool overlaps,
                        Real whole) const {
    const Real hull = x.hull * y.hull, divisor = hull + Real(eps);
    const Real corners = x.other_outside * y.own_outside + x.own_outside * y.other_outside;
    result.loss += (overlaps ? corners : corners - x.overlap * y.overlap) / divisor;
    if constexpr (kGradient) {
      const Real by_hull = (whole + Real(eps)) / divisor / divisor, by_whole = Real(1) / divisor;
      hull_slopes(by_x, x, y, by_hull, by_whole, overlaps);
      hull_slopes(by_y, y, x, by_hull, by_whole, overlaps);
    }
  }

  /// Of (A - U)/(A + eps), again with dU = d area - dI.
  template <class Real>
  SIMT_FN static void hull_slopes(Real (&by)[2], const Axis<Real>& along, const Axis<Real>& across, Real by_hull, Real by_whole, bool overlaps) {
    const Real own = by_whole * across.own, shared = overlaps ? by_whole * across.overlap : Real(0), hull = by_hull * across.hull;
    by[0] += own - (along.lower_inside ? shared : Real(0)) - (along.lower_outside ? hull : Real(0));
    by[1] += -own + (along.upper_inside ? shared : Real(0)) + (along.upper_outside ? hull : Real(0));
  }

  template <bool kGradient, class Real>
  SIMT_FN void add_centres(BoxLoss<Real>& result, Real (&by_x)[2], Real (&by_y)[2], const Axis<Real>& x, const Axis<Real>& y) const {
    const Real divisor = x.hull * x.hull + y.hull * y.hull + Real(eps), square = x.off * x.off + y.off * y.off, share = square / divisor;
    result.loss += share;
    if constexpr (kGradient) {
      centre_slopes(by_x, x, share, divisor);
      centre_slopes(by_y, y, share, divisor);
    }
  }

  template <class Real>
  SIMT_FN static void centre_slopes(Real (&by)[2], const Axis<Real>& along, Real share, Real divisor) {
    const Real stretch = Real(2) * share * (along.hull / divisor), off = along.off / divisor;
    by[0] += off + (along.lower_outside ? stretch : Real(0));
    by[1] += off - (along.upper_outside ? stretch : Real(0));
  }

  template <bool kGradient, class Real>
  SIMT_FN void add_shape(BoxLoss<Real>& result, Real (&by_x)[2], Real (&by_y)[2], const Axis<Real>& x, const Axis<Real>& y, Real distance) const {
    constexpr double kScale = 0.40528473456935109;  // 4/π²
    const Real bend = math::atan(x.other / y.other) - math::atan(x.own / y.own);
    const Real v = Real(kScale) * (bend * bend), alpha = v / (distance + v + Real(eps));
    result.loss += alpha * v;
    if constexpr (kGradient) {
      const Real slope = Real(2 * kScale) * alpha * bend / (x.own * x.own + y.own * y.own);
      by_x[0] += slope * y.own, by_x[1] -= slope * y.own;
      by_y[0] -= slope * x.own, by_y[1] += slope * x.own;
    }
  }
};

}  // namespace lossbench::inline SIMT_BUILD::losses
