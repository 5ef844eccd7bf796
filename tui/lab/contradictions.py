"""What does not go together in an experiment, though each value is one that its field takes."""

from collections.abc import Iterator
from inspect import Parameter, signature
from math import isfinite
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tui.lab.spec import Spec


def contradictions(spec: "Spec") -> list[tuple[str, str]]:
    """(key, words) for each value that contradicts another one."""
    return [*_of_data(spec), *_of_model(spec), *_of_loss(spec), *_of_optimizer(spec), *_of_schedule(spec)]


def _of_data(spec: "Spec") -> Iterator[tuple[str, str]]:
    data = spec.data
    if data.test + data.validation >= 1 and not data.folds:
        yield "data.validation", f"{data.test} for test and {data.validation} leave nothing to train on"
    if data.folds == 1:
        yield "data.folds", "one fold is all there is, and leaves nothing to train on: set 0, or 2 and more"
    elif data.folds and data.fold > data.folds:
        yield "data.fold", f"there are {data.folds} folds: set 1 to {data.folds}"
    elif not data.folds and data.fold > 1:
        yield "data.fold", "no folds are asked for: set 1, or data.folds, as 5"
    for key, asked in (("components", data.components), ("expand", data.expand)):
        if asked and spec.model.channels:
            off = "0" if key == "components" else "none"
            yield f"data.{key}", f"what comes out is no image, and convolutions need one: set {off}, or no convolutions"


def _of_model(spec: "Spec") -> Iterator[tuple[str, str]]:
    if spec.model.bias == "input" and spec.model.channels:
        yield "model.bias", "a convolution has no further input for its bias: set vector, or no convolutions"
    if spec.model.normalization == "batch" and spec.model.hidden and spec.training.batch_size == 1:
        need = "batch needs two samples or more in each batch"
        yield "model.normalization", f"{need}: set layer or none, or training.batch_size, such as 32"


def _of_loss(spec: "Spec") -> Iterator[tuple[str, str]]:
    loss = spec.training.loss
    if spec.model.output != "linear" and loss != "mse":
        yield "model.output", f"{loss} takes the linear output: set linear, or mse as loss"
    if spec.training.mse != "mean" and loss != "mse":
        yield "training.mse", f"{loss} is no squared error: set mean, or mse as loss"
    # mse may be the loss of numbers, and these do not take cross_entropy.
    of_classes = "it belongs to cross_entropy, the loss of classes only" if loss == "mse" else ""
    or_another = "" if loss == "mse" else ", or set cross_entropy as loss"
    for key, asked, why, off in (
        ("epsilon", spec.training.epsilon, "takes no logarithm of a probability", "set it back to 0"),
        ("class_weight", spec.training.class_weight, "weighs all classes alike", "leave it empty"),
        ("label_smoothing", spec.training.label_smoothing, "takes the labels as they are", "set it back to 0"),
    ):
        if asked and loss != "cross_entropy":
            yield f"training.{key}", f"{of_classes or f'{loss} {why}'}: {off}{or_another}"
    if spec.training.labels == "one_hot" and loss == "bce":
        yield "training.labels", "bce has one output, and its label is 0 or 1: set integers"


def _of_optimizer(spec: "Spec") -> Iterator[tuple[str, str]]:
    t = spec.training
    if t.momentum and t.optimizer not in ("sgd", "rmsprop"):
        yield "training.momentum", f"{t.optimizer} takes no momentum: set 0, or the optimiser sgd"
    for key, asked, takers in (
        ("dampening", t.dampening, ("sgd",)),
        ("nesterov", t.nesterov, ("sgd",)),
        ("amsgrad", t.amsgrad, ("adam", "adamw")),
        ("centered", t.centered, ("rmsprop",)),
    ):
        if asked and t.optimizer not in takers:
            off = "set false" if asked is True else "set 0"
            yield f"training.{key}", f"{t.optimizer} does not take it: {off}, or the optimiser {takers[0]}"
    if t.optimizer == "sgd" and t.nesterov and not t.momentum:
        yield "training.nesterov", "it is a kind of momentum: set training.momentum, such as 0.9"
    if t.optimizer == "sgd" and t.dampening and not t.momentum:
        yield "training.dampening", "it dampens momentum: set training.momentum, such as 0.9"
    if t.nesterov and t.dampening:
        yield "training.dampening", "Nesterov's momentum takes none: set 0, or nesterov to false"


def _of_schedule(spec: "Spec") -> Iterator[tuple[str, str]]:
    options = spec.training.schedule_options
    if not options:
        return
    from mlcore.schedules import SCHEDULE_KINDS, schedule  # not above: it brings NumPy

    name, epochs = spec.training.schedule, spec.training.epochs
    takes = list(signature(SCHEDULE_KINDS[name]).parameters.values())[1:]  # the first is epochs
    known = {parameter.name: parameter for parameter in takes}
    for option, value in options.items():
        key = f"training.schedule_options.{option}"
        if option not in known:
            there = f"its options are {', '.join(known)}" if known else "it has no options"
            yield key, f"the schedule {name} does not take it: {there}"
        elif expected := _expected(known[option], value):
            yield key, f"expected {expected}, received {value!r}"
        else:
            try:
                plan = schedule(name, epochs, **{option: value})
                factors = [plan.factor(epoch) for epoch in {1, 2, (epochs + 1) // 2, epochs}]
            except (ValueError, ArithmeticError) as error:
                yield key, f"{value!r} cannot be used ({error})"
                continue
            if not all(isfinite(factor) and factor >= 0 for factor in factors):
                yield key, f"{value!r} makes the learning rate negative or infinite"


def _expected(parameter: Parameter, value: Any) -> str:
    """What the option takes, in words; "" where the value is of that kind."""
    default = parameter.default
    if parameter.name == "milestones":
        return "" if isinstance(value, tuple) else "epochs, as 10, 20"
    if isinstance(default, str):
        return "" if isinstance(value, str) else "some text"
    whole = default is None or isinstance(default, int)  # None: as many epochs as the run makes sensible
    if isinstance(value, bool) or not isinstance(value, int if whole else int | float):
        return "a whole number" if whole else "a number"
    return "" if value >= 0 else "a number from 0"
