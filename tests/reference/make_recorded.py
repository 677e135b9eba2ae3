#!/usr/bin/env python3
"""Writes recorded.h: losses and gradients that PyTorch gives in float64, for recorded_test.cpp.

Usage: make_recorded.py > recorded.h   (needs torch; Debian: python3-torch)
"""

import torch
import torch.nn.functional as F

DIFFERENCES = [-2.75, -1.0, -0.3, -0.05, 0.0, 0.02, 0.11, 0.5, 0.9, 1.0, 1.7, 40.0]
SCORES = [-88.5, -12.25, -2.5, -1.0, -0.125, 0.0, 0.375, 1.0, 3.5, 17.0, 95.0]
PROBABILITIES = [0.0, 1e-14, 1e-5, 0.125, 0.5, 0.8, 0.99999, 1.0]
PAIRS = [(-3.5, 0.0), (-1.25, 0.2), (-0.5, 1.0), (0.0, 0.75), (0.75, 2.0), (1.5, 3.25), (2.25, 8.0), (4.0, 55.0)]
LOGITS = [[0.5, -1.25, 3.0, 0.0, 2.25], [100.0, 98.5, -3.0, 99.25, 100.0], [-0.01, 0.02, 0.0, 0.01, -0.02],
          [1e4, 1e4 + 1, 1e4 - 3, 1e4 - 0.5, 1e4 + 2], [30.0, -40.0, 0.0, 5.0, -8.0]]
WEIGHT = [0.5, 2.0, 1.25, 0.0, 3.0]
PROBABILITY_TARGET = [0.125, 0.25, 0.0, 0.5, 0.125]


def literal(numbers):
    # PyTorch's -0.0 is kept: it compares equal to 0.
    return ", ".join(repr(float(x)) for x in numbers)


def element(loss, x, y, parameters, function):
    """One line of the table: loss, prediction, target, up to three parameters, value, gradient."""
    prediction = torch.tensor([x], dtype=torch.float64, requires_grad=True)
    value = function(prediction, torch.tensor([y], dtype=torch.float64)).sum()
    value.backward()
    padded = list(parameters) + [0.0] * (3 - len(parameters))
    print(f'    {{"{loss}", {literal([x, y, *padded, value.item(), prediction.grad.item()])}}},')


def elements():
    for x in DIFFERENCES:
        element("l1", x, 0.0, [], lambda p, t: F.l1_loss(p, t, reduction="none"))
        element("l2", x, 0.25, [], lambda p, t: F.mse_loss(p, t, reduction="none"))
        for beta in (1.0, 1 / 9, 0.5, 0.0):
            if x == 0 and beta == 0:
                continue  # PyTorch's slope is -1 there, ours 0 as for L1
            element("smooth_l1", x, 0.0, [beta], lambda p, t, b=beta: F.smooth_l1_loss(p, t, reduction="none", beta=b))
        for delta in (1.0, 0.5):
            element("huber", x, 0.0, [delta], lambda p, t, d=delta: F.huber_loss(p, t, reduction="none", delta=d))
    for x in SCORES:
        for y in (-1.0, 1.0):
            element("logistic", x, y, [], lambda p, t: F.soft_margin_loss(p, t, reduction="none"))
        for y in (0.0, 0.3, 1.0):
            for weight, pos_weight in ((1.0, 1.0), (0.75, 4.0)):
                w, pw = torch.tensor([weight], dtype=torch.float64), torch.tensor([pos_weight], dtype=torch.float64)
                element("bce_logits", x, y, [weight, pos_weight], lambda p, t, w=w, pw=pw:
                        F.binary_cross_entropy_with_logits(p, t, w, reduction="none", pos_weight=pw))
    for p in PROBABILITIES:
        for y in (0.0, 0.3, 1.0):
            w = torch.tensor([1.5], dtype=torch.float64)
            element("bce_probs", p, y, [1.5], lambda p, t, w=w: F.binary_cross_entropy(p, t, w, reduction="none"))


def second(loss, x, y, parameters, function):
    """The same for the second input that has a gradient: it takes the place of the prediction's."""
    operands = [torch.tensor([v], dtype=torch.float64) for v in (x, y)]
    which = 1 if loss.startswith("kl_div") else None
    third = torch.tensor([parameters[0]], dtype=torch.float64)
    leaf = operands[1] if which == 1 else third
    leaf.requires_grad_()
    value = function(*operands, third).sum()
    value.backward()
    padded = list(parameters) + [0.0] * (3 - len(parameters))
    print(f'    {{"{loss}", {literal([x, y, *padded, value.item(), leaf.grad.item()])}}},')


def focal(x, y, alpha, gamma):
    """As torchvision.ops.sigmoid_focal_loss is written, which is not installed here."""
    p = torch.sigmoid(x)
    ce = F.binary_cross_entropy_with_logits(x, y, reduction="none")
    p_t = p * y + (1 - p) * (1 - y)
    loss = ce * (1 - p_t) ** gamma
    return loss * (alpha * y + (1 - alpha) * (1 - y)) if alpha >= 0 else loss


def further_elements():
    for x in SCORES:
        for y in (-1.0, 1.0):
            for margin in (1.0, 0.375):
                if y == -1 and x == margin:
                    continue  # the kink
                element("hinge_embedding", x, y, [margin], lambda p, t, m=margin: F.hinge_embedding_loss(p, t, margin=m, reduction="none"))
        if abs(x) < 20:  # beyond, 1 - p_t cancels as torchvision writes it
            for y in (0.0, 0.3, 1.0):
                for alpha, gamma in ((0.25, 2.0), (-1.0, 1.5), (0.5, 0.0)):
                    element("sigmoid_focal", x, y, [alpha, gamma], lambda p, t, a=alpha, g=gamma: focal(p, t, a, g))
    for x, y in PAIRS:
        element("kl_div", x, y, [], lambda p, t: F.kl_div(p, t, reduction="none"))
        element("kl_div_log_target", x, -y, [], lambda p, t: F.kl_div(p, t, reduction="none", log_target=True))
        element("poisson_nll_log", x, y, [0.0], lambda p, t: F.poisson_nll_loss(p, t, reduction="none"))
        element("poisson_nll_log", x, y, [1.0], lambda p, t: F.poisson_nll_loss(p, t, full=True, reduction="none"))
        for full in (0.0, 1.0):
            element("poisson_nll_rate", abs(x), y, [full, 1e-3], lambda p, t, f=full:
                    F.poisson_nll_loss(p, t, log_input=False, full=bool(f), eps=1e-3, reduction="none"))
        for var in (0.0, 1e-3, 0.5, 7.0):
            for full in (0.0, 1.0):
                v = torch.tensor([var], dtype=torch.float64)
                element("gaussian_nll", x, y, [var, full, 1e-2], lambda p, t, v=v, f=full:
                        F.gaussian_nll_loss(p, t, v, full=bool(f), eps=1e-2, reduction="none"))
        if y > 0:
            second("kl_div_target", x, y, [0.0], lambda p, t, _: F.kl_div(p, t, reduction="none"))
        second("kl_div_log_target_target", x, -y, [0.0], lambda p, t, _: F.kl_div(p, t, reduction="none", log_target=True))
        for var in (1e-3, 0.5, 7.0):
            second("gaussian_nll_var", x, y, [var, 0.0, 1e-2], lambda p, t, v:
                   F.gaussian_nll_loss(p, t, v, eps=1e-2, reduction="none"))


def row(logits, label, weighted, smoothing, target=None):
    """One line of the table: logits, label (-1: PROBABILITY_TARGET), weighted, smoothing, value, gradient."""
    x = torch.tensor([logits], dtype=torch.float64, requires_grad=True)
    weight = torch.tensor(WEIGHT, dtype=torch.float64) if weighted else None
    y = torch.tensor([label]) if target is None else torch.tensor([target], dtype=torch.float64)
    value = F.cross_entropy(x, y, weight, reduction="sum", label_smoothing=smoothing)
    value.backward()
    print(f"    {{{{{literal(logits)}}}, {label}, {str(weighted).lower()}, {smoothing}, {value.item()!r}, "
          f"{{{literal(x.grad[0].tolist())}}}}},")


def rows():
    for logits in LOGITS:
        for label in (0, 4):
            for weighted in (False, True):
                for smoothing in (0.0, 0.1):
                    row(logits, label, weighted, smoothing)
        row(logits, -1, True, 0.0, PROBABILITY_TARGET)
        row(logits, -1, False, 0.2, PROBABILITY_TARGET)


VECTORS = [[0.5, -1.25, 3.0, 0.0, 2.25], [0.25, -1.5, 2.0, 0.125, 2.5], [-0.5, 1.0, 0.75, -2.0, 0.0], [0.0, 0.0, 0.0, 0.0, 0.0]]


def vector_row(loss, vectors, label, parameters, function):
    """One line of the table: loss, up to three vectors, label or target, up to four parameters, value, a gradient for each vector."""
    leaves = [torch.tensor([v], dtype=torch.float64, requires_grad=True) for v in vectors]
    value = function(*leaves).sum()
    value.backward()
    blank = [[0.0] * 5] * (3 - len(vectors))
    arrays = ", ".join("{" + literal(v) + "}" for v in list(vectors) + blank)
    slopes = ", ".join("{" + literal(g) + "}" for g in [x.grad[0].tolist() for x in leaves] + blank)
    padded = list(parameters) + [0.0] * (4 - len(parameters))
    print(f'    {{"{loss}", {{{arrays}}}, {label}, {{{literal(padded)}}}, {value.item()!r}, {{{slopes}}}}},')


def dice(x, y, smooth, squares):
    """As segmentation code bases write it: PyTorch has none."""
    p = torch.sigmoid(x)
    whole = (p * p).sum() + (y * y).sum() if squares else p.sum() + y.sum()
    return 1 - (2 * (p * y).sum() + smooth) / (whole + smooth)


def vector_rows():
    a, b, c, zero = VECTORS
    for anchor, positive, negative in ((a, b, c), (a, c, b), (c, a, zero), (b, a, a)):
        for margin, p, eps, swap in ((1.0, 2.0, 1e-6, 0), (5.0, 2.0, 1e-6, 1), (8.0, 1.0, 1e-3, 0), (4.0, 3.0, 1e-6, 1)):
            vector_row("triplet_margin", [anchor, positive, negative], 0, [margin, p, eps, float(swap)], lambda x, y, z, m=margin, q=p, e=eps, s=swap:
                       F.triplet_margin_loss(x, y, z, margin=m, p=q, eps=e, swap=bool(s), reduction="none"))
    for first, second in ((a, b), (a, c), (c, b), (a, zero)):
        for target in (1, -1):
            for margin in (0.0, 0.5):
                if target == -1 and second is zero and margin == 0:
                    continue  # the kink
                vector_row("cosine_embedding", [first, second], target, [margin], lambda x, y, t=target, m=margin:
                           F.cosine_embedding_loss(x, y, torch.tensor([float(t)]), margin=m, reduction="none"))
    for scores in (a, b, c):
        for label in (0, 3):
            for margin, p in ((1.0, 1), (0.5, 2), (3.0, 2)):
                w = torch.tensor(WEIGHT, dtype=torch.float64)
                vector_row("weston_watkins", [scores], label, [margin, float(p), WEIGHT[label]], lambda x, y=label, m=margin, q=p, w=w:
                           F.multi_margin_loss(x, torch.tensor([y]), p=q, margin=m, weight=w, reduction="none"))
        vector_row("norm_l2", [scores], 0, [], lambda x: torch.linalg.vector_norm(x, dim=1))
    soft = [0.0, 1.0, 0.25, 1.0, 0.0]
    for logits in (a, c):
        for smooth, squares in ((1.0, 0), (0.0, 0), (0.5, 1)):
            target = torch.tensor([soft], dtype=torch.float64)
            vector_row("dice", [logits], 0, [smooth, float(squares)], lambda x, t=target, s=smooth, q=squares: dice(x, t, s, q))


def main():
    print(f"// What PyTorch {torch.__version__} gives in float64. Written by make_recorded.py; do not edit.")
    print("#pragma once\n\nnamespace lossbench::test {\n")
    print("struct RecordedElement {\n  const char* loss;\n  double prediction, target, parameter[3], value, gradient;\n};\n")
    print("inline constexpr RecordedElement kRecordedElements[] = {")
    elements()
    further_elements()
    print("};\n\nstruct RecordedRow {\n  double logits[5];\n  int label;  // -1: kRecordedProbabilities")
    print("  bool weighted;\n  double smoothing, value, gradient[5];\n};\n")
    print(f"inline constexpr double kRecordedWeight[] = {{{literal(WEIGHT)}}};")
    print(f"inline constexpr double kRecordedProbabilities[] = {{{literal(PROBABILITY_TARGET)}}};\n")
    print("inline constexpr RecordedRow kRecordedRows[] = {")
    rows()
    print("};\n\nstruct RecordedVectors {\n  const char* loss;\n  double vector[3][5];\n  int label;")
    print("  double parameter[4], value, gradient[3][5];\n};\n")
    print("inline constexpr RecordedVectors kRecordedVectors[] = {")
    vector_rows()
    print("};\n\n}  // namespace lossbench::test")


if __name__ == "__main__":
    main()
