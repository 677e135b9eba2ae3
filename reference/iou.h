// Losses of overlapping boxes.   [Rezatofighi et al. 2019; Zheng et al. 2020]
#pragma once

#include <algorithm>
#include <cmath>
#include <limits>

namespace lossbench::reference {

enum class IouKind { iou, giou, diou, ciou };

struct IouResult {
  long double value;
  double gradient[4];   ///< with respect to the prediction's x1, y1, x2, y2
  double condition[4];  ///< sum of the absolute terms of each
};

/// `p` and `t` are x1, y1, x2, y2 with x2 > x1 and y2 > y1. See section 10 of the loss specification; areas have no +1.
///
/// iou = I/(U + eps); giou adds (A - U)/(A + eps) for the enclosing box's area A; diou adds ρ²/(c² + eps) to 1 - iou; ciou adds α·v to that,
/// α held constant. In long double. For boxes that overlap, U - I is the area of either box outside of the other, and A - U that of
/// the two corners of the hull that neither covers: differences of areas would cancel where the boxes nearly agree.
/// The gradient is put together by the chain rule from those of I, the box's own area, A, ρ², c² and v.
/// Boxes with a coordinate that is not finite give NaN.
inline IouResult iou_loss(const double* p, const double* t, IouKind kind, double epsilon) {
  using Wide = long double;
  IouResult result{};
  for (int i = 0; i < 4; ++i)
    if (!std::isfinite(p[i]) || !std::isfinite(t[i])) {
      const double nan = std::numeric_limits<double>::quiet_NaN();
      return {nan, {nan, nan, nan, nan}, {nan, nan, nan, nan}};
    }
  const Wide eps = epsilon;
  const Wide w = Wide(p[2]) - p[0], h = Wide(p[3]) - p[1], tw = Wide(t[2]) - t[0], th = Wide(t[3]) - t[1];
  const Wide iw = Wide(std::min(p[2], t[2])) - std::max(p[0], t[0]), ih = Wide(std::min(p[3], t[3])) - std::max(p[1], t[1]);
  const Wide cw = Wide(std::max(p[2], t[2])) - std::min(p[0], t[0]), ch = Wide(std::max(p[3], t[3])) - std::min(p[1], t[1]);
  const bool meets = iw > 0 && ih > 0;
  const Wide I = meets ? iw * ih : 0, own = w * h, U = own + tw * th - I, A = cw * ch;
  const Wide dx = ((Wide(p[0]) - t[0]) + (Wide(p[2]) - t[2])) / 2, dy = ((Wide(p[1]) - t[1]) + (Wide(p[3]) - t[3])) / 2;
  const Wide square = dx * dx + dy * dy, diagonal = cw * cw + ch * ch;
  const Wide pi = 3.14159265358979323846264338327950288L, bend = std::atan(tw / th) - std::atan(w / h);
  const Wide v = 4 / (pi * pi) * bend * bend;

  // What each end of an axis has beyond the overlap, of the prediction (+) or of the target (-).
  const auto beyond = [&](int i) { return i < 2 ? Wide(t[i]) - p[i] : Wide(p[i]) - t[i]; };
  const auto of_own = [&](int i) { return std::max(beyond(i), Wide(0)); };
  const auto of_other = [&](int i) { return std::max(-beyond(i), Wide(0)); };
  Wide outside = U, bare = A - U;
  if (meets) {
    outside = (of_own(0) + of_own(2)) * h + iw * (of_own(1) + of_own(3)) + (of_other(0) + of_other(2)) * th + iw * (of_other(1) + of_other(3));
    bare = 0;
    for (const int x : {0, 2})
      for (const int y : {1, 3}) bare += of_own(x) * of_other(y) + of_other(x) * of_own(y);
  }
  const Wide apart = (outside + eps) / (U + eps), alpha = v / (apart + v + eps);  // apart: 1 - iou

  result.value = apart;
  if (kind == IouKind::giou) result.value += bare / (A + eps);
  if (kind == IouKind::diou || kind == IouKind::ciou) result.value += square / (diagonal + eps);
  if (kind == IouKind::ciou) result.value += alpha * v;

  for (int i = 0; i < 4; ++i) {
    const bool along_x = i % 2 == 0, upper = i >= 2;
    const Wide direction = upper ? 1 : -1;  // moving an upper end outwards makes the box larger
    const Wide d_own = direction * (along_x ? h : w);
    const bool bounds_overlap = upper ? p[i] <= t[i] : p[i] >= t[i], bounds_hull = upper ? p[i] >= t[i] : p[i] <= t[i];
    const Wide d_I = meets && bounds_overlap ? direction * (along_x ? ih : iw) : 0;
    const Wide d_A = bounds_hull ? direction * (along_x ? ch : cw) : 0;
    const Wide d_U = d_own - d_I;
    Wide slope = -d_I / (U + eps) + I * d_U / ((U + eps) * (U + eps));
    Wide size = std::fabs(d_I) / (U + eps) + I * (std::fabs(d_own) + std::fabs(d_I)) / ((U + eps) * (U + eps));
    if (kind == IouKind::giou) {
      slope += (d_A - d_U) / (A + eps) - bare * d_A / ((A + eps) * (A + eps));
      size += (2 * std::fabs(d_A) + std::fabs(d_own) + std::fabs(d_I)) / (A + eps);
    }
    if (kind == IouKind::diou || kind == IouKind::ciou) {
      const Wide d_square = along_x ? dx : dy, d_diagonal = bounds_hull ? direction * 2 * (along_x ? cw : ch) : 0;
      const Wide off = std::fabs(Wide(p[along_x ? 0 : 1]) - t[along_x ? 0 : 1]) + std::fabs(Wide(p[along_x ? 2 : 3]) - t[along_x ? 2 : 3]);
      slope += d_square / (diagonal + eps) - square * d_diagonal / ((diagonal + eps) * (diagonal + eps));
      size += off / (diagonal + eps) + square * std::fabs(d_diagonal) / ((diagonal + eps) * (diagonal + eps));
    }
    if (kind == IouKind::ciou) {
      // atan(w/h) grows by h/(w² + h²) with w and falls by w/(w² + h²) with h; the arcs themselves are rounded.
      const Wide d_angle = direction * (along_x ? h : -w) / (w * w + h * h);
      slope -= alpha * (8 / (pi * pi)) * bend * d_angle;
      size += alpha * (8 / (pi * pi)) * (std::fabs(bend) + 4) * std::fabs(d_angle);
    }
    result.gradient[i] = static_cast<double>(slope);
    result.condition[i] = static_cast<double>(size);
  }
  return result;
}

}  // namespace lossbench::reference
