"""What is computed: problems, and the workloads that list them."""

import fnmatch
import math
from dataclasses import dataclass, field

# Of the largest input. Sets of them are rotated until they are past the cache; the reference takes about 0.2 s a million.
HOST_ELEMENTS, DEVICE_ELEMENTS = 1 << 20, 1 << 26
ROW = 1024


@dataclass(frozen=True)
class Problem:
    loss: str
    pass_: str
    dtype: str
    shape: tuple
    options: dict = field(default_factory=dict)  # of the loss
    data: str = "heavy"                          # which made-up data: see data.py
    tags: tuple = ()                             # what else its name says, as "kernelbench=94"
    note: str = ""                               # what a reader must know

    @property
    def shape_text(self):
        return "x".join(map(str, self.shape))

    def name(self, variant, backend):
        """As `lossbench run` names its cases: loss/variant/backend/pass/dtype/shape[/options]."""
        options = ",".join([f"{name}={value}" for name, value in self.options.items()] + list(self.tags))
        return "/".join([self.loss, variant, backend, self.pass_, self.dtype, self.shape_text] + ([options] if options else []))


PASSES = ("forward", "gradient")
TAKES_ROWS = ("softmax_cross_entropy", "kl_div", "triplet_margin", "cosine_embedding")
DEFAULT_LOSSES = ("l2", "huber", "hinge", "bce", "kl_div", "softmax_cross_entropy", "triplet_margin")
LOSSES = ("l1", "l2", "smooth_l1", "huber", "hinge", "logistic", "bce", "kl_div", "poisson_nll", "softmax_cross_entropy", "triplet_margin",
          "cosine_embedding")


def default_workload(elements, dtypes):
    """Losses people train with, value and gradient, one size past the cache."""
    for loss in LOSSES:
        shape = (max(elements // ROW, 1), ROW) if loss in TAKES_ROWS else (elements,)
        for dtype in dtypes:
            for pass_ in PASSES:
                yield Problem(loss, pass_, dtype, shape, {"reduction": "batch"} if loss == "kl_div" else {})


@dataclass(frozen=True)
class Published:
    """A problem of KernelBench, level 1, as of March 2026 (commit 423217d)."""

    number: int
    loss: str
    shape: tuple
    options: dict
    note: str = ""


KERNELBENCH = (
    Published(94, "l2", (32768, 32768), {}),
    Published(95, "softmax_cross_entropy", (32768, 4096), {}),
    Published(96, "smooth_l1", (32768, 32768), {}),
    Published(98, "kl_div", (16384, 16384), {"reduction": "batch"}, "the logarithm that KernelBench takes inside is taken beforehand, for everybody"),
    Published(99, "triplet_margin", (32768, 8192), {}),
    Published(100, "hinge", (32768, 32768), {}, "one target a column, as published, is written out to the shape of the scores for everybody"),
)


def scaled(shape, elements):
    """Rows are left out, then columns, until no more than `elements` are left."""
    rows, columns = shape
    columns = min(columns, elements)
    return (max(min(rows, elements // columns), 1), columns)


def count(shape):
    return math.prod(shape)


def kernelbench_workload(elements, dtypes):
    """Each problem with the data as published and with data that visit every branch."""
    for problem in KERNELBENCH:
        shape = scaled(problem.shape, elements)
        notes = [] if shape == problem.shape else [f"scaled from {'x'.join(map(str, problem.shape))}"]
        if problem.loss == "hinge":
            shape = (count(shape),)  # of two-dimensional scores ours would make classes
        for data in ("published", "heavy"):
            about = notes + [problem.note] if problem.note and (data == "published" or problem.loss != "hinge") else notes
            for dtype in dtypes:
                for pass_ in PASSES:
                    yield Problem(problem.loss, pass_, dtype, shape, problem.options, data, (f"kernelbench={problem.number}", f"data={data}"),
                                  "; ".join(about))


WORKLOADS = {"default": default_workload, "kernelbench": kernelbench_workload}


def select(workload, losses, passes, dtypes, elements):
    """The problems of a workload that the selection leaves. Raises ValueError for a pattern that matches nothing."""
    def check(patterns, names, flag):
        for pattern in patterns:
            if not fnmatch.filter(names, pattern):
                raise ValueError(f"{flag} '{pattern}' matches nothing; accepted: {', '.join(names)}")

    found = list(WORKLOADS[workload](elements, dtypes))
    names = list(dict.fromkeys(problem.loss for problem in found))
    check(losses, names, "--loss")
    check(passes, PASSES, "--pass")
    if workload == "default" and not losses:
        losses = DEFAULT_LOSSES

    def chosen(name, patterns):
        return not patterns or any(fnmatch.fnmatch(name, pattern) for pattern in patterns)

    return [problem for problem in found if chosen(problem.loss, losses) and chosen(problem.pass_, passes)]
