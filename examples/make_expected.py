#!/usr/bin/env python3
"""Records what scikit-learn and PyTorch say the losses of the example arrays are.

Reads data/*.npy beside this script (or --data) and writes expected.json beside that folder. Each case holds the arguments of one
`lossbench eval`, the value that a library itself gives, and the call and version that gave it. Stored arrays are widened to
float64 first, so the recorded values carry the rounding of the data but not of the evaluation. Arrays (gradients, elementwise
losses) are recorded by their shape, norm, greatest magnitude, first five entries and a weighted sum that notices a permutation.
"""

import argparse
import json
from pathlib import Path

import numpy as np
import scipy.special
import sklearn
import sklearn.metrics
import torch
import torch.nn.functional as F


def versions():
    return [f"{module.__name__} {module.__version__}" for module in (np, scipy, sklearn, torch)]


def summary(array):
    """What is kept of an array; tests/examples_test.py computes the same of the program's."""
    flat = np.asarray(array, dtype=np.float64).ravel()
    return {
        "shape": list(np.shape(array)),
        "norm": float(np.linalg.norm(flat)),
        "largest": float(np.abs(flat).max()),
        "first": flat[:5].tolist(),
        "weighted_sum": float(flat @ np.cos(np.arange(flat.size))),
    }


def hard_negatives(logits, labels, ratio=3):
    """SSD's mask of priors that count: positives, and in each image the negatives of greatest background loss, the first of equals."""
    losses = F.cross_entropy(logits.detach().transpose(1, 2), torch.zeros_like(labels), reduction="none")
    losses[labels != 0] = -1
    rank = losses.argsort(dim=1, descending=True, stable=True).argsort(dim=1)
    wanted = torch.minimum((ratio * (labels > 0).sum(1)).long(), (labels == 0).sum(1))
    return (labels > 0) | ((labels == 0) & (rank < wanted[:, None]))


class Recorder:
    """Evaluates one Python expression per case, over the arrays by their file names and the libraries."""

    def __init__(self, folder):
        self.cases = []
        self.names = {"F": F, "np": np, "torch": torch, "metrics": sklearn.metrics, "softmax": scipy.special.softmax,
                      "hard_negatives": hard_negatives}
        self.arrays = {path.stem: np.load(path) for path in sorted(folder.glob("*.npy"))}

    def _add(self, name, inputs, options, source, library, flags=(), **result):
        arguments = [name]
        for array, stem in inputs.items():
            arguments += ["--in", f"{array}=examples/data/{stem}.npy"]
        for option, value in options.items():
            arguments += ["--opt", f"{option}={value}"]
        self.cases.append({"arguments": arguments + list(flags), **result, "source": source, "library": library})

    def torch(self, loss, inputs, source, gradient=None, **options):
        """`source` sees each input by its name, as a tensor of doubles or of integer labels."""
        tensors = {}
        for name, stem in inputs.items():
            array = torch.from_numpy(self.arrays[stem])
            tensors[name] = array if array.dtype == torch.int64 else array.double()
        if gradient:
            tensors[gradient].requires_grad_(True)
        value = eval(source, {**self.names, **tensors})
        result, flags = {}, []
        if value.dim() == 0:
            result["loss"] = value.item()
        else:
            result["arrays"] = {"loss": summary(value.detach().numpy())}
        if gradient:
            value.sum().backward()
            result.setdefault("arrays", {})[f"grad_{gradient}"] = summary(tensors[gradient].grad.numpy())
            flags = [f"--grad={gradient}"]
        self._add(loss, inputs, options, source, f"torch {torch.__version__}", flags, **result)

    def parts(self, loss, inputs, gradients, total, **sources):
        """A loss of several parts: each output by its own expression, and the gradients of `total`, an expression of them."""
        tensors = {}
        for name, stem in inputs.items():
            array = torch.from_numpy(self.arrays[stem])
            tensors[name] = array if array.dtype == torch.int64 else array.double()
        for name in gradients:
            tensors[name].requires_grad_(True)
        values = {output: eval(source, {**self.names, **tensors}) for output, source in sources.items()}
        value = eval(total, dict(values))
        value.backward()
        scalars = {output: part.item() for output, part in values.items()}
        arrays = {f"grad_{name}": summary(tensors[name].grad.numpy()) for name in gradients}
        text = "; ".join(f"{output} = {source}" for output, source in sources.items())
        self._add(loss, inputs, {}, f"{total} with {text}", f"torch {torch.__version__}", [f"--grad={','.join(gradients)}"], loss=value.item(),
                  scalars=scalars, arrays=arrays)

    def sklearn(self, loss, inputs, source, **options):
        """`source` sees each input by its name, as an array of doubles or of integers."""
        arrays = {name: self.arrays[stem] for name, stem in inputs.items()}
        arrays = {name: a.astype(np.float64) if a.dtype.kind == "f" else a for name, a in arrays.items()}
        value = float(eval(source, {**self.names, **arrays}))
        self._add(loss, inputs, options, source, f"scikit-learn {sklearn.__version__}", loss=value)


def softmax_cases(record):
    plain = {"logits": "digits_logits", "target": "digits_labels"}
    weighted = {**plain, "weight": "digits_class_weight"}
    partial = {"logits": "digits_logits", "target": "digits_labels_partial"}
    loss = "softmax_cross_entropy"
    record.torch(loss, plain, "F.cross_entropy(logits, target)", gradient="logits", reduction="mean")
    record.torch(loss, plain, "F.cross_entropy(logits, target, reduction='sum')", reduction="sum")
    record.torch(loss, plain, "F.cross_entropy(logits, target, reduction='none')", reduction="none")
    record.sklearn(loss, plain, "metrics.log_loss(target, softmax(logits, axis=1), eps=1e-300)", reduction="mean")
    record.torch(loss, weighted, "F.cross_entropy(logits, target, weight)", gradient="logits", reduction="mean")
    record.torch(loss, weighted, "F.cross_entropy(logits, target, weight, reduction='sum')", reduction="sum")
    record.torch(loss, partial, "F.cross_entropy(logits, target, ignore_index=-100)", gradient="logits", ignore_index=-100)
    record.torch(loss, plain, "F.cross_entropy(logits, target, ignore_index=3)", reduction="mean", ignore_index=3)
    record.torch(loss, partial, "F.cross_entropy(logits, target, reduction='sum') / len(target)", normalizer="full")
    record.torch(loss, plain, "F.cross_entropy(logits, target, label_smoothing=0.1)", gradient="logits", label_smoothing=0.1)
    record.torch(loss, {**partial, "weight": "digits_class_weight"},
                 "F.cross_entropy(logits, target, weight, ignore_index=-100, label_smoothing=0.1)", gradient="logits",
                 label_smoothing=0.1)


def bce_cases(record):
    logits = {"logits": "cancer_logits", "target": "cancer_target"}
    probs = {"probs": "cancer_probs", "target": "cancer_target"}
    weight = {"weight": "cancer_weight"}
    sets = {"logits": "digits_logits", "target": "digits_one_hot"}
    record.torch("bce", logits, "F.binary_cross_entropy_with_logits(logits, target)", gradient="logits", reduction="mean")
    record.torch("bce", logits, "F.binary_cross_entropy_with_logits(logits, target, reduction='sum')", reduction="sum")
    record.torch("bce", {**logits, **weight}, "F.binary_cross_entropy_with_logits(logits, target, weight)", gradient="logits")
    record.torch("bce", sets, "F.binary_cross_entropy_with_logits(logits, target, reduction='sum') / len(target)",
                 reduction="batch")
    record.torch("bce", {**sets, "pos_weight": "digits_pos_weight"},
                 "F.binary_cross_entropy_with_logits(logits, target, pos_weight=pos_weight)", gradient="logits")
    record.torch("bce", {"logits": "cancer_logits", "target": "cancer_target_partial"},
                 "F.binary_cross_entropy_with_logits(logits[target >= 0], target[target >= 0])", gradient="logits",
                 ignore_label=-1, normalizer="valid")
    record.torch("bce", probs, "F.binary_cross_entropy(probs, target)", gradient="probs", reduction="mean")
    record.torch("bce", {**probs, **weight}, "F.binary_cross_entropy(probs, target, weight, reduction='sum')", reduction="sum")
    record.sklearn("bce", probs, "metrics.log_loss(target, probs, eps=1e-7)", clip="both", eps="1e-7")


def regression_cases(record):
    pair = {"input": "diabetes_prediction", "target": "diabetes_target"}
    record.sklearn("l1", pair, "metrics.mean_absolute_error(target, input)", reduction="mean")
    record.torch("l1", pair, "F.l1_loss(input, target)", gradient="input", reduction="mean")
    record.torch("l1", pair, "F.l1_loss(input, target, reduction='sum')", reduction="sum")
    record.sklearn("l2", pair, "metrics.mean_squared_error(target, input)", reduction="mean")
    record.torch("l2", pair, "F.mse_loss(input, target)", gradient="input", reduction="mean")
    record.torch("l2", pair, "0.5 * F.mse_loss(input, target, reduction='sum')", half="true", reduction="sum")
    record.torch("smooth_l1", pair, "F.smooth_l1_loss(input, target)", gradient="input", reduction="mean")
    record.torch("smooth_l1", pair, "F.smooth_l1_loss(input, target, beta=0.25)", gradient="input", beta=0.25)
    record.torch("smooth_l1", pair, "F.smooth_l1_loss(input, target, beta=1/9, reduction='sum')", sigma=3, reduction="sum")
    record.torch("huber", pair, "F.huber_loss(input, target)", gradient="input", reduction="mean")
    record.torch("huber", pair, "F.huber_loss(input, target, delta=0.5, reduction='sum')", delta=0.5, reduction="sum")
    record.torch("huber", pair, "F.huber_loss(input, target, delta=0.5, reduction='none')", gradient="input", delta=0.5,
                 reduction="none")


def decision_cases(record):
    margins = {"scores": "cancer_scores", "target": "cancer_sign"}
    logits = {"scores": "cancer_logits", "target": "cancer_sign"}
    record.sklearn("hinge", margins, "metrics.hinge_loss(target, scores)", reduction="mean")
    record.torch("hinge", margins, "F.relu(1 - target * scores).mean()", gradient="scores", reduction="mean")
    record.torch("hinge", margins, "F.relu(1 - target * scores).square().sum()", gradient="scores", p=2, reduction="sum")
    record.torch("logistic", logits, "F.soft_margin_loss(scores, target)", gradient="scores", reduction="mean")
    record.torch("logistic", logits, "F.soft_margin_loss(scores, target, reduction='sum')", reduction="sum")
    record.sklearn("logistic", logits, "metrics.log_loss(target, 1 / (1 + np.exp(-scores)), eps=1e-300)", reduction="mean")
    record.sklearn("zero_one", margins, "metrics.zero_one_loss(target, np.where(scores > 0, 1, -1))", mode="sign")
    record.sklearn("zero_one", {**margins, "sample_weight": "cancer_weight"},
                   "metrics.zero_one_loss(target, np.where(scores > 0, 1, -1), sample_weight=sample_weight)", mode="sign")
    record.sklearn("zero_one", {"scores": "digits_logits", "target": "digits_labels"},
                   "metrics.zero_one_loss(target, scores.argmax(axis=1))", mode="argmax", reduction="mean")
    record.sklearn("zero_one", {"pred": "digits_decision", "target": "digits_labels"},
                   "metrics.zero_one_loss(target, pred, normalize=False)", mode="labels", reduction="sum")
    record.sklearn("zero_one", {"pred": "digits_set_decision", "target": "digits_set"},
                   "metrics.zero_one_loss(target, pred)", mode="multilabel_subset", reduction="mean")
    record.sklearn("zero_one", {"pred": "diabetes_prediction", "target": "diabetes_target"},
                   "metrics.zero_one_loss(np.ones(len(target), bool), abs(target - pred) < 0.5)", mode="tolerance", T=0.5)


def detection_cases(record):
    rcnn = {name: f"faster_rcnn_{name}" for name in ("rpn_cls_score", "rpn_labels", "rpn_bbox_pred", "rpn_bbox_targets",
                                                     "rpn_bbox_inside_weights", "rpn_bbox_outside_weights", "cls_score", "labels",
                                                     "bbox_pred", "bbox_targets")}
    rcnn.update({f"bbox_{side}_weights": "faster_rcnn_bbox_weights" for side in ("inside", "outside")})
    smooth = "({prefix}bbox_outside_weights * F.smooth_l1_loss({prefix}bbox_inside_weights * {prefix}bbox_pred, {prefix}bbox_inside_weights * " \
             "{prefix}bbox_targets, reduction='none', beta={beta})).sum()"
    record.parts("faster_rcnn", rcnn, ["rpn_cls_score", "rpn_bbox_pred", "cls_score", "bbox_pred"],
                 "rpn_cross_entropy + rpn_loss_box + cross_entropy + loss_box",
                 rpn_cross_entropy="F.cross_entropy(rpn_cls_score, rpn_labels, ignore_index=-1)",
                 rpn_loss_box=smooth.format(prefix="rpn_", beta="1/9"),
                 cross_entropy="F.cross_entropy(cls_score, labels)",
                 loss_box=smooth.format(prefix="", beta="1") + " / len(labels)")
    rpn = {"rpn_cls_score": rcnn["rpn_cls_score"], "labels": rcnn["rpn_labels"]}
    record.torch("rpn_cls", rpn, "F.cross_entropy(rpn_cls_score, labels, ignore_index=-1)", gradient="rpn_cls_score")
    ssd = {name: f"ssd_{name}" for name in ("conf_logits", "loc_pred", "labels", "loc_targets")}
    record.parts("ssd_multibox", ssd, ["conf_logits", "loc_pred"], "loss_conf + loss_loc",
                 loss_conf="(F.cross_entropy(conf_logits.transpose(1, 2), labels, reduction='none') * hard_negatives(conf_logits, labels)).sum()"
                           " / (labels > 0).sum()",
                 loss_loc="F.smooth_l1_loss(loc_pred[labels > 0], loc_targets[labels > 0], reduction='sum') / (labels > 0).sum()")
    record.torch("ssd_loc", {"input": ssd["loc_pred"], "target": ssd["loc_targets"]},
                 "F.smooth_l1_loss(input, target, reduction='none').sum(-1).mean()", gradient="input", reduction="mean")


def write(folder):
    """Evaluates every case on the arrays in `folder` and writes expected.json beside it."""
    record = Recorder(folder)
    for add in (softmax_cases, bce_cases, regression_cases, decision_cases, detection_cases):
        add(record)
    path = folder.parent / "expected.json"
    lines = ",\n".join("  " + json.dumps(case) for case in record.cases)
    path.write_text(f'{{"versions": {json.dumps(versions())},\n "cases": [\n{lines}\n ]}}\n', encoding="utf-8")
    print(f"{len(record.cases)} cases in {path}")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=Path(__file__).resolve().parent / "data", metavar="DIR",
                        help="folder of the arrays (default: data/ beside the script)")
    write(parser.parse_args().data)


if __name__ == "__main__":
    main()
