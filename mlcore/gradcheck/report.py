"""What a gradient check found: per tensor, as a whole, and in words."""

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from mlcore._typing import Array


@dataclass(frozen=True)
class CheckProgress:
    """`done` of `total` entries are compared; `tensor` is the one at work."""

    done: int
    total: int
    tensor: str


@dataclass(frozen=True)
class TensorCheck:
    """The check of one tensor: "input" or a parameter.

    name, layer ("Linear(10, 32)", "" for the input), shape. checked: how many entries were compared.
    max_relative_error: the largest |a - n| / max(|a|, |n|, 1e-8), at worst_index; analytic, numeric,
    loss_plus and loss_minus (the loss at +eps and -eps) belong to that entry. kinks: how many entries
    crossed a kink; kink_entries are their indices. ok: all entries within the tolerance, and there are some that
    could be judged. diagnosis: what is wrong, in words; "" where nothing is to say. errors: the relative error of each
    entry, nan where not compared. wrong: True for each entry that the report's rule fails. Both have the tensor's
    shape. unjudged: no entry could be judged, as all lie on kinks or there are none; it is neither right nor wrong.
    compared: the indices of the entries compared; analytics and numerics (checked,) are both gradients at them.
    """

    name: str
    layer: str
    shape: tuple[int, ...]
    checked: int
    max_relative_error: float
    worst_index: tuple[int, ...]
    analytic: float
    numeric: float
    loss_plus: float
    loss_minus: float
    kinks: int
    ok: bool
    diagnosis: str
    errors: Array = field(repr=False, compare=False)
    wrong: npt.NDArray[np.bool_] = field(repr=False, compare=False)
    kink_entries: list[tuple[int, ...]] = field(default_factory=list, repr=False)
    unjudged: bool = False
    compared: list[tuple[int, ...]] = field(default_factory=list, repr=False, compare=False)
    analytics: Array | None = field(default=None, repr=False, compare=False)
    numerics: Array | None = field(default=None, repr=False, compare=False)

    @property
    def worst_entry(self) -> str:
        """Such as "0.weight[4, 1]"."""
        return f"{self.name}[{', '.join(map(str, self.worst_index))}]"


@dataclass(frozen=True)
class GradientReport:
    """All tensors of a gradient check, the input first, then the parameters from the first layer to the last.

    loss: its value at the point of the check. `str(report)` is the table, and below it the diagnosis in
    words.
    """

    tensors: list[TensorCheck]
    loss: float
    eps: float
    rtol: float
    atol: float
    batch_size: int

    @property
    def ok(self) -> bool:
        """Whether every tensor is right: none is wrong, and none could not be judged."""
        return all(tensor.ok for tensor in self.tensors)

    @property
    def rule(self) -> str:
        """When an entry is right, with a analytic and n numeric."""
        return f"|a - n| <= {self.rtol:g} |n| + {self.atol:g} max|n| + rounding"

    @property
    def max_relative_error(self) -> float:
        return self.worst.max_relative_error

    @property
    def worst(self) -> TensorCheck:
        """The tensor with the largest relative error; among wrong ones if there are any."""
        wrong = [tensor for tensor in self.tensors if not tensor.ok and not tensor.unjudged]
        return max(wrong or self.tensors, key=lambda tensor: tensor.max_relative_error)

    @property
    def diagnosis(self) -> str:
        """In sentences: "All 5 gradients are right: worst 1.1e-07 in 0.weight[4, 1]." """
        total = len(self.tensors)
        worst = f"worst {self.worst.max_relative_error:.1e} in {self.worst.worst_entry}"
        wrong = [tensor for tensor in self.tensors if not tensor.ok and not tensor.unjudged]
        unjudged = [tensor for tensor in self.tensors if tensor.unjudged]
        right = total - len(wrong) - len(unjudged)
        if right == total:
            return f"All {total} gradients are right: {worst}."
        kinds = list(dict.fromkeys(tensor.diagnosis for tensor in (*wrong, *unjudged)))
        if wrong:
            start = f"{len(wrong)} of {total} wrong, {worst}."
            if len(kinds) == 1 and len(wrong) == total:
                return f"{start} Every gradient: {kinds[0]}."
        else:
            start = f"{right} of {total} right, {len(unjudged)} not judged."
        names = {kind: [tensor.name for tensor in (*wrong, *unjudged) if tensor.diagnosis == kind] for kind in kinds}
        return " ".join([start, *(f"{', '.join(names[kind])}: {kind}." for kind in kinds)])

    def __str__(self) -> str:
        heads = ("tensor", "shape", "checked", "rel. error", "at", "analytic", "numeric", "kinks", "verdict")
        rows = [heads, *(self._row(tensor) for tensor in self.tensors)]
        widths = [max(len(row[column]) for row in rows) for column in range(len(heads))]
        lines = [
            "  ".join(
                cell.ljust(width) if column in (0, 1, 4, 8) else cell.rjust(width)
                for column, (cell, width) in enumerate(zip(row, widths, strict=True))
            ).rstrip()
            for row in rows
        ]
        settings = f"loss {self.loss:.6g}, batch of {self.batch_size}, eps {self.eps:g}, float64"
        return "\n".join([*lines, settings, self.diagnosis])

    @staticmethod
    def _row(tensor: TensorCheck) -> tuple[str, ...]:
        size = int(np.prod(tensor.shape))
        return (
            tensor.name,
            str(tensor.shape),
            str(size) if tensor.checked == size else f"{tensor.checked}/{size}",
            f"{tensor.max_relative_error:.1e}",
            str(list(tensor.worst_index)),
            f"{tensor.analytic:.4e}",
            f"{tensor.numeric:.4e}",
            str(tensor.kinks),
            "right" if tensor.ok else tensor.diagnosis if tensor.unjudged else "WRONG: " + tensor.diagnosis,
        )


def relative_error(analytic: Array, numeric: Array) -> Array:
    """|a - n| / max(|a|, |n|, 1e-8), entry by entry; 1 where a is not finite."""
    largest = np.maximum(np.maximum(np.abs(analytic), np.abs(numeric)), 1e-8)
    with np.errstate(all="ignore"):
        error: Array = np.abs(analytic - numeric) / largest
    return np.where(np.isfinite(analytic), error, 1.0)
