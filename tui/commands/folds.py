"""`mlp-tui train --folds K`: a run for each fold, and what they come to together."""

from pathlib import Path
from statistics import mean, stdev
from typing import TYPE_CHECKING, Any

from tui.commands.output import bad_input, columns, print_json

if TYPE_CHECKING:
    from tui.lab.spec import Spec

FIGURES = (
    *("train_loss", "train_accuracy", "train_r2", "val_loss", "val_accuracy", "val_r2"),
    *("test_loss", "test_accuracy", "test_r2"),
)


def train_folds(
    spec: "Spec", folds: int, runs_dir: Path | None, name: str | None, *, json: bool, plain: bool = False
) -> int:
    """Trains with each fold as the validation part in turn; 0 where all runs came to their end.

    A run that does not ends it all, with its status. Prints each run as `mlp-tui train` does, then mean and
    standard deviation (divided by folds - 1) of every final figure.
    """
    from tui.commands.train import train_one
    from tui.lab.spec import SpecError

    title = name or spec.name or Path(spec.data.source).stem
    with bad_input():
        every = spec.with_value("data.folds", folds).with_value("data.fold", 1)
        for key, words in every.problems():
            raise SpecError(f"{key}: {words}")
    ends = []
    for fold in range(1, folds + 1):
        if not json:
            print(f"fold {fold} of {folds}", flush=True)
        one, called = every.with_value("data.fold", fold), f"{title}-fold-{fold}"
        status, end = train_one(one, runs_dir, called, json=json, plain=plain)
        if status:
            return status
        ends.append(end)
    figures = together(ends)
    if json:
        print_json({"event": "folds", "folds": folds, "runs": [end.run for end in ends], **figures})
        return 0
    print(f"{folds} folds: mean ± deviation")
    for line in columns(
        [[key.replace("_", " "), f"{of['mean']:.4g} ± {of['deviation']:.2g}"] for key, of in figures.items()]
    ):
        print(f"  {line}")
    return 0


def together(ends: list[Any]) -> dict[str, dict[str, float]]:
    """Mean and deviation of each figure that all `finished` events have."""
    found = {}
    for key in FIGURES:
        values = [getattr(end, key) for end in ends]
        if None not in values:
            found[key] = {"mean": mean(values), "deviation": stdev(values)}
    return found
