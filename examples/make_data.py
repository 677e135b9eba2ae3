#!/usr/bin/env python3
"""Makes the example data: real logits, scores, predictions and targets of small models.

Models are trained on data that ship with scikit-learn, one half of each set for training and the other, unseen half for the
arrays:

  digits         multinomial logistic regression, 10 classes      digits_*.npy
  breast cancer  logistic regression and a linear SVM, 2 classes    cancer_*.npy
  diabetes       linear regression of disease progression         diabetes_*.npy
  digits         two small detectors, see detection_data.py       faster_rcnn_*.npy, ssd_*.npy

Everything is written as little-endian, C-order .npy, float32 or integers, under DIR/data, with DIR/data/PROVENANCE.md
(versions, how each file was made, sha256). Then make_expected.py records in DIR/expected.json what scikit-learn and PyTorch
say the losses of these arrays are.

Needs numpy, scipy, scikit-learn and torch (Debian: python3-sklearn python3-torch). The same versions give the same files;
others may differ in the last bits of a solver's result.
"""

import argparse
import hashlib
from pathlib import Path

import numpy as np
from scipy.special import softmax
from sklearn.datasets import load_breast_cancer, load_diabetes, load_digits
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import LinearSVC

import detection_data
import make_expected


def halves(data):
    """Train and test half of a scikit-learn data set: x_train, x_test, y_train, y_test."""
    return train_test_split(data.data, data.target, test_size=0.5, random_state=0)


def digits():
    x_train, x_test, y_train, y_test = halves(load_digits())
    model = LogisticRegression(C=1.0, max_iter=2000).fit(x_train / 16, y_train)
    logits = model.decision_function(x_test / 16).astype("<f4")
    labels = y_test.astype("<i8")
    unlabelled = np.random.default_rng(0).random(len(labels)) < 0.1
    counts = np.bincount(y_train, minlength=10)
    one_hot = np.eye(10)[labels]
    negatives = len(y_train) - counts
    return {
        "digits_logits": (logits, "decision function on the test half, one row per image"),
        "digits_labels": (labels, "true digit"),
        "digits_labels_partial": (np.where(unlabelled, -100, labels).astype("<i8"), "the same, a tenth unlabelled (-100)"),
        "digits_class_weight": ((len(y_train) / (10 * counts)).astype("<f4"), "balanced class weights of the training half"),
        "digits_decision": (logits.argmax(axis=1).astype("<i8"), "arg-max of the logits"),
        "digits_one_hot": (one_hot.astype("<f4"), "true digit, one-hot, as ten binary targets"),
        "digits_pos_weight": ((negatives / counts).astype("<f4"), "negatives per positive of each digit, training half"),
        "digits_set": (one_hot.astype("<i4"), "true digit as a set of ten 0/1 labels"),
        "digits_set_decision": ((softmax(logits, axis=1) > 0.5).astype("<i4"), "digits whose softmax probability exceeds a half"),
    }


def cancer():
    x_train, x_test, y_train, y_test = halves(load_breast_cancer())
    logistic = make_pipeline(StandardScaler(), LogisticRegression(C=1.0, max_iter=2000)).fit(x_train, y_train)
    svm = make_pipeline(StandardScaler(), LinearSVC(C=1.0, loss="hinge", max_iter=100000, random_state=0)).fit(x_train, y_train)
    share = np.bincount(y_train) / len(y_train)
    unlabelled = np.random.default_rng(1).random(len(y_test)) < 0.1
    return {
        "cancer_logits": (logistic.decision_function(x_test).astype("<f4"), "logit of class 1 (benign) by logistic regression"),
        "cancer_probs": (logistic.predict_proba(x_test)[:, 1].astype("<f4"), "its probability"),
        "cancer_scores": (svm.decision_function(x_test).astype("<f4"), "signed distance by the linear SVM"),
        "cancer_target": (y_test.astype("<f4"), "true class, 0 or 1"),
        "cancer_target_partial": (np.where(unlabelled, -1, y_test).astype("<f4"), "the same, a tenth unlabelled (-1)"),
        "cancer_sign": ((2 * y_test - 1).astype("<f4"), "true class, -1 or +1"),
        "cancer_weight": ((0.5 / share[y_test]).astype("<f4"), "balanced weight of each sample's class"),
    }


def diabetes():
    x_train, x_test, y_train, y_test = halves(load_diabetes())
    mean, spread = y_train.mean(), y_train.std()
    model = LinearRegression().fit(x_train, (y_train - mean) / spread)
    return {
        "diabetes_prediction": (model.predict(x_test).astype("<f4"), "prediction, in standard deviations of the training target"),
        "diabetes_target": (((y_test - mean) / spread).astype("<f4"), "measured progression in the same unit"),
    }


def provenance(arrays, folder):
    """The text of PROVENANCE.md for the files just written."""
    lines = [
        "# Where these arrays come from",
        "",
        "Made by `examples/make_data.py` with " + ", ".join(make_expected.versions()) + ".",
        "The data sets ship with scikit-learn: digits (UCI, Alpaydin and Kaynak), breast cancer (Wisconsin diagnostic, UCI) and",
        "diabetes (Efron et al., 2004). Each is split in halves by `train_test_split(test_size=0.5, random_state=0)`; models are",
        "fitted on one half and the arrays below are their outputs on the other.",
        "",
        "- digits: `LogisticRegression(C=1.0, max_iter=2000)` on pixels / 16",
        "- cancer: `StandardScaler`, then `LogisticRegression(C=1.0, max_iter=2000)` for logits and probabilities and",
        "  `LinearSVC(C=1.0, loss='hinge', max_iter=100000, random_state=0)` for scores",
        "- diabetes: `LinearRegression()` on the standardised target",
        "- faster_rcnn, ssd: digits pasted on canvases, so that boxes are exact and the class is the digit; scores by",
        "  `LogisticRegression(C=1.0, max_iter=500)` and offsets by `Ridge(1.0)` on 8 x 8 cell means of every box, fitted on canvases of",
        "  the training half (`examples/detection_data.py`)",
        "",
        "| file | dtype | shape | content | sha256 |",
        "|---|---|---|---|---|",
    ]
    for name, (array, meaning) in arrays.items():
        shape = " x ".join(str(extent) for extent in array.shape)
        digest = hashlib.sha256((folder / f"{name}.npy").read_bytes()).hexdigest()
        lines.append(f"| {name}.npy | {array.dtype.str[1:]} | {shape} | {meaning} | {digest} |")
    return "\n".join(lines) + "\n"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=Path(__file__).resolve().parent, metavar="DIR",
                        help="folder that gets data/ and expected.json (default: the script's own)")
    folder = parser.parse_args().out / "data"
    folder.mkdir(parents=True, exist_ok=True)
    arrays = {**digits(), **cancer(), **diabetes(), **detection_data.arrays()}
    for name, (array, _) in arrays.items():
        np.save(folder / f"{name}.npy", np.ascontiguousarray(array))
    (folder / "PROVENANCE.md").write_text(provenance(arrays, folder), encoding="utf-8")
    size = sum(path.stat().st_size for path in folder.iterdir())
    print(f"{len(arrays)} arrays, {size / 1000:.0f} kB, in {folder}")
    make_expected.write(folder)


if __name__ == "__main__":
    main()
