"""From a spec to the things that train: the network, its loss, its optimiser, and the data as these take it."""

from collections.abc import Iterator
from typing import Any

import msgspec
import numpy as np

from datasets import DataError
from mlcore import EarlyStopping, Schedule, Sequential, one_hot, schedule
from mlcore.init import check_init_options
from mlcore.layers import Dropout, Layer
from mlcore.losses import LOSSES, Loss
from mlcore.model import build_mlp
from mlcore.optim import OPTIMIZERS, Optimizer
from tui.lab.class_weights import class_weights
from tui.lab.convolutions import convolutions, flattened, refuse_convolutions
from tui.lab.errors import LabError
from tui.lab.outline import MOST_PARAMETERS, count_parameters
from tui.lab.prepared import Part, Prepared, feature_names, prepare, split_and_scale
from tui.lab.sources import load_data
from tui.lab.spec import Spec, SpecError
from tui.lab.weights import load_weights, refuse_weights, weights_path

__all__ = [
    "USER_ERRORS",
    "Part",
    "Prepared",
    "feature_names",
    "load_data",
    "make_early_stopping",
    "make_loss",
    "make_optimizer",
    "make_schedule",
    "network",
    "order_rng",
    "out_features",
    "prepare",
    "refusal",
    "split_and_scale",
    "targets",
]

USER_ERRORS = (LabError, SpecError, DataError)
"""What a person can put right: each one's `str()` is one line, shown without a traceback."""

OPTIMIZER_OPTIONS: dict[str, tuple[str, ...]] = {
    "sgd": ("momentum", "dampening", "nesterov"),
    "adagrad": (),
    "rmsprop": ("momentum", "centered"),
    "adam": ("amsgrad",),
    "adamw": ("amsgrad",),
}
"""What each optimiser takes of the training table, beside lr, weight_decay and l1."""

_ONE_OUTPUT = ("sigmoid", "detached_sigmoid")


def out_features(spec: Spec, classes: int) -> int:
    """Outputs that the loss needs: one a class, or a single one for two classes behind a sigmoid.

    ``classes``: those of the data, or how many numbers a regression predicts: then one for each.
    """
    loss = spec.training.loss
    single = loss == "bce" or (loss == "mse" and classes == 2 and spec.model.output in _ONE_OUTPUT)
    return 1 if single else classes


def refusal(spec: Spec, in_features: int, classes: int) -> tuple[str, str] | None:
    """(key, words) of the setting because of which this network cannot be built for this data; None where it can."""
    if spec.training.loss == "bce" and classes != 2:
        return "training.loss", f"bce tells two classes apart, the data has {classes}: set cross_entropy"
    if spec.training.labels == "one_hot" and out_features(spec, classes) == 1:
        return "training.labels", "one output behind a sigmoid takes 0 or 1: set integers"
    if refused := refuse_convolutions(spec, in_features):
        return refused
    for name, value in spec.model.init_options.items():
        try:
            check_init_options(spec.model.init, {name: value})
        except ValueError as error:
            return f"model.init_options.{name}", str(error)
    parameters = count_parameters(spec, in_features, out_features(spec, classes))
    if parameters > MOST_PARAMETERS:
        words = f"{parameters:,} parameters are more than the {MOST_PARAMETERS:,} a bench holds: choose smaller layers"
        return "model.hidden", words
    if spec.model.weights:
        return refuse_weights(spec, _network(spec, in_features, classes, init="zeros"))
    return None


def network(spec: Spec, in_features: int, classes: int, *, dtype: Any = None) -> Sequential:
    """The spec's network with its first weights; the same spec gives the same ones.

    Raises SpecError, and LabError for a file of weights that goes while it is read.
    """
    if refused := refusal(spec, in_features, classes):
        raise SpecError(": ".join(refused))
    net = _network(spec, in_features, classes, dtype=dtype)
    if spec.model.weights:
        load_weights(weights_path(spec), net)
    return net


def _network(spec: Spec, in_features: int, classes: int, *, init: str = "", dtype: Any = None) -> Sequential:
    """Drawn as the spec says, or with weights of the initialisation ``init``."""
    if init:
        model = msgspec.structs.replace(spec.model, init=init, init_options={}, bias_init="")
        spec = msgspec.structs.replace(spec, model=model)
    weights, _, dropout = _seeds(spec)
    model, rng = spec.model, np.random.default_rng(weights)
    dtype = np.dtype(dtype or spec.training.dtype)
    front = convolutions(spec, in_features, rng, dtype)
    built = build_mlp(
        flattened(spec, in_features),
        list(model.hidden),
        out_features(spec, classes),
        activation=model.activation,
        normalization=model.normalization,
        dropout=model.dropout,
        init=model.init,
        init_options=dict(model.init_options),
        bias=model.bias,
        bias_init=model.bias_init or None,
        output=model.output,
        rng=rng,
        dtype=dtype,
    )
    # Each dropout draws from a generator of its own, whatever the others do.
    seeds = iter(dropout.spawn(len(model.hidden)))
    layers = [_with_own_dropout(layer, spec, seeds) for layer in built]
    return Sequential([*front, *layers])


def _with_own_dropout(layer: Layer, spec: Spec, seeds: Iterator[np.random.SeedSequence]) -> Layer:
    if not isinstance(layer, Dropout):
        return layer
    return Dropout(layer.p, scaling=spec.model.dropout_scaling, rng=np.random.default_rng(next(seeds)))


def order_rng(spec: Spec) -> np.random.Generator:
    """What shuffles the training samples, apart from what draws weights and dropout."""
    return np.random.default_rng(_seeds(spec)[1])


def make_loss(spec: Spec, prepared: Prepared) -> Loss:
    """The loss, with what it takes from the data. Raises SpecError for class weights that do not fit it."""
    t = spec.training
    options: dict[str, Any] = {"gradient": t.gradient}
    if t.loss == "mse":
        options["reduction"] = t.mse
        options["task"] = prepared.task
    elif t.loss == "cross_entropy":
        options["epsilon"] = t.epsilon
        options["label_smoothing"] = t.label_smoothing
        options["weight"] = class_weights(spec, prepared.train[1], prepared.class_names)
    return LOSSES[t.loss](**options)


def make_optimizer(spec: Spec, network: Sequential) -> Optimizer:
    t = spec.training
    options: dict[str, Any] = {"lr": t.lr, "weight_decay": t.weight_decay, "l1": t.l1}
    for name in OPTIMIZER_OPTIONS[t.optimizer]:
        options[name] = getattr(t, name)
    return OPTIMIZERS[t.optimizer](network.parameters(), **options)


def make_schedule(spec: Spec) -> Schedule:
    return schedule(spec.training.schedule, spec.training.epochs, **spec.training.schedule_options)


def make_early_stopping(spec: Spec, *, validation: bool) -> EarlyStopping | None:
    """Watches the validation loss, the training loss where there is no ``validation``; None where it is off."""
    t = spec.training
    if not t.patience:
        return None
    return EarlyStopping("val_loss" if validation else "train_loss", t.min_delta, t.patience)


def targets(spec: Spec, part: Part, classes: int) -> Part:
    """X as it is; the right answers as the loss is given them: labels (n,), one-hot rows (n, classes), or numbers."""
    X, y = part
    return X, one_hot(y, classes, spec.training.dtype) if spec.training.labels == "one_hot" else y


def _seeds(spec: Spec) -> list[np.random.SeedSequence]:
    """Independent seeds for weights, order and dropout: more of one never shifts another."""
    return np.random.SeedSequence(spec.seed).spawn(3)
