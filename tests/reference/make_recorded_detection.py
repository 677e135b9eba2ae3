#!/usr/bin/env python3
"""Writes recorded_detection.h: what PyTorch in float64 makes of the composite losses, composed of its own functions.

Usage: make_recorded_detection.py > recorded_detection.h   (needs torch; Debian: python3-torch)
"""

import torch
import torch.nn.functional as F

torch.set_default_dtype(torch.float64)
generator = torch.Generator().manual_seed(5)


def normal(*shape, scale=2.0):
    """Rounded to three digits, so that the header reads."""
    return (torch.randn(*shape, generator=generator) * scale * 1000).round() / 1000


def array(kind, name, tensor):
    values = ", ".join(repr(float(x)) if kind == "double" else str(int(x)) for x in tensor.flatten().tolist())
    print(f"inline constexpr {kind} {name}[] = {{{values}}};")


def value(name, tensor):
    print(f"inline constexpr double {name} = {tensor.item()!r};")


def anchors():
    scores, labels = normal(9, 2).requires_grad_(True), torch.tensor([1, 0, -1, 0, 1, -1, -1, 0, 1])
    loss = F.cross_entropy(scores, labels, ignore_index=-1, reduction="sum")
    loss.backward()
    array("double", "kAnchorScores", scores.detach())
    array("std::int64_t", "kAnchorLabels", labels)
    value("kAnchorLoss", loss)
    array("double", "kAnchorGradient", scores.grad)


def boxes():
    prediction, target = normal(6, 4).requires_grad_(True), normal(6, 4)
    inside = torch.tensor([1.0, 0.0, 0.5, 2.0, 1.0, 0.0])[:, None].expand(6, 4)
    outside = torch.tensor([0.25, 0.25, 0.25, 0.5, 0.0, 0.0])[:, None].expand(6, 4)
    loss = (outside * F.smooth_l1_loss(inside * prediction, inside * target, reduction="none", beta=1 / 9)).sum()
    loss.backward()
    for name, tensor in (("kBoxes", prediction.detach()), ("kBoxTargets", target), ("kBoxInside", inside), ("kBoxOutside", outside)):
        array("double", name, tensor)
    value("kBoxLoss", loss)
    array("double", "kBoxGradient", prediction.grad)


def rois():
    scores, labels = normal(5, 3).requires_grad_(True), torch.tensor([2, 0, 1, 0, 2])
    prediction, target = normal(5, 12).requires_grad_(True), normal(5, 4)
    loss = F.cross_entropy(scores, labels, reduction="sum")
    chosen = prediction.view(5, 3, 4)[labels > 0, labels[labels > 0]]
    box_loss = F.smooth_l1_loss(chosen, target[labels > 0], reduction="sum")
    (loss + box_loss).backward()
    array("double", "kRoiScores", scores.detach())
    array("std::int64_t", "kRoiLabels", labels)
    value("kRoiLoss", loss)
    array("double", "kRoiGradient", scores.grad)
    array("double", "kRoiBoxes", prediction.detach())
    array("double", "kRoiTargets", target)
    value("kRoiBoxLoss", box_loss)
    array("double", "kRoiBoxGradient", prediction.grad)


def multibox():
    """Mining by two sorts, as torchvision and ssd.pytorch do it."""
    scores, labels = normal(2, 12, 3), torch.zeros(2, 12, dtype=torch.int64)
    labels[0, 3], labels[0, 7], labels[1, 0], labels[1, 1] = 1, 2, 2, -1
    losses = F.cross_entropy(scores.transpose(1, 2), labels.clamp(min=0), reduction="none")
    ranked = torch.where(labels == 0, losses, torch.full_like(losses, -1))
    rank = ranked.argsort(dim=1, descending=True, stable=True).argsort(dim=1)
    kept = (labels == 0) & (rank < 3 * (labels > 0).sum(1, keepdim=True))
    array("double", "kPriorScores", scores)
    array("std::int64_t", "kPriorLabels", labels)
    array("std::int64_t", "kPriorKept", kept)
    value("kPriorLoss", (losses * (kept | (labels > 0))).sum())
    probs, target = F.softmax(scores[0, :4], 1).requires_grad_(True), F.one_hot(torch.tensor([0, 2, 1, 1]), 3).double()
    conf = -(target * probs.clamp(min=0.2).log()).sum()
    conf.backward()
    array("double", "kConfProbs", probs.detach())
    array("double", "kConfTarget", target)
    value("kConfLoss", conf)
    array("double", "kConfGradient", probs.grad)


def openpose():
    prediction, target = normal(12).requires_grad_(True), normal(12)
    mask = torch.tensor([1.0, 0, 0.5, 1, 1, 0, 0, 1, 0.25, 1, 1, 1])
    loss = F.mse_loss(mask * prediction, mask * target, reduction="sum")
    loss.backward()
    for name, tensor in (("kPosePrediction", prediction.detach()), ("kPoseTarget", target), ("kPoseMask", mask)):
        array("double", name, tensor)
    value("kPoseLoss", loss)
    array("double", "kPoseGradient", prediction.grad)


def main():
    print(f"// What PyTorch {torch.__version__} gives in float64. Written by make_recorded_detection.py; do not edit.")
    print("#pragma once\n\n#include <cstdint>\n\nnamespace lossbench::test {\n")
    for part in (anchors, boxes, rois, multibox, openpose):
        part()
        print()
    print("}  // namespace lossbench::test")


if __name__ == "__main__":
    main()
