"""`mlp-tui gradcheck --curve`: how far central differences are from backward's gradients, as their step eps grows."""

import math
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from tui.commands.gradcheck import show_progress
from tui.commands.output import columns, print_json

if TYPE_CHECKING:
    from mlcore.gradcheck import ErrorCurve
    from tui.lab.spec import Spec

COLUMNS = 6
"""Tensors side by side in a table of 80 characters."""
FLAT = 1e-3
"""A smallest error above this is more than rounding: the gradient is wrong."""


def show_curves(spec: "Spec | None", tensor: str | None, *, json: bool) -> int:
    """Prints the curves. Returns 0, or 1 where one stays high whatever eps is."""
    from tui.lab.build import prepare
    from tui.lab.gradients import curves
    from tui.lab.spec import Spec

    spec = spec or Spec()
    found: list[ErrorCurve] = []
    show_progress("reading the data")
    prepared = prepare(spec)
    show_progress("the first tensor")
    for curve in curves(spec, prepared, tensor=tensor):
        show_progress("" if json else f"{curve.tensor} done")
        found.append(curve)
        if json:
            for row in _rows(curve):
                print_json(row)
    show_progress("")
    if not json:
        for start in range(0, len(found), COLUMNS):
            for line in columns(_table(found[start : start + COLUMNS])):
                print(line)
            print()
        for line in columns([_best(curve) for curve in found]):
            print(line)
        print("error: |a - n| / max(|a|, |n|), backward's a and the differences' n as vectors,")
        print("without entries that cross a kink; * the best eps")
    return 1 if any(curve.best_error > FLAT for curve in found) else 0


def _rows(curve: "ErrorCurve") -> Iterator[dict[str, Any]]:
    for k, eps in enumerate(curve.eps.tolist()):
        yield {
            "tensor": curve.tensor,
            "eps": eps,
            "error": float(curve.errors[k]),
            "max_relative_error": float(curve.max_errors[k]),
            "kinks": int(curve.kinks[k]),
            "entries": curve.entries,
            "best": eps == curve.best_eps,
        }


def _table(found: list["ErrorCurve"]) -> list[list[str]]:
    table = [["eps", *(curve.tensor for curve in found)]]
    for k, eps in enumerate(found[0].eps.tolist()):
        best = [" *" if eps == curve.best_eps and curve.best_error <= FLAT else "" for curve in found]
        cells = [_number(curve.errors[k]) + star for curve, star in zip(found, best, strict=True)]
        table.append([f"{eps:.3g}", *cells])
    return table


def _best(curve: "ErrorCurve") -> list[str]:
    if math.isnan(curve.best_eps):
        return [curve.tensor, "every entry crosses a kink at every eps"]
    if curve.best_error > FLAT:
        return [curve.tensor, f"error {_number(curve.best_error)} whatever eps is: this gradient is wrong"]
    return [curve.tensor, f"best eps {curve.best_eps:.3g}, error {_number(curve.best_error)}"]


def _number(value: float) -> str:
    return "-" if math.isnan(value) else f"{value:.1e}"
