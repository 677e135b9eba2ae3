"""Detection arrays from real images: digits of scikit-learn pasted on canvases, so that boxes are exact and the class is the digit.

Two small detectors are fitted on canvases made of one half of the digits and asked about canvases made of the other half. A detector
sees a box as 8 x 8 cell means; its scores are those of logistic regressions, its box offsets those of a ridge regression.

  faster_rcnn_*   one canvas of 256 x 192, anchors of a stride-16 map (9 a cell, ratios 0.5, 1, 2, sizes 32, 64, 128), 256 of them
                  sampled at random; 64 RoIs around the digits, a quarter of them on one
  ssd_*           four canvases of 128 x 128, priors of maps 8 x 8, 4 x 4, 2 x 2 and 1 x 1 (4, 6, 6 and 4 a cell)

Targets follow the published codes: boxes with inclusive corners and weights for Faster R-CNN, centre form and variances for SSD.
"""

import numpy as np
from sklearn.datasets import load_digits
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.model_selection import train_test_split


def canvas(rng, images, labels, height, width, count, sizes):
    """An image with `count` digits that do not overlap, their boxes (x1, y1, x2, y2, exclusive) and their classes, digit + 1."""
    picture, boxes, classes = rng.uniform(0, 2, (height, width)), [], []
    for _ in range(200):
        if len(boxes) == count:
            break
        size = int(rng.choice(sizes))
        x, y = rng.integers(0, width - size + 1), rng.integers(0, height - size + 1)
        if any(x < b[2] and b[0] < x + size and y < b[3] and b[1] < y + size for b in boxes):
            continue
        index = rng.integers(len(images))
        picture[y:y + size, x:x + size] += np.kron(images[index].reshape(8, 8), np.ones((size // 8, size // 8)))
        boxes.append((x, y, x + size, y + size))
        classes.append(labels[index] + 1)
    return picture, np.array(boxes, float), np.array(classes)


def cells(picture, boxes):
    """8 x 8 means of each box, clipped to the picture: by an integral image."""
    height, width = picture.shape
    total = np.pad(picture.cumsum(0).cumsum(1), ((1, 0), (1, 0)))
    edges = np.linspace(0, 1, 9)
    xs = np.clip(np.rint(boxes[:, :1] + edges * (boxes[:, 2:3] - boxes[:, :1])), 0, width).astype(int)
    ys = np.clip(np.rint(boxes[:, 1:2] + edges * (boxes[:, 3:] - boxes[:, 1:2])), 0, height).astype(int)
    sums = total[ys[:, :, None], xs[:, None, :]]
    means = sums[:, 1:, 1:] - sums[:, :-1, 1:] - sums[:, 1:, :-1] + sums[:, :-1, :-1]
    area = np.maximum((ys[:, 1:, None] - ys[:, :-1, None]) * (xs[:, None, 1:] - xs[:, None, :-1]), 1)
    return (means / area / 16).reshape(len(boxes), -1)


def overlaps(a, b, plus=0):
    """IoU of every box of a with every box of b."""
    size = lambda x: (x[:, 2] - x[:, 0] + plus) * (x[:, 3] - x[:, 1] + plus)
    w = np.minimum(a[:, None, 2], b[None, :, 2]) - np.maximum(a[:, None, 0], b[None, :, 0]) + plus
    h = np.minimum(a[:, None, 3], b[None, :, 3]) - np.maximum(a[:, None, 1], b[None, :, 1]) + plus
    shared = np.maximum(w, 0) * np.maximum(h, 0)
    return shared / (size(a)[:, None] + size(b)[None, :] - shared)


def offsets(boxes, objects, plus=0):
    """(dx/w, dy/h, log w'/w, log h'/h) of `objects` seen from `boxes`."""
    w, h = (boxes[:, 2] - boxes[:, 0] + plus), (boxes[:, 3] - boxes[:, 1] + plus)
    gw, gh = (objects[:, 2] - objects[:, 0] + plus), (objects[:, 3] - objects[:, 1] + plus)
    dx = (objects[:, 0] + gw / 2 - boxes[:, 0] - w / 2) / w
    dy = (objects[:, 1] + gh / 2 - boxes[:, 1] - h / 2) / h
    return np.stack([dx, dy, np.log(gw / w), np.log(gh / h)], 1)


def anchors(rows, columns, stride=16, sizes=(2, 4, 8)):
    """[rows·columns·9, 4]: y slowest, then x, then ratio, scale fastest; inclusive corners."""
    base = []
    for ratio in (0.5, 1, 2):
        w = np.round(np.sqrt(256 / ratio))
        h = np.round(w * ratio)
        base += [[7.5 - 0.5 * (w * s - 1), 7.5 - 0.5 * (h * s - 1), 7.5 + 0.5 * (w * s - 1), 7.5 + 0.5 * (h * s - 1)] for s in sizes]
    y, x = np.mgrid[:rows, :columns] * stride
    shift = np.stack([x, y, x, y], -1).reshape(-1, 1, 4)
    return (shift + np.array(base)).reshape(-1, 4)


def rpn_targets(rng, boxes, objects, height, width):
    """Labels, offsets, inside and outside weights of every anchor; 256 sampled, half of them positive at most."""
    inside = (boxes[:, 0] >= 0) & (boxes[:, 1] >= 0) & (boxes[:, 2] < width) & (boxes[:, 3] < height)
    iou = np.where(inside[:, None], overlaps(boxes, objects, 1), 0)
    best, labels = iou.max(1), np.full(len(boxes), -1)
    labels[inside & (best < 0.3)] = 0
    labels[((iou == iou.max(0)) & (iou > 0)).any(1)] = 1
    labels[best >= 0.7] = 1
    priority = rng.permutation(len(boxes))
    for label, most in ((1, 128), (0, None)):
        chosen = np.flatnonzero(labels == label)
        most = 256 - (labels == 1).sum() if most is None else most
        labels[chosen[np.argsort(priority[chosen])][most:]] = -1
    target = np.where(inside[:, None], offsets(boxes, objects[iou.argmax(1)], 1), 0)
    weight = np.repeat((labels == 1)[:, None], 4, 1).astype(float)
    return labels, target, weight, np.repeat((labels >= 0)[:, None] / (labels >= 0).sum(), 4, 1)


def around(rng, objects, count):
    """Boxes near the objects: some on them, some beside."""
    chosen = objects[rng.integers(len(objects), size=count)]
    size = np.tile(chosen[:, 2:] - chosen[:, :2], 2)
    return np.rint(chosen + rng.normal(0, np.repeat(rng.choice([0.06, 0.3], (count, 1)), 4, 1)) * size)


def spread(values, classes, count):
    """Four numbers of each row at the columns of its class, zeros elsewhere."""
    wide = np.zeros((len(values), 4 * count))
    for row, c in enumerate(classes):
        if c > 0:
            wide[row, 4 * c:4 * c + 4] = values[row]
    return wide


def fit(features, labels, targets):
    """Logistic regression of the labels, ridge regression of the offsets where there is an object."""
    return (LogisticRegression(C=1.0, max_iter=500).fit(features, labels), Ridge(1.0).fit(features[labels > 0], targets[labels > 0]))


def faster_rcnn(halves):
    """The arrays of one training step."""
    height, width, classes = 192, 256, 11
    boxes = anchors(height // 16, width // 16)
    steps = []
    for seed, (images, digits) in enumerate([halves[0]] * 6 + [halves[1]]):
        rng = np.random.default_rng(100 + seed)
        picture, objects, kinds = canvas(rng, images, digits, height, width, 6, (32, 48, 64))
        objects = objects - [0, 0, 1, 1]  # inclusive corners
        rpn = rpn_targets(rng, boxes, objects, height, width)
        rois = around(rng, objects, 400)
        rois = rois[((rois[:, 2] - rois[:, 0] >= 4) & (rois[:, 3] - rois[:, 1] >= 4))]
        iou = overlaps(rois, objects, 1)
        best = iou.max(1)
        foreground, background = np.flatnonzero(best >= 0.5)[:16], np.flatnonzero((best >= 0.1) & (best < 0.5))
        chosen = np.concatenate([foreground, background[:64 - len(foreground)]])
        labels = np.where(best[chosen] >= 0.5, kinds[iou.argmax(1)[chosen]], 0)
        target = offsets(rois[chosen], objects[iou.argmax(1)[chosen]], 1) / [0.1, 0.1, 0.2, 0.2]
        steps.append((cells(picture, boxes), rpn, cells(picture, rois[chosen]), labels, target))
    seen = np.concatenate([rpn[0] >= 0 for _, rpn, _, _, _ in steps[:-1]])
    stack = lambda pick: np.concatenate([pick(step) for step in steps[:-1]])
    objectness, anchor_boxes = fit(stack(lambda s: s[0])[seen], stack(lambda s: s[1][0])[seen], stack(lambda s: s[1][1])[seen])
    head, roi_boxes = fit(stack(lambda s: s[2]), stack(lambda s: s[3]), stack(lambda s: s[4]))

    features, (rpn_labels, rpn_target, inside, outside), roi_features, labels, target = steps[-1]
    logit = objectness.decision_function(features) / 2
    scores = np.full((len(labels), classes), -8.0)  # a digit that no training RoI held
    scores[:, head.classes_] = head.decision_function(roi_features)
    predicted = roi_boxes.predict(roi_features)
    jitter = np.random.default_rng(7).normal(0, 0.3, (len(labels), 4 * classes))
    inside_head = spread(np.ones_like(target), labels, classes)
    real, integer = "<f4", "<i8"
    return {
        "faster_rcnn_rpn_cls_score": (np.stack([-logit, logit], 1).astype(real), "background and object score of every anchor"),
        "faster_rcnn_rpn_labels": (rpn_labels.astype(integer), "1 object, 0 background, -1 not sampled"),
        "faster_rcnn_rpn_bbox_pred": (anchor_boxes.predict(features).astype(real), "predicted offsets of every anchor"),
        "faster_rcnn_rpn_bbox_targets": (rpn_target.astype(real), "true offsets of every anchor inside the canvas"),
        "faster_rcnn_rpn_bbox_inside_weights": (inside.astype(real), "1 at positive anchors"),
        "faster_rcnn_rpn_bbox_outside_weights": (outside.astype(real), "1 / anchors sampled, at those"),
        "faster_rcnn_cls_score": (scores.astype(real), "scores of background and ten digits for every RoI"),
        "faster_rcnn_labels": (labels.astype(integer), "digit + 1, or 0"),
        "faster_rcnn_bbox_pred": ((np.tile(predicted, classes) + jitter).astype(real), "predicted offsets of every class"),
        "faster_rcnn_bbox_targets": (spread(target, labels, classes).astype(real), "true offsets at the columns of the digit"),
        "faster_rcnn_bbox_weights": (inside_head.astype(real), "1 there: inside and outside weights alike"),
    }


def priors():
    """[380, 4] boxes in [0, 1]: sizes 0.2 to 0.9, ratios 1, 2, 1/2 (and 3, 1/3), and one square between two sizes."""
    boxes = []
    for cells_a_side, size, larger, ratios in ((8, 0.2, 0.35, (2,)), (4, 0.35, 0.55, (2, 3)), (2, 0.55, 0.75, (2, 3)), (1, 0.75, 0.9, (2,))):
        shapes = [(size, size), (np.sqrt(size * larger),) * 2]
        for ratio in ratios:
            shapes += [(size * np.sqrt(ratio), size / np.sqrt(ratio)), (size / np.sqrt(ratio), size * np.sqrt(ratio))]
        for y in range(cells_a_side):
            for x in range(cells_a_side):
                cx, cy = (x + 0.5) / cells_a_side, (y + 0.5) / cells_a_side
                boxes += [(cx - w / 2, cy - h / 2, cx + w / 2, cy + h / 2) for w, h in shapes]
    return np.array(boxes)


def ssd_match(boxes, objects):
    """Object of every prior, or -1: each object its best prior, then every prior with an overlap of a half."""
    iou = overlaps(boxes, objects)
    match, left = np.full(len(boxes), -1), iou.copy()
    for _ in objects:
        prior, thing = np.unravel_index(left.argmax(), left.shape)
        if left[prior, thing] <= 1e-6:
            break
        match[prior] = thing
        left[prior, :], left[:, thing] = -1, -1
    free = (match < 0) & (iou.max(1) >= 0.5)
    match[free] = iou.argmax(1)[free]
    return match


def ssd(halves):
    """The arrays of a batch of four images."""
    size, classes, boxes = 128, 11, priors()
    steps = []
    for seed in range(16):
        images, digits = halves[seed >= 12]
        rng = np.random.default_rng(200 + seed)
        picture, objects, kinds = canvas(rng, images, digits, size, size, rng.integers(1, 5), (24, 32, 48, 64))
        match = ssd_match(boxes, objects / size)
        labels = np.where(match >= 0, kinds[match], 0)
        target = np.where((match >= 0)[:, None], offsets(boxes, (objects / size)[match]) / [0.1, 0.1, 0.2, 0.2], 0)
        steps.append((cells(picture, boxes * size), labels, target))
    stack = lambda k, part: np.concatenate([step[k] for step in part])
    scorer, regressor = fit(stack(0, steps[:12]), stack(1, steps[:12]), stack(2, steps[:12]))
    test = steps[12:]
    scores = np.full((4, len(boxes), classes), -8.0)
    scores[:, :, scorer.classes_] = np.stack([scorer.decision_function(step[0]) for step in test])
    return {
        "ssd_conf_logits": (scores.astype("<f4"), "scores of background and ten digits for every prior"),
        "ssd_loc_pred": (np.stack([regressor.predict(step[0]) for step in test]).astype("<f4"), "predicted offsets"),
        "ssd_labels": (np.stack([step[1] for step in test]).astype("<i8"), "digit + 1, or 0"),
        "ssd_loc_targets": (np.stack([step[2] for step in test]).astype("<f4"), "true offsets of matched priors"),
    }


def arrays():
    """Every array by the name of its file, with what it is."""
    data = load_digits()
    x_train, x_test, y_train, y_test = train_test_split(data.data, data.target, test_size=0.5, random_state=0)
    halves = [(x_train, y_train), (x_test, y_test)]
    return {**faster_rcnn(halves), **ssd(halves)}
