"""From a spec to the things that train: the data's parts, the network, its loss and its optimiser."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from datasets import DataError, Dataset, Split
from datasets.transforms import Scale, fit_scale
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
from tui.lab.preparing import Inputs, fit_inputs, split_rows, usable_rows
from tui.lab.sources import load_data
from tui.lab.spec import Spec, SpecError
from tui.lab.tasks import refuse_task
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

Part = tuple[NDArray[Any], NDArray[Any]]
"""X (n, in_features) in the spec's dtype, scaled; y (n,) int64, of a regression (n,) or (n, k) float64, scaled."""

OPTIMIZER_OPTIONS: dict[str, tuple[str, ...]] = {
    "sgd": ("momentum", "dampening", "nesterov"),
    "adagrad": (),
    "rmsprop": ("momentum", "centered"),
    "adam": ("amsgrad",),
    "adamw": ("amsgrad",),
}
"""What each optimiser takes of the training table, beside lr, weight_decay and l1."""

_ONE_OUTPUT = ("sigmoid", "detached_sigmoid")


@dataclass(frozen=True, eq=False)
class Prepared:
    """Data that is ready to be trained on; `validation` and `test` are None where the spec asks for none.

    `dataset` is without rows that the spec leaves out; `inputs` makes the network's inputs of its rows.
    `target_scale` takes the numbers of a regression (n, k); of classes it is None.
    """

    dataset: Dataset
    split: Split
    inputs: Inputs
    target_scale: Scale | None
    train: Part
    validation: Part | None
    test: Part | None
    in_features: int
    class_names: tuple[str, ...]

    @property
    def task(self) -> str:
        """ "classification" or "regression"."""
        return self.dataset.task

    @property
    def scale(self) -> Scale:
        """What scales the columns of numbers."""
        return self.inputs.scale

    @cached_property
    def view(self) -> NDArray[Any]:
        """The samples as they are drawn (n, k): their columns, nan where one is missing, or their components."""
        return self.inputs.view(self.dataset.X.reshape(self.dataset.n_samples, -1))

    @property
    def answers(self) -> int:
        """What the network must tell of a sample: classes, or the numbers of a regression."""
        return self.dataset.n_answers


def prepare(spec: Spec, dataset: Dataset | None = None) -> Prepared:
    """Loads the data (unless it is given), splits it, and scales it by what the training part shows.

    Raises one of USER_ERRORS, also where the spec is not for targets of this kind.
    """
    dataset = load_data(spec) if dataset is None else dataset
    if refused := refuse_task(spec, dataset):
        raise SpecError(": ".join(refused))
    return split_and_scale(spec, dataset)


def split_and_scale(spec: Spec, dataset: Dataset) -> Prepared:
    """`prepare` for data that is only looked at: whether the spec can learn it does not matter."""
    dataset = usable_rows(spec, dataset)
    rows = split_rows(spec, dataset)
    X = dataset.X
    if spec.model.channels and X.ndim == 4:  # files have colours last, convolutions first
        X = np.moveaxis(X, -1, 1)
    flat = X.reshape(dataset.n_samples, -1)
    training = flat[rows.train]
    inputs = fit_inputs(spec, dataset, training)
    dtype = np.dtype(spec.training.dtype)

    y, target_scale = dataset.y, None
    if dataset.task == "regression":
        numbers = y.reshape(dataset.n_samples, -1)
        target_scale = fit_scale(spec.data.scale_target, numbers[rows.train])
        y = target_scale(numbers).reshape(y.shape)

    def part(which: NDArray[np.int64]) -> Part | None:
        return (inputs(flat[which], dtype), y[which]) if len(which) else None

    return Prepared(
        dataset=dataset,
        split=rows,
        inputs=inputs,
        target_scale=target_scale,
        train=(inputs(training, dtype), y[rows.train]),
        validation=part(rows.validation),
        test=part(rows.test),
        in_features=len(inputs.feature_names),
        class_names=dataset.class_names,
    )


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


def targets(spec: Spec, part: Part, classes: int) -> tuple[NDArray[Any], NDArray[Any]]:
    """X and the right answers as the loss is given them: labels (n,), one-hot rows (n, classes), or numbers."""
    X, y = part
    return X, one_hot(y, classes, X.dtype) if spec.training.labels == "one_hot" else y


def _seeds(spec: Spec) -> list[np.random.SeedSequence]:
    """Independent seeds for weights, order and dropout: more of one never shifts another."""
    return np.random.SeedSequence(spec.seed).spawn(3)


def feature_names(prepared: Prepared) -> tuple[str, ...]:
    """A name for each feature that is drawn, a column of `Prepared.view`."""
    return prepared.inputs.view_names
