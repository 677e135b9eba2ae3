"""What is computed: problems, and the workloads that list them."""

import fnmatch
import math
from dataclasses import dataclass, field

# Of the largest input, as `lossbench run` takes them, so that rows of its tables and of ours are about the same problem. A GPU would take more, but the
# references take 0.2 s a million and core, and 2^26 of all losses more than five minutes.
HOST_ELEMENTS, DEVICE_ELEMENTS = 1 << 22, 1 << 24
ROWS_OF = 1024                         # elements that make a row: 2^22 of them make 4096
ROW = {"cpu": 1000, "cuda": 1024}      # how long a row is: 4096x1000 is what `lossbench run` takes on a host


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
    def form(self):
        """The loss with its options, as the tables of functions, formulas and data are keyed: "bce input=probs"."""
        return " ".join([self.loss, *self._options])

    @property
    def _options(self):
        return [f"{name}={value}" for name, value in self.options.items()]

    @property
    def modifiers(self):
        """What distinguishes it from another problem of the same loss, pass, type and shape."""
        return [*self._options, *self.tags]

    @property
    def shape_text(self):
        return "x".join(map(str, self.shape))

    def name(self, variant, backend):
        """As `lossbench run` names its cases: loss/variant/backend/pass/dtype/shape[/options]."""
        return "/".join([self.loss, variant, backend, self.pass_, self.dtype, self.shape_text] + [",".join(self.modifiers)] * bool(self.modifiers))


PASSES = ("forward", "gradient")


@dataclass(frozen=True)
class Entry:
    """One line of the default workload."""

    loss: str
    options: dict = field(default_factory=dict)
    rows: bool = False     # of a matrix, else elements of an array
    passes: tuple = PASSES


# Every loss that PyTorch's users have a function or a customary expression for. Those that variants of ours compute on a host come first: what a
# budget leaves no time for are the last.
ENTRIES = (
    Entry("l1"),
    Entry("l2"),
    Entry("smooth_l1"),
    Entry("huber"),
    Entry("hinge"),
    Entry("hinge_embedding"),
    Entry("logistic"),
    Entry("bce"),
    Entry("bce", {"input": "probs"}),
    Entry("softmax_cross_entropy", rows=True),
    Entry("sigmoid_focal", {"reduction": "mean"}),
    Entry("kl_div", {"reduction": "batch"}, rows=True),
    Entry("poisson_nll"),
    Entry("gaussian_nll"),
    Entry("nll", rows=True),
    Entry("triplet_margin", rows=True),
    Entry("cosine_embedding", rows=True),
    Entry("hinge", {"variant": "weston_watkins"}, rows=True),
    Entry("norm_l1"),
    Entry("norm_l2"),
    Entry("dice", rows=True),
    Entry("log_loss", {"eps": "1e-7"}, rows=True),  # the default depends on the type, and the reference computes in another
    Entry("zero_one", {"mode": "argmax"}, rows=True, passes=("forward",)),
)
LOSSES = tuple(dict.fromkeys(entry.loss for entry in ENTRIES))


def default_workload(elements, dtypes, device):
    """Every loss that PyTorch has, value and gradient, one size past the cache."""
    for entry in ENTRIES:
        shape = (max(elements // ROWS_OF, 1), ROW[device]) if entry.rows else (elements,)
        for dtype in dtypes:
            for pass_ in entry.passes:
                yield Problem(entry.loss, pass_, dtype, shape, entry.options)


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


def kernelbench_workload(elements, dtypes, _device):
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


def select(workload, losses, passes, dtypes, elements, device):
    """The problems of a workload that the selection leaves. Raises ValueError for a pattern that matches nothing."""
    def check(patterns, names, flag):
        for pattern in patterns:
            if not fnmatch.filter(names, pattern):
                raise ValueError(f"{flag} '{pattern}' matches nothing; accepted: {', '.join(names)}")

    found = list(WORKLOADS[workload](elements, dtypes, device))
    names = list(dict.fromkeys(problem.loss for problem in found))
    check(losses, names, "--loss")
    check(passes, PASSES, "--pass")

    def chosen(name, patterns):
        return not patterns or any(fnmatch.fnmatch(name, pattern) for pattern in patterns)

    return [problem for problem in found if chosen(problem.loss, losses) and chosen(problem.pass_, passes)]
