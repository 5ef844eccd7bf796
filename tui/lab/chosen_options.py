"""What the chosen initialisation and the chosen schedule let one set, as fields of the experiment's own kind."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from msgspec.structs import replace

from tui.lab.choices import SCHEDULES, Choice
from tui.lab.fields import Field, Kind
from tui.lab.spec import OPTION_TABLES, OWNERS, Spec

CHOICES = {
    "model.init": "model.init_options.",
    "training.schedule": "training.schedule_options.",
}
"""Settings whose value brings options, and what the keys of these begin with."""


@dataclass(frozen=True)
class _Told:
    """How an option is called and read; ``default`` gives it where the run's length decides."""

    label: str
    kind: Kind
    help: str
    unit: str = ""
    low: float | None = 0
    high: float | None = None
    open_low: bool = False
    open_high: bool = False
    choices: tuple[Choice, ...] = ()
    steps: tuple[float, ...] = ()
    default: Callable[[int], Any] | None = None


def _named(*values: str) -> tuple[Choice, ...]:
    labels = {choice.value: choice.label for choice in SCHEDULES}
    return tuple(Choice(value, labels.get(value, value.replace("_", " ")), "") for value in values)


_EPOCHS = 1_000_000
_COUNTS = (0, 1, 2, 3, 5, 10, 20, 50, 100, 200, 500, 1000)
_FACTORS = (0.0, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 0.9, 1.0)
_GAMMAS = (0.1, 0.2, 0.5, 0.8, 0.9, 0.95, 0.98, 0.99, 1.0)
_SCHEDULE: Mapping[str, _Told] = {
    "step_size": _Told("step size", "int", "epochs from one fall to the next", "epochs", 1, _EPOCHS,
                       default=lambda epochs: max(1, -(-epochs // 3))),
    "gamma": _Told("gamma", "float", "what the learning rate is multiplied with each time", steps=_GAMMAS),
    "milestones": _Told("milestones", "sizes", "epochs after which it falls", "epochs", 1, _EPOCHS,
                        default=lambda epochs: (max(1, -(-epochs // 2)), max(1, -(-3 * epochs // 4)))),
    "start_factor": _Told("start factor", "float", "share of the learning rate in the first epoch", steps=_FACTORS),
    "end_factor": _Told("end factor", "float", "share of the learning rate that is left at the end", steps=_FACTORS),
    "total_iters": _Told("over", "int", "epochs after which it stays where it is", "epochs", 0, _EPOCHS,
                         default=lambda epochs: epochs - 1),
    "T_max": _Told("T max", "int", "epochs until the end of the cosine", "epochs", 1, _EPOCHS,
                   default=lambda epochs: epochs),
    "pct_start": _Told("rising share", "float", "share of the run in which it rises", high=1),
    "div_factor": _Told("start divisor", "float", "the first learning rate is lr divided by it", open_low=True),
    "final_div_factor": _Told("end divisor", "float", "the last is the first divided by it", open_low=True),
    "anneal_strategy": _Told("curve", "choice", "how it rises and falls", choices=(
        Choice("cos", "cosine", "along half cosines"), Choice("linear", "straight lines", ""))),
    "warmup_epochs": _Told("warm-up", "int", "epochs in which it rises to the learning rate", "epochs", 0, _EPOCHS),
    "then": _Told("then", "choice", "the schedule of the epochs that are left", choices=_named(
        *(choice.value for choice in SCHEDULES if choice.value not in ("warmup", "reduce_on_plateau")))),
    "factor": _Told("factor", "float", "what the learning rate is multiplied with each time", high=1, open_low=True,
                    open_high=True, steps=(0.1, 0.2, 0.5, 0.8, 0.9)),
    "patience": _Told("patience", "int", "epochs without a better figure that it waits", "epochs", 0, _EPOCHS),
    "threshold": _Told("threshold", "float", "how much better, as a share, a figure must be to count",
                       steps=(0.0, 1e-5, 1e-4, 1e-3, 0.01, 0.1)),
    "mode": _Told("better is", "choice", "whether a figure should fall or rise", choices=(
        Choice("auto", "as it is named", "a loss should fall, an accuracy rise"),
        Choice("min", "less", ""), Choice("max", "more", ""))),
    "cooldown": _Told("cooldown", "int", "epochs after a fall that are not counted", "epochs", 0, _EPOCHS),
    "min_factor": _Told("least factor", "float", "share of the learning rate below which it never falls",
                        steps=_FACTORS),
    "monitor": _Told("watches", "choice", "the figure that should get better"),
    "eps": _Told("least change", "float", "a fall by no more than this is not made", steps=(0.0, 1e-10, 1e-8, 1e-6)),
}  # fmt: skip
"""The options of all schedules by name; what one leaves out here is shown with its own name."""
_INIT: Mapping[str, tuple[str, str]] = {
    "std": ("deviation", "standard deviation of the drawn weights"),
    "draws_before": ("draws before", "numbers that the generator gives away before the first weight"),
    "seed": ("seed", "of the generator that draws as the sheet does"),
}


def chosen_option_fields(spec: Spec) -> tuple[tuple[Field, Any], ...]:
    """(field, default) of each option of the chosen initialisation and schedule, in their own order."""
    return (*_of_init(spec), *_of_schedule(spec))


def _of_init(spec: Spec) -> list[tuple[Field, Any]]:
    from mlcore.init import INITIALISATIONS  # not above: it brings NumPy

    found = []
    for option in INITIALISATIONS[spec.model.init].options:
        label, words = _INIT.get(option.name, (option.name.replace("_", " "), f"option of {spec.model.init}"))
        field = Field(
            f"model.init_options.{option.name}",
            f"... {label}",
            "int" if option.type is int else "float",
            "options",
            words,
            low=option.low,
            high=option.high,
            steps=_COUNTS if option.type is int and option.low == 0 and "seed" not in option.name else (),
        )
        found.append((field, option.default))
    return found


def _of_schedule(spec: Spec) -> list[tuple[Field, Any]]:
    from inspect import signature

    from mlcore.progress import FIGURES
    from mlcore.schedules import SCHEDULE_KINDS

    found = []
    for parameter in list(signature(SCHEDULE_KINDS[spec.training.schedule]).parameters.values())[1:]:
        told = _SCHEDULE.get(parameter.name)
        if told is None:
            continue
        choices = _named(*FIGURES) if parameter.name == "monitor" else told.choices
        default = parameter.default if told.default is None else told.default(spec.training.epochs)
        field = Field(
            f"training.schedule_options.{parameter.name}",
            f"... {told.label}",
            told.kind,
            "options",
            told.help,
            told.unit,
            told.low if told.kind in ("int", "float", "sizes") else None,
            told.high,
            told.open_low,
            told.open_high,
            choices,
            _COUNTS if told.kind == "int" and told.low == 0 else told.steps,
        )
        found.append((field, float(default) if told.kind == "float" else default))
    return found


def owner_of(key: str) -> str:
    """The setting whose value brings this option; "" for what is no option of one."""
    return next((owner for owner, start in CHOICES.items() if key.startswith(start)), "")


def without_option(spec: Spec, key: str) -> Spec:
    """The spec in which an option is not said: it has its default again, also where the run's length decides it."""
    start = next((table for table in OPTION_TABLES if key.startswith(table)), "")
    if not start:
        return spec
    table = start.split(".", 1)[0]
    inner = getattr(spec, table)
    options = next(name for owner, name in OWNERS.items() if f"{owner.split('.', 1)[0]}.{name}." == start)
    left = {name: value for name, value in getattr(inner, options).items() if name != key.removeprefix(start)}
    return replace(spec, **{table: replace(inner, **{options: left})})


def fits(field: Field, value: Any) -> bool:
    """Whether a value that was written into a file by hand is of the field's own type."""
    if field.kind in ("choice", "text"):
        return isinstance(value, str)
    if field.kind == "sizes":
        return isinstance(value, list | tuple)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return field.kind == "flag" and isinstance(value, bool)
    return math.isfinite(value) and (field.kind != "int" or isinstance(value, int))
